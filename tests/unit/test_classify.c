/*
 * What we say cannot share a transaction, held against what PostgreSQL says.
 */
#include "pg/exec.h"
#include "pg/session.h"
#include "sql/classify.h"
#include "support/cluster.h"
#include "support/runner.h"

#include <string.h>

static const char fixture[] =
    "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE TYPE mood AS ENUM ('a');"
    "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE c PARTITION OF p FOR VALUES FROM (0) TO (1);"
    "CREATE TABLE \"concurrently\" (a int); CREATE INDEX ci ON \"concurrently\" (a);"
    "CREATE PROCEDURE does_commit() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';"
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)";

static const char *const statements[] = {
    "create index concurrently on t (a)",
    "create unique index concurrently if not exists j on t (a)",
    "create index on t (a)",
    "drop index concurrently i",
    "drop index i",
    "reindex index concurrently i",
    "reindex (concurrently, verbose) table t",
    "reindex schema public",
    "reindex (verbose) database postgres",
    "reindex system postgres",
    "reindex table t",
    "vacuum",
    "vacuum (analyze) t",
    "analyze t",
    "cluster",
    "cluster verbose",
    "cluster t using i",
    "create database d",
    "drop database d",
    "alter database postgres set tablespace pg_default",
    "alter database postgres set work_mem = '1MB'",
    "create tablespace x location '/nowhere'",
    "drop tablespace x",
    "alter system set work_mem = '1MB'",
    "alter table p detach partition c concurrently",
    "alter table p detach partition c",
    "create subscription n connection 'dbname=x' publication p",
    "drop subscription s",
    "alter subscription s disable",
    "discard all",
    "discard plans",
    "commit prepared 'x'",
    "rollback prepared 'x'",
    "do $$ begin commit; end $$",
    "do $$ begin perform 'commit'; end $$",
    "do 'begin commit; end'",
    "do e'begin\\ncommit; end'",
    "do language plpgsql $x$ <<a>> declare i int := 1; begin if i = 1 then rollback; end if; end $x$",
    "do $$ begin for i in 1..2 loop commit; end loop; end $$",
    "do $$ begin case 1 when 1 then commit; else null; end case; end $$",
    "do $$ begin while true loop commit and chain; exit; end loop; end $$",
    "do $$ begin do 'begin commit; end'; end $$",
    "do $$ #variable_conflict error\nbegin commit; end $$",
    "do $$ begin create temp table k (a int) on commit drop; end $$",
    "do $$ begin create temp table k (a int) on commit delete rows; end $$",
    "do $$ declare commit int := 1; rollback int; begin commit := commit + 1; rollback := 2; end $$",
    "do $$ declare n text; begin select 1 as commit into n; end $$",
    "do $$ declare n int; begin n := case when true then 1 else (select 2 as rollback) end; end $$",
    "do $$ begin perform 1 /* ; commit; */; -- ; rollback;\n end $$",
    "do $$ begin perform $x$ ; commit; $x$, E'; \\'commit; '; end $$",
    "do $$ begin execute 'select 1; -- commit'; end $$",
    "do $$ declare commit record; begin select 1 as a into commit; if commit.a = 2 then commit.a := 3; end if; end $$",
    "do $$ begin create function g() returns int language sql as 'select 1 as commit'; end $$",
    "do $x$ begin create procedure g() language plpgsql as $$ begin commit; end $$; end $x$",
    "do $x$ begin create procedure h() language plpgsql as 'begin commit; end'; call h(); end $x$",
    "reindex (concurrently false) table t",
    "reindex (verbose, concurrently) table t",
    "reindex table \"concurrently\"",
    "alter database postgres set default_tablespace = pg_default",
    "create subscription n2 connection 'dbname=x' publication p with (connect = false)",
    "alter subscription s set publication q with (refresh = false)",
    "alter type mood add value 'b'",
    "create type m as enum ()",
    "refresh materialized view m",
    "create view v as select 1",
    "checkpoint",
    "listen l",
    "savepoint a",
    "set local work_mem = '1MB'",
};

static struct cluster cluster;

static struct pg_session *open_session(struct status *status)
{
    struct conninfo conninfo;
    ck_assert(conninfo_parse(status->arena, cluster.url, &conninfo, status));
    struct pg_session *const session = pg_session_open(&conninfo, NO_DEADLINE, status);
    ck_assert_msg(session != NULL, "%s", status->message);
    return session;
}

