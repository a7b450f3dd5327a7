/*
 * All migrations in one transaction, on a server by script: of a framework whose own tool is kept out by a lock on the
 * ledger's table. Every error at every place, and every place where the connection may be lost.
 */
#include "conversation.h"
#include "migration/run/executor.h"

#include <stdio.h>
#include <unistd.h>

#define COUNT  2
#define BEGIN  0 /* places of the conversation */
#define FIRST  1
#define SECOND 2
#define COMMIT 3

#define PATH                                                                                                           \
    {                                                                                                                  \
        "public", "public", "public", "public", "pg_catalog, pg_temp"                                                  \
    }

static const struct framework framework = {
    .id = "ours",
    .display_name = "Ours",
    .ledger = {.read = "SELECT rows",
               .lock = "LOCK TABLE {ledger};",
               .unlock = "UNLOCK {ledger};",
               .record = "INSERT INTO {ledger} VALUES ({key});"},
};

static const struct fake_error full = {.sqlstate = "53100", .message = "the disk is full"};
static const struct fake_error locked = {.sqlstate = "55P03", .message = "canceling statement due to lock timeout"};
static const struct fake_error late = {.sqlstate = "23503", .message = "a deferred key is missing"};

/* ---- conversations ---- */

#define BEGUN                                                                                                          \
    {                                                                                                                  \
        .asked = "LOCK TABLE \"public\".\"ledger\"", .is_script = true, .state = 'T'                                   \
    }
#define SENT(sql)                                                                                                      \
    {                                                                                                                  \
        .asked = sql, .is_script = true, .state = 'T'                                                                  \
    }
#define COMMITTED                                                                                                      \
    {                                                                                                                  \
        .asked = "COMMIT", .is_script = true                                                                           \
    }
#define ROLLBACK                                                                                                       \
    {                                                                                                                  \
        .asked = "ROLLBACK", .is_script = true                                                                         \
    }

static const struct exchange batch[] = {BEGUN, SENT("create table a"), SENT("create table b"), COMMITTED, {0}};
static const struct exchange silent[] = {{0}};

/* The run's next session, which asks the ledger. */
#define ASKS(...)                                                                                                      \
    {.asked = "idle_in_transaction_session_timeout", .is_script = true},                                               \
        {.asked = "pg_is_in_recovery", .has_row = true, .row = {"f"}},                                                 \
        {.asked = "pg_try_advisory_lock", .is_script = true, .has_row = true, .row = {"4711", "1"}},                   \
        {.asked = "BEGIN READ ONLY", .is_script = true, .has_row = true, .row = PATH, .state = 'T'},                   \
        {.asked = "SELECT rows", .named = {"key"}, .state = 'T', __VA_ARGS__}, ROLLBACK

static const struct exchange both_there[] = {ASKS(.has_row = true, .row = {"1"}, .next = {"2"}), {0}};
static const struct exchange none_there[] = {ASKS(.has_row = false), {0}};
static const struct exchange held[] = {
    {.asked = "idle_in_transaction_session_timeout", .is_script = true},
    {.asked = "pg_is_in_recovery", .has_row = true, .row = {"f"}},
    {.asked = "pg_try_advisory_lock", .is_script = true, .has_row = true, .row = {"4711", "0"}},
    {.asked = "pg_stat_activity", .has_row = true, .row = {"7", "truss", "app", "active", "COMMIT", "", "900", "2"}},
    {0}};

/* ---- the run ---- */

static char root[] = "/tmp/truss-whole-XXXXXX";
static struct project project = {.root = root};
static struct migration_file files[COUNT];
static struct catalog_item items[COUNT];
static struct step steps[COUNT];
static struct prepared prepared[COUNT];
static struct preparation preparation;
static struct site site;
static struct request request;
static struct run run;
static struct run_result result;
static bool wants_end;
static size_t waits;

static bool is_cancelled(void *data)
{
    (void)data;
    return wants_end;
}

static void hear(void *data, const struct run_event *event)
{
    (void)data;
    waits += event->kind == RUN_EVENT_LOCK_WAIT ? 1 : 0;
}

/* A migration with this file, planned. */
static void add(size_t i, const char *name, const char *key, const char *script)
{
    const char *const path = arena_printf(arena, "%s/%s.sql", root, name);
    struct loaded loaded = {.script.sql = text_of(script)};
    remove(path);
    ck_assert_msg(file_create(path, text_of(script), &status), "%s", status.message);
    files[i] = (struct migration_file){.name = name, .key = key, .filename = name, .path = path};
    items[i] = (struct catalog_item){.name = name, .key = key, .state = MIGRATION_PENDING, .file = &files[i]};
    steps[i] = (struct step){.kind = STEP_TRANSACTION, .end = strlen(script)};
    prepared[i] = (struct prepared){
        .item = &items[i],
        .place = {.project = &project, .folder = &preparation.catalog.detection.folder, .file = &files[i]},
        .content_hash = loaded_hash(arena, &loaded),
        .plan = {.steps = &steps[i], .count = 1, .one_transaction = true},
    };
}

