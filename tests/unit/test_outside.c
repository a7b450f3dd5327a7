/*
 * What of a statement acts beyond its database.
 */
#include "sql/outside.h"

#include "support/runner.h"

static const struct {
    const char *sql;
    const char *what; /* NULL: nothing */
} statements[] = {
    {"create role a", "CREATE ROLE"},
    {"/* x */ ALTER user a set work_mem = '1MB'", "ALTER USER"},
    {"drop group if exists a", "DROP GROUP"},
    {"create user mapping for a server s", NULL},
    {"alter system set work_mem = '1MB'", "ALTER SYSTEM"},
    {"alter table system add column a int", NULL},
    {"create database b", "CREATE DATABASE"},
    {"alter database b set search_path = x", "ALTER DATABASE"},
    {"create tablespace t location '/t'", "CREATE TABLESPACE"},
    {"alter subscription s disable", "ALTER SUBSCRIPTION"},
    {"create publication p for all tables", NULL},
    {"grant a to b", "GRANT or REVOKE of a role"},
    {"revoke admin option for a from b", "GRANT or REVOKE of a role"},
    {"revoke grant option for select on t from a", NULL},
    {"revoke grant option for connect on database d from a", "GRANT or REVOKE ON DATABASE"},
    {"do $$ begin grant select on t to a; grant a to b; end $$", "GRANT or REVOKE of a role"},
    {"grant select on t to a", NULL},
    {"grant connect on database d to a", "GRANT or REVOKE ON DATABASE"},
    {"comment on role a is 'x'", "COMMENT ON ROLE"},
    {"comment on column t.role is 'x'", NULL},
    {"comment on database d is 'x'", "COMMENT ON DATABASE"},
    {"security label for p on role a is 'x'", "SECURITY LABEL ON ROLE"},
    {"reassign owned by a to b", "REASSIGN OWNED"},
    {"drop owned by a", "DROP OWNED"},
    {"select dblink_exec('dbname=x', 'y')", "dblink_exec()"},
    {"copy t to program 'x'", "COPY with a PROGRAM"},
    {"do $$ begin create role a; end $$", "CREATE ROLE"},
    {"do $$ begin execute 'create role ' || quote_ident('a'); end $$", "CREATE ROLE"},
    {"do $$ begin execute format($f$alter role %I set work_mem = 1$f$, current_user); end $$", "ALTER ROLE"},
    {"do $$ begin create table role (a int); end $$", NULL},
    {"do $$ begin perform 1 from pg_roles where rolname = 'create'; end $$", NULL},
    {"create function f() returns void language sql as 'create role a'", NULL},
    {"insert into t values ('create role a')", NULL},
    {"", NULL},
};

START_TEST(what_acts_beyond_the_database_is_told_by_its_words)
{
    struct arena *const arena = arena_new(0);
    const char *const what = sql_outside(arena, text_of(statements[_i].sql));
    ck_assert_msg((what == NULL) == (statements[_i].what == NULL), "%s: %s", statements[_i].sql,
                  what == NULL ? "nothing" : what);
    ck_assert_pstr_eq(what, statements[_i].what);
    arena_free(arena);
}
END_TEST

START_TEST(a_body_of_nothing_but_grants_is_read_once)
{
    struct arena *const arena = arena_new(0);
    struct buffer body = {.arena = arena};
    buffer_puts(&body, "do $$ ");
    for (int i = 0; i < 200000; i++) {
        buffer_puts(&body, i % 2 == 0 ? "grant " : "revoke ");
    }
    buffer_puts(&body, "create role a $$");
    ck_assert_pstr_eq(sql_outside(arena, text_of(buffer_string(&body))), "CREATE ROLE");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("outside");
    TCase *const tests = tcase_create("all");
    tcase_add_loop_test(tests, what_acts_beyond_the_database_is_told_by_its_words, 0,
                        (int)(sizeof statements / sizeof statements[0]));
    tcase_add_test(tests, a_body_of_nothing_but_grants_is_read_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
