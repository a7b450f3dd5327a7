/*
 * Scripts: their tokens, their statements, what these are and what they create.
 */
#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/parse_json.h"
#include "sql/split.h"
#include "support/runner.h"

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

/* Deeper than our reader goes. */
static const char *nested(size_t levels)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < levels; i++) {
        buffer_puts(&out, "{\"a\":[");
    }
    for (size_t i = 0; i < levels; i++) {
        buffer_puts(&out, "]}");
    }
    return buffer_string(&out);
}

START_TEST(a_tree_is_what_jansson_reads_of_it)
{
    const char *const trees[] = {
        "{\"version\":150001,\"stmts\":[{\"stmt\":{\"A\":{\"ival\":-7,\"b\":true,\"c\":false}},\"stmt_len\":9}]}",
        "{\"s\":\"a\\\"b\\\\c\\/d\\n\\t\",\"u\":\"\xC3\xA4\",\"n\":\"\\u00e4\\u0001\"}",
        "{\"a\":1,\"a\":2,\"e\":{},\"f\":[],\"g\":1.5,\"h\":null}",
        " { \"a\" : [ 1 , \"x\" ] } ",
        "[{\"a\":1}]",
        nested(900),
        /* and what it refuses */
        "",
        "{",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":[1,]}",
        "{\"a\"}",
        "{\"a\":tru}",
        "{\"a\":}",
        "{\"a\":\"b}",
        "{\"a\":\"b\\",
        "{\"a\":\"b\\x\"}",
        "{\"a\":\"\xC3\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":99999999999999999999}",
        nested(1100),
    };
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        json_t *const ours = sql_json_read(trees[i]);
        json_t *const theirs = json_loads(trees[i], 0, NULL);
        ck_assert_msg(theirs == NULL ? ours == NULL : json_equal(ours, theirs) == 1, "%s", trees[i]);
        ck_assert_msg((theirs != NULL) == (i < 6), "%s", trees[i]);
        json_decref(ours);
        json_decref(theirs);
    }
}
END_TEST

/* The tokens, each in brackets. */
static const char *tokens(const char *sql)
{
    struct sql_lexer lexer = {.text = text_of(sql)};
    struct buffer out = {.arena = arena};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        buffer_printf(&out, token.kind == SQL_BROKEN ? "!%.*s!" : "[%.*s]", (int)token.text.size, token.text.data);
    }
    return buffer_string(&out);
}

START_TEST(tokens_end_where_postgresql_ends_them)
{
    ck_assert_str_eq(tokens("a.b -- c\n;\"d\"\"e\""), "[a][.][b][;][\"d\"\"e\"]");
    ck_assert_str_eq(tokens("'it''s' E'a\\'b' 'a\\' x"), "['it''s'][E'a\\'b']['a\\'][x]");
    ck_assert_str_eq(tokens("$$a;'b$$ $x$ $$ $x$ $1 a$b"), "[$$a;'b$$][$x$ $$ $x$][$1][a$b]");
    ck_assert_str_eq(tokens("/* a /* b */ c */ d"), "[d]");
    ck_assert_str_eq(tokens("U&'x' U&\"y\" x'1F' 1.5e3 .5"), "[U&'x'][U&\"y\"][x'1F'][1.5e3][.5]");
    ck_assert_str_eq(tokens("\xC3\xA4rger=1"), "[\xC3\xA4rger][=][1]");
    ck_assert_str_eq(tokens(""), "");
}
END_TEST

START_TEST(a_string_goes_on_behind_a_line_break_and_backslashes_are_in_it_what_they_were)
{
    ck_assert_str_eq(tokens("E'a'\n  'b\\'c' d"), "[E'a'\n  'b\\'c'][d]");
    ck_assert_str_eq(tokens("E'a' -- x\n 'b\\'c' d"), "[E'a' -- x\n 'b\\'c'][d]");
    ck_assert_str_eq(tokens("E'a' 'b\\' c"), "[E'a']['b\\'][c]");
    ck_assert_str_eq(tokens("'a'\n 'b\\' c"), "['a'\n 'b\\'][c]");
    ck_assert_str_eq(tokens("U&'a' -- it's\n'b' /* c */\n'd'"), "[U&'a' -- it's\n'b']['d']");
}
END_TEST