static void make_project(void)
{
    set_up();
    strcpy(root, "/tmp/truss-whole-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    const struct ledger ledger = {.schema = "public", .table = "ledger", .takes_rows = true};
    preparation = (struct preparation){
        .catalog = {.detection = {.framework = &framework,
                                  .has_ledger = true,
                                  .ledger = ledger,
                                  .has_folder = true,
                                  .folder = {.framework = &framework, .root = root, .base = "", .path = ""}},
                    .files = {.items = files, .count = COUNT},
                    .items = items,
                    .count = COUNT},
        .items = prepared,
        .count = COUNT,
    };
    add(0, "1_first", "1", "create table a ();");
    add(1, "2_second", "2", "create table b ();");
}

static void remove_project(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        unlink(files[i].path);
    }
    ck_assert_int_eq(rmdir(root), 0);
    tear_down();
}

/* The two are run this way; the run's session has the first of these, and what comes after it, the next. */
static void run_by(const struct executor *executor, const struct exchange *first, const struct exchange *then,
                   uint32_t retry_ms)
{
    static const struct run_options options = {0};
    const struct execution execution = {
        .run = &run, .options = &options, .preparation = &preparation, .result = &result};
    have_meetings(&(struct meetings){{first, then == NULL ? silent : then}});
    site = (struct site){.conninfo = &conninfo, .settings = {.lock_timeout_ms = 50, .lock_retry_ms = retry_ms}};
    request = (struct request){.site = &site, .arena = arena, .status = &status, .deadline = NO_DEADLINE};
    run = run_of(&request);
    run.session = session;
    session = NULL; /* it is the run's */
    run.had_session = true;
    run.watch = (struct watch){.cancelled = is_cancelled, .event = hear};
    result = (struct run_result){0};
    waits = 0;
    ck_assert_msg(executor->run(&execution), "%s", status.message);
    run_close(&run);
}

static void run_both(const struct exchange *first, const struct exchange *then, uint32_t retry_ms)
{
    run_by(&run_whole, first, then, retry_ms);
}

static void has_run_both(void)
{
    ck_assert_msg(result.ok, "%s", result.failure.status.message);
    ck_assert_uint_eq(result.applied_count, COUNT);
    ck_assert_str_eq(result.applied[0].name, "1_first");
    ck_assert_str_eq(result.applied[1].name, "2_second");
}

/* Nothing is said to be applied; this migration is the one that failed, with these words. */
static void has_run_none(const char *failed, const char *words)
{
    const char *const message = result.failure.status.message;
    ck_assert(!result.ok);
    ck_assert_uint_eq(result.applied_count, 0);
    ck_assert_str_eq(result.failed_name, failed);
    ck_assert_msg(strstr(message, words) != NULL, "\"%s\" has no \"%s\"", message, words);
    ck_assert(!result.failure.partially_applied);
}

START_TEST(all_are_sent_between_one_begin_and_one_commit)
{
    run_both(batch, NULL, 0);
    has_run_both();
    ck_assert_str_eq(result.summary, "Applied 2 migration(s) successfully.");
}
END_TEST

/* Who failed where: the batch's beginning is the first migration's. */
static const char *const at_place[] = {"1_first", "1_first", "2_second", "2_second"};

START_TEST(an_error_at_any_place_rolls_all_of_it_back)
{
    for (size_t place = BEGIN; place <= COMMIT; place++) {
        struct exchange table[COMMIT + 3] = {{0}};
        memcpy(table, batch, (place + 1) * sizeof *table);
        table[place].error = place == COMMIT ? &late : &full;
        table[place].state = place == COMMIT ? 'I' : 'E'; /* a COMMIT that fails has ended its transaction */
        table[place + 1] = place == COMMIT ? (struct exchange){0} : (struct exchange)ROLLBACK;
        run_both(kept(table, sizeof table), NULL, 0);
        has_run_none(at_place[place], table[place].error->message);
        ck_assert_ptr_nonnull(strstr(result.summary, "entire batch rolled back"));
        ck_assert(!result.failure.connection_lost);
    }
}
END_TEST

