/*
 * What frameworks read of texts: configuration files, the parts of scripts, placeholders, checksums. Everything may be
 * hostile.
 */
#include "base/digest.h"
#include "framework/core/crc.h"
#include "framework/core/script.h"
#include "framework/core/script_data.h"
#include "framework/formats/config.h"
#include "support/runner.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;
static struct status status;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

/* Compares; NULL stands for "not found". */
static void is(const char *found, const char *wanted)
{
    ck_assert_str_eq(found == NULL ? "(none)" : found, wanted == NULL ? "(none)" : wanted);
}

/* ---- INI, TOML, properties ---- */

static const char *value(const char *content, const char *section, const char *key)
{
    return config_value(arena, text_of(content), section, key);
}

START_TEST(a_value_is_found_in_its_section)
{
    const char *const ini = "a = 0\n[one]\na = 1\n[ two ]\na: 2\nb=3\n";
    is(value(ini, NULL, "a"), "0");
    is(value(ini, "one", "a"), "1");
    is(value(ini, "two", "a"), "2");
    is(value(ini, "two", "b"), "3");
    is(value(ini, "one", "b"), NULL);
    is(value(ini, "three", "a"), NULL);
    is(value(ini, NULL, "b"), NULL);
}
END_TEST

START_TEST(comments_and_quotes_go)
{
    is(value("# a = 1\n; a = 2\na = x # why\n", NULL, "a"), "x");
    is(value("a = \"x # y\" # why\n", NULL, "a"), "x # y");
    is(value("a = 'x'\n", NULL, "a"), "x");
    is(value("a = x#y\n", NULL, "a"), "x#y");
    is(value("a = # nothing\n", NULL, "a"), NULL);
    is(value("\"a\" = 1\n", NULL, "a"), "1");
    is(value("a = \"x\n", NULL, "a"), NULL);
    is(value("a = \"C:\\\\x\"\n", NULL, "a"), NULL);
    is(value("a = \"x\" + y\n", NULL, "a"), NULL);
}
END_TEST

START_TEST(line_endings_marks_and_a_missing_last_newline_do_not_matter)
{
    is(value("\xEF\xBB\xBF[s]\r\na=1\r\nb=2", "s", "a"), "1");
    is(value("\xEF\xBB\xBF[s]\r\na=1\r\nb=2", "s", "b"), "2");
    is(value("\xEF\xBB\xBF"
             "a=1",
             NULL, "a"),
       "1");
}
END_TEST

START_TEST(the_last_value_counts)
{
    is(value("a=1\na=2\n", NULL, "a"), "2");
    is(value("a=1\na=\n", NULL, "a"), NULL);
    is(value("[s]\na=1\n[t]\n[s]\na=2\n", "s", "a"), "2");
}
END_TEST

START_TEST(the_first_of_a_list_is_taken)
{
    is(value("a = [\"x\", \"y\"]\n", NULL, "a"), "x");
    is(value("a = [ x , y ]\n", NULL, "a"), "x");
    is(value("a = []\n", NULL, "a"), NULL);
    is(value("a = [\n  \"x\"]\n", NULL, "a"), "x");
    is(value("a = [\nb = 1\n", NULL, "b"), "1"); /* one without an end takes nothing else with it */
}
END_TEST

static const char *list(const char *content, const char *separators)
{
    const struct words items = config_list(arena, text_of(content), NULL, "a", separators);
    struct buffer all = {.arena = arena};
    for (size_t i = 0; i < items.count; i++) {
        buffer_printf(&all, "%s%s", i == 0 ? "" : "|", items.items[i]);
    }
    return buffer_string(&all);
}

START_TEST(every_item_of_a_list_is_read_over_any_lines)
{
    is(list("a=x,y , z\nb=1\n", ","), "x|y|z");
    is(list("a = [\n  \"x\", # one\n  'y,z',\n]\nb = 1\n", ","), "x|y,z");
    is(list("a=x,\\\n  y,\\\n  z\nb=1\n", ","), "x|y|z");
    is(list("a = x\n    y\n  z\nb = 1\n", " \n"), "x|y|z");
    is(list("a=1,2,3,4,5,6,7,8,9,10\n", ","), "1|2|3|4|5|6|7|8|9|10");
    is(list("b=1\n", ","), "");
}
END_TEST

