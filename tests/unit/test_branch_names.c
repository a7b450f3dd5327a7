/*
 * The names of branches: they fit, differ, and need no quotes, whatever the label is.
 */
#include "branch/names.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1764370800123456 /* 2025-11-28 23:00:00.123456 UTC */

static struct arena *arena;

static void begin(void)
{
    arena = arena_new(0);
}

static void end(void)
{
    arena_free(arena);
}

START_TEST(a_name_is_a_prefix_the_label_and_the_time)
{
    const char *const name = branch_database_name(arena, "Try It-now!", NOW);
    ck_assert_int_eq(strncmp(name, "truss_branch_try_it_now__mijgtibf", 33), 0);
    ck_assert_uint_eq(strlen(name), strlen("truss_branch_try_it_now__") + 10);
}
END_TEST

START_TEST(a_name_fits_whatever_the_label)
{
    char label[400];
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    ck_assert_uint_le(strlen(branch_database_name(arena, label, NOW)), 63);
    ck_assert_uint_le(strlen(branch_database_name(arena, label, INT64_C(253402300799000000))), 63);
    const char *const wide = branch_database_name(arena, "äöü", NOW);
    ck_assert_int_eq(strncmp(wide, "truss_branch____", 16), 0);
    ck_assert_uint_eq(strspn(wide, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(wide));
    ck_assert_int_eq(strncmp(branch_database_name(arena, "", NOW), "truss_branch_mijgtibf", 21), 0);
}
END_TEST

START_TEST(a_name_does_not_say_branch_twice)
{
    bool is_cut;
    const char *const name = branch_database_name(arena, branch_label(arena, "", NOW, &is_cut), NOW);
    ck_assert_int_eq(strncmp(name, "truss_branch_20251128_230000_mijgtibf", 37), 0);
    ck_assert_int_eq(strncmp(branch_database_name(arena, "branch_", NOW), "truss_branch_mijgtibf", 21), 0);
    ck_assert_int_eq(strncmp(branch_database_name(arena, "branches", NOW), "truss_branch_branches_", 22), 0);
}
END_TEST

START_TEST(names_of_one_moment_differ)
{
    size_t same = 0;
    for (int i = 0; i < 50; i++) {
        same += strcmp(branch_database_name(arena, "x", NOW), branch_database_name(arena, "x", NOW)) == 0 ? 1 : 0;
    }
    ck_assert_uint_le(same, 2); /* 1 of 1296 */
}
END_TEST

START_TEST(a_label_is_trimmed_and_cut_at_a_character)
{
    bool is_cut;
    ck_assert_str_eq(branch_label(arena, "  a\tb\x7f ", NOW, &is_cut), "a b");
    ck_assert(!is_cut);
    ck_assert_str_eq(branch_label(arena, " \n ", NOW, &is_cut), "branch_20251128_230000");
    ck_assert_str_eq(branch_label(arena, NULL, NOW, &is_cut), "branch_20251128_230000");
    char label[61 * 3 + 1] = "";
    for (int i = 0; i < 61; i++) {
        strcat(label, "漢");
    }
    ck_assert_uint_eq(strlen(branch_label(arena, label, NOW, &is_cut)), 60 * 3);
    ck_assert(is_cut);
}
END_TEST

START_TEST(a_provisional_name_is_a_token_of_32_digits)
{
    char token[BRANCH_TOKEN_SIZE];
    branch_token(token);
    ck_assert_uint_eq(strspn(token, "0123456789abcdef"), 32);
    const char *const name = branch_provisional_name(arena, token);
    ck_assert_uint_le(strlen(name), 63);
    ck_assert_int_eq(strncmp(name, BRANCH_PREFIX, strlen(BRANCH_PREFIX)), 0);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("branch names");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_name_is_a_prefix_the_label_and_the_time);
    tcase_add_test(tests, a_name_fits_whatever_the_label);
    tcase_add_test(tests, a_name_does_not_say_branch_twice);
    tcase_add_test(tests, names_of_one_moment_differ);
    tcase_add_test(tests, a_label_is_trimmed_and_cut_at_a_character);
    tcase_add_test(tests, a_provisional_name_is_a_token_of_32_digits);
    Suite *const suite = suite_create("branch_names");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
