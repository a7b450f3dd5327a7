/*
 * A piece of a migration on a server by script: sent, tried again where a lock was missing, and every failure told in
 * terms of the file; then what brings the commits of a run to disk.
 */
#include "conversation.h"
#include "migration/run/durable.h"
#include "migration/run/send.h"

#define FIRST_RUNG  "lock_timeout =       50;"
#define SECOND_RUNG "lock_timeout =       62;"
#define FLUSH       "pg_logical_emit_message"
#define PATH                                                                                                           \
    {                                                                                                                  \
        "public", "public", "public", "public", "pg_catalog, pg_temp"                                                  \
    }

static const struct fake_error locked = {.sqlstate = "55P03", .message = "canceling statement due to lock timeout"};
static const struct fake_error deadlocked = {.sqlstate = "40P01", .message = "deadlock detected"};
static const struct fake_error full = {.sqlstate = "53100", .message = "the disk is full"};

static const struct framework framework = {.ledger = {.record = "INSERT row;"}};
static const struct ledger ledger = {.schema = "public", .table = "ledger", .takes_rows = true};
static const struct ledger_record record = {.id = "4711", .name = "1_first", .key = "1"};

static struct site site;
static struct request request;
static struct run run;
static struct failure failure;
static struct query query;
static struct run_result result;
static bool wants_end;
static bool runs_late; /* the request's time is over when it is told that a lock is waited for */
static struct run_event told;
static size_t times_told;

static bool is_cancelled(void *data)
{
    (void)data;
    return wants_end;
}

static void hear(void *data, const struct run_event *event)
{
    (void)data;
    told = *event;
    times_told++;
    run.deadline = runs_late ? clock_ms() - 1 : run.deadline;
}

/* A run on the session, which tries for so long. */
static void begin(uint32_t retry_ms)
{
    status = (struct status){.arena = arena};
    site = (struct site){.conninfo = &conninfo, .settings = {.lock_timeout_ms = 50, .lock_retry_ms = retry_ms}};
    request = (struct request){.site = &site, .arena = arena, .status = &status, .deadline = NO_DEADLINE};
    run = run_of(&request);
    run.session = session;
    run.watch = (struct watch){.cancelled = is_cancelled, .event = hear};
    failure = (struct failure){.step = 1, .steps = 1};
    result = (struct run_result){0};
    told = (struct run_event){0};
    times_told = 0;
    wants_end = runs_late = false;
}

/* A migration whose script would make others queue, as one message with its row. */
static struct transaction whole(const char *script)
{
    return (struct transaction){
        .frame = FRAME_WHOLE,
        .framework = &framework,
        .ledger = &ledger,
        .lock_timeout_ms = 50,
        .stalls = true,
        .record = &record,
        .records = true,
        .part = LEDGER_RECORD,
        .content = text_of(script),
        .end = strlen(script),
    };
}

static bool attempt(const struct transaction *transaction)
{
    query = transaction_compose(arena, transaction);
    query.migration = "1_first";
    return query_send(&run, &query, &failure);
}

static bool send_table(const struct exchange *table, uint32_t retry_ms)
{
    const struct transaction one = whole("alter table t add a int");
    have(table);
    begin(retry_ms);
    return attempt(&one);
}

static void says(const char *words)
{
    const char *const message = failure.status.message == NULL ? "" : failure.status.message;
    ck_assert_msg(strstr(message, words) != NULL, "\"%s\" has no \"%s\"", message, words);
}

/* ---- locks ---- */

START_TEST(a_lock_that_is_held_is_tried_again_a_little_longer)
{
    static const struct exchange table[] = {
        {.asked = FIRST_RUNG, .is_script = true, .error = &locked, .state = 'E'},
        {.asked = "ROLLBACK", .is_script = true},
        {.asked = SECOND_RUNG, .is_script = true},
        {0},
    };
    ck_assert_msg(send_table(table, FOREVER), "%s", failure.status.message);
    ck_assert_int_eq(told.kind, RUN_EVENT_LOCK_WAIT);
    ck_assert_str_eq(told.message, "No lock within 50 ms, try 1; it is held by somebody");
    ck_assert_uint_eq(told.attempt, 1);
    ck_assert_int_gt(told.gives_up_at, clock_wall_us());
}
END_TEST