START_TEST(what_refers_to_something_else_is_unread)
{
    ck_assert_uint_eq(config_unread(arena, text_of("b=1\na=${DIR}/x\n"), NULL, "a"), 6);
    ck_assert_uint_eq(config_unread(arena, text_of("a = %(here)s/x\n"), NULL, "a"), 4);
    ck_assert_uint_eq(config_unread(arena, text_of("a = x\n"), NULL, "a"), SIZE_MAX);
    ck_assert_uint_eq(config_unread(arena, text_of("a =\n"), NULL, "a"), SIZE_MAX);
    const char *const path[] = {"a", "b", NULL};
    ck_assert_uint_eq(config_yaml_unread(arena, text_of("a:\n  b: <%= 1 %>\n"), path), 8);
    ck_assert_uint_eq(config_yaml_unread(arena, text_of("a:\n  b: &x\n    c: d\n"), path), 8);
    ck_assert_uint_eq(config_yaml_unread(arena, text_of("a:\n  b: c\n"), path), SIZE_MAX);
    ck_assert_uint_eq(config_yaml_unread(arena, text_of("a:\n  c: d\n"), path), SIZE_MAX);
}
END_TEST

START_TEST(lines_that_say_nothing_are_passed_over)
{
    is(value("", NULL, "a"), NULL);
    is(value("\n\n=\n:\n[\n]\n[]\na\na b\n", NULL, "a"), NULL);
    is(value("a\x01=1\na=\x02\n", NULL, "a"), NULL);
    is(value("a=\xFF\n", NULL, "a"), NULL);
    is(config_value(arena, (struct text){"a=\0b\n", 5}, NULL, "a"), NULL);
    is(config_value(arena, (struct text){"\0=b\na=1", 7}, NULL, "a"), "1");
}
END_TEST