static void make_cluster(void)
{
    struct status status = {.arena = arena_new(0)};
    ck_assert_msg(cluster_start(&cluster), "no PostgreSQL: see %s/log", cluster.directory);
    struct pg_session *const session = open_session(&status);
    ck_assert_msg(pg_exec(session, fixture, &status), "%s", status.message);
    pg_session_free(session);
    arena_free(status.arena);
}

static void remove_cluster(void)
{
    cluster_stop(&cluster);
}

/* active_sql_transaction, or invalid_transaction_termination for a COMMIT inside DO. */
static bool is_refused_in_transaction(const struct status *status)
{
    return status->sqlstate != NULL &&
           (strcmp(status->sqlstate, "25001") == 0 || strcmp(status->sqlstate, "2D000") == 0);
}

START_TEST(what_stands_alone_is_what_the_server_refuses_in_a_transaction)
{
    struct status status = {.arena = arena_new(0)};
    struct pg_session *const session = open_session(&status);
    ck_assert(pg_exec(session, "BEGIN", &status));
    const bool ran = pg_exec(session, statements[_i], &status);
    const bool alone = sql_classify(text_of(statements[_i])) == SQL_CLASS_ALONE;
    ck_assert_msg(alone == (!ran && is_refused_in_transaction(&status)), "%s: %s", statements[_i],
                  ran ? "ran" : status.message);
    pg_session_free(session);
    arena_free(status.arena);
}
END_TEST

START_TEST(a_call_whose_commit_cannot_be_known_stays_in_the_transaction)
{
    static const char *const unknown[] = {
        "call does_commit()",
        "do $$ begin call does_commit(); end $$",
        "do $$ begin execute 'call does_commit()'; end $$",
    };
    struct status status = {.arena = arena_new(0)};
    struct pg_session *const session = open_session(&status);
    ck_assert_int_eq(sql_classify(text_of(unknown[_i])), SQL_CLASS_PLAIN);
    ck_assert(pg_exec(session, "BEGIN", &status) && !pg_exec(session, unknown[_i], &status));
    ck_assert_str_eq(status.sqlstate, "2D000");
    pg_session_free(session);
    arena_free(status.arena);
}
END_TEST

START_TEST(the_block_of_a_do_that_commits_is_found_without_its_last_semicolon)
{
    static const struct {
        const char *statement;
        const char *body; /* NULL: none */
    } cases[] = {
        {"do $$ begin commit; end $$", "begin commit; end"},
        {"DO LANGUAGE plpgsql $x$BEGIN COMMIT; END; -- done\n $x$", "BEGIN COMMIT; END"},
        {"do $$ declare i int; begin rollback; end;; $$ language PLPGSQL", "declare i int; begin rollback; end"},
        {"do $$ begin perform 'commit'; end $$", NULL},
        {"do $$ begin perform 1; end $$", NULL},
        {"do $$ #variable_conflict error\nbegin commit; end $$", NULL},
        {"do $$ plpy.commit() $$ language plpython3u", NULL},
        {"do 'begin commit; perform ''x''; end'", "begin commit; perform 'x'; end"},
        {"do $$ begin commit; if true then return; end if; end $$", NULL},
        {"select $$ commit $$", NULL},
    };
    struct status status = {.arena = arena_new(0)};
    struct text body;
    const bool found = sql_do_block(status.arena, text_of(cases[_i].statement), &body);
    ck_assert_msg(found == (cases[_i].body != NULL), "%s", cases[_i].statement);
    ck_assert_msg(!found || text_is(body, cases[_i].body), "%.*s", (int)body.size, body.data);
    arena_free(status.arena);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("classify");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_unchecked_fixture(tests, make_cluster, remove_cluster);
    tcase_add_loop_test(tests, what_stands_alone_is_what_the_server_refuses_in_a_transaction, 0,
                        (int)(sizeof statements / sizeof statements[0]));
    tcase_add_loop_test(tests, a_call_whose_commit_cannot_be_known_stays_in_the_transaction, 0, 3);
    tcase_add_loop_test(tests, the_block_of_a_do_that_commits_is_found_without_its_last_semicolon, 0, 10);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