START_TEST(a_line_comment_ends_with_any_line_end)
{
    ck_assert_str_eq(tokens("--a\rb --c\r\nd"), "[b][d]");
    ck_assert_str_eq(tokens("a+--b\nc*/*d*/e"), "[a][+][c][*][e]");
}
END_TEST

START_TEST(a_dollar_quote_begins_behind_a_number_but_not_behind_a_name)
{
    ck_assert_str_eq(tokens("1$$a b$$ $1$$a b$$"), "[1][$$a b$$][$1][$$a b$$]");
    ck_assert_str_eq(tokens("a$$b c$$"), "[a$$b][c$$]");
    ck_assert_str_eq(tokens("$a b $1a$"), "[$][a][b][$1a][$]");
}
END_TEST

START_TEST(a_string_s_value_is_without_its_quotes_and_escapes)
{
    static const struct {
        const char *sql;
        const char *value;
    } strings[] = {
        {"'it''s'", "it's"},
        {"E'it\\'s'", "it's"},
        {"$x$it's$x$", "it's"},
        {"''", ""},
        {"$$$$", ""},
        {"B'1'", NULL},
        {"'a'\n'b'''\n'c'", "ab'c"},
        {"E'a\\'' -- it's\n 'b'", "a'b"},
        {"'BEGIN '\n--\n'COMMIT; END'", "BEGIN COMMIT; END"},
    };
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        struct sql_lexer lexer = {.text = text_of(strings[i].sql)};
        const struct sql_token token = sql_next(&lexer);
        ck_assert_pstr_eq(sql_string(arena, &token), strings[i].value);
    }
}
END_TEST

START_TEST(what_does_not_end_reaches_to_the_end)
{
    ck_assert_str_eq(tokens("a 'b"), "[a]!'b!");
    ck_assert_str_eq(tokens("a \"b"), "[a]!\"b!");
    ck_assert_str_eq(tokens("$$ b"), "!$$ b!");
    ck_assert_str_eq(tokens("/* b"), "!/* b!");
    ck_assert_str_eq(tokens("E'\\"), "!E'\\!");
}
END_TEST

/* The statements, each in brackets; or the error and its offset. */
static const char *statements(const char *sql)
{
    struct sql_split split;
    struct buffer out = {.arena = arena};
    sql_split(arena, text_of(sql), &split);
    if (!split.parsed) {
        return arena_printf(arena, "%s @%zu", split.error, split.error_offset);
    }
    for (size_t i = 0; i < split.count; i++) {
        buffer_printf(&out, "[%.*s]", (int)(split.statements[i].end - split.statements[i].start),
                      sql + split.statements[i].start);
    }
    return buffer_string(&out);
}

START_TEST(statements_are_cut_as_the_server_cuts_them)
{
    ck_assert_str_eq(statements("select 1; -- c\n  select ';' ;; /* x */ select 2"),
                     "[select 1][select ';'][select 2]");
    ck_assert_str_eq(statements("create function f() returns int begin atomic select 1; select 2; end; select 3"),
                     "[create function f() returns int begin atomic select 1; select 2; end][select 3]");
    ck_assert_str_eq(statements("create rule r as on insert to t do also (select 1; select 2); select 3"),
                     "[create rule r as on insert to t do also (select 1; select 2)][select 3]");
    ck_assert_str_eq(statements("do $$ begin; end $$; select '\xC3\xA4';"), "[do $$ begin; end $$][select '\xC3\xA4']");
    ck_assert_str_eq(statements("-- nothing\n;"), "");
}
END_TEST

/* The statements as sql_next_statement cuts them. */
static const char *by_words(const char *sql)
{
    struct sql_lexer lexer = {.text = text_of(sql)};
    struct sql_statement statement;
    struct buffer out = {.arena = arena};
    while (sql_next_statement(&lexer, &statement)) {
        buffer_printf(&out, "[%.*s]", (int)(statement.end - statement.start), sql + statement.start);
    }
    return buffer_string(&out);
}

