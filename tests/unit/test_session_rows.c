/*
 * Rows and the data of a COPY as they come, and what else a session can be asked, against a server that fails at every
 * place where it can.
 */
#include "session_scene.h"

#include "pg/kept.h"
#include "pg/query.h"
#include "pg/rows.h"
#include "pg/session_state.h"
#include "pg/values.h"

#include <stdatomic.h>

/* ---- what the server says ---- */

/* An answer of which each connection gets one byte more than the one before. */
struct cut {
    void (*answer)(struct fake_client *client);
    bool is_parsed_first; /* the statement is prepared, and that is answered, before the answer that is cut */
    atomic_size_t size;   /* of the whole answer; the server's thread says it */
};

static void take_all(struct fake_client *client, const char *types)
{
    for (const char *type = types; *type != '\0'; type++) {
        fake_take(client, *type, NULL);
    }
}

static void say_parsed(struct fake_client *client)
{
    take_all(client, "PS");
    fake_message(client, '1', NULL, 0);
    fake_ready(client, 'I');
}

static void answer_in_part(struct fake_client *client, void *data)
{
    struct cut *const cut = data;
    size_t whole;
    if (cut->is_parsed_first) {
        say_parsed(client);
        take_all(client, "DS");
    } else {
        fake_take_query(client, NULL);
    }
    fake_keep(client);
    cut->answer(client);
    const void *const bytes = fake_kept(client, &whole);
    const size_t size = fake_number(client) < whole ? fake_number(client) : whole;
    cut->size = whole;
    fake_bytes(client, bytes, size);
    if (size == whole) {
        fake_wait_gone(client, FOREVER);
    }
}

static void two_rows(struct fake_client *client)
{
    fake_parsed(client);
    fake_row_description(client, 1);
    fake_row(client, 1, "first");
    fake_row(client, 1, "second");
    fake_complete(client, "SELECT 2");
    fake_ready(client, 'I');
}

static void two_lines(struct fake_client *client)
{
    fake_parsed(client);
    fake_copy(client, 'H');
    fake_copy_data(client, "first\n");
    fake_copy_data(client, "second\n");
    fake_message(client, 'c', NULL, 0);
    fake_complete(client, "COPY 2");
    fake_ready(client, 'I');
}

static void describe_one(struct fake_client *client)
{
    fake_message(client, 't', "\0\0", 2);
    fake_row_description(client, 1);
    fake_ready(client, 'I');
}

static const struct fake_error refusal = {.sqlstate = "22012", .message = "division by zero"};

/* ---- what is read ---- */

/* How many rows came; SIZE_MAX: the reading failed. */
static size_t read_rows(void)
{
    PGresult *row = NULL;
    size_t count = 0;
    status = (struct status){.arena = arena};
    if (!pg_rows_begin(session, "SELECT $1", 1, (const char *const[]){"1"}, &status)) {
        return SIZE_MAX;
    }
    while (pg_rows_next(session, &row, &status)) {
        if (row == NULL) {
            return count;
        }
        ck_assert_str_eq(pg_field(row, 0, 0), count == 0 ? "first" : "second");
        PQclear(row);
        count++;
    }
    ck_assert_ptr_null(row);
    return SIZE_MAX;
}

/* The same of the lines of a COPY. */
static size_t read_lines(void)
{
    char *line = NULL;
    int size;
    size_t count = 0;
    status = (struct status){.arena = arena};
    if (!pg_copy_begin(session, "COPY t TO STDOUT", &status)) {
        return SIZE_MAX;
    }
    while (pg_copy_next(session, &line, &size, &status)) {
        if (line == NULL) {
            return count;
        }
        ck_assert_str_eq(line, count == 0 ? "first\n" : "second\n");
        PQfreemem(line);
        count++;
    }
    return SIZE_MAX;
}