START_TEST(pairs_come_with_the_last_one_first)
{
    size_t count;
    const char *const content = "p.a=1\nq.a=2\np.b=\np.=3\np.a=4\n[s]\np.c=5\n";
    const struct config_pair *const pairs = config_pairs(arena, text_of(content), NULL, "p.", &count);
    ck_assert_uint_eq(count, 3);
    is(pairs[0].key, "a");
    is(pairs[0].value, "4");
    is(pairs[1].key, "b");
    is(pairs[1].value, "");
    is(pairs[2].value, "1");
    config_pairs(arena, text_of(content), "s", "", &count);
    ck_assert_uint_eq(count, 1);
    config_pairs(arena, text_of(""), NULL, "", &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* ---- YAML ---- */

static const char *yaml(const char *content, const char *first, const char *second, const char *third)
{
    return config_yaml(arena, text_of(content), (const char *const[]){first, second, third, NULL});
}

START_TEST(a_path_of_keys_is_followed)
{
    const char *const content = "---\n"
                                "# dbconfig\n"
                                "development:\n"
                                "    dir: other\n"
                                "    deep:\n"
                                "        table: t1 # why\n"
                                "    table: \"t 2\"\n"
                                "production:\n"
                                "    dir: 'migrations/postgres'\n"
                                "dir: top\n";
    is(yaml(content, "development", "table", NULL), "t 2");
    is(yaml(content, "development", "deep", "table"), "t1");
    is(yaml(content, "production", "dir", NULL), "migrations/postgres");
    is(yaml(content, "dir", NULL, NULL), "top");
    is(yaml(content, "production", "table", NULL), NULL);
    is(yaml(content, "deep", NULL, NULL), NULL);
    is(yaml(content, "table", NULL, NULL), NULL);
}
END_TEST

START_TEST(the_first_item_of_a_sequence_is_taken)
{
    is(yaml("a:\n  - x\n  - y\n", "a", NULL, NULL), "x");
    is(yaml("a:\n- 'x'\n- y\n", "a", NULL, NULL), "x");
    is(yaml("a: [x, y]\n", "a", NULL, NULL), "x");
    is(yaml("a: # list\n\n  # of\n  - x # one\n", "a", NULL, NULL), "x");
    is(yaml("b:\n  a:\n- x\n", "b", "a", NULL), NULL);
    is(yaml("a:\n  - b: x\n", "a", NULL, NULL), NULL);
    is(yaml("a:\n", "a", NULL, NULL), NULL);
    is(yaml("a:\nb: 1\n", "a", NULL, NULL), NULL);
}
END_TEST

START_TEST(what_is_not_plain_is_not_found)
{
    is(yaml("a: ~\n", "a", NULL, NULL), NULL);
    is(yaml("a: null\n", "a", NULL, NULL), NULL);
    is(yaml("a: |\n  text\n", "a", NULL, NULL), NULL);
    is(yaml("a: >-\n  text\n", "a", NULL, NULL), NULL);
    is(yaml("a: *other\n", "a", NULL, NULL), NULL);
    is(yaml("a: {b: c}\n", "a", NULL, NULL), NULL);
    is(yaml("a: <%= ENV['X'] %>\n", "a", NULL, NULL), NULL);
    is(yaml("a: \"x\\ty\"\n", "a", NULL, NULL), NULL);
    is(yaml("a: \xFF\n", "a", NULL, NULL), NULL);
}
END_TEST

START_TEST(colons_quotes_and_anchors_are_understood)
{
    is(yaml("a: filesystem:sql\n", "a", NULL, NULL), "filesystem:sql");
    is(yaml("x:y: 1\na: 2\n", "a", NULL, NULL), "2");
    is(yaml("\"a\": 1\n", "a", NULL, NULL), "1");
    is(yaml("\"a: b\": 1\n", "a: b", NULL, NULL), "1");
    is(yaml("a: 'x # y' # z\n", "a", NULL, NULL), "x # y");
    is(yaml("default: &default\n  a: 1\n", "default", "a", NULL), "1");
    is(yaml("\xEF\xBB\xBF"
            "a:\r\n  b: 1\r\n",
            "a", "b", NULL),
       "1");
    is(yaml("'\n\"\n':\n\":\n:\n- \n-\n", "a", NULL, NULL), NULL);
}
END_TEST

START_TEST(a_deep_file_is_not_followed_for_ever)
{
    struct buffer content = {.arena = arena};
    const char *path[20];
    for (int i = 0; i < 19; i++) {
        buffer_printf(&content, "%*sa:\n", i, "");
        path[i] = "a";
    }
    buffer_puts(&content, "                   a: 1\n");
    path[19] = NULL;
    is(config_yaml(arena, buffer_text(&content), path), NULL);
}
END_TEST

/* ---- scripts ---- */

START_TEST(what_is_cut_away_keeps_the_lines)
{
    const struct text content = text_of("ab\r\ncd\n\nef");
    ck_assert(text_is(script_keep(arena, content, 4, 6), "  \r\ncd\n\n  "));
    ck_assert(text_is(script_keep(arena, content, 0, 10), "ab\r\ncd\n\nef"));
    ck_assert(text_is(script_keep(arena, content, 4, SIZE_MAX), "  \r\ncd\n\nef"));
    ck_assert(text_is(script_keep(arena, content, 9, 3), "  \r\n  \n\n  "));
    ck_assert_uint_eq(script_keep(arena, (struct text){NULL, 0}, 0, 0).size, 0);
}
END_TEST

static bool is_up(struct text line)
{
    return line_is_comment(line, "migrate:up", false, NULL);
}

START_TEST(a_marker_is_found_with_what_is_behind_it)
{
    size_t behind;
    const struct text content = text_of("-- one\r\n-- migrate:up\r\nx\n-- migrate:up");
    ck_assert_uint_eq(script_find_line(content, 0, is_up, &behind), 8);
    ck_assert_uint_eq(behind, 23);
    ck_assert_uint_eq(script_find_line(content, behind, is_up, &behind), 25);
    ck_assert_uint_eq(behind, content.size);
    ck_assert_uint_eq(script_find_line(content, behind, is_up, &behind), SIZE_MAX);
    ck_assert_uint_eq(script_find_line((struct text){NULL, 0}, 0, is_up, &behind), SIZE_MAX);
}
END_TEST

static bool comment(const char *line, const char *words)
{
    return line_is_comment(text_of(line), words, false, NULL);
}

START_TEST(a_comment_is_compared_word_by_word)
{
    struct text rest;
    ck_assert(comment("-- +goose Up", "+goose Up"));
    ck_assert(comment("  --   +goose\t  Up  ", "+goose Up"));
    ck_assert(comment("--+goose Up", "+goose Up"));
    ck_assert(!comment("-- +goose Upper", "+goose Up"));
    ck_assert(!comment("-- +gooseUp", "+goose Up"));
    ck_assert(!comment("-- +goose", "+goose Up"));
    ck_assert(!comment("-- +goose Up now", "+goose Up"));
    ck_assert(!comment("- +goose Up", "+goose Up"));
    ck_assert(!comment("", "+goose Up"));
    ck_assert(!comment("--", "+goose Up"));
    ck_assert(!comment("-- +GOOSE UP", "+goose Up"));
    ck_assert(line_is_comment(text_of("-- +GOOSE up"), "+goose Up", true, NULL));
    ck_assert(line_is_comment(text_of("-- migrate:up  transaction:false "), "migrate:up", false, &rest));
    ck_assert(text_is(rest, "transaction:false"));
    ck_assert(line_is_comment(text_of("-- migrate:up"), "migrate:up", false, &rest));
    ck_assert_uint_eq(rest.size, 0);
    ck_assert(!line_is_comment(text_of("-- migrate:uptown"), "migrate:up", false, &rest));
}
END_TEST

/* ---- placeholders ---- */

/* Each was looked for among all of them. */
START_TEST(the_data_of_many_copies_has_its_places_in_little_time)
{
    enum { COUNT = 200000 };
    static const char one[] = "copy t from stdin;\nü\n\\.\n";
    struct buffer content = {.arena = arena};
    struct migration_script script = {0};
    const struct migration_file file = {.filename = "1.sql"};
    for (size_t i = 0; i < COUNT; i++) {
        buffer_puts(&content, one);
    }
    const struct text whole = buffer_text(&content);
    script.sql = whole;
    const struct script_request request = {
        .arena = arena, .file = &file, .content = whole, .script = &script, .status = &status};
    ck_assert(script_take_data(&request, DATA_TO_MARK));
    ck_assert_uint_eq(script.parts.data_count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const struct script_data *const data = &script.parts.data[i];
        ck_assert_ptr_eq(script_data_at(&script.parts, data->statement, data->end, 1), data);
        ck_assert_uint_eq(script_data_offset(&script.parts, data->statement), i * strlen(one));
    }
    const size_t last = script.parts.data[COUNT - 1].statement;
    const size_t second = script.parts.data[1].statement;
    ck_assert_uint_eq(last + script_data_characters(&script.parts, 0, last), (COUNT - 1) * (strlen(one) - 1));
    ck_assert_uint_eq(last - second + script_data_characters(&script.parts, second, last),
                      (COUNT - 2) * (strlen(one) - 1));
    ck_assert_ptr_eq(script_data_at(&script.parts, second, last, COUNT - 2), &script.parts.data[COUNT - 2]);
    ck_assert_ptr_null(script_data_at(&script.parts, second, last, COUNT - 1));
}
END_TEST

static const char *name_value(void *data, struct arena *place, struct text name)
{
    (void)place;
    return text_is(name, "a") ? data : text_is(name, "lines") ? "x\ny" : NULL;
}

static const char *filled(const char *content, bool lenient)
{
    char known[] = "1";
    struct text out;
    const struct script_placeholders values = {"${", "}", name_value, known, lenient};
    if (!script_fill(arena, text_of(content), &values, &out, &status)) {
        return NULL;
    }
    return arena_strndup(arena, out.data == NULL ? "" : out.data, out.size);
}

START_TEST(placeholders_are_filled)
{
    is(filled("${a}", false), "1");
    is(filled("x ${a} y ${a}${a}\n", false), "x 1 y 11\n");
    is(filled("", false), "");
    is(filled("$a {a} $", false), "$a {a} $");
}
END_TEST

START_TEST(a_placeholder_without_value_is_named_with_its_line)
{
    is(filled("x\n${b} ${a}", false), NULL);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(status.message, "Line 2"));
    ck_assert_ptr_nonnull(strstr(status.message, "${b}"));
    is(filled("x\n${b} ${a}", true), "x\n${b} 1");
}
END_TEST

START_TEST(what_is_not_closed_soon_is_no_placeholder)
{
    is(filled("${a", true), "${a");
    is(filled("${a\n} ${a}", true), "${a\n} 1");
    is(filled("${ ${a}", true), "${ 1");
    const char *const longer = arena_printf(arena, "${%0300d}", 1);
    is(filled(longer, true), longer);
    /* Its tool would take everything up to the next end for a name, and fail. */
    is(filled("x\n'${' || 'a\n}'", false), NULL);
    ck_assert_ptr_nonnull(strstr(status.message, "Line 2 has ${ without a name"));
}
END_TEST

START_TEST(a_value_of_several_lines_is_refused)
{
    is(filled("${lines}", true), NULL);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_hundred_thousand_openings_take_no_time)
{
    struct buffer content = {.arena = arena};
    for (int i = 0; i < 100000; i++) {
        buffer_puts(&content, "${");
    }
    buffer_puts(&content, "}");
    is(filled(buffer_string(&content), true), buffer_string(&content));
}
END_TEST

/* ---- checksums ---- */

START_TEST(digests_are_those_of_the_standards)
{
    unsigned char digest[DIGEST_MOST];
    is(digest_hex_of(arena, "MD5", text_of("")), "d41d8cd98f00b204e9800998ecf8427e");
    is(digest_hex_of(arena, "SHA1", text_of("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    ck_assert_uint_eq(digest_of("SHA384", text_of("abc"), digest), 48);
    ck_assert_uint_eq(digest_of("SHA512", text_of("abc"), digest), 64);
    ck_assert_str_eq(digest_hex_of(arena, "SHA256", text_of("abc")), sha256_hex_of(arena, text_of("abc")));
}
END_TEST

START_TEST(crc_32_goes_on_from_piece_to_piece)
{
    ck_assert_uint_eq(crc32_add(0, text_of("123456789")), 0xCBF43926);
    ck_assert_uint_eq(crc32_add(crc32_add(0, text_of("1234")), text_of("56789")), 0xCBF43926);
    ck_assert_uint_eq(crc32_add(0, text_of("")), 0);
    ck_assert_uint_eq(crc32_add(0, text_of("goose")), 4097083626); /* the key of goose's lock */
}
END_TEST

START_TEST(fnv1a_is_that_of_its_authors) /* test_fnv.c */
{
    ck_assert_uint_eq(fnv1a_add(FNV1A_START, ""), 0x811c9dc5);
    ck_assert_uint_eq(fnv1a_add(FNV1A_START, "a"), 0xe40c292c);
    ck_assert_uint_eq(fnv1a_add(fnv1a_add(FNV1A_START, "foo"), "bar"), 0xbf9cf968);
}
END_TEST

START_TEST(siphash_is_that_of_rust)
{
    ck_assert_uint_eq(siphash13_of(text_of("")), UINT64_C(15130871412783076140)); /* DefaultHasher::new().finish() */
    /* refinery_core 0.9.0 wrote this for V5__title_idx.sql. */
    const char hashed[] = "title_idx\xFF\5\0\0\0CREATE INDEX posts_title_idx ON posts (title);\n\xFF";
    ck_assert_uint_eq(siphash13_of((struct text){hashed, sizeof hashed - 1}), UINT64_C(6637418200837719566));
}
END_TEST

START_TEST(base64_has_its_padding)
{
    const unsigned char bytes[100] = "any carnal pleas";
    is(base64_of(arena, bytes, 0), "");
    is(base64_of(arena, bytes, 16), "YW55IGNhcm5hbCBwbGVhcw==");
    is(base64_of(arena, bytes, 15), "YW55IGNhcm5hbCBwbGVh");
    is(base64_of(arena, bytes, 14), "YW55IGNhcm5hbCBwbGU=");
    ck_assert_uint_eq(strlen(base64_of(arena, bytes, 100)), 136);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_text");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_value_is_found_in_its_section);
    tcase_add_test(tests, comments_and_quotes_go);
    tcase_add_test(tests, line_endings_marks_and_a_missing_last_newline_do_not_matter);
    tcase_add_test(tests, the_last_value_counts);
    tcase_add_test(tests, the_first_of_a_list_is_taken);
    tcase_add_test(tests, every_item_of_a_list_is_read_over_any_lines);
    tcase_add_test(tests, what_refers_to_something_else_is_unread);
    tcase_add_test(tests, lines_that_say_nothing_are_passed_over);
    tcase_add_test(tests, pairs_come_with_the_last_one_first);
    tcase_add_test(tests, a_path_of_keys_is_followed);
    tcase_add_test(tests, the_first_item_of_a_sequence_is_taken);
    tcase_add_test(tests, what_is_not_plain_is_not_found);
    tcase_add_test(tests, colons_quotes_and_anchors_are_understood);
    tcase_add_test(tests, a_deep_file_is_not_followed_for_ever);
    tcase_add_test(tests, what_is_cut_away_keeps_the_lines);
    tcase_add_test(tests, a_marker_is_found_with_what_is_behind_it);
    tcase_add_test(tests, a_comment_is_compared_word_by_word);
    tcase_add_test(tests, placeholders_are_filled);
    tcase_add_test(tests, the_data_of_many_copies_has_its_places_in_little_time);
    tcase_add_test(tests, a_placeholder_without_value_is_named_with_its_line);
    tcase_add_test(tests, what_is_not_closed_soon_is_no_placeholder);
    tcase_add_test(tests, a_value_of_several_lines_is_refused);
    tcase_add_test(tests, a_hundred_thousand_openings_take_no_time);
    tcase_add_test(tests, digests_are_those_of_the_standards);
    tcase_add_test(tests, crc_32_goes_on_from_piece_to_piece);
    tcase_add_test(tests, fnv1a_is_that_of_its_authors);
    tcase_add_test(tests, siphash_is_that_of_rust);
    tcase_add_test(tests, base64_has_its_padding);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