/* What PostgreSQL's parser makes of these is what the words must say too. */
static const char *const scripts[] = {
    "select 1; -- c\n  select ';' ;; /* x */ select 2 -- d",
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
    "create function begin() returns int language sql as 'select 1'; select 2",
    "create or replace procedure p() begin atomic insert into t values (1); end; call p()",
    "create rule r as on insert to t do also (select 1; select 2); select 3",
    "do $$ begin; end $$; select '\xC3\xA4', \"a;b\", E'\\';', U&'\\00e4;' ; begin; commit",
    "create table \"\xC3\xA4;\" (a int default (1), b text /* ; /* ; */ */ default ';');;select 1;",
    "-- nothing\n;",
    "",
};

START_TEST(words_cut_as_the_parser_does)
{
    ck_assert_str_eq(by_words(scripts[_i]), statements(scripts[_i]));
}
END_TEST

START_TEST(words_cut_what_the_parser_does_not_know)
{
    ck_assert_str_eq(by_words("selec 1; select 'a;b"), "[selec 1][select 'a;b]");
    ck_assert_str_eq(by_words("merge into t using u on a when matched then do nothing returning *; select 1"),
                     "[merge into t using u on a when matched then do nothing returning *][select 1]");
    ck_assert_str_eq(by_words("); select 1"), "[)][select 1]");
}
END_TEST

START_TEST(a_mistake_is_placed_in_bytes)
{
    ck_assert_str_eq(statements("select '\xC3\xA4'; selec 1"), "syntax error at or near \"selec\" @13");
    ck_assert_str_eq(statements("select 1 from"), "syntax error at end of input @13");
}
END_TEST

