/*
 * After a lost connection, on a server by script: what the ledger says of the attempt, and what a run says where nobody
 * can be asked.
 */
#include "conversation.h"
#include "migration/run/durable.h"
#include "migration/run/recovery.h"

#define TRY   "pg_try_advisory_lock"
#define FLUSH "pg_logical_emit_message"
#define PATH                                                                                                           \
    {                                                                                                                  \
        "public", "public", "public", "public", "pg_catalog, pg_temp"                                                  \
    }
#define ROW_NAMES                                                                                                      \
    {                                                                                                                  \
        "key", "id", "state"                                                                                           \
    }

/* As ourselves. */
#define PIN                                                                                                            \
    {                                                                                                                  \
        .asked = "RESET", .is_script = true, .has_row = true, .row = PATH                                              \
    }
/* The run's new session, to the rows of the ledger. */
#define LIMITS                                                                                                         \
    {                                                                                                                  \
        .asked = "idle_in_transaction_session_timeout", .is_script = true                                              \
    }
#define WRITES                                                                                                         \
    {                                                                                                                  \
        .asked = "pg_is_in_recovery", .has_row = true, .row = { "f" }                                                  \
    }
#define LOCK                                                                                                           \
    {                                                                                                                  \
        .asked = TRY, .is_script = true, .has_row = true, .row = { "4711", "1" }                                       \
    }
#define READING                                                                                                        \
    {                                                                                                                  \
        .asked = "BEGIN READ ONLY", .is_script = true, .has_row = true, .row = PATH, .state = 'T'                      \
    }
#define ROLLBACK                                                                                                       \
    {                                                                                                                  \
        .asked = "ROLLBACK", .is_script = true                                                                         \
    }
#define ROWS(...)                                                                                                      \
    LIMITS, WRITES, LOCK, READING, {.asked = "SELECT rows", .named = ROW_NAMES, .state = 'T', __VA_ARGS__}, ROLLBACK
#define CONNECTING 2 /* places before the lock: they are tried again */
#define READ_PLACE 4

static const struct fake_error full = {.sqlstate = "53100", .message = "the disk is full"};
static const struct fake_error starting = {.sqlstate = "57P03", .message = "the database system is starting up"};

/* One that writes our id into its rows, and one whose ledger numbers its rows itself. */
static const struct framework framework = {.ledger = {.read = "SELECT rows", .record = "INSERT {id}"}};
static const struct framework numbering = {.ledger = {.read = "SELECT rows", .record = "INSERT {key}"}};
static const struct ledger_entries nothing = {0};
static const struct ledger_record record = {.id = "first", .name = "1_first", .key = "1"};
static const struct ledger_record second = {.id = "second", .name = "2_second", .key = "2"};

static const struct exchange silent[] = {{0}};
static const struct exchange with_row[] = {ROWS(.has_row = true, .row = {"1", "first", "applied"}), {0}};

static struct site site;
static struct request request;
static struct run run;
static struct preparation preparation;
static struct run_result result;
static struct truth truth;
static const struct framework *used;
static const struct ledger_entries *before;
static bool has_steps;
static size_t notes;

static void count_notes(void *data, const struct run_event *event)
{
    (void)data;
    notes += event->kind == RUN_EVENT_NOTE ? 1 : 0;
}

static void begin_anew(void)
{
    set_up();
    used = &framework;
    before = &nothing;
    has_steps = false;
}

/* A run on the session. */
static void begin(void)
{
    status = (struct status){.arena = arena};
    site = (struct site){.conninfo = &conninfo};
    request = (struct request){.site = &site, .arena = arena, .status = &status, .deadline = NO_DEADLINE};
    preparation = (struct preparation){.catalog.detection = {.framework = &framework,
                                                             .folder.framework = &framework,
                                                             .has_ledger = true,
                                                             .ledger = {.schema = "public", .table = "ledger"}}};
    run = run_of(&request);
    run.session = session;
    session = NULL; /* it is the run's */
    run.had_session = true;
    run.watch = (struct watch){.event = count_notes};
    result = (struct run_result){0};
    notes = 0;
}

/* What recovery finds out where the run meets these, one after the other; the first is who was lost. */
static bool find_out(const struct exchange *first, const struct exchange *then)
{
    have_meetings(&(struct meetings){{silent, first, then}});
    begin();
    const struct written written = {.record = &record, .before = before, .has_steps = has_steps};
    preparation.catalog.detection.framework = used;
    preparation.catalog.detection.folder.framework = used;
    const bool ok = recovery_find_out(&run, &preparation.catalog, &written, &truth);
    run_close(&run);
    return ok;
}

START_TEST(a_row_with_the_attempts_id_says_that_it_was_committed)
{
    ck_assert_msg(find_out(with_row, NULL), "%s", status.message);
    ck_assert(truth.recorded && !truth.started);
    ck_assert_uint_eq(truth.entries.count, 1);
}
END_TEST

