/*
 * A server and a channel to it, for the tests of both. Check forks for each test, and nng dies in a child of a process
 * that used it: nothing here may be called outside of a test and its fixture.
 */
#ifndef TESTS_RPC_PAIR_H
#define TESTS_RPC_PAIR_H

#include "base/clock.h"
#include "rpc/channel.h"
#include "rpc/server.h"
#include "support/runner.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define MEGABYTE  (1024 * 1024)
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

/* A handler that does what the name says: "sleep N", "fail", "nothing", "large" (a megabyte; "sleep N large"), or
 * answers with the name as its content. */
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
    if (strcmp(request->name, "large") == 0 || text_ends_with(text_of(request->name), " large")) {
        reply->content = memset(arena_alloc(call->arena, MEGABYTE + 1), 'x', MEGABYTE);
        reply->content[MEGABYTE] = '\0';
    }
    reply->filename = (char *)(uintptr_t)rpc_request_metadata(call->request, "request-id");
    reply->filename = reply->filename == NULL ? request->name : reply->filename;
    return &reply->base;
}

/* Who asks at the door of the next server; NULL: nobody. */
static rpc_gate *gate;
static const char *environment;

static struct rpc_method methods[] = {
    {preview, RPC_LANE_RUN, false, SCOPE_RUN},  {preview, RPC_LANE_RUN, false, SCOPE_RUN},
    {preview, RPC_LANE_READ, false, SCOPE_RUN}, {preview, RPC_LANE_RUN, false, SCOPE_RUN},
    {preview, RPC_LANE_RUN, false, SCOPE_RUN},  {preview, RPC_LANE_READ, false, SCOPE_RUN},
    {preview, RPC_LANE_READ, false, SCOPE_RUN}, {preview, RPC_LANE_READ, false, SCOPE_RUN},
    {preview, RPC_LANE_RUN, false, SCOPE_RUN},  {preview, RPC_LANE_READ, false, SCOPE_RUN},
    {preview, RPC_LANE_READ, false, SCOPE_RUN}, {preview, RPC_LANE_READ, false, SCOPE_RUN},
    {preview, RPC_LANE_RUN, false, SCOPE_RUN},  {preview, RPC_LANE_READ, false, SCOPE_RUN},
};

static void serve(const char *url, unsigned threads, unsigned queue)
{
    static struct rpc_service services[1];
    const char *const urls[] = {url, NULL};
    const struct rpc_server_options options = {
        .urls = urls, .threads = {threads, 1}, .queue = {queue, 1}, .gate = gate, .environment = {environment, false}};
    services[0] = (struct rpc_service){.descriptor = MIGRATION, .methods = methods};
    server = rpc_server_start(&options, services, 1, &status);
    ck_assert_msg(server != NULL, "%s", status.message);
}

static void open_channel(const char *url)
{
    channel = rpc_channel_open(url, &status);
    ck_assert_msg(channel != NULL, "%s", status.message);
}

static void start_server(unsigned threads, unsigned queue)
{
    serve("tcp://127.0.0.1:0", threads, queue);
    open_channel(rpc_server_url(server, 0));
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
__attribute__((unused)) static const Truss__Migration__V1__PreviewResponse *ask(const char *name, uint32_t timeout_ms)
{
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    const struct rpc_invocation invocation = {
        MIGRATION, 2, &request.base, {.timeout_ms = timeout_ms, .request_id = "id-1"}};
    request.name = arena_strdup(arena, name);
    return (const Truss__Migration__V1__PreviewResponse *)rpc_call_wait(channel, &invocation, arena, &status);
}

/* ---- many calls ---- */

/* How calls ended. */
struct outcomes {
    atomic_int ok;
    atomic_int refused;
    atomic_int expired;
    atomic_int cancelled;
    atomic_int unavailable;
    atomic_int other;
};

static void count(const ProtobufCMessage *reply, const struct status *outcome, void *data)
{
    struct outcomes *const outcomes = data;
    atomic_int *const counts[] = {
        [STATUS_OK] = &outcomes->ok,
        [STATUS_CANCELLED] = &outcomes->cancelled,
        [STATUS_DEADLINE_EXCEEDED] = &outcomes->expired,
        [STATUS_UNAVAILABLE] = &outcomes->unavailable,
    };
    const size_t code = (size_t)outcome->code;
    const bool known = code < sizeof counts / sizeof counts[0] && counts[code] != NULL;
    ck_assert((reply != NULL) == (outcome->code == STATUS_OK));
    const bool refused = outcome->code == STATUS_UNAVAILABLE && outcome->retry_ms > 0;
    atomic_fetch_add(refused ? &outcomes->refused : known ? counts[code] : &outcomes->other, 1);
}

__attribute__((unused)) static void start_call(const char *name, uint32_t timeout_ms, struct outcomes *outcomes)
{
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    const struct rpc_invocation invocation = {MIGRATION, 2, &request.base, {.timeout_ms = timeout_ms}};
    request.name = arena_strdup(arena, name);
    rpc_call(channel, &invocation, count, outcomes);
}

static int total(const struct outcomes *outcomes)
{
    return outcomes->ok + outcomes->refused + outcomes->expired + outcomes->cancelled + outcomes->unavailable +
           outcomes->other;
}

__attribute__((unused)) static void wait_total(const struct outcomes *outcomes, int expected)
{
    const int64_t deadline = deadline_in(20000);
    while (total(outcomes) < expected && !deadline_passed(deadline)) {
        sleep_ms(5);
    }
    ck_assert_int_eq(total(outcomes), expected);
}

#endif