static const struct {
    const char *sql;
    enum sql_class class;
} classes[] = {
    {"create table t (id int)", SQL_CLASS_PLAIN},
    {"create index i on t (a)", SQL_CLASS_PLAIN},
    {"create index concurrently on t (a)", SQL_CLASS_ALONE},
    {"CREATE UNIQUE INDEX /* x */ CONCURRENTLY i ON t (a)", SQL_CLASS_ALONE},
    {"create index \"concurrently\" on t (a)", SQL_CLASS_PLAIN},
    {"drop index concurrently i", SQL_CLASS_ALONE},
    {"drop index i", SQL_CLASS_PLAIN},
    {"reindex index concurrently i", SQL_CLASS_ALONE},
    {"reindex (verbose, concurrently) table t", SQL_CLASS_ALONE},
    {"reindex table t", SQL_CLASS_PLAIN},
    {"reindex schema s", SQL_CLASS_ALONE},
    {"reindex (verbose) database d", SQL_CLASS_ALONE},
    {"vacuum t", SQL_CLASS_ALONE},
    {"vacuum (full, analyze) t", SQL_CLASS_ALONE},
    {"analyze t", SQL_CLASS_PLAIN},
    {"cluster", SQL_CLASS_ALONE},
    {"cluster verbose", SQL_CLASS_ALONE},
    {"cluster t using i", SQL_CLASS_PLAIN},
    {"create database d", SQL_CLASS_ALONE},
    {"alter database d set tablespace x", SQL_CLASS_ALONE},
    {"alter database d set work_mem = '1MB'", SQL_CLASS_PLAIN},
    {"create tablespace x location '/x'", SQL_CLASS_ALONE},
    {"alter system set work_mem = '1MB'", SQL_CLASS_ALONE},
    {"alter table t detach partition p concurrently", SQL_CLASS_ALONE},
    {"alter table t detach partition p", SQL_CLASS_PLAIN},
    {"create subscription s connection '' publication p", SQL_CLASS_ALONE},
    {"discard all", SQL_CLASS_ALONE},
    {"discard plans", SQL_CLASS_PLAIN},
    {"alter subscription s refresh publication", SQL_CLASS_ALONE},
    {"alter subscription s disable", SQL_CLASS_PLAIN},
    {"drop subscription s", SQL_CLASS_ALONE},
    {"drop tablespace x", SQL_CLASS_ALONE},
    {"drop database d", SQL_CLASS_ALONE},
    {"cluster (verbose)", SQL_CLASS_ALONE},
    {"cluster (verbose) t", SQL_CLASS_PLAIN},
    {"cluster verbose t", SQL_CLASS_PLAIN},
    {"reindex system d", SQL_CLASS_ALONE},
    {"reindex (tablespace x, verbose) schema s", SQL_CLASS_ALONE},
    {"reindex", SQL_CLASS_PLAIN},
    {"commit prepared 'x'", SQL_CLASS_ALONE},
    {"rollback prepared 'x'", SQL_CLASS_ALONE},
    {"do language plpgsql $x$ begin rollback; end $x$", SQL_CLASS_ALONE},
    {"do $$ begin null; -- commit\n end $$", SQL_CLASS_PLAIN},
    {"refresh materialized view concurrently m", SQL_CLASS_PLAIN},
    {"do $$ begin commit; end $$", SQL_CLASS_ALONE},
    {"do $$ begin perform 'commit'; end $$", SQL_CLASS_PLAIN},
    {"alter type t add value 'x'", SQL_CLASS_ADD_ENUM_VALUE},
    {"alter type s.t add value if not exists 'x' before 'y'", SQL_CLASS_ADD_ENUM_VALUE},
    {"alter type t rename value 'x' to 'y'", SQL_CLASS_PLAIN},
    {"alter type d.s.t add value 'x'", SQL_CLASS_ADD_ENUM_VALUE},
    {"alter type t add attribute value int", SQL_CLASS_PLAIN},
    {"begin", SQL_CLASS_BEGIN},
    {"begin isolation level serializable", SQL_CLASS_BEGIN},
    {"start transaction", SQL_CLASS_BEGIN},
    {"commit", SQL_CLASS_COMMIT},
    {"end", SQL_CLASS_COMMIT},
    {"rollback", SQL_CLASS_ROLLBACK},
    {"rollback to savepoint a", SQL_CLASS_PLAIN},
    {"rollback work to a", SQL_CLASS_PLAIN},
    {"savepoint a", SQL_CLASS_PLAIN},
    {"prepare p as select 1", SQL_CLASS_PLAIN},
    {"copy t from stdin", SQL_CLASS_COPY_STDIN},
    {"copy t (stdin) from '/x'", SQL_CLASS_PLAIN},
    {"copy (select 1 from stdin) to '/x'", SQL_CLASS_PLAIN},
    {"copy (select 1) to stdout", SQL_CLASS_COPY_STDIN},
    {"commit and chain", SQL_CLASS_COMMIT},
    {"abort", SQL_CLASS_ROLLBACK},
    {"prepare transaction 'x'", SQL_CLASS_COMMIT},
    {"vacuumed", SQL_CLASS_PLAIN},
    {"vac", SQL_CLASS_PLAIN},
    {"create", SQL_CLASS_PLAIN},
    {"create index concurrent on t (a)", SQL_CLASS_PLAIN},
    {"", SQL_CLASS_PLAIN},
};

START_TEST(a_statement_is_known_by_its_words)
{
    ck_assert_msg(sql_classify(text_of(classes[_i].sql)) == classes[_i].class, "%s: %d", classes[_i].sql,
                  (int)sql_classify(text_of(classes[_i].sql)));
    if (classes[_i].class == SQL_CLASS_ALONE) {
        ck_assert_ptr_nonnull(sql_alone_reason(text_of(classes[_i].sql)));
    }
    /* What needs cutting must be noticed in a whole script too. */
    ck_assert(classes[_i].class == SQL_CLASS_PLAIN || sql_may_need_cutting(text_of(classes[_i].sql)));
}
END_TEST

START_TEST(words_inside_strings_and_comments_need_no_cutting)
{
    ck_assert(!sql_may_need_cutting(text_of("insert into t select 'vacuum; begin' -- commit\n/* concurrently */")));
    ck_assert(!sql_may_need_cutting(text_of("select case when a then b end; insert into value default values "
                                            "on conflict do nothing; select 1 as begin")));
    ck_assert(!sql_may_need_cutting(text_of("select '\\', $$\\$$, \"\\\" -- \\")));
    ck_assert(sql_may_need_cutting(text_of("select 1;; /* x */ vacuum")));
    ck_assert(sql_may_need_cutting(text_of("\\connect x")));
    ck_assert(sql_may_need_cutting(text_of("select 1 \\gexec")));
}
END_TEST

