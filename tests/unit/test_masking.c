/*
 * What is left of a line that another program printed.
 */
#include "base/masking.h"
#include "support/runner.h"

#include <check.h>
#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

static const char *shown(const char *line)
{
    return masked(arena, text_of(line), "pa:ss/w%rd");
}

START_TEST(a_secret_is_hidden_wherever_it_is)
{
    ck_assert_str_eq(shown("pa:ss/w%rd"), "***");
    ck_assert_str_eq(shown("password: 'pa:ss/w%rd', again pa:ss/w%rdpa:ss/w%rd"), "password: '***', again ******");
    ck_assert_str_eq(shown("pa:pa:ss/w%rd"), "pa:***");
}
END_TEST

START_TEST(a_secret_is_hidden_however_it_is_spelled)
{
    ck_assert_str_eq(shown("postgres://u:pa%3Ass%2Fw%25rd@h/d"), "postgres://u:***@h/d");
    ck_assert_str_eq(shown("postgres://u:pa%3ass%2fw%25rd@h/d"), "postgres://u:***@h/d");
    ck_assert_str_eq(shown("%70a:ss%2Fw%rd"), "***");
    ck_assert_str_eq(shown("{\"password\":\"pa:ss\\/w%rd\"}"), "{\"password\":\"***\"}");
    ck_assert_str_eq(shown("pa\\u003ass/w%rd"), "***");
    ck_assert_str_eq(shown("\x1B[1mpa:\x1B[0mss/w%rd"), "***");
    ck_assert_str_eq(masked(arena, text_of("x \\\"q\\\" x"), "\"q\""), "x *** x");
    ck_assert_str_eq(masked(arena, text_of("a%25x a%x"), "a%x"), "*** ***");
    ck_assert_str_eq(masked(arena, text_of("a%25x"), "a%25x"), "***");
}
END_TEST

START_TEST(what_only_begins_like_the_secret_stays)
{
    ck_assert_str_eq(shown("pa:ss/w%r"), "pa:ss/w%r");
    ck_assert_str_eq(shown("pa%3"), "pa%3");
    ck_assert_str_eq(shown("pa%"), "pa%");
    ck_assert_str_eq(shown("pa\\"), "pa\\");
    ck_assert_str_eq(shown("pa\\u003"), "pa\\u003");
    ck_assert_str_eq(shown("pa%3xss"), "pa%3xss");
}
END_TEST

START_TEST(without_a_secret_that_could_be_hidden_nothing_is)
{
    ck_assert_str_eq(masked(arena, text_of("as it is"), NULL), "as it is");
    ck_assert_str_eq(masked(arena, text_of("as it is"), ""), "as it is");
    ck_assert_str_eq(masked(arena, text_of("as it is"), "is"), "as it is");
    ck_assert_str_eq(masked(arena, (struct text){0}, "secret"), "");
}
END_TEST

START_TEST(what_a_terminal_would_obey_is_taken_out)
{
    ck_assert_str_eq(shown("\x1B[32m\x1B[1;4mBatch 1\x1B[39m run"), "Batch 1 run");
    ck_assert_str_eq(shown("\x1B]0;title\x07text"), "text");
    ck_assert_str_eq(shown("\x1B]8;;http://x\x1B\\link"), "link");
    ck_assert_str_eq(shown("a\x08\x7F\tb\xC2\x9B"
                           "c"),
                     "a\tbc");
    ck_assert_str_eq(shown("end\x1B"), "end");
    ck_assert_str_eq(shown("end\x1B["), "end");
    ck_assert_str_eq(shown("end\x1B]never ended"), "end");
    ck_assert_str_eq(masked(arena, (struct text){"a\0b", 3}, "secret"), "ab");
}
END_TEST

START_TEST(bytes_that_are_no_text_become_replacement_characters)
{
    ck_assert_str_eq(shown("caf\xC3\xA9"), "caf\xC3\xA9");
    ck_assert_str_eq(shown("caf\xE9 pa:ss/w%rd"), "caf\xEF\xBF\xBD ***");
    ck_assert_str_eq(shown("\xFF\xFE"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("masking");
    TCase *const lines = tcase_create("lines");
    tcase_add_checked_fixture(lines, set_up, tear_down);
    tcase_add_test(lines, a_secret_is_hidden_wherever_it_is);
    tcase_add_test(lines, a_secret_is_hidden_however_it_is_spelled);
    tcase_add_test(lines, what_only_begins_like_the_secret_stays);
    tcase_add_test(lines, without_a_secret_that_could_be_hidden_nothing_is);
    tcase_add_test(lines, what_a_terminal_would_obey_is_taken_out);
    tcase_add_test(lines, bytes_that_are_no_text_become_replacement_characters);
    suite_add_tcase(suite, lines);
    return run_suite(suite);
}