START_TEST(a_row_of_another_attempt_says_nothing_of_this_one)
{
    static const struct exchange table[] = {ROWS(.has_row = true, .row = {"1", "earlier", "applied"}), {0}};
    ck_assert_msg(find_out(table, NULL), "%s", status.message);
    ck_assert(!truth.recorded && !truth.started);
}
END_TEST

START_TEST(an_unfinished_row_says_that_the_attempt_began)
{
    static const struct exchange table[] = {ROWS(.has_row = true, .row = {"1", "first", "failed"}), {0}};
    ck_assert_msg(find_out(table, NULL), "%s", status.message);
    ck_assert(!truth.recorded && truth.started);
}
END_TEST

START_TEST(where_the_ledger_has_no_ids_the_key_tells)
{
    static const struct exchange table[] = {ROWS(.has_row = true, .row = {"1", "", "applied"}), {0}};
    static const struct exchange other[] = {ROWS(.has_row = true, .row = {"11", "", "applied"}), {0}};
    ck_assert_msg(find_out(table, NULL), "%s", status.message);
    ck_assert(truth.recorded);
    ck_assert_msg(find_out(other, NULL), "%s", status.message);
    ck_assert(!truth.recorded);
}
END_TEST

/* The next number, an hour ago: whatever it is, it is none of ours. */
START_TEST(a_number_of_the_ledgers_own_is_nobodys_id)
{
    static const struct exchange table[] = {ROWS(.has_row = true, .row = {"1", "7", "applied"}), {0}};
    used = &numbering;
    ck_assert_msg(find_out(table, NULL), "%s", status.message);
    ck_assert(truth.recorded);
}
END_TEST

/* A repeatable migration, which has a row of each time it was run. */
START_TEST(a_row_that_was_there_before_says_nothing_of_this_one)
{
    static struct ledger_entry old = {.key = "1", .id = "7", .finished_at = NO_TIME};
    static const struct ledger_entries had = {.items = &old, .count = 1};
    static const struct exchange same[] = {ROWS(.has_row = true, .row = {"1", "7", "applied"}), {0}};
    static const struct exchange more[] = {
        ROWS(.has_row = true, .row = {"1", "8", "applied"}, .next = {"1", "7", "applied"}), {0}};
    used = &numbering;
    before = &had;
    ck_assert_msg(find_out(same, NULL), "%s", status.message);
    ck_assert(!truth.recorded && !truth.started);
    ck_assert_msg(find_out(more, NULL), "%s", status.message);
    ck_assert(truth.recorded);
}
END_TEST

START_TEST(steps_that_are_there_say_that_it_began)
{
#define STEPS(...)                                                                                                     \
    LIMITS, WRITES, LOCK, READING, {.asked = "SELECT rows", .named = ROW_NAMES, .state = 'T'},                         \
        {.asked = "to_regnamespace", .has_row = true, .row = {"t"}, .state = 'T'},                                     \
        {.asked = "to_regclass", .has_row = true, .row = {"t", "t", "", "", "t"}, .state = 'T'},                       \
        {.asked = "migration_steps", .state = 'T', __VA_ARGS__}, ROLLBACK
    static const struct exchange one[] = {STEPS(.has_row = true, .row = {"1", "2", "first", "c", "t", ""}), {0}};
    static const struct exchange none[] = {STEPS(.has_row = false, .row = {"1", "2", "first", "c", "t", ""}), {0}};
    used = &numbering;
    has_steps = true;
    ck_assert_msg(find_out(one, NULL), "%s", status.message);
    ck_assert(!truth.recorded && truth.started);
    ck_assert_msg(find_out(none, NULL), "%s", status.message);
    ck_assert(!truth.recorded && !truth.started);
    ck_assert(!find_out(failing_at(one, READ_PLACE + 3, &full), NULL));
}
END_TEST

/* What it does not have may be committed on the other one. */
START_TEST(a_standby_is_not_asked_what_was_committed)
{
    static const struct exchange standby[] = {
        LIMITS, {.asked = "pg_is_in_recovery", .has_row = true, .row = {"t"}}, {0}};
    ck_assert_msg(find_out(standby, with_row), "%s", status.message);
    ck_assert(truth.recorded);
}
END_TEST

START_TEST(a_ledger_without_rows_says_that_nothing_was_committed)
{
    static const struct exchange table[] = {ROWS(.has_row = false), {0}};
    ck_assert_msg(find_out(table, NULL), "%s", status.message);
    ck_assert(!truth.recorded && !truth.started);
    ck_assert_uint_eq(truth.entries.count, 0);
}
END_TEST