/* "type schema.parent.name" of each, separated by ", ". */
static const char *created(const char *sql)
{
    struct sql_objects objects = {0};
    struct buffer out = {.arena = arena};
    sql_created_objects(arena, text_of(sql), &objects);
    for (size_t i = 0; i < objects.count; i++) {
        const struct sql_object *const one = &objects.items[i];
        buffer_printf(&out, "%s%s %s%s%s%s%s%s%s", i == 0 ? "" : ", ", one->type,
                      one->schema == NULL ? "" : one->schema, one->schema == NULL ? "" : ".",
                      one->parent_schema == NULL ? "" : one->parent_schema, one->parent_schema == NULL ? "" : ".",
                      one->parent == NULL ? "" : one->parent, one->parent == NULL ? "" : ".", one->name);
    }
    return buffer_string(&out);
}

START_TEST(what_is_created_is_named_as_postgresql_folds_it)
{
    ck_assert_str_eq(created("CREATE TABLE IF NOT EXISTS App.\"Users\" (id int)"), "table app.Users");
    ck_assert_str_eq(created("create unlogged table t (id int)"), "table t");
    ck_assert_str_eq(created("create temp table t (id int)"), "");
    ck_assert_str_eq(created("create unique index concurrently if not exists i on only s.t (a)"), "index s.i");
    ck_assert_str_eq(created("create index on t (a)"), "");
    ck_assert_str_eq(created("create or replace function s.f(a int) returns int as 'x'"), "function s.f");
    ck_assert_str_eq(created("create materialized view m as select 1"), "materialized view m");
    ck_assert_str_eq(created("create trigger g after insert on s.t for each row execute function f()"),
                     "trigger s.t.g");
    ck_assert_str_eq(created("create policy p on t for select using (true)"), "policy t.p");
    ck_assert_str_eq(created("create type t as enum ('a')"), "type t");
    ck_assert_str_eq(created("create schema authorization u"), "");
    ck_assert_str_eq(created("create extension if not exists \"uuid-ossp\""), "extension uuid-ossp");
    ck_assert_str_eq(created("alter table only s.t add column if not exists a numeric(10, 2), add b int, "
                             "add constraint c check (a > 0), add primary key (a), drop column d"),
                     "column s.t.a, column s.t.b, constraint s.t.c");
    ck_assert_str_eq(created("alter type s.t add value if not exists 'it''s' after 'x'"), "enum value s.t.it's");
    ck_assert_str_eq(created("drop table t"), "");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("sql");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, tokens_end_where_postgresql_ends_them);
    tcase_add_test(tests, a_string_goes_on_behind_a_line_break_and_backslashes_are_in_it_what_they_were);
    tcase_add_test(tests, a_line_comment_ends_with_any_line_end);
    tcase_add_test(tests, a_dollar_quote_begins_behind_a_number_but_not_behind_a_name);
    tcase_add_test(tests, a_string_s_value_is_without_its_quotes_and_escapes);
    tcase_add_test(tests, what_does_not_end_reaches_to_the_end);
    tcase_add_test(tests, statements_are_cut_as_the_server_cuts_them);
    tcase_add_loop_test(tests, words_cut_as_the_parser_does, 0, (int)(sizeof scripts / sizeof scripts[0]));
    tcase_add_test(tests, words_cut_what_the_parser_does_not_know);
    tcase_add_test(tests, a_mistake_is_placed_in_bytes);
    tcase_add_loop_test(tests, a_statement_is_known_by_its_words, 0, (int)(sizeof classes / sizeof classes[0]));
    tcase_add_test(tests, words_inside_strings_and_comments_need_no_cutting);
    tcase_add_test(tests, what_is_created_is_named_as_postgresql_folds_it);
    tcase_add_test(tests, a_tree_is_what_jansson_reads_of_it);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