static const struct exchange held[] = {
    {.asked = FIRST_RUNG, .is_script = true, .error = &locked, .state = 'E'},
    {.asked = "ROLLBACK", .is_script = true},
    {0},
};

START_TEST(when_the_time_for_locks_is_over_it_says_how_often_it_was_tried)
{
    ck_assert(!send_table(held, 0));
    says("tried 1 times");
    says("at most 50 ms at a time");
    ck_assert_ptr_nonnull(strstr(failure.status.hint, "--lock-retry (in a request: lock_retry_ms)"));
    ck_assert_uint_eq(times_told, 0);
}
END_TEST

START_TEST(a_deadlock_was_no_wait_that_a_limit_of_ours_ended)
{
    static const struct exchange table[] = {
        {.asked = FIRST_RUNG, .is_script = true, .error = &deadlocked, .state = 'E'},
        {.asked = "ROLLBACK", .is_script = true},
        {0},
    };
    ck_assert(!send_table(table, 0));
    says("deadlock detected: tried 1 times");
    ck_assert_ptr_eq(strstr(failure.status.message, "at a time"), NULL);
}
END_TEST

START_TEST(a_wish_to_end_ends_the_wait_for_a_lock)
{
    const struct transaction one = whole("alter table t add a int");
    have(held);
    begin(FOREVER);
    wants_end = true;
    ck_assert(!attempt(&one));
    ck_assert_int_eq(failure.status.code, STATUS_CANCELLED);
    says("was cancelled while it waited for a lock");
}
END_TEST

START_TEST(the_end_of_the_requests_time_ends_the_wait_for_a_lock)
{
    const struct transaction one = whole("alter table t add a int");
    have(held);
    begin(FOREVER);
    runs_late = true;
    ck_assert(!attempt(&one));
    ck_assert_int_eq(failure.status.code, STATUS_DEADLINE_EXCEEDED);
    says("was over while it waited for a lock");
}
END_TEST

START_TEST(what_stalls_nobody_has_no_ladder)
{
    static const struct exchange table[] = {
        {.asked = "select 1", .is_script = true, .error = &locked, .state = 'E'},
        {.asked = "ROLLBACK", .is_script = true},
        {0},
    };
    struct transaction one = whole("select 1");
    one.stalls = false;
    have(table);
    begin(FOREVER);
    ck_assert(!attempt(&one));
    ck_assert_str_eq(failure.status.message, locked.message);
    ck_assert_uint_eq(times_told, 0);
}
END_TEST

START_TEST(what_stands_alone_has_its_rung_in_front_and_the_scripts_own_behind)
{
    static const struct exchange table[] = {
        {.asked = "SET lock_timeout = 50", .is_script = true},
        {.asked = "drop index concurrently i", .is_script = true, .error = &full},
        {.asked = "current_setting('truss.lock_timeout')", .is_script = true},
        {0},
    };
    struct transaction one = whole("drop index concurrently i");
    one.frame = FRAME_NONE;
    one.records = false;
    have(table);
    begin(FOREVER);
    ck_assert(!attempt(&one));
    says("the disk is full");
}
END_TEST

START_TEST(a_rung_that_cannot_be_set_fails_the_step)
{
    static const struct exchange table[] = {
        {.asked = "SET lock_timeout = 50", .is_script = true, .error = &full},
        {0},
    };
    struct transaction one = whole("drop index concurrently i");
    one.frame = FRAME_NONE;
    one.records = false;
    have(table);
    begin(FOREVER);
    ck_assert(!attempt(&one));
    says("the disk is full");
}
END_TEST

/* ---- where it failed ---- */

/* So many statements end well, then one fails. */
struct failing {
    size_t statements;
    struct fake_error error;
};

static void fail_after(struct fake_client *client, void *data)
{
    const struct failing *const failing = data;
    fake_take(client, 'Q', "select");
    for (size_t i = 0; i < failing->statements; i++) {
        fake_complete(client, "SELECT 1");
    }
    fake_error(client, &failing->error);
    fake_ready(client, 'E');
    fake_take(client, 'Q', "ROLLBACK");
    fake_complete(client, "ROLLBACK");
    fake_ready(client, 'I');
    fake_wait_gone(client, FOREVER);
}

