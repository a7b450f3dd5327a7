/*
 * What is sent for a piece of a migration, and what a failure keeps of the status it came from.
 */
#include "migration/failure.h"
#include "migration/record/row.h"
#include "migration/record/transaction.h"
#include "support/runner.h"

#include <string.h>

static struct arena *arena;

static const struct framework framework = {
    .ledger =
        {
            .session = "SET ledgers.own = on;",
            .lock = "LOCK ledger;",
            .unlock = "UNLOCK ledger;",
            .record = "INSERT row;",
            .start = "INSERT begun;",
            .finish = "UPDATE row;",
        },
};
static const struct ledger ledger = {.schema = "public", .table = "ledger", .own_schema = "truss"};
static const struct ledger_record record = {.id = "4711", .name = "1_first", .key = "1"};
static const struct run_settings settings = {.lock_timeout_ms = 50, .statement_timeout_ms = 9000};
static const struct step_record second = {.step = 2, .steps = 3, .attempt = "4711", .checksum = "ab"};

#define RESET_ROLE "RESET SESSION AUTHORIZATION;RESET ROLE;"
#define FORGET     "BEGIN;CLOSE ALL;DEALLOCATE ALL;UNLISTEN *;DISCARD TEMP;DISCARD SEQUENCES;"
#define OURSELVES  "SET LOCAL SESSION AUTHORIZATION DEFAULT;SET LOCAL role TO DEFAULT;"

#define KEEPALIVE  "SET tcp_keepalives_idle = 10;SET tcp_keepalives_interval = 5;SET tcp_keepalives_count = 3;"
#define UNDER_LOCK "[under lock]"

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

static struct transaction begin(enum transaction_frame frame, const char *script)
{
    return (struct transaction){
        .frame = frame,
        .framework = &framework,
        .ledger = &ledger,
        .lock_timeout_ms = 50,
        .record = &record,
        .content = text_of(script),
        .end = script == NULL ? 0 : strlen(script),
    };
}

static struct query composed;

/* The look at a table under its lock (pg/table_guard.h) as a mark: what it says is a matter of the suites with a
 * server. */
static const char *with_marks(const char *sql)
{
    static const char first[] = "DO 'DECLARE truss_table";
    static const char last[] = "END IF; END';";
    struct buffer marked = {.arena = arena};
    for (const char *at; (at = strstr(sql, first)) != NULL; sql = strstr(at, last) + strlen(last)) {
        buffer_add(&marked, (struct text){sql, (size_t)(at - sql)});
        buffer_puts(&marked, UNDER_LOCK);
    }
    buffer_puts(&marked, sql);
    return buffer_string(&marked);
}

static const char *compose(const struct transaction *transaction)
{
    composed = transaction_compose(arena, transaction);
    return with_marks(buffer_string(&composed.sql));
}

START_TEST(the_usual_migration_is_one_message_with_its_row)
{
    struct transaction one = begin(FRAME_WHOLE, "create table t ()");
    one.session = &settings;
    one.locks = true;
    one.records = true;
    one.part = LEDGER_RECORD;
    ck_assert_str_eq(compose(&one),
                     RESET_ROLE "RESET ALL;" FORGET "SET ledgers.own = on;COMMIT;" KEEPALIVE
                                "SET idle_in_transaction_session_timeout = 60000;SET "
                                "statement_timeout = 9000;BEGIN;SET LOCAL lock_timeout =       50;LOCK ledger;create "
                                "table t ()\n;\n" OURSELVES UNDER_LOCK "INSERT row;" OURSELVES "UNLOCK ledger;COMMIT;");
    ck_assert_int_eq(composed.ladder, LADDER_LOCAL);
    /* "table", by its place in the message and in the file. */
    ck_assert_uint_eq(composed.characters_before,
                      (size_t)(strstr(composed.sql.data, "create table") - composed.sql.data));
    ck_assert_uint_eq(composed.statements_before, 19);
    query_set_timeout(&composed, 80);
    ck_assert_ptr_nonnull(strstr(composed.sql.data, "SET LOCAL lock_timeout =       80;LOCK"));
}
END_TEST

START_TEST(in_a_settled_session_only_the_script_and_its_row_are_sent)
{
    struct transaction one = begin(FRAME_WHOLE, "create table t ()");
    struct ledger plain = ledger;
    plain.takes_rows = true;
    one.ledger = &plain;
    one.settled = "\"look\"";
    one.locks = true;
    one.records = true;
    one.part = LEDGER_RECORD;
    one.commits_late = true;
    ck_assert_str_eq(compose(&one),
                     "BEGIN;SET LOCAL lock_timeout =       50;LOCK ledger;create table t ()\n;\nLOCK TABLE "
                     "\"public\".\"ledger\" IN ROW EXCLUSIVE MODE;EXECUTE \"look\";INSERT row;" OURSELVES
                     "UNLOCK ledger;SET LOCAL synchronous_commit = off;COMMIT;");
    ck_assert_uint_eq(composed.statements_before, 3);
}
END_TEST