static size_t describe(void)
{
    status = (struct status){.arena = arena};
    PG_RESULT(result) = pg_describe(session, "SELECT 1", &status);
    return result == NULL ? SIZE_MAX : (size_t)PQnfields(result);
}

static void check_cuts(const struct cut *given, size_t (*read)(void), size_t all)
{
    struct cut *const cut = kept(given, sizeof *given);
    start_server(&(struct fake_options){.script = answer_in_part, .data = cut});
    for (size_t size = 0;; size++) {
        open_session();
        const size_t count = read();
        if (size == cut->size) {
            ck_assert_uint_eq(count, all);
            break;
        }
        ck_assert_msg(count == SIZE_MAX, "a success after %zu of %zu bytes", size, cut->size);
        failed_with(STATUS_UNAVAILABLE, "The connection to postgresql://tester@127.0.0.1");
        is_lost();
        pg_rows_end(session);
    }
    ck_assert_uint_gt(cut->size, 20);
}

START_TEST(rows_that_end_at_any_byte_are_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = two_rows}, read_rows, 2);
}
END_TEST

START_TEST(a_copy_that_ends_at_any_byte_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = two_lines}, read_lines, 2);
}
END_TEST

START_TEST(a_description_that_ends_at_any_byte_is_a_lost_connection)
{
    check_cuts(&(struct cut){.answer = describe_one, .is_parsed_first = true}, describe, 1);
}
END_TEST

/* ---- errors ---- */

/* At the place that the test says: before all, behind the description, behind a row, behind the last of them. */
static void fail_rows(struct fake_client *client, void *data)
{
    const int place = *(const int *)data;
    fake_take_query(client, "SELECT $1");
    if (place > 0) {
        fake_parsed(client);
        fake_row_description(client, 1);
    }
    if (place > 1) {
        fake_row(client, 1, "first");
    }
    if (place > 2) {
        fake_row(client, 1, "second");
    }
    fake_error(client, &refusal);
    fake_ready(client, 'I');
    answer_one(client);
}