/* The script fails with its message's statement of that number, at that place of the message; 0: nobody says where. */
static void fail_at(const struct transaction *one, size_t statements, size_t position, struct fake_error error)
{
    error.position = position == 0 ? NULL : arena_printf(arena, "%zu", position);
    const struct failing failing = {statements, error};
    stop_server();
    serve_with(fail_after, &failing, sizeof failing);
    begin(0);
    ck_assert(!attempt(one));
}

#define TWO_LINES "select 1;\nselect 1/0;\n"

START_TEST(a_statement_that_fails_is_told_with_its_line)
{
    const struct transaction one = whole(TWO_LINES);
    const struct query composed = transaction_compose(arena, &one);
    fail_at(&one, composed.statements_before + 1, 0, (struct fake_error){.sqlstate = "22012", .message = "division"});
    ck_assert_uint_eq(failure.where.line, 2);
    ck_assert_uint_eq(failure.done, 1);
    ck_assert_str_eq(failure.statement, "select 1/0");
    /* The server points at a character of the message. */
    fail_at(&one, 0, composed.characters_before + sizeof "select 1;\nselect 1/",
            (struct fake_error){.sqlstate = "42601", .message = "syntax error"});
    ck_assert_uint_eq(failure.where.line, 2);
    ck_assert_uint_eq(failure.where.column, sizeof "select 1/");
}
END_TEST

START_TEST(a_row_that_fails_is_the_scripts_doing_and_in_no_line)
{
    const struct transaction one = whole(TWO_LINES);
    const struct query composed = transaction_compose(arena, &one);
    const size_t behind = composed.statements_before + 2;
    fail_at(&one, behind, 0, (struct fake_error){.sqlstate = "42501", .message = "permission denied"});
    ck_assert_uint_eq(failure.where.line, 0);
    says("The row of this migration could not be written to the tracking table \"public\".\"ledger\"");
    fail_at(&one, behind, 0, (struct fake_error){.sqlstate = "42P01", .message = "relation is not there"});
    says("The script drops, renames or replaces the tracking table");
}
END_TEST

START_TEST(what_fails_in_front_of_the_script_is_in_none_of_its_lines)
{
    const struct transaction one = whole(TWO_LINES);
    fail_at(&one, 0, 0, (struct fake_error){.sqlstate = "53200", .message = "out of memory"});
    ck_assert_uint_eq(failure.where.line, 0);
    ck_assert_ptr_eq(failure.statement, NULL);
    says("out of memory");
}
END_TEST

START_TEST(a_lost_connection_is_rolled_back_by_nobody)
{
    static const struct exchange table[] = {{.asked = FIRST_RUNG, .is_script = true, .dies = true}, {0}};
    ck_assert(!send_table(table, FOREVER));
    ck_assert(failure.connection_lost);
}
END_TEST

/* ---- a large script ---- */

#define LARGE_LINES 900000

static const char last_statement[] = "select 'last';\n";

/* Takes piece after piece; that with the last statement fails at it. */
static void fail_last_piece(struct fake_client *client, void *data)
{
    size_t *const pieces = *(size_t **)data;
    for (const char *piece; (piece = fake_take(client, 'Q', NULL)) != NULL;) {
        const char *const last = strstr(piece, "select 'last'");
        (*pieces)++;
        if (last != NULL) {
            char at[32];
            snprintf(at, sizeof at, "%zu", (size_t)(last - piece) + 1);
            fake_error(client, &(struct fake_error){.sqlstate = "42703", .message = "no column", .position = at});
            break;
        }
        fake_complete(client, "SELECT 1");
        fake_ready(client, 'T');
    }
    fake_ready(client, 'E');
    fake_take(client, 'Q', "ROLLBACK");
    fake_complete(client, "ROLLBACK");
    fake_ready(client, 'I');
    fake_wait_gone(client, FOREVER);
}

START_TEST(a_failure_in_a_later_piece_of_a_large_script_has_its_line_in_the_file)
{
    static size_t pieces;
    size_t *const counted = &pieces;
    struct buffer script = {.arena = arena};
    for (size_t i = 0; i < LARGE_LINES; i++) {
        buffer_puts(&script, "select 1;\n");
    }
    buffer_puts(&script, last_statement);
    const struct transaction one = whole(buffer_string(&script));
    pieces = 0;
    stop_server();
    serve_with(fail_last_piece, &counted, sizeof counted);
    begin(0);
    ck_assert(!attempt(&one));
    ck_assert(query.in_pieces);
    ck_assert_uint_gt(pieces, 8);
    ck_assert_uint_eq(failure.where.line, LARGE_LINES + 1);
    ck_assert_str_eq(failure.statement, "select 'last'");
}
END_TEST

