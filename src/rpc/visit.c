/*
 * From the arrival of a request until it is in its lane, or refused. The guard's thread only reads the envelope and
 * passes the request on; it never waits. Where the gate may wait, a lane's thread asks it: the file of tokens may be in
 * a file system that does not answer, and to check a signature takes as long as a request.
 */
#include "rpc/server_private.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"

#include <string.h>

#define SMALL       ((size_t)64 * 1024)        /* a payload that is accepted in any case */
#define HOUSE_BYTES ((size_t)64 * 1024 * 1024) /* of all payloads under way */
#define RETRY_MS    1000

/* ---- memory held by requests ---- */

/* Counts the request's payload until it is answered or decided again; false if others use too much. Callers that are
 * not identified yet have a quarter for themselves, so they keep nobody else out. Waiting requests have reserved no
 * memory yet (room.h), and a queue of the largest would be gigabytes. */
static bool hold(struct visit *visit, enum share share, struct status *status)
{
    static const size_t most[SHARES] = {[SHARE_KNOWN] = HOUSE_BYTES, [SHARE_UNDECIDED] = HOUSE_BYTES / 4};
    visit->share = share;
    visit->held = visit->request.payload.size;
    const size_t held = atomic_fetch_add(&visit->server->held[share], visit->held);
    if (visit->held <= SMALL || held + visit->held <= most[share]) {
        return true;
    }
    status_fail(
        status, STATUS_UNAVAILABLE,
        "The worker has too many large requests at this moment; this one was not begun. Try again in a moment.");
    status->retry_ms = RETRY_MS;
    return false;
}

void visit_let_go(struct visit *visit)
{
    atomic_fetch_sub(&visit->server->held[visit->share], visit->held);
    visit->held = 0;
}

/* ---- refusing ---- */

static void refuse(struct visit *visit, const struct status *status)
{
    visit_refuse(visit, status, rpc_failure_pack(visit->arena, status));
}

/* The same for a visit that is counted as being let in. */
static void send_away(struct visit *visit, const struct status *status)
{
    struct rpc_server *const server = visit->server;
    refuse(visit, status);
    atomic_fetch_sub(&server->working, 1);
}

/* Until a delayed refusal is sent, keeps only the refusal and what the log needs. */
static void keep_refusal(struct visit *visit, const struct status *status)
{
    struct arena *const small = arena_new(0);
    const char *const id = arena_strdup(small, rpc_request_metadata(&visit->request, "request-id"));
    const char *const trace = arena_strdup(small, rpc_request_metadata(&visit->request, "traceparent"));
    visit->refused = rpc_failure_pack(small, status);
    visit->refusal =
        (struct status){.arena = small, .code = status->code, .message = arena_strdup(small, status->message)};
    visit->principal = (struct principal){.name = arena_strdup(small, visit->principal.name)};
    visit->request = (struct rpc_request){
        .method = arena_strdup(small, visit->request.method),
        .metadata = {{"request-id", id}, {"traceparent", trace}},
        .metadata_count = id == NULL      ? 0
                          : trace == NULL ? 1
                                          : 2,
    };
    visit_let_go(visit);
    arena_free(visit->arena);
    visit->arena = small;
}

/* ---- waiting ---- */

static void go_on(struct door_job *job);

static struct visit *visit_of(struct door_job *job)
{
    return (struct visit *)(void *)((char *)job - offsetof(struct visit, later));
}

/* On the guard's thread. */
static void begin_wait(struct door_job *job)
{
    struct visit *const visit = visit_of(job);
    struct rpc_server *const server = visit->server;
    visit->later.run = go_on;
    visit->next = server->waiting;
    server->waiting = visit;
    guard_post_in(server->guard, &visit->later, visit->later_ms);
    atomic_fetch_sub(&server->working, 1);
}

/* Until go_on. */
static void wait_for(struct visit *visit, uint32_t ms, bool is_refused)
{
    visit->is_refused = is_refused;
    visit->later_ms = ms;
    visit->later.run = begin_wait;
    guard_post(visit->server->guard, &visit->later);
}

/* ---- deciding ---- */

/* Tells the witness, if the refusal is final. */
static void report(struct visit *visit, const struct rpc_admitted *admitted, enum scope wanted, struct status *status)
{
    const struct rpc_witness *const witness = &visit->server->witness;
    if (witness->refused != NULL && admitted->again_ms == 0) {
        const struct rpc_call call = visit_call(visit, status);
        witness->refused(witness->context, &call, wanted);
    }
}