#define COUNTED "DO '\n#variable_conflict" /* begins the block around the row */

START_TEST(the_row_of_the_ledger_itself_is_counted)
{
    struct transaction one = begin(FRAME_WHOLE, "select 1");
    static const struct framework own = {
        .ledger.record =
            "DELETE FROM {ledger};INSERT INTO {ledger} (version) VALUES ({key});INSERT INTO {ledger:*_log} VALUES (1);",
    };
    one.framework = &own;
    one.records = true;
    one.part = LEDGER_RECORD;
    const char *const sql = compose(&one);
    const char *const row = strstr(sql, COUNTED);
    ck_assert_ptr_nonnull(row);
    ck_assert_msg(strstr(sql, "DELETE FROM") < row, "%s", sql);
    ck_assert_ptr_nonnull(strstr(row, "GET DIAGNOSTICS truss_changed = ROW_COUNT"));
    ck_assert_ptr_nonnull(strstr(row, "END';INSERT INTO"));
    ck_assert_ptr_eq(strstr(row + 1, COUNTED), NULL);
    /* What is known to take every row is not asked. */
    struct ledger sure = ledger;
    sure.takes_rows = true;
    one.ledger = &sure;
    ck_assert_ptr_eq(strstr(compose(&one), COUNTED), NULL);
    row_doubt(&sure, text_of("create trigger t on ledger"));
    ck_assert_ptr_nonnull(strstr(compose(&one), COUNTED));
}
END_TEST

START_TEST(what_a_cut_would_lose_is_made_again_inside_the_transaction_before_the_script)
{
    struct transaction step = begin(FRAME_WHOLE, "select 1; select 2");
    step.end = strlen("select 1");
    step.modes = "ISOLATION LEVEL SERIALIZABLE";
    step.carry = "SET LOCAL work_mem = '1MB';SET ROLE app;";
    step.starts = true;
    ck_assert_str_eq(compose(&step), "BEGIN ISOLATION LEVEL SERIALIZABLE;" UNDER_LOCK
                                     "INSERT begun;SET LOCAL work_mem = '1MB';SET ROLE "
                                     "app;select 1\n;\nCOMMIT;");
    ck_assert_uint_eq(composed.statements_before, 5);
    ck_assert_int_eq(composed.ladder, LADDER_NONE);
}
END_TEST

START_TEST(rows_of_steps_are_written_as_ourselves_too)
{
    struct transaction step = begin(FRAME_WHOLE, NULL);
    step.step_mark = STEP_FINISHED;
    step.step = &second;
    const char *const sql = compose(&step);
    ck_assert_ptr_eq(strstr(sql, "BEGIN;" OURSELVES UNDER_LOCK "INSERT INTO truss.migration_steps"), sql);
    step.step_mark = STEP_UNBEGUN;
    ck_assert_str_eq(compose(&step), "BEGIN;" OURSELVES UNDER_LOCK
                                     "DELETE FROM truss.migration_steps WHERE ledger OPERATOR(pg_catalog.=) "
                                     "'public.ledger' AND migration OPERATOR(pg_catalog.=) "
                                     "'1_first' AND step OPERATOR(pg_catalog.=) 2 AND finished_at IS NULL;COMMIT;");
}
END_TEST

START_TEST(the_last_step_finishes_the_row_and_forgets_the_steps)
{
    struct transaction step = begin(FRAME_WHOLE, "select 1");
    step.records = true;
    step.part = LEDGER_FINISH;
    step.step_mark = STEPS_FORGOTTEN;
    ck_assert_str_eq(compose(&step),
                     "BEGIN;select 1\n;\n" OURSELVES UNDER_LOCK "UPDATE row;" UNDER_LOCK
                     "DELETE FROM truss.migration_steps WHERE ledger OPERATOR(pg_catalog.=) 'public.ledger' AND "
                     "migration OPERATOR(pg_catalog.=) '1_first';COMMIT;");
}
END_TEST