/* The old backend holds it as long as it lives, and may yet commit. */
START_TEST(while_the_old_session_has_the_lock_nothing_is_known)
{
    static const struct exchange table[] = {LIMITS,
                                            WRITES,
                                            {.asked = TRY, .is_script = true, .has_row = true, .row = {"4711", "0"}},
                                            {.asked = "pg_stat_activity",
                                             .has_row = true,
                                             .row = {"7", "truss", "app", "active", "COMMIT", "", "900", "2"}},
                                            {0}};
    ck_assert(!find_out(table, NULL));
    failed_with(STATUS_ABORTED, "the Truss lock is held by pid 7");
    ck_assert(!truth.recorded && !truth.started);
}
END_TEST

START_TEST(a_server_that_does_not_let_us_in_yet_is_asked_again)
{
    for (size_t place = 0; place < 2 * CONNECTING; place++) {
        const struct fake_error *const how = place % 2 == 0 ? &starting : NULL;
        ck_assert_msg(find_out(failing_at(with_row, place / 2, how), with_row), "%zu: %s", place, status.message);
        ck_assert(truth.recorded);
    }
}
END_TEST

/* The network is silent for new connections, too: a run of no deadline must not go on asking. */
START_TEST(where_nobody_answers_it_is_asked_for_some_seconds_only)
{
    ck_assert(!find_out(silent, NULL));
    failed_with(STATUS_UNAVAILABLE, "does not answer");
    took_less_than(2 * LATE_MS);
    ck_assert(!truth.recorded && !truth.started);
    ck_assert_int_eq(run.deadline, NO_DEADLINE);
}
END_TEST

START_TEST(a_failure_behind_the_connecting_leaves_the_truth_unknown)
{
    for (size_t place = CONNECTING; place <= READ_PLACE; place++) {
        ck_assert_msg(!find_out(failing_at(with_row, place, NULL), NULL), "place %zu", place);
        failed_with(STATUS_UNAVAILABLE, "lost");
        ck_assert(!truth.recorded && !truth.started);
    }
    for (size_t place = CONNECTING; place < READ_PLACE; place++) {
        ck_assert_msg(!find_out(failing_at(with_row, place, &full), NULL), "place %zu", place);
        failed_with(STATUS_FAILED_PRECONDITION, "the disk is full");
        ck_assert(!truth.recorded && !truth.started);
    }
}
END_TEST

START_TEST(rows_that_cannot_be_read_leave_the_truth_unknown_and_no_transaction)
{
    static const struct exchange table[] = {
        LIMITS, WRITES, LOCK, READING, {.asked = "SELECT rows", .error = &full, .state = 'E'}, ROLLBACK, {0}};
    ck_assert(!find_out(table, NULL));
    failed_with(STATUS_FAILED_PRECONDITION, "the disk is full");
    ck_assert(!truth.recorded && !truth.started);
}
END_TEST

START_TEST(the_end_of_the_reading_may_fail_and_the_truth_is_known)
{
    ck_assert_msg(find_out(failing_at(with_row, READ_PLACE + 1, NULL), NULL), "%s", status.message);
    ck_assert(truth.recorded);
}
END_TEST

START_TEST(the_truth_is_worth_more_time_than_the_request_had)
{
    have_meetings(&(struct meetings){{silent, with_row}});
    begin();
    run.deadline = clock_ms() - 1;
    const int64_t deadline = run.deadline;
    const struct written written = {.record = &record, .before = &nothing};
    ck_assert_msg(recovery_find_out(&run, &preparation.catalog, &written, &truth), "%s", status.message);
    ck_assert(truth.recorded);
    ck_assert_int_eq(run.deadline, deadline);
    run_close(&run);
}
END_TEST

/* ---- commits that wait for the disk ---- */

/* The session that is lost as it flushes. */
static const struct exchange lost_flush[] = {PIN, {.asked = FLUSH, .is_script = true, .dies = true}, {0}};

#define FLUSHED                                                                                                        \
    PIN,                                                                                                               \
    {                                                                                                                  \
        .asked = FLUSH, .is_script = true                                                                              \
    }

static const struct exchange both_there[] = {
    ROWS(.has_row = true, .row = {"1", "first", "applied"}, .next = {"2", "second", "applied"}), FLUSHED, {0}};
static const struct exchange one_there[] = {ROWS(.has_row = true, .row = {"1", "first", "applied"}), FLUSHED, {0}};
static const struct exchange none_there[] = {ROWS(.has_row = false), {0}};