static void fail_copy(struct fake_client *client, void *data)
{
    const int place = *(const int *)data;
    fake_take_query(client, "COPY t");
    if (place > 0) {
        fake_parsed(client);
        fake_copy(client, 'H');
    }
    if (place > 1) {
        fake_copy_data(client, "first\n");
    }
    if (place > 2) {
        fake_copy_data(client, "second\n");
        fake_message(client, 'c', NULL, 0);
    }
    fake_error(client, &refusal);
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(an_error_amid_rows_is_the_error_and_the_session_goes_on)
{
    serve_with(fail_rows, &_i, sizeof _i);
    ck_assert_uint_eq(read_rows(), SIZE_MAX);
    failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
    ck_assert_str_eq(status.sqlstate, "22012");
    pg_rows_end(session);
    answers_one();
}
END_TEST

START_TEST(an_error_amid_a_copy_is_the_error_and_the_session_goes_on)
{
    serve_with(fail_copy, &_i, sizeof _i);
    ck_assert_uint_eq(read_lines(), SIZE_MAX);
    failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
    pg_rows_end(session);
    answers_one();
}
END_TEST

static void answer_rows_to_a_copy(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take_query(client, "COPY t");
    two_rows(client);
    answer_one(client);
}

START_TEST(rows_are_no_data_of_a_copy)
{
    serve(answer_rows_to_a_copy);
    ck_assert_uint_eq(read_lines(), SIZE_MAX);
    failed_with(STATUS_INTERNAL, "sent no data");
    pg_rows_end(session);
    answers_one();
}
END_TEST

/* What cannot be parsed, and what cannot be described. */
static void refuse_to_describe(struct fake_client *client, void *data)
{
    if (*(const int *)data == 0) {
        take_all(client, "PS");
    } else {
        say_parsed(client);
        take_all(client, "DS");
    }
    fake_error(client, &refusal);
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(what_cannot_be_described_is_an_error)
{
    serve_with(refuse_to_describe, &_i, sizeof _i);
    ck_assert_uint_eq(describe(), SIZE_MAX);
    failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
    answers_one();
}
END_TEST

static void answer_and_refuse_simply(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take(client, 'Q', "SHOW VERSION");
    fake_row_description(client, 1);
    fake_row(client, 1, "PgBouncer");
    fake_complete(client, "SHOW");
    fake_ready(client, 'I');
    fake_take(client, 'Q', "SHOW VERSION");
    fake_error(client, &refusal);
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(a_simple_query_has_its_result_or_its_error)
{
    serve(answer_and_refuse_simply);
    PG_RESULT(result) = pg_query_simple(session, "SHOW VERSION", &status);
    ck_assert_msg(result != NULL, "%s", status.message);
    ck_assert_str_eq(pg_field(result, 0, 0), "PgBouncer");
    PG_RESULT(refused) = pg_query_simple(session, "SHOW VERSION", &status);
    ck_assert_ptr_null(refused);
    failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
    answers_one();
}
END_TEST

/* ---- one thing at a time ---- */

static void send_rows_and_wait(struct fake_client *client, void *unused)
{
    (void)unused;
    fake_take_query(client, "SELECT $1");
    two_rows(client);
    answer_one(client);
}

static void is_refused(bool ok)
{
    ck_assert(!ok);
    failed_with(STATUS_UNAVAILABLE, "another command is already in progress");
    status = (struct status){.arena = arena};
}

static void ask_everything_else(void)
{
    struct pg_failure failure;
    is_refused(pg_query(session, "SELECT 2", 0, NULL, &status) != NULL);
    is_refused(pg_query_simple(session, "SELECT 2", &status) != NULL);
    is_refused(pg_describe(session, "SELECT 2", &status) != NULL);
    is_refused(pg_script(session, "SELECT 2", &failure, &status));
    is_refused(pg_rows_begin(session, "SELECT 2", 0, NULL, &status));
    is_refused(pg_copy_begin(session, "COPY t TO STDOUT", &status));
    session->path = strdup("public"); /* pinned, old and a pool's: it would keep the text */
    session->opened_at -= 2000;
    pg_session_let_keep(session, true);
    is_refused(pg_query_kept(session, "SELECT 2", 0, NULL, &status) != NULL);
    ck_assert(!pg_query_is_kept(session, "SELECT 2"));
}

START_TEST(what_is_asked_amid_rows_is_not_sent_and_the_rows_come)
{
    PGresult *row;
    serve(send_rows_and_wait);
    ck_assert(pg_rows_begin(session, "SELECT $1", 1, (const char *const[]){"1"}, &status));
    ask_everything_else();
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(pg_rows_next(session, &row, &status) && row != NULL, "%s", status.message);
        PQclear(row);
    }
    ck_assert(pg_rows_next(session, &row, &status));
    ck_assert_ptr_null(row);
    pg_rows_end(session);
    pg_session_let_keep(session, false);
    answers_one();
}
END_TEST

/* ---- ends before the end ---- */

static void send_a_row_until_cancelled(struct fake_client *client, void *data)
{
    const bool is_copy = *(const bool *)data;
    fake_take_query(client, NULL);
    fake_parsed(client);
    if (is_copy) {
        fake_copy(client, 'H');
        fake_copy_data(client, "first\n");
    } else {
        fake_row_description(client, 1);
        fake_row(client, 1, "first");
    }
    fake_wait_cancel(client, 1, FOREVER);
    fake_error(client, &(struct fake_error){.sqlstate = "57014", .message = "canceling statement"});
    fake_ready(client, 'I');
    answer_one(client);
}

START_TEST(rows_that_nobody_wants_any_more_are_cancelled)
{
    PGresult *row;
    serve_with(send_a_row_until_cancelled, &(bool){false}, sizeof(bool));
    ck_assert(pg_rows_begin(session, "SELECT 1", 0, NULL, &status));
    ck_assert(pg_rows_next(session, &row, &status) && row != NULL);
    PQclear(row);
    pg_rows_end(session);
    ck_assert_uint_eq(fake_cancels(fake), 1);
    answers_one();
}
END_TEST

START_TEST(rows_and_copies_that_take_too_long_are_cancelled)
{
    serve_with(send_a_row_until_cancelled, &(bool){_i == 1}, sizeof(bool));
    pg_session_set_deadline(session, deadline_in(SOON_MS));
    ck_assert_uint_eq(_i == 1 ? read_lines() : read_rows(), SIZE_MAX);
    failed_with(STATUS_DEADLINE_EXCEEDED, "was cancelled");
    pg_session_set_deadline(session, NO_DEADLINE);
    pg_rows_end(session);
    answers_one();
}
END_TEST

/* ---- behind a pooler ---- */

/* BEGIN, the path, the question, COMMIT; at the place that the test says there is an error. */
static void answer_pooled(struct fake_client *client, void *data)
{
    const int place = *(const int *)data;
    fake_take(client, 'Q', "BEGIN");
    if (place == 0) {
        fake_error(client, &refusal);
        fake_ready(client, 'I');
        return;
    }
    fake_complete(client, "BEGIN");
    fake_ready(client, 'T');
    if (place == 1) {
        fake_take_query(client, "search_path");
        fake_error(client, &refusal);
        fake_ready(client, 'E');
    } else {
        fake_take_query(client, "search_path");
        fake_parsed(client);
        fake_row_description(client, 5);
        fake_row(client, 5, "public", "public", "public", "public", "pg_catalog, pg_temp");
        fake_complete(client, "SELECT 1");
        fake_ready(client, 'T');
        fake_take_query(client, "SELECT 1");
        if (place == 2) {
            fake_error(client, &refusal);
            fake_ready(client, 'E');
        } else {
            fake_parsed(client);
            fake_row_description(client, 1);
            fake_row(client, 1, "1");
            fake_complete(client, "SELECT 1");
            fake_ready(client, 'T');
        }
    }
    fake_take(client, 'Q', "COMMIT");
    fake_complete(client, place == 3 ? "COMMIT" : "ROLLBACK");
    fake_ready(client, 'I');
}

START_TEST(behind_a_pooler_each_question_has_a_transaction_which_ends)
{
    serve_with(answer_pooled, &_i, sizeof _i);
    session->is_pooled = true;
    PG_RESULT(result) = ask("SELECT 1");
    ck_assert((result != NULL) == (_i == 3));
    if (_i < 3) {
        failed_with(STATUS_FAILED_PRECONDITION, "division by zero");
    }
    ck_assert(!pg_session_in_transaction(session));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("session rows");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, rows_that_end_at_any_byte_are_a_lost_connection);
    tcase_add_test(all, a_copy_that_ends_at_any_byte_is_a_lost_connection);
    tcase_add_test(all, a_description_that_ends_at_any_byte_is_a_lost_connection);
    tcase_add_loop_test(all, an_error_amid_rows_is_the_error_and_the_session_goes_on, 0, 4);
    tcase_add_loop_test(all, an_error_amid_a_copy_is_the_error_and_the_session_goes_on, 0, 4);
    tcase_add_test(all, rows_are_no_data_of_a_copy);
    tcase_add_loop_test(all, what_cannot_be_described_is_an_error, 0, 2);
    tcase_add_test(all, a_simple_query_has_its_result_or_its_error);
    tcase_add_test(all, what_is_asked_amid_rows_is_not_sent_and_the_rows_come);
    tcase_add_test(all, rows_that_nobody_wants_any_more_are_cancelled);
    tcase_add_loop_test(all, rows_and_copies_that_take_too_long_are_cancelled, 0, 2);
    tcase_add_loop_test(all, behind_a_pooler_each_question_has_a_transaction_which_ends, 0, 4);
    return run_suite(suite);
}
