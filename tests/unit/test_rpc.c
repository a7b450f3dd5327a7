/*
 * A channel and a server, over TCP, in one process each test: how calls end, also where something is amiss.
 */
#include "base/clock.h"
#include "rpc/channel.h"
#include "rpc/server.h"
#include "support/runner.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define MIGRATION &truss__migration__v1__migration_service__descriptor

static struct arena *arena;
static struct status status;
static struct rpc_server *server;
static struct rpc_channel *channel;
static atomic_int handled;

static void sleep_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* A handler that does what the name says: "sleep N", "fail", "nothing", or answers with the name as its content. */
static ProtobufCMessage *preview(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__PreviewRequest *const request = (const Truss__Migration__V1__PreviewRequest *)input;
    Truss__Migration__V1__PreviewResponse *const reply = arena_alloc(call->arena, sizeof *reply);
    (void)context;
    atomic_fetch_add(&handled, 1);
    if (strncmp(request->name, "sleep ", 6) == 0) {
        sleep_ms(strtol(request->name + 6, NULL, 10));
    }
    if (strcmp(request->name, "fail") == 0) {
        status_fail(call->status, STATUS_NOT_FOUND, "There is no \"fail\".");
        call->status->sqlstate = "42P01";
        call->status->suggestions[0] = "sail";
        return NULL;
    }
    if (strcmp(request->name, "nothing") == 0) {
        return NULL;
    }
    truss__migration__v1__preview_response__init(reply);
    reply->content = request->name;
    reply->filename = (char *)(uintptr_t)rpc_request_metadata(call->request, "request-id");
    reply->filename = reply->filename == NULL ? request->name : reply->filename;
    return &reply->base;
}

static struct rpc_method methods[] = {
    {preview, RPC_LANE_RUN}, {preview, RPC_LANE_RUN},  {preview, RPC_LANE_READ}, {preview, RPC_LANE_RUN},
    {preview, RPC_LANE_RUN}, {preview, RPC_LANE_READ}, {preview, RPC_LANE_READ}, {preview, RPC_LANE_READ},
};

static void start_server(unsigned threads, unsigned queue)
{
    static struct rpc_service services[1];
    static const char *const urls[] = {"tcp://127.0.0.1:0", NULL};
    const struct rpc_server_options options = {.urls = urls, .threads = {threads, 1}, .queue = {queue, 1}};
    services[0] = (struct rpc_service){.descriptor = MIGRATION, .methods = methods};
    server = rpc_server_start(&options, services, 1, &status);
    ck_assert_msg(server != NULL, "%s", status.message);
    channel = rpc_channel_open(rpc_server_url(server, 0), &status);
    ck_assert_ptr_nonnull(channel);
}

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    rpc_channel_close(channel);
    if (server != NULL) {
        ck_assert(rpc_server_stop(server, 5000));
    }
    arena_free(arena);
}

/* Calls Preview; NULL where it failed, and status says why. */
static const Truss__Migration__V1__PreviewResponse *ask(const char *name, uint32_t timeout_ms)
{
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    const struct rpc_call_options options = {.timeout_ms = timeout_ms, .request_id = "id-1"};
    request.name = arena_strdup(arena, name);
    return (const Truss__Migration__V1__PreviewResponse *)rpc_call_wait(channel, MIGRATION, 2, &request.base, &options,
                                                                        arena, &status);
}

START_TEST(a_call_is_answered_and_its_metadata_travels)
{
    start_server(2, 4);
    const Truss__Migration__V1__PreviewResponse *const reply = ask("hello", 5000);
    ck_assert_msg(reply != NULL, "%s", status.message);
    ck_assert_str_eq(reply->content, "hello");
    ck_assert_str_eq(reply->filename, "id-1");
}
END_TEST

static void take_reply(const Truss__Migration__V1__PreviewResponse *reply, void *data)
{
    *(const char **)data = reply == NULL ? "none" : reply->content;
}

START_TEST(the_generated_function_calls_through_a_stub)
{
    start_server(2, 4);
    struct rpc_stub stub;
    const char *content = NULL;
    const struct rpc_call_options options = {.timeout_ms = 5000};
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    char name[] = "stub";
    request.name = name;
    rpc_stub_init(&stub, channel, MIGRATION, &options, &status);
    truss__migration__v1__migration_service__preview(&stub.base, &request, take_reply, &content);
    ck_assert_str_eq(content, "stub");
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
    channel = rpc_channel_open("tcp://127.0.0.1:1", &status);
    const int64_t began = clock_ms();
    ck_assert_ptr_null(ask("x", 60000));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_int_lt(clock_ms() - began, 5000);
    ck_assert_ptr_nonnull(strstr(status.message, "truss-worker"));
}
END_TEST

