/*
 * The first wall of the SQL workbench, what it knows of functions, and values as JSON.
 */
#include "base/json_text.h"
#include "workbench/functions.h"
#include "workbench/statement.h"
#include "workbench/values.h"

#include "support/runner.h"

#include <string.h>

/* ---- statements ---- */

static const struct {
    const char *text;
    const char *query;  /* what is sent; NULL: it is refused */
    const char *reason; /* then */
} statements[] = {
    {"select 1", "select 1", NULL},
    {" /* a */ select 1 ; -- b", " /* a */ select 1 ", NULL},
    {"select 1;;", "select 1", NULL},
    {"explain select 1", " select 1", NULL},
    {"explain (analyze, format xml) select 1", " select 1", NULL},
    {"explain (select 1)", " (select 1)", NULL},
    {"explain analyze verbose with a as (select 1) table a", " with a as (select 1) table a", NULL},
    {"explain /* ( */ (costs off) (values (1))", " (values (1))", NULL},
    {"select $1, $2", "select $1, $2", NULL},
    {"select $3", NULL, "SYNTAX"},
    {"", NULL, "EMPTY"},
    {"select 1; select 2", NULL, "MULTI"},
    {"explain explain select 1", NULL, "SYNTAX"},
    {"explain update t set a = 1", NULL, "KIND"},
    {"explain (analyze) select 1 into x", NULL, "INTO"},
    {"create view v as select 1", NULL, "KIND"},
    {"with a as (update t set a = 1 returning 1) select 1", NULL, "DML"},
    {"select * from t for update", NULL, "LOCK"},
    {"select * from t tablesample mine (1)", NULL, "FUNC"},
    {"select 'a", NULL, "SYNTAX"},
    {"select \xff", NULL, "SYNTAX"},
    {"\xef\xbb\xbfselect 1", "select 1", NULL},
    {"\xef\xbb\xbf explain select 1", " select 1", NULL},
};

START_TEST(what_only_reads_is_let_through_and_sent_as_it_was_read)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct statement_rules rules = {.parameters = 2};
    struct sql_statement statement;
    const bool ok = statement_read(arena, text_of(statements[_i].text), &rules, &statement, &status);
    ck_assert_msg(ok == (statements[_i].query != NULL), "%s", statements[_i].text);
    if (ok) {
        ck_assert_str_eq(arena_strndup(arena, statement.query.data, statement.query.size), statements[_i].query);
    } else {
        ck_assert_str_eq(status.reason, statements[_i].reason);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
    arena_free(arena);
}
END_TEST

/* Left-deep, whatever their length: what stands at the bottom is found. */
static const struct {
    const char *start;
    const char *more;
    size_t count;
    const char *reason; /* NULL: it is let through */
} deep[] = {
    {"select 1", " + 1", 60000, NULL},
    {"select 'a'", " || 'b' || f(x)", 10000, NULL},
    {"select 1", " union all select 1", 13000, NULL},
    {"select * from a", " join b on true", 10000, NULL},
    {"select 1", "::int", 40000, NULL},
    {"select 'a\":{\"B\":[\\'", " || '\"larg\":{\"x\":{\\\\\"}' || f(x) || ''", 3000, NULL},
    {"select 'a\":{\"B\":[\\' into x", " union all select '\"larg\":{\"\\'", 3000, "INTO"},
    {"select $1", " + 1", 1000, NULL},
    {"select $3", " + 1", 1000, "SYNTAX"},
    {"select 1 into x", " union all select 1", 1000, "INTO"},
    {"with a as (delete from t returning 1) select 1", " union all select 1", 1000, "DML"},
    {"(select 1 for update)", " union all select 1", 1000, "LOCK"},
    {"(with a as (delete from t returning 1) select 1)", " union all select 1", 1000, "DML"},
    {"select (select 1 from t tablesample mine (1))", " + 1", 5000, "FUNC"},
    {"select 1", " and not", 1000, "SYNTAX"},
    {"select", " not", 3000, "SYNTAX"},
};

START_TEST(what_leans_to_the_left_is_not_nested)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct statement_rules rules = {.parameters = 1};
    struct sql_statement statement;
    struct buffer sql = {.arena = arena};
    buffer_puts(&sql, deep[_i].start);
    for (size_t i = 0; i < deep[_i].count; i++) {
        buffer_puts(&sql, deep[_i].more);
    }
    const bool ok = statement_read(arena, buffer_text(&sql), &rules, &statement, &status);
    ck_assert_msg(ok == (deep[_i].reason == NULL), "%s%s …: %s", deep[_i].start, deep[_i].more, status.message);
    ck_assert(ok || strcmp(status.reason, deep[_i].reason) == 0);
    ck_assert(!ok || statement.uses.functions.count == (strstr(deep[_i].more, "f(x)") == NULL ? 0 : 1));
    arena_free(arena);
}
END_TEST