/* ---- statements of ours ---- */

START_TEST(what_of_ours_fails_is_rolled_back)
{
    static const struct exchange table[] = {
        {.asked = "INSERT row", .is_script = true, .error = &full, .state = 'E'},
        {.asked = "ROLLBACK", .is_script = true},
        {0},
    };
    struct transaction one = whole("");
    one.content = (struct text){0};
    one.stalls = false;
    have(table);
    begin(0);
    query = transaction_compose(arena, &one);
    ck_assert(!query_write(&run, &query, &failure));
    says("the disk is full");
}
END_TEST

/* ---- to disk ---- */

static const struct exchange flushed[] = {
    {.asked = "RESET", .is_script = true, .has_row = true, .row = PATH},
    {.asked = FLUSH, .is_script = true},
    {0},
};

static const struct ledger_entries nothing_before = {0};
static const struct written written = {.record = &record, .before = &nothing_before};

/* So many commits of a run wait for the disk, and are brought there. */
static void make_durable(size_t count)
{
    const struct execution execution = {.run = &run, .result = &result};
    for (size_t i = 0; i < count; i++) {
        durable_committed(&run, &written, true);
        result_add_applied(arena, &result, &(struct run_applied){.name = record.name});
    }
    durable_make(&execution);
    ck_assert_uint_eq(run.late.count, run.late.safe);
}

START_TEST(late_commits_are_flushed_once)
{
    have(flushed);
    begin(0);
    make_durable(2);
    ck_assert_uint_eq(result.applied_count, 2);
    ck_assert_uint_eq(result.warning_count, 0);
}
END_TEST

START_TEST(where_nothing_waits_nothing_is_asked)
{
    static const struct exchange nothing[] = {{0}};
    have(nothing);
    begin(0);
    durable_committed(&run, &written, true);
    durable_committed(&run, &written, false); /* a commit that was flushed has all before it flushed */
    make_durable(0);
    ck_assert_uint_eq(result.warning_count, 0);
}
END_TEST

START_TEST(a_flush_that_is_refused_is_a_warning_and_the_migrations_stay)
{
    static const struct exchange table[] = {
        {.asked = "RESET", .is_script = true, .has_row = true, .row = PATH},
        {.asked = FLUSH, .is_script = true, .error = &full},
        {0},
    };
    have(table);
    begin(0);
    make_durable(2);
    ck_assert_uint_eq(result.applied_count, 2);
    ck_assert_uint_eq(result.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(result.warnings[0], "and the 1 migration behind it"));
    ck_assert_ptr_nonnull(strstr(result.warnings[0], "has not confirmed"));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("send");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_lock_that_is_held_is_tried_again_a_little_longer);
    tcase_add_test(all, when_the_time_for_locks_is_over_it_says_how_often_it_was_tried);
    tcase_add_test(all, a_deadlock_was_no_wait_that_a_limit_of_ours_ended);
    tcase_add_test(all, a_wish_to_end_ends_the_wait_for_a_lock);
    tcase_add_test(all, the_end_of_the_requests_time_ends_the_wait_for_a_lock);
    tcase_add_test(all, what_stalls_nobody_has_no_ladder);
    tcase_add_test(all, what_stands_alone_has_its_rung_in_front_and_the_scripts_own_behind);
    tcase_add_test(all, a_rung_that_cannot_be_set_fails_the_step);
    tcase_add_test(all, a_statement_that_fails_is_told_with_its_line);
    tcase_add_test(all, a_row_that_fails_is_the_scripts_doing_and_in_no_line);
    tcase_add_test(all, what_fails_in_front_of_the_script_is_in_none_of_its_lines);
    tcase_add_test(all, a_lost_connection_is_rolled_back_by_nobody);
    tcase_add_test(all, a_failure_in_a_later_piece_of_a_large_script_has_its_line_in_the_file);
    tcase_add_test(all, what_of_ours_fails_is_rolled_back);
    tcase_add_test(all, late_commits_are_flushed_once);
    tcase_add_test(all, where_nothing_waits_nothing_is_asked);
    tcase_add_test(all, a_flush_that_is_refused_is_a_warning_and_the_migrations_stay);
    return run_suite(suite);
}
