/*
 * A session against a server that floods, falls silent, is slow or sends more than anybody wants: every wait ends.
 */
#include "pg/values.h"
#include "session_scene.h"

/* ---- notices ---- */

static size_t noticed;
static char last_notice[64];

static void count_notice(void *data, const struct pg_notice *notice)
{
    ck_assert_ptr_eq(data, &noticed);
    ck_assert_str_eq(notice->severity, "WARNING");
    ck_assert_str_eq(notice->sqlstate, "01000");
    ck_assert_ptr_null(notice->detail);
    snprintf(last_notice, sizeof last_notice, "%s", notice->message);
    noticed++;
}

#define MANY 100000

static void notice_many(struct fake_client *client, void *unused)
{
    (void)unused;
    for (int round = 0; round < 2; round++) {
        fake_take(client, 'Q', "DO");
        for (int i = 1; i <= MANY; i++) {
            char text[32];
            snprintf(text, sizeof text, "number %d", i);
            fake_notice(client, &(struct fake_error){.severity = "WARNING", .sqlstate = "01000", .message = text});
        }
        fake_complete(client, "DO");
        fake_ready(client, 'I');
    }
}

START_TEST(a_flood_of_notices_is_told_to_who_asks_and_forgotten_else)
{
    noticed = 0;
    serve(notice_many);
    ck_assert(exec("DO"));
    ck_assert_uint_eq(noticed, 0);
    pg_session_on_notice(session, count_notice, &noticed);
    ck_assert(exec("DO"));
    ck_assert_uint_eq(noticed, MANY);
    ck_assert_str_eq(last_notice, "number 100000");
}
END_TEST

/* ---- servers that never end ---- */

enum flood { FLOOD_NOTICES, FLOOD_ROWS, FLOOD_COPY, FLOOD_COMPLETE, FLOOD_EMPTY_COPY, FLOODS };

static void one_of_flood(struct fake_client *client, enum flood flood)
{
    switch (flood) {
    case FLOOD_NOTICES:
        fake_notice(client, &(struct fake_error){.severity = "NOTICE", .sqlstate = "00000", .message = "again"});
        break;
    case FLOOD_ROWS:
        fake_row(client, 1, "again");
        break;
    case FLOOD_COMPLETE:
        fake_complete(client, "SELECT 1");
        break;
    default:
        fake_copy_data(client, "again\n");
    }
}

/* Goes on until it is asked to cancel, as a server would; many messages at once, so that there is always one to read.
 */