static bool has(const struct sql_names *names, const char *schema, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].schema, schema) == 0 && strcmp(names->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(every_name_is_collected)
{
    struct arena *const arena = arena_new(0);
    struct sql_uses uses = {0};
    ck_assert(statement_uses(arena,
                             text_of("select f(a), x.g(1)::dom, t.h, (t).i, case 1 when 2 then 3 end, 1 <-> 2, "
                                     "1 between 2 and 3, 4 in (select 5) from s.t order by 1 using ~<~"),
                             &uses));
    ck_assert(has(&uses.functions, "", "f") && has(&uses.functions, "x", "g"));
    ck_assert(has(&uses.types, "", "dom"));
    ck_assert(has(&uses.attributes, "", "h") && has(&uses.attributes, "", "i"));
    ck_assert(has(&uses.operators, "", "<->") && has(&uses.operators, "", ">=") && has(&uses.operators, "", "="));
    ck_assert(has(&uses.operators, "", "~<~"));
    ck_assert(has(&uses.relations, "s", "t"));
    arena_free(arena);
}
END_TEST

START_TEST(functions_are_known_by_name)
{
    static const char *const dangerous[] = {"pg_sleep",
                                            "pg_advisory_lock_shared",
                                            "lo_import",
                                            "query_to_xml",
                                            "pg_create_logical_replication_slot",
                                            "set_config",
                                            "nextval",
                                            "dblink_exec",
                                            "pg_read_file_old",
                                            "txid_current",
                                            "pg_stat_reset_shared"};
    static const char *const others[] = {"lower", "pg_stat_get_numscans", "pg_sleeper", "random", "now", "local"};
    for (size_t i = 0; i < sizeof dangerous / sizeof dangerous[0]; i++) {
        ck_assert_msg(function_danger(dangerous[i]) != NULL, "%s", dangerous[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_msg(function_danger(others[i]) == NULL, "%s", others[i]);
    }
    ck_assert(function_is_harmless("random") && function_is_harmless("pg_stat_get_wal"));
    ck_assert(!function_is_harmless("pg_stat_reset") && !function_is_harmless("randomly"));
    ck_assert(function_is_word("json_value") && !function_is_word("json_values"));
}
END_TEST

/* ---- values ---- */

static const struct {
    const char *text;
    enum value_kind kind;
    bool is_array;
    const char *json;
} values[] = {
    {"t", VALUE_BOOL, false, "true"},
    {"12", VALUE_NUMBER, false, "12"},
    {"1e-05", VALUE_FLOAT, false, "1e-05"},
    {"NaN", VALUE_FLOAT, false, "\"NaN\""},
    {"{\"a\":1}", VALUE_JSON, false, "{\"a\":1}"},
    {"{broken", VALUE_JSON, false, "\"{broken\""},
    {" {\"a\":\n\r\n1, \"a\": \"\\n\"}\n", VALUE_JSON, false, " {\"a\":   1, \"a\": \"\\n\"} "},
    {"2025-01-15 10:00:00.5+00", VALUE_TIMESTAMPTZ, false, "\"2025-01-15T10:00:00.5Z\""},
    {"2025-01-15 10:00:00+02", VALUE_TIMESTAMPTZ, false, "\"2025-01-15 10:00:00+02\""},
    {"0044-03-15 00:00:00 BC", VALUE_TIMESTAMP, false, "\"0044-03-15 00:00:00 BC\""},
    {"{1,NULL,3}", VALUE_NUMBER, true, "[1,null,3]"},
    {"{{1,2},{3,4}}", VALUE_NUMBER, true, "[[1,2],[3,4]]"},
    {"{}", VALUE_STRING, true, "[]"},
    {"{\"a,\\\"b\\\\\",c,\"NULL\",\"\"}", VALUE_STRING, true, "[\"a,\\\"b\\\\\",\"c\",\"NULL\",\"\"]"},
    {"[0:1]={1,2}", VALUE_NUMBER, true, "\"[0:1]={1,2}\""},
    {"{1,2", VALUE_NUMBER, true, "\"{1,2\""},
    {"{1}2", VALUE_NUMBER, true, "\"{1}2\""},
    {"{\"a", VALUE_STRING, true, "\"{\\\"a\""},
    {"{{{{{{{1}}}}}}}", VALUE_NUMBER, true, "\"{{{{{{{1}}}}}}}\""},
    {"{,}", VALUE_STRING, true, "\"{,}\""},
};

START_TEST(a_value_becomes_json_or_a_string)
{
    struct arena *const arena = arena_new(0);
    struct buffer out = {.arena = arena};
    const struct value_type type = {values[_i].kind, values[_i].is_array, ','};
    value_write(&out, &type, text_of(values[_i].text), false);
    ck_assert_str_eq(buffer_string(&out), values[_i].json);
    ck_assert(json_is_sound(buffer_text(&out)));
    arena_free(arena);
}
END_TEST

START_TEST(json_is_told_from_what_looks_like_it)
{
    static const char *const sound[] = {
        "1", "-0.5e+3", "null", " [ ] ", "{\"a\":[{}, \"\\u00e9\\n\"], \"b\":false}", "[[[]]]"};
    static const char *const broken[] = {"",         "01",       "1.",      "[1,]", "{\"a\"}", "{a:1}",
                                         "nul",      "\"\x01\"", "\"\\x\"", "[1]2", "[1}",     "\"\\u12\"",
                                         "{\"a\":}", "-",        "\"",      "+1",   "[",       "1,2"};
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        ck_assert_msg(json_is_sound(text_of(sound[i])), "%s", sound[i]);
    }
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        ck_assert_msg(!json_is_sound(text_of(broken[i])), "%s", broken[i]);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("workbench");
    TCase *const all = tcase_create("all");
    tcase_add_loop_test(all, what_only_reads_is_let_through_and_sent_as_it_was_read, 0,
                        sizeof statements / sizeof statements[0]);
    tcase_add_loop_test(all, what_leans_to_the_left_is_not_nested, 0, sizeof deep / sizeof deep[0]);
    tcase_add_test(all, every_name_is_collected);
    tcase_add_test(all, functions_are_known_by_name);
    tcase_add_loop_test(all, a_value_becomes_json_or_a_string, 0, sizeof values / sizeof values[0]);
    tcase_add_test(all, json_is_told_from_what_looks_like_it);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
