/*
 * What facts are written in: templates, patterns of names, lines of evidence.
 */
#include "framework/core/pattern.h"
#include "framework/core/template.h"
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

/* ---- templates ---- */

static const struct ledger ledger = {.schema = "a\"b", .table = "c'd"};
static const struct migration_file file = {.version = "7", .title = "x", .filename = "7_x.sql"};
static const struct ledger_record record = {.key = "k'", .name = "n", .logs = NULL, .file = &file};

static const char *filled(const char *template, const struct ledger_record *of)
{
    struct buffer sql = {.arena = arena};
    template_put(&sql, template, NULL, &ledger, of);
    return buffer_string(&sql);
}

START_TEST(names_are_quoted_and_qualified)
{
    ck_assert_str_eq(filled("{ledger} {ledger:*_lock} {ledger:log} {schema}", NULL),
                     "\"a\"\"b\".\"c'd\" \"a\"\"b\".\"c'd_lock\" \"a\"\"b\".\"log\" \"a\"\"b\"");
    ck_assert_str_eq(filled("{identifier:PK_*} {table} {table:*_lock}", NULL), "\"PK_c'd\" 'c''d' 'c''d_lock'");
}
END_TEST

START_TEST(values_are_literals_or_NULL)
{
    ck_assert_str_eq(filled("{key} {name} {version} {title} {filename}", &record), "'k''' 'n' '7' 'x' '7_x.sql'");
    ck_assert_str_eq(filled("{checksum} {id} {logs} {before}", &record), "NULL NULL NULL NULL");
    const struct ledger_record later = {.file = &file, .before = &file};
    ck_assert_str_eq(filled("{before}", &later), "'7'");
}
END_TEST

START_TEST(a_quoted_part_becomes_a_literal_and_may_have_others_in_it)
{
    ck_assert_str_eq(filled("DO {'SELECT {'{ledger}'}, '{{}''};", NULL),
                     "DO 'SELECT ''\"a\"\"b\".\"c''''d\"'', ''{}''';");
}
END_TEST

START_TEST(a_value_that_looks_like_a_word_stays_a_value)
{
    const struct ledger_record hostile = {.key = "{ledger}'} {'"};
    ck_assert_str_eq(filled("{key} {'{key}'}", &hostile), "'{ledger}''} {''' '''{ledger}''''} {'''''''");
}
END_TEST

START_TEST(times_are_those_of_the_server)
{
    ck_assert_str_eq(
        filled("{clock} {clock:ms}", NULL),
        "pg_catalog.clock_timestamp() pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp())");
    ck_assert_str_eq(filled("{utc:s}", NULL), "pg_catalog.date_trunc('second', pg_catalog.timezone('UTC', "
                                              "pg_catalog.clock_timestamp()))");
}
END_TEST

START_TEST(a_word_that_is_not_known_stays_and_is_reported)
{
    static const char *const bad[] = {"{nothing}", "{ledger",      "{took:hours}", "{clock:x}",
                                      "{",         "{identifier}", "{'{x}'}"};
    const char *wrong;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!template_check(arena, bad[i], NULL, true, &wrong), "%s", bad[i]);
        ck_assert_ptr_nonnull(strchr(filled(bad[i], &record), '{'));
    }
    ck_assert(template_check(arena, "{ledger} {key} {{x {'{took:ms}'}", NULL, true, &wrong));
    ck_assert(!template_check(arena, "SELECT {key}", NULL, false, &wrong));
    ck_assert_str_eq(wrong, "{key}");
}
END_TEST

static const char *shout(struct arena *in, const struct ledger *of, const struct ledger_record *row)
{
    (void)of;
    return arena_printf(in, "%s!", row->name);
}

static void put_two(struct buffer *sql, const struct ledger *of, const struct ledger_record *row)
{
    (void)of;
    (void)row;
    buffer_puts(sql, "1, 2");
}

START_TEST(a_framework_has_words_of_its_own)
{
    static const struct ledger_word own[] = {{.name = "shout", .text = shout}, {.name = "two", .sql = put_two}, {0}};
    struct buffer sql = {.arena = arena};
    const char *wrong;
    template_put(&sql, "{shout} {two}", own, &ledger, &record);
    ck_assert_str_eq(buffer_string(&sql), "'n!' 1, 2");
    ck_assert(template_check(arena, "{shout} {two}", own, true, &wrong));
    ck_assert(!template_check(arena, "{shout} {two}", NULL, true, &wrong));
}
END_TEST

/* ---- patterns ---- */

/* "number|title|stem" of a name; NULL: it does not fit. */
static const char *fit(const char *pattern, const char *name)
{
    struct pattern_match match;
    if (!pattern_fits(pattern, text_of(name), &match)) {
        return NULL;
    }
    return arena_printf(arena, "%.*s|%.*s|%.*s", (int)match.number.size, match.number.data, (int)match.title.size,
                        match.title.data, (int)match.stem.size, match.stem.data);
}

START_TEST(a_pattern_takes_a_name_apart)
{
    ck_assert_str_eq(fit("{number}_{title}.up.sql", "007_a_b.up.sql"), "007|a_b|007_a_b");
    ck_assert_str_eq(fit("{number:1-14}_*.tx.up.sql", "20260105100000_x.tx.up.sql"),
                     "20260105100000||20260105100000_x");
    ck_assert_str_eq(fit("*.{js|ts}", "a.b.ts"), "||a.b");
    ck_assert_str_eq(fit("{number}.do.{title}.sql", "2.do.x.y.sql"), "2|x.y|2.do.x.y");
    ck_assert_str_eq(fit("{number:13}_*", "1610000000000_create"), "1610000000000||1610000000000_create");
    ck_assert_str_eq(fit("up.sql", "up.sql"), "||up.sql");
    ck_assert_str_eq(fit("{number}*.sql", "20240101.sql"), "20240101||20240101");
}
END_TEST

START_TEST(a_pattern_wants_the_whole_name)
{
    static const char *const misfits[][2] = {
        {"{number:14}_*.sql", "2026010510000_x.sql"},
        {"{number:14}_*.sql", "202601051000000_x.sql"},
        {"{number:1-9}_*.sql", "1234567890_x.sql"},
        {"{number}_*.sql", "_x.sql"},
        {"{number}_*.sql", "1_x.sql.bak"},
        {"*.{js|ts}", "a.jsx"},
        {"*.sql", "sql"},
        {"{number}_*.up.sql", "1.up.sql"},
        {"a", ""},
        {"{sql|SQL}", "Sql"},
    };
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        ck_assert_msg(fit(misfits[i][0], misfits[i][1]) == NULL, "%s", misfits[i][0]);
    }
}
END_TEST

int main(void)
{
    TCase *const cases = tcase_create("facts");
    Suite *const suite = suite_create("framework_facts");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, names_are_quoted_and_qualified);
    tcase_add_test(cases, values_are_literals_or_NULL);
    tcase_add_test(cases, a_quoted_part_becomes_a_literal_and_may_have_others_in_it);
    tcase_add_test(cases, a_value_that_looks_like_a_word_stays_a_value);
    tcase_add_test(cases, times_are_those_of_the_server);
    tcase_add_test(cases, a_word_that_is_not_known_stays_and_is_reported);
    tcase_add_test(cases, a_framework_has_words_of_its_own);
    tcase_add_test(cases, a_pattern_takes_a_name_apart);
    tcase_add_test(cases, a_pattern_wants_the_whole_name);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