/* The caller is not let in now. */
static void keep_out(struct visit *visit, const struct rpc_admitted *admitted, struct status *status)
{
    if (admitted->again_ms > 0 && visit->held == 0 && !hold(visit, SHARE_UNDECIDED, status)) {
        admission_told(&visit->server->admission, &visit->peer, false);
        send_away(visit, status);
    } else if (admitted->again_ms > 0) {
        wait_for(visit, admitted->again_ms, false);
    } else if (admitted->delay_ms > 0) {
        keep_refusal(visit, status);
        wait_for(visit, admitted->delay_ms, true);
    } else {
        send_away(visit, status);
    }
}

static struct rpc_visitor visitor_of(const struct visit *visit)
{
    return (struct rpc_visitor){visit->arena, &visit->request, &visit->peer, visit->arrived / 1000};
}

/* Authenticates and authorizes, and puts the request into its lane, or refuses it now or later, or asks the gate again
 * later. */
static void let_in(struct visit *visit, struct status *status)
{
    const struct rpc_visitor visitor = visitor_of(visit);
    const enum scope wanted = visit->place.service->methods[visit->place.method].scope;
    struct rpc_admitted admitted;
    const bool may = admission_decide(&visit->server->admission, &visitor, wanted, &admitted, status);
    visit->principal = admitted.principal;
    if (!may) {
        report(visit, &admitted, wanted, status);
        keep_out(visit, &admitted, status);
        return;
    }
    visit_let_go(visit);
    if (hold(visit, SHARE_KNOWN, status)) {
        visit_enter_lane(visit);
    } else {
        send_away(visit, status);
    }
}

/* On a thread of the gate's lane. */
static void look(struct lane_job *job)
{
    struct visit *const visit = (struct visit *)job;
    struct status status = {.arena = visit->arena};
    if (visit_is_in_time(visit, guard_is_wanted(visit->server->guard, visit->ticket), &status)) {
        let_in(visit, &status);
    } else {
        send_away(visit, &status);
    }
}

/* Those of one host take turns with those of others, however many connections it has. */
static void enter_gate(struct visit *visit, struct status *status)
{
    visit->job.run = look;
    visit->job.deadline = visit->deadline;
    visit->job.owner = fnv1a_add(FNV1A_START, visit->peer.host);
    if (!hold(visit, SHARE_UNDECIDED, status)) {
        send_away(visit, status);
    } else if (lane_add(visit->server->gate, &visit->job) != LANE_ADDED) {
        admission_crowded(status);
        send_away(visit, status);
    }
}

/* Called again as long as the caller is not known. The visit is counted before it looks whether the server stops, and
 * who stops the server looks the other way round: so it is either told or waited for. */
static void decide(struct visit *visit)
{
    struct rpc_server *const server = visit->server;
    struct status status = {.arena = visit->arena};
    const struct rpc_visitor visitor = visitor_of(visit);
    atomic_fetch_add(&server->working, 1);
    if (atomic_load(&server->stopping)) {
        status_fail(&status, STATUS_UNAVAILABLE, "The worker is stopping.");
        send_away(visit, &status);
    } else if (admission_waits(&server->admission, &visitor)) {
        enter_gate(visit, &status);
    } else {
        let_in(visit, &status);
    }
}

/* The time is over: sends the refusal, or asks the gate again. */
static void go_on(struct door_job *job)
{
    struct visit *const visit = visit_of(job);
    struct visit **link = &visit->server->waiting;
    while (*link != visit) {
        link = &(*link)->next;
    }
    *link = visit->next;
    admission_told(&visit->server->admission, &visit->peer, visit->is_refused);
    if (visit->is_refused) {
        visit_refuse(visit, &visit->refusal, visit->refused);
    } else {
        visit_let_go(visit);
        decide(visit);
    }
}

/* ---- receiving ---- */

void visit_receive(void *context, uint32_t ticket, struct text bytes)
{
    struct rpc_server *const server = context;
    struct visit *const visit = memory_alloc(sizeof *visit);
    visit->server = server;
    visit->ticket = ticket;
    visit->arena = arena_new(RPC_ARENA_BUDGET);
    visit->arrived = clock_us();
    visit->principal = (struct principal){.name = ""};
    guard_peer(server->guard, ticket, &visit->peer);
    struct status status = {.arena = visit->arena};
    if (!rpc_request_unpack(visit->arena, bytes, &visit->request, &status)) {
        visit->request = (struct rpc_request){.method = "?"};
        refuse(visit, &status);
        return;
    }
    visit->deadline = deadline_in(visit->request.timeout_ms);
    if (!rpc_find_method(server->services, server->service_count, visit->request.method, &visit->place, &status)) {
        refuse(visit, &status);
        return;
    }
    decide(visit);
}