/* Two commits are brought to disk; the session is lost in the middle of it, and this is met. */
static void make_durable(const struct exchange *first, const struct exchange *then)
{
    const struct execution execution = {.run = &run, .preparation = &preparation, .result = &result};
    have_meetings(&(struct meetings){{lost_flush, first, then}});
    begin();
    const struct written written[] = {{.record = &record, .before = &nothing}, {.record = &second, .before = &nothing}};
    durable_committed(&run, &written[0], true);
    durable_committed(&run, &written[1], true);
    result_add_applied(arena, &result, &(struct run_applied){.name = record.name});
    result_add_applied(arena, &result, &(struct run_applied){.name = second.name});
    result.ok = true;
    durable_make(&execution);
    ck_assert_uint_eq(run.late.count, run.late.safe);
    /* A run that went well to here has not, where it has to take a word back. */
    ck_assert_int_eq(result.ok, result.applied_count == 2);
    ck_assert_int_eq(result.ok, result.failed_name == NULL);
    run_close(&run);
}

START_TEST(commits_that_outlived_the_connection_are_flushed_by_the_next_one)
{
    make_durable(both_there, NULL);
    ck_assert_uint_eq(result.applied_count, 2);
    ck_assert_uint_eq(result.warning_count, 0);
    ck_assert_uint_eq(notes, 0);
}
END_TEST

START_TEST(a_commit_that_went_with_the_server_is_not_said_to_be_applied)
{
    make_durable(one_there, NULL);
    ck_assert_uint_eq(result.applied_count, 1);
    ck_assert_str_eq(result.applied[0].name, "1_first");
    ck_assert_str_eq(result.failed_name, "2_second");
    ck_assert(!result.failure.is_unknown);
    ck_assert_uint_eq(result.warning_count, 0);
    ck_assert_uint_eq(notes, 1);
}
END_TEST

START_TEST(where_all_have_gone_nothing_is_flushed)
{
    make_durable(none_there, NULL);
    ck_assert_uint_eq(result.applied_count, 0);
    ck_assert_uint_eq(result.warning_count, 0);
    ck_assert_uint_eq(notes, 2);
}
END_TEST

START_TEST(what_became_of_them_is_not_known_where_any_answer_is_missing)
{
    for (size_t place = CONNECTING; place < exchange_count(both_there); place++) {
        if (place == READ_PLACE + 1) {
            continue; /* the end of the reading: nothing hangs on it */
        }
        make_durable(failing_at(both_there, place, NULL), NULL);
        ck_assert_msg(result.applied_count == 0, "place %zu", place);
        ck_assert_uint_eq(result.warning_count, 1);
        ck_assert_ptr_nonnull(strstr(result.warnings[0], "Whether that has stayed is not known"));
        ck_assert(result.failure.is_unknown);
    }
}
END_TEST

START_TEST(a_connecting_that_fails_is_tried_again_before_that_is_said)
{
    for (size_t place = 0; place < CONNECTING; place++) {
        make_durable(failing_at(both_there, place, NULL), both_there);
        ck_assert_uint_eq(result.applied_count, 2);
        ck_assert_uint_eq(result.warning_count, 0);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("recovery");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, begin_anew, tear_down);
    tcase_add_test(all, a_row_with_the_attempts_id_says_that_it_was_committed);
    tcase_add_test(all, a_row_of_another_attempt_says_nothing_of_this_one);
    tcase_add_test(all, an_unfinished_row_says_that_the_attempt_began);
    tcase_add_test(all, where_the_ledger_has_no_ids_the_key_tells);
    tcase_add_test(all, a_number_of_the_ledgers_own_is_nobodys_id);
    tcase_add_test(all, a_row_that_was_there_before_says_nothing_of_this_one);
    tcase_add_test(all, steps_that_are_there_say_that_it_began);
    tcase_add_test(all, a_standby_is_not_asked_what_was_committed);
    tcase_add_test(all, a_ledger_without_rows_says_that_nothing_was_committed);
    tcase_add_test(all, while_the_old_session_has_the_lock_nothing_is_known);
    tcase_add_test(all, a_server_that_does_not_let_us_in_yet_is_asked_again);
    tcase_add_test(all, where_nobody_answers_it_is_asked_for_some_seconds_only);
    tcase_add_test(all, a_failure_behind_the_connecting_leaves_the_truth_unknown);
    tcase_add_test(all, rows_that_cannot_be_read_leave_the_truth_unknown_and_no_transaction);
    tcase_add_test(all, the_end_of_the_reading_may_fail_and_the_truth_is_known);
    tcase_add_test(all, the_truth_is_worth_more_time_than_the_request_had);
    tcase_add_test(all, commits_that_outlived_the_connection_are_flushed_by_the_next_one);
    tcase_add_test(all, a_commit_that_went_with_the_server_is_not_said_to_be_applied);
    tcase_add_test(all, where_all_have_gone_nothing_is_flushed);
    tcase_add_test(all, what_became_of_them_is_not_known_where_any_answer_is_missing);
    tcase_add_test(all, a_connecting_that_fails_is_tried_again_before_that_is_said);
    return run_suite(suite);
}
