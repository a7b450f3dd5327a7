/*
 * A channel and a server in one process, over TCP and a Unix socket: how calls end, also where something is amiss.
 */
#include "base/memory.h"
#include "truss/health/v1/health.pb-c.h"
#include "unit/rpc_pair.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void wait_begun(int count)
{
    for (const int64_t until = deadline_in(20000); atomic_load(&handled) < count && !deadline_passed(until);) {
        sleep_ms(5);
    }
    ck_assert_int_eq(atomic_load(&handled), count);
}

START_TEST(a_call_is_answered_and_its_metadata_travels)
{
    char directory[] = "/tmp/truss-rpc-XXXXXX";
    char unix_url[64];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(unix_url, sizeof unix_url, "ipc://%s/worker", directory);
    serve(_i == 0 ? "tcp://127.0.0.1:0" : unix_url, 2, 4);
    open_channel(rpc_server_url(server, 0));
    const Truss__Migration__V1__PreviewResponse *const reply = ask("hello", 5000);
    ck_assert_msg(reply != NULL, "%s", status.message);
    ck_assert_str_eq(reply->content, "hello");
    ck_assert_str_eq(reply->filename, "id-1");
    ck_assert(rpc_server_stop(server, 5000));
    server = NULL;
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(an_error_arrives_with_all_that_is_known_of_it)
{
    start_server(2, 4);
    ck_assert_ptr_null(ask("fail", 5000));
    ck_assert_int_eq(status.code, STATUS_NOT_FOUND);
    ck_assert_str_eq(status.message, "There is no \"fail\".");
    ck_assert_str_eq(status.sqlstate, "42P01");
    ck_assert_str_eq(status.suggestions[0], "sail");
    ck_assert_ptr_null(status.suggestions[1]);
    ck_assert_ptr_null(ask("nothing", 5000));
    ck_assert_int_eq(status.code, STATUS_INTERNAL);
}
END_TEST

START_TEST(a_worker_that_is_not_there_is_unavailable)
{
    open_channel("tcp://127.0.0.1:1");
    const int64_t began = clock_ms();
    ck_assert_ptr_null(ask("x", 60000));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_int_lt(clock_ms() - began, 30000);
    ck_assert_ptr_nonnull(strstr(status.message, "truss-worker"));
}
END_TEST

START_TEST(a_slow_worker_is_a_deadline_exceeded)
{
    start_server(2, 4);
    const int64_t began = clock_ms();
    ck_assert_ptr_null(ask("sleep 3000", 100));
    ck_assert_int_eq(status.code, STATUS_DEADLINE_EXCEEDED);
    ck_assert_int_lt(clock_ms() - began, 2500);
}
END_TEST

START_TEST(a_request_beyond_the_limit_is_refused_before_it_is_sent)
{
    start_server(2, 4);
    char *const large = arena_alloc(arena, RPC_MESSAGE_LIMIT + 1);
    memset(large, 'x', RPC_MESSAGE_LIMIT);
    ck_assert_ptr_null(ask(large, 5000));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(atomic_load(&handled), 0);
    large[5 * 1024 * 1024] = '\0';
    ck_assert_ptr_nonnull(ask(large, 20000));
}
END_TEST

/* Frames, requests and answers: each is refused by itself, and the connection stays. */
START_TEST(what_there_is_no_memory_for_is_refused_and_the_next_one_is_answered)
{
    start_server(2, 4);
    char *const large = arena_alloc(arena, 2 * MEGABYTE + 1);
    memset(large, 'x', 2 * MEGABYTE);
    ck_assert_ptr_nonnull(ask("first", 20000));
    struct outcomes outcomes = {0};
    start_call("sleep 700 large", 20000, &outcomes);
    wait_begun(2);
    memory_limit_resident(1);
    ck_assert_ptr_null(ask(large, 20000));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_ptr_null(ask("small", 20000)); /* runs and reads take more than they are sent */
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
    wait_total(&outcomes, 1);
    ck_assert_int_eq(outcomes.unavailable, 1); /* it was worked on, so that nobody says to try again */
    memory_limit_resident(0);
    ck_assert_ptr_nonnull(ask(large, 20000));
    ck_assert_int_eq(atomic_load(&handled), 3);
}
END_TEST

/* Where the answer is begun: room for it, and not for what a client makes of it. */
static void *leave_little_memory(void *data)
{
    char line[64] = "";
    (void)data;
    wait_begun(1);
    FILE *const statm = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(fgets(line, sizeof line, statm));
    fclose(statm);
    const size_t used = strtoul(strchr(line, ' '), NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
    memory_limit_resident((used + 9 * MEGABYTE / 2) / 7 * 8); /* an eighth is kept for what is small */
    return NULL;
}

START_TEST(a_call_whose_answer_cannot_be_read_may_have_been_done)
{
    pthread_t other;
    start_server(2, 4);
    ck_assert_int_eq(pthread_create(&other, NULL, leave_little_memory, NULL), 0);
    ck_assert_ptr_null(ask("sleep 700 large", 20000));
    pthread_join(other, NULL);
    memory_limit_resident(0);
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_str_eq(status.message, "The request was worked on to its end, but there is not enough memory to read its "
                                     "answer.");
    ck_assert_uint_eq(status.retry_ms, 0);
}
END_TEST

static atomic_int kept_out;

static void count_kept_out(const ProtobufCMessage *reply, const struct status *outcome, void *data)
{
    (void)reply;
    const bool is_so = outcome->code == STATUS_UNAVAILABLE && strstr(outcome->message, "large requests") != NULL;
    atomic_fetch_add(&kept_out, is_so ? 1 : 0);
    atomic_fetch_add((atomic_int *)data, 1);
}

START_TEST(so_many_bytes_of_requests_wait_and_small_ones_beside_them)
{
    static atomic_int ended;
    enum { CALLS = 20, SIZE = 6 * MEGABYTE };
    start_server(1, 40);
    char *const large = arena_alloc(arena, SIZE + 1);
    memset(large, 'x', SIZE);
    const int64_t began = clock_ms();
    ck_assert_ptr_nonnull(ask(large, 60000));
    char pause[32]; /* longer than the next one needs to come, however slow the machine is */
    const int size = snprintf(pause, sizeof pause, "sleep %lld ", (long long)(400 + 2 * (clock_ms() - began)));
    memcpy(large, pause, (size_t)size);
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    request.name = large;
    const struct rpc_invocation invocation = {MIGRATION, 2, &request.base, {.timeout_ms = 110000}};
    for (int i = 0; i < CALLS; i++) {
        rpc_call(channel, &invocation, count_kept_out, &ended);
    }
    ck_assert_ptr_nonnull(ask("small", 110000));
    for (const int64_t until = deadline_in(110000); atomic_load(&ended) < CALLS && !deadline_passed(until);) {
        sleep_ms(5);
    }
    ck_assert_int_eq(atomic_load(&ended), CALLS);
    ck_assert_int_gt(atomic_load(&kept_out), 0);
    ck_assert_ptr_nonnull(ask(large, 60000));
}
END_TEST

START_TEST(a_url_that_is_none_is_refused)
{
    static const char *const urls[] = {"", "http://x", "tcp://", "tcp://nohost:x", "tcp://nohost:99999", "tcp://[]:80"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        ck_assert_msg(rpc_channel_open(urls[i], &status) == NULL, "%s", urls[i]);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
}
END_TEST

START_TEST(many_calls_at_once_are_each_answered_once)
{
    start_server(4, 400);
    struct outcomes outcomes = {0};
    for (int i = 0; i < 300; i++) {
        start_call("x", 20000, &outcomes);
    }
    wait_total(&outcomes, 300);
    ck_assert_int_eq(outcomes.ok, 300);
    ck_assert_int_eq(atomic_load(&handled), 300);
}
END_TEST

START_TEST(a_full_lane_refuses_at_once)
{
    start_server(1, 2);
    struct outcomes outcomes = {0};
    for (int i = 0; i < 8; i++) {
        start_call("sleep 1000", 20000, &outcomes);
    }
    wait_total(&outcomes, 8);
    ck_assert_int_eq(outcomes.ok, 3);
    ck_assert_int_eq(outcomes.refused, 5);
}
END_TEST

START_TEST(what_expires_in_the_queue_is_never_begun)
{
    start_server(1, 4);
    struct outcomes outcomes = {0};
    start_call("sleep 2000", 20000, &outcomes);
    wait_begun(1);
    for (int i = 0; i < 3; i++) {
        start_call("x", 100, &outcomes);
    }
    wait_total(&outcomes, 4);
    ck_assert_int_eq(outcomes.expired, 3);
    ck_assert_msg(ask("behind them", 20000) != NULL, "%s", status.message);
    ck_assert_int_eq(atomic_load(&handled), 2);
}
END_TEST

START_TEST(closing_a_channel_ends_its_calls)
{
    start_server(2, 4);
    struct outcomes outcomes = {0};
    start_call("sleep 700", 0, &outcomes);
    start_call("sleep 700", 0, &outcomes);
    sleep_ms(200);
    rpc_channel_close(channel);
    channel = NULL;
    ck_assert_int_eq(total(&outcomes), 2);
    ck_assert_int_eq(outcomes.cancelled, 2);
}
END_TEST

START_TEST(a_server_that_stops_finishes_what_it_has)
{
    start_server(2, 4);
    struct outcomes outcomes = {0};
    start_call("sleep 300", 20000, &outcomes);
    wait_begun(1);
    ck_assert(rpc_server_stop(server, 5000));
    server = NULL;
    wait_total(&outcomes, 1);
    ck_assert_int_eq(outcomes.ok, 1);
}
END_TEST

START_TEST(a_method_that_is_not_served_is_unimplemented)
{
    start_server(1, 1);
    Truss__Health__V1__CheckRequest request = TRUSS__HEALTH__V1__CHECK_REQUEST__INIT;
    const struct rpc_invocation invocation = {
        .service = &truss__health__v1__health__descriptor,
        .request = &request.base,
        .options = {.timeout_ms = 5000},
    };
    ck_assert_ptr_null(rpc_call_wait(channel, &invocation, arena, &status));
    ck_assert_int_eq(status.code, STATUS_UNIMPLEMENTED);
    ck_assert_ptr_nonnull(strstr(status.message, "/truss.health.v1.Health/Check"));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("rpc");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_call_is_answered_and_its_metadata_travels, 0, 2); /* TCP, a Unix socket */
    tcase_add_test(tests, an_error_arrives_with_all_that_is_known_of_it);
    tcase_add_test(tests, a_worker_that_is_not_there_is_unavailable);
    tcase_add_test(tests, a_slow_worker_is_a_deadline_exceeded);
    tcase_add_test(tests, a_request_beyond_the_limit_is_refused_before_it_is_sent);
#ifndef __SANITIZE_THREAD__ /* which takes memory of its own meanwhile */
    tcase_add_test(tests, a_call_whose_answer_cannot_be_read_may_have_been_done);
#endif
    tcase_add_test(tests, what_there_is_no_memory_for_is_refused_and_the_next_one_is_answered);
    tcase_add_test(tests, so_many_bytes_of_requests_wait_and_small_ones_beside_them);
    tcase_add_test(tests, a_url_that_is_none_is_refused);
    tcase_add_test(tests, many_calls_at_once_are_each_answered_once);
    tcase_add_test(tests, a_full_lane_refuses_at_once);
    tcase_add_test(tests, what_expires_in_the_queue_is_never_begun);
    tcase_add_test(tests, closing_a_channel_ends_its_calls);
    tcase_add_test(tests, a_server_that_stops_finishes_what_it_has);
    tcase_add_test(tests, a_method_that_is_not_served_is_unimplemented);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