static void flood(struct fake_client *client, void *data)
{
    const enum flood *const kind = data;
    fake_take(client, 'Q', NULL);
    if (*kind == FLOOD_ROWS) {
        fake_row_description(client, 1);
    } else if (*kind == FLOOD_COPY || *kind == FLOOD_EMPTY_COPY) {
        fake_copy(client, 'H');
    }
    if (*kind != FLOOD_EMPTY_COPY) {
        size_t size;
        fake_keep(client);
        for (int i = 0; i < 500; i++) {
            one_of_flood(client, *kind);
        }
        const void *const bytes = fake_kept(client, &size);
        while (!fake_wait_cancel(client, 1, 0) && fake_bytes(client, bytes, size)) {
        }
    }
    fake_wait_cancel(client, 1, FOREVER);
    fake_error(client, &(struct fake_error){.sqlstate = "57014", .message = "canceling statement due to user request"});
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(a_flood_without_end_ends_with_the_deadline)
{
    enum flood kind = (enum flood)_i;
    serve_with(flood, &kind, sizeof kind);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert(!exec("SELECT 1"));
    failed_with(STATUS_DEADLINE_EXCEEDED, "The time for this request is over");
    took_less_than(SOON_MS + LATE_MS);
    pg_session_set_deadline(session, NO_DEADLINE);
    answers_one();
}
END_TEST

static void dawdle(void *data, const struct pg_notice *notice)
{
    (void)data;
    (void)notice;
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void flood_for_ever(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', NULL);
    while (!fake_gone(client)) {
        one_of_flood(client, FLOOD_NOTICES);
    }
}

/* The socket is never empty: the next notice is there before the one before is read. */
START_TEST(a_server_that_always_has_something_to_say_ends_with_the_deadline)
{
    serve(flood_for_ever);
    pg_session_on_notice(session, dawdle, NULL);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert(!exec("DO"));
    failed_with(STATUS_UNAVAILABLE, "did not answer when the running statement was cancelled");
    took_less_than(SOON_MS + 5000 + LATE_MS);
}
END_TEST

static bool give_up_later(void *data)
{
    int *const ticks = data;
    return ++*ticks < 3;
}

START_TEST(a_flood_without_end_can_be_given_up)
{
    enum flood kind = (enum flood)_i;
    int ticks = 0;
    serve_with(flood, &kind, sizeof kind);
    pg_session_on_tick(session, give_up_later, &ticks);
    ck_assert(!exec("SELECT 1"));
    failed_with(STATUS_CANCELLED, "The run was cancelled");
    took_less_than(LATE_MS);
    pg_session_on_tick(session, NULL, NULL);
    answers_one();
}
END_TEST

static void be_silent(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 0, NULL);
    fake_wait_gone(client, FOREVER);
}

START_TEST(a_server_that_does_not_hear_a_cancel_is_lost)
{
    static const enum fake_cancel cancels[] = {FAKE_CANCEL_TAKEN, FAKE_CANCEL_UNHEARD, FAKE_CANCEL_UNCLOSED};
    start_server(&(struct fake_options){.script = be_silent, .cancel = cancels[_i]});
    open_session();
    began = clock_ms();
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert(!exec("SELECT pg_sleep(60)"));
    failed_with(STATUS_UNAVAILABLE, "did not answer when the running statement was cancelled");
    took_less_than(SOON_MS + 5000 + LATE_MS);
    is_lost();
}
END_TEST

/* Has done it already when the cancel comes. */
static void finish_all_the_same(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', "COMMIT");
    fake_wait_cancel(client, 1, FOREVER);
    fake_complete(client, "COMMIT");
    fake_ready(client, 'I');
    fake_take_query(client, "SELECT 1");
    fake_wait_cancel(client, 2, FOREVER);
    fake_parsed(client);
    fake_row_description(client, 1);
    fake_row(client, 1, "1");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(what_was_done_before_the_cancel_is_not_said_to_be_cancelled)
{
    serve(finish_all_the_same);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert_msg(exec("COMMIT"), "%s", status.message);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    /* Its rows are gone: it cannot be a success. */
    ck_assert_ptr_null(ask("SELECT 1"));
    failed_with(STATUS_DEADLINE_EXCEEDED, "the running statement was cancelled");
    pg_session_set_deadline(session, NO_DEADLINE);
    answers_one();
}
END_TEST

static void fail_then_be_silent(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', NULL);
    fake_error(client, &(struct fake_error){.sqlstate = "22012", .message = "division by zero"});
    fake_wait_cancel(client, 1, FOREVER);
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(an_error_behind_which_nothing_comes_is_still_the_error)
{
    serve(fail_then_be_silent);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert(!exec("SELECT 1/0"));
    failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
    pg_session_set_deadline(session, NO_DEADLINE);
    answers_one();
}
END_TEST

static void never_read(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_pause(client, FOREVER);
}

START_TEST(a_server_that_does_not_read_is_not_waited_for_beyond_the_deadline)
{
    const size_t size = (size_t)32 << 20;
    char *const sql = memory_alloc(size + 1);
    memset(sql, ' ', size);
    serve(never_read);
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert(!exec(sql));
    took_less_than(SOON_MS + 5000 + LATE_MS);
    is_lost();
    free(sql);
}
END_TEST

START_TEST(nothing_is_sent_when_the_time_is_over)
{
    serve(never_read);
    pg_session_set_deadline(session, clock_ms() - 1);
    ck_assert(!exec("SELECT 1"));
    failed_with(STATUS_DEADLINE_EXCEEDED, "The time for this request is over.");
    ck_assert_uint_eq(fake_cancels(fake), 0);
    ck_assert(!pg_session_is_lost(session));
}
END_TEST

static void greet_never(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_wait_gone(client, FOREVER);
}

START_TEST(a_server_that_does_not_greet_is_given_up_in_time)
{
    start_server(&(struct fake_options){.greeting = greet_never});
    began = clock_ms();
    ck_assert_ptr_null(pg_session_open(&conninfo, deadline_in(SOON_MS), &status));
    failed_with(STATUS_DEADLINE_EXCEEDED, "no answer in time");
    took_less_than(SOON_MS + LATE_MS);
    ck_assert(conninfo_parse(arena, arena_printf(arena, "%s&connect_timeout=1", fake_url(fake)), &conninfo, &status));
    began = clock_ms();
    ck_assert_ptr_null(pg_session_open(&conninfo, NO_DEADLINE, &status));
    failed_with(STATUS_UNAVAILABLE, "no answer in time");
    took_less_than(1000 + LATE_MS);
}
END_TEST

/* ---- slow servers, large answers ---- */

static void answer_byte_by_byte(struct fake_client *client, void *unused)
{
    size_t size;
    (void)unused;
    fake_take_query(client, "SELECT 1");
    fake_keep(client);
    fake_parsed(client);
    fake_row_description(client, 1);
    fake_row(client, 1, "1");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
    const char *const bytes = fake_kept(client, &size);
    for (size_t i = 0; i < size; i++) {
        fake_bytes(client, bytes + i, 1);
        fake_pause(client, 3);
    }
    fake_wait_gone(client, FOREVER);
}

static bool count_tick(void *data)
{
    ++*(int *)data;
    return true;
}

START_TEST(an_answer_byte_by_byte_is_an_answer_and_time_goes_on_meanwhile)
{
    int ticks = 0;
    serve(answer_byte_by_byte);
    pg_session_on_tick(session, count_tick, &ticks);
    answers_one();
    ck_assert_int_ge(ticks, 1);
}
END_TEST

static bool lose(void *unused)
{
    (void)unused;
    pg_session_declare_lost(session);
    return false;
}

START_TEST(a_session_that_its_tick_declares_lost_is_not_cancelled)
{
    serve(be_silent);
    pg_session_on_tick(session, lose, NULL);
    ck_assert(!exec("SELECT 1"));
    failed_with(STATUS_UNAVAILABLE, "was lost");
    ck_assert_uint_eq(fake_cancels(fake), 0);
    is_lost();
}
END_TEST

#define HUGE_ROW ((size_t)8 << 20)

static void answer_hugely(struct fake_client *client, void *unused)
{
    char *const text = memory_alloc(HUGE_ROW + 1);
    (void)unused;
    memset(text, 'x', HUGE_ROW);
    text[HUGE_ROW] = '\0';
    fake_take_query(client, "SELECT 1");
    fake_parsed(client);
    fake_row_description(client, 1);
    fake_row(client, 1, text);
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
    fake_take(client, 'Q', "SELECT 1");
    fake_row_description(client, 1);
    for (int i = 0; i < 4; i++) {
        fake_row(client, 1, text);
    }
    fake_complete(client, "SELECT 4");
    fake_ready(client, 'I');
    free(text);
    fake_wait_gone(client, FOREVER);
}

START_TEST(a_huge_row_is_read_and_those_of_a_script_are_thrown_away)
{
    serve(answer_hugely);
    PG_RESULT(result) = ask("SELECT 1");
    ck_assert_msg(result != NULL, "%s", status.message);
    ck_assert_int_eq(PQgetlength(result, 0, 0), (int)HUGE_ROW);
    ck_assert(exec("SELECT 1"));
}
END_TEST

/* ---- COPY ---- */

static void copy_in(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', "FROM STDIN");
    fake_copy(client, 'G');
    fake_take(client, 'f', "the script carries no data for this COPY FROM STDIN");
    fake_error(client, &(struct fake_error){.sqlstate = "57014", .message = "COPY from stdin failed"});
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(copy_from_stdin_is_ended_and_the_session_goes_on)
{
    serve(copy_in);
    ck_assert(!exec("COPY t FROM STDIN"));
    failed_with(STATUS_FAILED_PRECONDITION, "COPY from stdin failed");
    answers_one();
}
END_TEST

static void copy_out(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', "TO STDOUT");
    fake_copy(client, 'H');
    for (int i = 0; i < 1000; i++) {
        fake_copy_data(client, "row\n");
    }
    fake_message(client, 'c', "", 0);
    fake_complete(client, "COPY 1000");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(copy_to_stdout_is_read_to_its_end_and_refused)
{
    serve(copy_out);
    ck_assert(!exec("COPY t TO STDOUT; SELECT 1"));
    failed_with(STATUS_FAILED_PRECONDITION, "COPY TO STDOUT cannot be part of a script");
    answers_one();
}
END_TEST

static void copy_in_part(struct fake_client *client, void *data)
{
    const char *const type = data;
    fake_take(client, 'Q', NULL);
    fake_copy(client, *type);
    if (*type == 'H') {
        fake_copy_data(client, "row\n");
    }
    fake_close(client);
}

START_TEST(a_copy_that_ends_with_the_connection_is_a_lost_connection)
{
    char type = "GHW"[_i];
    serve_with(copy_in_part, &type, sizeof type);
    ck_assert(!exec("COPY"));
    ck_assert(status.code == STATUS_UNAVAILABLE || status.code == STATUS_FAILED_PRECONDITION);
    wait_until(notices_the_end, NULL);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("session_waits");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_flood_of_notices_is_told_to_who_asks_and_forgotten_else);
    tcase_add_loop_test(all, a_flood_without_end_ends_with_the_deadline, 0, FLOODS);
    tcase_add_test(all, a_server_that_always_has_something_to_say_ends_with_the_deadline);
    tcase_add_loop_test(all, a_flood_without_end_can_be_given_up, 0, FLOODS);
    tcase_add_loop_test(all, a_server_that_does_not_hear_a_cancel_is_lost, 0, 3);
    tcase_add_test(all, what_was_done_before_the_cancel_is_not_said_to_be_cancelled);
    tcase_add_test(all, an_error_behind_which_nothing_comes_is_still_the_error);
    tcase_add_test(all, a_server_that_does_not_read_is_not_waited_for_beyond_the_deadline);
    tcase_add_test(all, nothing_is_sent_when_the_time_is_over);
    tcase_add_test(all, a_server_that_does_not_greet_is_given_up_in_time);
    tcase_add_test(all, an_answer_byte_by_byte_is_an_answer_and_time_goes_on_meanwhile);
    tcase_add_test(all, a_session_that_its_tick_declares_lost_is_not_cancelled);
    tcase_add_test(all, a_huge_row_is_read_and_those_of_a_script_are_thrown_away);
    tcase_add_test(all, copy_from_stdin_is_ended_and_the_session_goes_on);
    tcase_add_test(all, copy_to_stdout_is_read_to_its_end_and_refused);
    tcase_add_loop_test(all, a_copy_that_ends_with_the_connection_is_a_lost_connection, 0, 3);
    return run_suite(suite);
}