START_TEST(a_table_that_is_locked_at_any_place_has_all_of_it_tried_again)
{
    for (size_t place = BEGIN; place <= SECOND; place++) {
        struct exchange table[2 * COMMIT + 4] = {{0}};
        memcpy(table, batch, (place + 1) * sizeof *table);
        table[place].error = &locked;
        table[place].state = 'E';
        table[place + 1] = (struct exchange)ROLLBACK;
        memcpy(table + place + 2, batch, (COMMIT + 1) * sizeof *table);
        run_both(kept(table, sizeof table), NULL, FOREVER);
        has_run_both();
        ck_assert_uint_eq(waits, 1);
    }
}
END_TEST

START_TEST(a_table_that_stays_locked_is_given_up_and_nothing_was_run)
{
    static const struct exchange table[] = {
        {.asked = "LOCK TABLE", .is_script = true, .error = &locked, .state = 'E'}, ROLLBACK, {0}};
    run_both(table, NULL, 0);
    has_run_none("1_first", "tried 1 times");
}
END_TEST

START_TEST(a_wish_to_end_while_the_table_is_locked_ends_the_batch)
{
    static const struct exchange table[] = {
        {.asked = "LOCK TABLE", .is_script = true, .error = &locked, .state = 'E'}, ROLLBACK, {0}};
    wants_end = true;
    run_both(table, NULL, FOREVER);
    wants_end = false;
    has_run_none("1_first", "was cancelled while it waited for a lock");
}
END_TEST

START_TEST(a_connection_lost_at_the_commit_is_a_success_where_the_last_row_is_there)
{
    run_both(failing_at(batch, COMMIT, NULL), both_there, 0);
    has_run_both();
}
END_TEST

START_TEST(a_connection_lost_at_any_place_is_a_failure_where_no_row_is_there)
{
    for (size_t place = BEGIN; place <= COMMIT; place++) {
        run_both(failing_at(batch, place, NULL), none_there, 0);
        has_run_none(at_place[place], "nothing was committed");
        ck_assert_ptr_nonnull(strstr(result.summary, "entire batch rolled back"));
    }
}
END_TEST

START_TEST(where_nobody_can_say_what_was_committed_neither_is_said)
{
    for (size_t place = BEGIN + 1; place <= COMMIT; place++) { /* before the first row there is none to look for */
        run_both(failing_at(batch, place, NULL), held, 0);
        has_run_none(at_place[place], "could not be found out: ask for the status");
        ck_assert_ptr_nonnull(strstr(result.summary, "whole or not at all"));
        ck_assert(result.failure.connection_lost);
    }
}
END_TEST

/* One after the other: the first is one message, which ends with its COMMIT. */
START_TEST(one_of_which_nobody_can_say_whether_it_was_committed_is_not_said_to_be_rolled_back)
{
    static const struct exchange table[] = {{.asked = "create table a", .is_script = true, .dies = true}, {0}};
    run_by(&run_each, table, held, 0);
    has_run_none("1_first", "could not be found out: ask for the status");
    ck_assert_str_eq(result.summary, "Migration \"1_first\" failed — the connection was lost, and whether it was "
                                     "committed is not known: ask for the status.");
}
END_TEST

START_TEST(a_file_that_was_changed_meanwhile_rolls_all_of_it_back)
{
    static const struct exchange table[] = {BEGUN, SENT("create table a"), ROLLBACK, {0}};
    remove(files[1].path);
    ck_assert(file_create(files[1].path, text_of("drop table a;"), &status));
    run_both(table, NULL, 0);
    has_run_none("2_second", "was changed while the run was going on");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("whole");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, make_project, remove_project);
    tcase_add_test(all, all_are_sent_between_one_begin_and_one_commit);
    tcase_add_test(all, an_error_at_any_place_rolls_all_of_it_back);
    tcase_add_test(all, a_table_that_is_locked_at_any_place_has_all_of_it_tried_again);
    tcase_add_test(all, a_table_that_stays_locked_is_given_up_and_nothing_was_run);
    tcase_add_test(all, a_wish_to_end_while_the_table_is_locked_ends_the_batch);
    tcase_add_test(all, a_connection_lost_at_the_commit_is_a_success_where_the_last_row_is_there);
    tcase_add_test(all, a_connection_lost_at_any_place_is_a_failure_where_no_row_is_there);
    tcase_add_test(all, where_nobody_can_say_what_was_committed_neither_is_said);
    tcase_add_test(all, one_of_which_nobody_can_say_whether_it_was_committed_is_not_said_to_be_rolled_back);
    tcase_add_test(all, a_file_that_was_changed_meanwhile_rolls_all_of_it_back);
    return run_suite(suite);
}
