/*
 * What a rollback does not undo, and what only looks so.
 */
#include "sql/escapes.h"

#include "support/runner.h"

static const struct {
    const char *statement;
    const char *what; /* NULL: nothing */
} cases[] = {
    {"select dblink_exec('dbname=x', 'delete from t')", "dblink_exec()"},
    {"SELECT * FROM Public.DBLINK('x', 'select 1') AS t(a int)", "dblink()"},
    {"insert into t select pg_terminate_backend(1)", "pg_terminate_backend()"},
    {"do $$ begin perform lo_export(1, '/tmp/x'); end $$", "lo_export()"},
    {"do 'begin execute ''select http_post(1)''; end'", "http_post()"},
    {"create table a as select pg_switch_wal()", "pg_switch_wal()"},
    {"copy t to '/tmp/x'", "COPY to a file"},
    {"COPY (select 1) TO PROGRAM 'cat'", "COPY with a PROGRAM"},
    {"copy t from program 'cat'", "COPY with a PROGRAM"},
    {"copy t from '/tmp/x'", NULL},
    {"select nextval('s')", NULL},
    {"select 'dblink_exec()'", NULL},
    {"insert into dblink (lo_export) values (1)", NULL},
    {"create table s.dblink (a int)", NULL},
    {"comment on function dblink(text) is 'x'", NULL},
    {"create function f() returns void language sql as $$ select pg_reload_conf() $$", NULL},
    {"create or replace function f() returns void begin atomic select pg_reload_conf(); end", NULL},
    {"do $$ begin null; /* dblink() */ end $$", NULL},
    {"do $$ begin copy t to program 'curl x'; end $$", "COPY with a PROGRAM"},
    {"do $$ begin if true then copy t to '/tmp/x'; end if; end $$", "COPY to a file"},
    {"do $$ begin execute 'copy t to program ''x'''; end $$", "COPY with a PROGRAM"},
    {"do $$ begin execute format('COPY %I TO PROGRAM %L', 't', 'x'); end $$", "COPY with a PROGRAM"},
    {"do $$ begin execute 'copy ' || t || ' to program ''x'''; end $$", "COPY with a PROGRAM"},
    {"do $$ begin execute 'copy t from ''/tmp/x'''; end $$", NULL},
    {"do $$ begin delete from program where a = 'x'; copy := 1; execute 'grant a to program'; end $$", NULL},
    {"copy t to stdout", NULL},
    {"select * from a join b on dblink_exec(b.x) = 'OK'", "dblink_exec()"},
    {"create table c as select * from a join b on dblink_exec(b.x) = 'OK'", "dblink_exec()"},
    {"do $$ begin create index on dblink (a); perform 1 from a join b on s.dblink_exec(b.x) = 'OK'; end $$",
     "dblink_exec()"},
    {"create unique index i on dblink (a)", NULL},
    {"select \"dblink_exec\"('x')", "dblink_exec()"},
    {"select pg_catalog.pg_logical_slot_get_changes('s', null, null)", "pg_logical_slot_get_changes()"},
};

START_TEST(what_no_rollback_undoes_is_named)
{
    struct arena *const arena = arena_new(0);
    const char *const what = sql_escapes(arena, text_of(cases[_i].statement), NULL);
    ck_assert_pstr_eq(what, cases[_i].what);
    arena_free(arena);
}
END_TEST

START_TEST(a_function_that_calls_one_is_known_when_it_is_called)
{
    struct arena *const arena = arena_new(0);
    struct words known = {0};
    ck_assert_ptr_null(sql_escapes(
        arena,
        text_of("create function app.f() returns void language plpgsql as $$ begin perform lo_export(1, 'x'); end $$"),
        &known));
    ck_assert_ptr_null(
        sql_escapes(arena, text_of("create or replace procedure g() as 'select f()' language sql"), &known));
    ck_assert_ptr_null(sql_escapes(arena, text_of("create function h() returns int return 1"), &known));
    ck_assert_ptr_null(sql_escapes(arena, text_of("comment on function f() is 'x'"), &known));
    ck_assert_ptr_null(sql_escapes(arena, text_of("drop function f()"), &known));
    ck_assert_ptr_null(sql_escapes(arena, text_of("select h()"), &known));
    ck_assert_str_eq(sql_escapes(arena, text_of("select App.F()"), &known), "f()");
    ck_assert_ptr_null(sql_escapes(arena, text_of("insert into f (a) values (1)"), &known));
    ck_assert_ptr_null(sql_escapes(arena, text_of("create table f (a int)"), &known));
    ck_assert_str_eq(sql_escapes(arena, text_of("call g()"), &known), "g()");
    ck_assert_str_eq(
        sql_escapes(arena, text_of("create trigger a after insert on t for each row execute function f()"), &known),
        "f()");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("escapes");
    TCase *const tests = tcase_create("all");
    tcase_add_loop_test(tests, what_no_rollback_undoes_is_named, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, a_function_that_calls_one_is_known_when_it_is_called);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
