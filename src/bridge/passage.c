/*
 * Several workers form one service: if one cannot be reached, another is tried, if that is safe.
 */
#include "bridge/passage.h"

#include "truss/sql/v1/sql.pb-c.h"

#include <time.h>

/* ---- choosing a worker ---- */

static bool was_tried(const struct passage *passage, const struct rpc_channel *worker)
{
    for (size_t i = 0; i < passage->tried_count; i++) {
        if (passage->tried[i] == worker) {
            return true;
        }
    }
    return false;
}

/* The one that answered before; else the connected worker with the fewest calls; any, if none is connected. Never one
 * that was tried. */
static struct rpc_channel *choose_worker(const struct passage *passage)
{
    const struct bridge *const bridge = passage->bridge;
    struct rpc_channel *const before = passage->worker;
    struct rpc_channel *best = NULL;
    if (before != NULL && !was_tried(passage, before) && rpc_channel_connected(before)) {
        return before;
    }
    for (size_t i = 0; i < bridge->worker_count; i++) {
        struct rpc_channel *const worker = bridge->workers[i];
        const bool better = best == NULL || rpc_channel_connected(worker) > rpc_channel_connected(best) ||
                            (rpc_channel_connected(worker) == rpc_channel_connected(best) &&
                             rpc_channel_calls(worker) < rpc_channel_calls(best));
        if (!was_tried(passage, worker) && better) {
            best = worker;
        }
    }
    return best;
}

bool passage_goes_on(struct passage *passage, const struct status *status)
{
    const unsigned flags = passage->route->flags;
    /* A key makes a repetition safe; it is only set if the RPC stores it (request.c). */
    const bool is_safe = (flags & ROUTE_SAFE) != 0 || passage->options.idempotency_key != NULL;
    const bool is_down = status->code == STATUS_UNAVAILABLE && is_safe;
    const bool is_unknown = status->code == STATUS_NOT_FOUND && (flags & ROUTE_ASKS_ALL) != 0;
    if ((!is_down && !is_unknown) || passage->tried_count + 1 >= passage->bridge->worker_count) {
        return false;
    }
    passage->tried[passage->tried_count++] = passage->worker;
    passage->is_partial = passage->is_partial || is_down;
    return true;
}

static bool is_ending(const struct bridge *bridge)
{
    return atomic_load(&bridge->ending) || atomic_load(&bridge->stopping);
}

const struct status *passage_outcome(const struct passage *passage, struct arena *arena, const struct status *status)
{
    const bool is_stream = (passage->route->flags & ROUTE_STREAM) != 0;
    struct status *const truer = arena_alloc(arena, sizeof *truer);
    *truer = (struct status){.arena = arena};
    if (status->code == STATUS_CANCELLED && is_ending(passage->bridge)) {
        status_fail(truer, STATUS_UNAVAILABLE, "The bridge is stopping; %s.",
                    is_stream ? "connect again and continue after the last id"
                              : "what was begun goes on in the worker: ask for the status later");
        return truer;
    }
    if (status->code == STATUS_NOT_FOUND && passage->is_partial) {
        status_fail(truer, STATUS_UNAVAILABLE,
                    "No worker that can be reached knows it, and one cannot be reached; try again later.");
        return truer;
    }
    return status;
}

/* ---- the call ---- */

void passage_call(struct passage *passage, const char *rpc, const ProtobufCMessage *input, rpc_reply_fn *done)
{
    struct bridge *const bridge = passage->bridge;
    const ProtobufCServiceDescriptor *const service = passage->route->service;
    const ProtobufCMethodDescriptor *const method = protobuf_c_service_descriptor_get_method_by_name(service, rpc);
    atomic_fetch_add(&bridge->calling, 1);
    if (atomic_load(&bridge->stopping) || (passage->options.is_poll && atomic_load(&bridge->ending))) {
        struct status status = {.arena = passage->http->arena};
        status_fail(&status, STATUS_CANCELLED, "The bridge is stopping.");
        done(NULL, &status, passage);
    } else {
        passage->worker = choose_worker(passage);
        const struct rpc_invocation invocation = {service, (unsigned)(method - service->methods), input,
                                                  passage->options};
        rpc_call(passage->worker, &invocation, done, passage);
    }
    atomic_fetch_sub(&bridge->calling, 1);
}

static void on_told(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    (void)reply;
    (void)status;
    (void)data;
}

static void tell(const struct passage *passage, struct rpc_channel *worker, const char *rpc,
                 const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *const service = passage->route->service;
    const ProtobufCMethodDescriptor *const method = protobuf_c_service_descriptor_get_method_by_name(service, rpc);
    const struct rpc_invocation invocation = {
        service,
        (unsigned)(method - service->methods),
        input,
        {.timeout_ms = passage->bridge->read_timeout_ms, .authorization = passage->options.authorization}};
    atomic_fetch_add(&passage->bridge->calling, 1);
    if (!atomic_load(&passage->bridge->stopping) && rpc_channel_connected(worker)) {
        rpc_call(worker, &invocation, on_told, NULL);
    }
    atomic_fetch_sub(&passage->bridge->calling, 1);
}

void passage_tell(const struct passage *passage, const char *rpc, const ProtobufCMessage *input)
{
    tell(passage, passage->worker, rpc, input);
}

/* The worker may be changing at this moment, so all are told. */
void passage_cancel(const struct passage *passage)
{
    Truss__Sql__V1__CancelRequest request = TRUSS__SQL__V1__CANCEL_REQUEST__INIT;
    request.query_id = (char *)(uintptr_t)passage->query_id;
    request.ahead = true;
    for (size_t i = 0; i < passage->bridge->worker_count; i++) {
        tell(passage, passage->bridge->workers[i], "Cancel", &request.base);
    }
}

void bridge_end_polls(struct bridge *bridge)
{
    atomic_store(&bridge->ending, true);
    for (size_t i = 0; i < bridge->worker_count; i++) {
        rpc_channel_end_polls(bridge->workers[i]);
    }
}

void bridge_stop(struct bridge *bridge)
{
    const struct timespec tick = {.tv_nsec = 1000000};
    atomic_store(&bridge->stopping, true);
    while (atomic_load(&bridge->calling) > 0) {
        nanosleep(&tick, NULL);
    }
    for (size_t i = 0; i < bridge->worker_count; i++) {
        rpc_channel_close(bridge->workers[i]);
    }
}