START_TEST(rows_stand_in_front_of_the_script_s_own_commit)
{
    struct transaction step = begin(FRAME_OWN, "begin; select 1; commit;");
    step.end = strlen("begin; select 1; ");
    step.closing = text_of("commit;");
    step.stalls = true;
    step.starts = true;
    step.records = true;
    step.part = LEDGER_FINISH;
    ck_assert_str_eq(compose(&step), "begin; select 1; \n;\n" OURSELVES UNDER_LOCK "INSERT begun;UPDATE row;commit;");
    ck_assert_int_eq(composed.ladder, LADDER_SESSION);
}
END_TEST

START_TEST(what_stands_alone_is_alone_in_its_message)
{
    struct transaction step = begin(FRAME_NONE, "vacuum t");
    ck_assert_str_eq(compose(&step), "vacuum t");
    ck_assert_int_eq(composed.ladder, LADDER_NONE);
    step.stalls = true;
    ck_assert_str_eq(compose(&step), "vacuum t");
    ck_assert_int_eq(composed.ladder, LADDER_SESSION);
}
END_TEST

START_TEST(a_block_that_commits_by_itself_has_its_row_inside_a_block_of_ours)
{
    struct transaction step = begin(FRAME_NONE, "do $$ begin commit; end $$");
    step.opening = "DO $truss_step$ BEGIN\n";
    step.body = text_of("begin commit; end");
    step.closing = text_of("END $truss_step$");
    step.records = true;
    step.part = LEDGER_FINISH;
    step.step_mark = STEPS_FORGOTTEN;
    ck_assert_str_eq(
        compose(&step),
        "DO $truss_step$ BEGIN\nbegin commit; end\n;\n"
        "IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on' OR "
        "pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' "
        "THEN COMMIT; SET TRANSACTION READ WRITE, ISOLATION LEVEL READ COMMITTED; END IF;" OURSELVES UNDER_LOCK
        "UPDATE row;" UNDER_LOCK
        "DELETE FROM truss.migration_steps WHERE ledger OPERATOR(pg_catalog.=) 'public.ledger' AND "
        "migration OPERATOR(pg_catalog.=) '1_first';END $truss_step$");
    ck_assert(composed.is_wrapped);
}
END_TEST

/* Behind it, what fails would be said of a migration that is committed. */
START_TEST(limits_of_the_script_s_end_in_front_of_the_commit_and_where_the_server_has_them)
{
    struct transaction one =
        begin(FRAME_WHOLE, "SET IDLE_SESSION_TIMEOUT = 1; SET Idle_In_Transaction_Session_Timeout = 1");
    one.server_version = 140000;
    const char *const sql = compose(&one);
    ck_assert_msg(strstr(sql, "SET idle_session_timeout = 0;SET idle_in_transaction_session_timeout = 60000;COMMIT;") !=
                      NULL,
                  "%s", sql);
    ck_assert_str_eq(strstr(sql, "COMMIT;"), "COMMIT;");
    one.server_version = 130000;
    ck_assert_ptr_null(strstr(compose(&one), "idle_session_timeout = 0"));
}
END_TEST

START_TEST(a_batch_has_one_begin_and_one_commit_around_its_scripts)
{
    struct transaction part = begin(FRAME_BEGIN, NULL);
    part.locks = true;
    ck_assert_str_eq(compose(&part), "BEGIN;SET LOCAL lock_timeout =       50;LOCK ledger;");
    part = begin(FRAME_INSIDE, "select 1");
    part.locks = true;
    part.records = true;
    part.part = LEDGER_RECORD;
    ck_assert_str_eq(compose(&part), "select 1\n;\n" OURSELVES UNDER_LOCK "INSERT row;");
    part.session = &settings;
    ck_assert_ptr_null(strstr(compose(&part), "DISCARD")); /* it is one transaction with what came before */
    part = begin(FRAME_COMMIT, NULL);
    part.locks = true;
    ck_assert_str_eq(compose(&part), OURSELVES "UNLOCK ledger;COMMIT;");
}
END_TEST