START_TEST(a_slow_worker_is_a_deadline_exceeded)
{
    start_server(2, 4);
    const int64_t began = clock_ms();
    ck_assert_ptr_null(ask("sleep 1000", 100));
    ck_assert_int_eq(status.code, STATUS_DEADLINE_EXCEEDED);
    ck_assert_int_lt(clock_ms() - began, 900);
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

START_TEST(a_url_that_is_none_is_refused)
{
    static const char *const urls[] = {"", "http://x", "tcp://", "tcp://nohost:x"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        ck_assert_msg(rpc_channel_open(urls[i], &status) == NULL, "%s", urls[i]);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
}
END_TEST

struct tally {
    atomic_int ok;
    atomic_int refused;
    atomic_int expired;
    atomic_int cancelled;
    atomic_int other;
};

static void count(const ProtobufCMessage *reply, const struct status *outcome, void *data)
{
    struct tally *const tally = data;
    atomic_int *const counts[] = {
        [STATUS_OK] = &tally->ok,
        [STATUS_CANCELLED] = &tally->cancelled,
        [STATUS_DEADLINE_EXCEEDED] = &tally->expired,
        [STATUS_RESOURCE_EXHAUSTED] = &tally->refused,
    };
    const size_t code = (size_t)outcome->code;
    const bool known = code < sizeof counts / sizeof counts[0] && counts[code] != NULL;
    ck_assert((reply != NULL) == (outcome->code == STATUS_OK));
    atomic_fetch_add(known ? counts[code] : &tally->other, 1);
}

static void start_call(const char *name, uint32_t timeout_ms, struct tally *tally)
{
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    request.name = arena_strdup(arena, name);
    rpc_call(channel, MIGRATION, 2, &request.base, &options, count, tally);
}

static int total(const struct tally *tally)
{
    return tally->ok + tally->refused + tally->expired + tally->cancelled + tally->other;
}

static void wait_total(const struct tally *tally, int expected)
{
    const int64_t deadline = deadline_in(20000);
    while (total(tally) < expected && !deadline_passed(deadline)) {
        sleep_ms(5);
    }
    ck_assert_int_eq(total(tally), expected);
}

START_TEST(many_calls_at_once_are_each_answered_once)
{
    start_server(4, 400);
    struct tally tally = {0};
    for (int i = 0; i < 300; i++) {
        start_call("x", 20000, &tally);
    }
    wait_total(&tally, 300);
    ck_assert_int_eq(tally.ok, 300);
    ck_assert_int_eq(atomic_load(&handled), 300);
}
END_TEST

START_TEST(a_full_lane_refuses_at_once)
{
    start_server(1, 2);
    struct tally tally = {0};
    for (int i = 0; i < 8; i++) {
        start_call("sleep 300", 20000, &tally);
    }
    wait_total(&tally, 8);
    ck_assert_int_eq(tally.ok, 3);
    ck_assert_int_eq(tally.refused, 5);
}
END_TEST

START_TEST(what_expires_in_the_queue_is_never_begun)
{
    start_server(1, 4);
    struct tally tally = {0};
    start_call("sleep 500", 20000, &tally);
    sleep_ms(100);
    for (int i = 0; i < 3; i++) {
        start_call("x", 100, &tally);
    }
    wait_total(&tally, 4);
    ck_assert_int_eq(tally.expired, 3);
    sleep_ms(600);
    ck_assert_int_eq(atomic_load(&handled), 1);
}
END_TEST

START_TEST(closing_a_channel_ends_its_calls)
{
    start_server(2, 4);
    struct tally tally = {0};
    start_call("sleep 700", 0, &tally);
    start_call("sleep 700", 0, &tally);
    sleep_ms(200);
    rpc_channel_close(channel);
    channel = NULL;
    ck_assert_int_eq(total(&tally), 2);
    ck_assert_int_eq(tally.cancelled, 2);
}
END_TEST

START_TEST(a_server_that_stops_finishes_what_it_has)
{
    start_server(2, 4);
    struct tally tally = {0};
    start_call("sleep 300", 20000, &tally);
    sleep_ms(100);
    ck_assert(rpc_server_stop(server, 5000));
    server = NULL;
    wait_total(&tally, 1);
    ck_assert_int_eq(tally.ok, 1);
}
END_TEST

START_TEST(a_channel_reconnects)
{
    channel = rpc_channel_open("tcp://127.0.0.1:47931", &status);
    ck_assert_ptr_null(ask("x", 3000));
    struct rpc_channel *const first = channel;
    static const char *const urls[] = {"tcp://127.0.0.1:47931", NULL};
    static struct rpc_service services[1];
    const struct rpc_server_options options = {.urls = urls, .threads = {1, 1}, .queue = {1, 1}};
    services[0] = (struct rpc_service){.descriptor = MIGRATION, .methods = methods};
    server = rpc_server_start(&options, services, 1, &status);
    ck_assert_msg(server != NULL, "%s", status.message);
    ck_assert_ptr_eq(channel, first);
    ck_assert_ptr_nonnull(ask("again", 3000));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("rpc");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_call_is_answered_and_its_metadata_travels);
    tcase_add_test(tests, the_generated_function_calls_through_a_stub);
    tcase_add_test(tests, an_error_arrives_with_all_that_is_known_of_it);
    tcase_add_test(tests, a_worker_that_is_not_there_is_unavailable);
    tcase_add_test(tests, a_slow_worker_is_a_deadline_exceeded);
    tcase_add_test(tests, a_request_beyond_the_limit_is_refused_before_it_is_sent);
    tcase_add_test(tests, a_url_that_is_none_is_refused);
    tcase_add_test(tests, many_calls_at_once_are_each_answered_once);
    tcase_add_test(tests, a_full_lane_refuses_at_once);
    tcase_add_test(tests, what_expires_in_the_queue_is_never_begun);
    tcase_add_test(tests, closing_a_channel_ends_its_calls);
    tcase_add_test(tests, a_server_that_stops_finishes_what_it_has);
    tcase_add_test(tests, a_channel_reconnects);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