/* From PostgreSQL 17 on. RESET ALL gives each script of a batch its own. */
START_TEST(what_is_ours_is_not_ended_by_the_limit_of_a_transaction)
{
    static const char unlimited[] = "SET LOCAL transaction_timeout = 0;";
    struct transaction one = begin(FRAME_BEGIN, NULL);
    one.server_version = 170000;
    ck_assert_str_eq(compose(&one), "BEGIN;SET LOCAL transaction_timeout = 0;");
    one = begin(FRAME_INSIDE, "select 1");
    one.server_version = 170000;
    ck_assert_str_eq(compose(&one), "select 1\n;\nSET LOCAL transaction_timeout = 0;");
    one = begin(FRAME_WHOLE, "select 1");
    one.server_version = 170000;
    ck_assert_str_eq(compose(&one), "BEGIN;select 1\n;\nCOMMIT;");
    one.records = true;
    one.part = LEDGER_RECORD;
    ck_assert_ptr_nonnull(strstr(compose(&one), "BEGIN;select 1\n;\n" OURSELVES "SET LOCAL transaction_timeout = 0;"));
    one.starts = true;
    one.session = &settings;
    ck_assert_ptr_nonnull(strstr(compose(&one), "BEGIN;SET LOCAL transaction_timeout = 0;" UNDER_LOCK
                                                "INSERT begun;SET LOCAL transaction_timeout TO DEFAULT;select 1"));
    one.server_version = 160000;
    ck_assert_ptr_null(strstr(compose(&one), unlimited));
}
END_TEST

START_TEST(a_failure_keeps_all_that_its_status_says)
{
    struct arena *const going = arena_new(0);
    struct status status = {.arena = going};
    struct failure failure = {.step = 2, .steps = 3, .statement = "old"};
    status_fail(&status, STATUS_FAILED_PRECONDITION, "no %s", arena_strdup(going, "table"));
    status.sqlstate = arena_strdup(going, "42P01");
    status.detail = arena_strdup(going, "the detail");
    status.hint = arena_strdup(going, "the hint");
    status.migration = arena_strdup(going, "1_first");
    status.reason = arena_strdup(going, "LOCKED");
    status.suggestions[0] = arena_strdup(going, "1_frist");
    status.position = 7;
    ck_assert(!failure_take(&failure, &status));
    const struct failure kept = failure_keep(arena, &failure);
    arena_free(going);
    ck_assert_str_eq(kept.status.message, "no table");
    ck_assert_str_eq(kept.status.sqlstate, "42P01");
    ck_assert_str_eq(kept.status.detail, "the detail");
    ck_assert_str_eq(kept.status.hint, "the hint");
    ck_assert_str_eq(kept.status.migration, "1_first");
    ck_assert_str_eq(kept.status.reason, "LOCKED");
    ck_assert_str_eq(kept.status.suggestions[0], "1_frist");
    ck_assert_uint_eq(kept.status.position, 7);
    ck_assert_ptr_eq(kept.status.arena, arena);
    ck_assert_uint_eq(kept.step, 2);
    ck_assert_uint_eq(kept.steps, 3);
    ck_assert_ptr_null(kept.statement);
    ck_assert(!kept.connection_lost && !kept.terminated && !failure_is_cancelled(&kept));
}
END_TEST

START_TEST(what_a_failure_means_for_the_run_is_told_by_its_status)
{
    struct status status = {.arena = arena};
    struct failure failure = {0};
    status_fail(&status, STATUS_CANCELLED, "cancelled");
    failure_take(&failure, &status);
    ck_assert(failure_is_cancelled(&failure) && !failure.connection_lost);
    status_fail(&status, STATUS_UNAVAILABLE, "gone");
    failure_take(&failure, &status);
    ck_assert(failure.connection_lost && !failure.terminated && !failure_is_cancelled(&failure));
    status.sqlstate = "57P01";
    failure_take(&failure, &status);
    ck_assert(failure.connection_lost && failure.terminated);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("transaction");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, in_a_settled_session_only_the_script_and_its_row_are_sent);
    tcase_add_test(tests, the_row_of_the_ledger_itself_is_counted);
    tcase_add_test(tests, the_usual_migration_is_one_message_with_its_row);
    tcase_add_test(tests, what_a_cut_would_lose_is_made_again_inside_the_transaction_before_the_script);
    tcase_add_test(tests, rows_of_steps_are_written_as_ourselves_too);
    tcase_add_test(tests, the_last_step_finishes_the_row_and_forgets_the_steps);
    tcase_add_test(tests, rows_stand_in_front_of_the_script_s_own_commit);
    tcase_add_test(tests, what_stands_alone_is_alone_in_its_message);
    tcase_add_test(tests, a_block_that_commits_by_itself_has_its_row_inside_a_block_of_ours);
    tcase_add_test(tests, limits_of_the_script_s_end_in_front_of_the_commit_and_where_the_server_has_them);
    tcase_add_test(tests, a_batch_has_one_begin_and_one_commit_around_its_scripts);
    tcase_add_test(tests, what_is_ours_is_not_ended_by_the_limit_of_a_transaction);
    tcase_add_test(tests, a_failure_keeps_all_that_its_status_says);
    tcase_add_test(tests, what_a_failure_means_for_the_run_is_told_by_its_status);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
