/*
 * A visit for each request under way: waiting in a lane, being processed, or waiting for its refusal. The guard's
 * thread only reads the envelope and passes the request on; it never waits.
 */
#include "rpc/server_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/shortage.h"
#include "rpc/call_log.h"
#include "rpc/room.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SMALL       ((size_t)64 * 1024)        /* a payload that is accepted in any case */
#define HOUSE_BYTES ((size_t)64 * 1024 * 1024) /* of all payloads under way */
#define RETRY_MS    1000
#define FOLLOWERS   384 /* requests that wait for another one's answer, outside the lanes */
#define DRAIN_MS    100

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

static void let_go(struct visit *visit)
{
    atomic_fetch_sub(&visit->server->held[visit->share], visit->held);
    visit->held = 0;
}

/* ---- answering ---- */

static void log_call(const struct visit *visit, const struct status *status)
{
    const struct call_line line = {visit->arena, &visit->request, visit->principal.name, visit->peer.address,
                                   (clock_us() - visit->arrived) / 1000};
    call_log(&line, status);
}

/* The answer if there is no memory for the real one: to a refusal, or to a processed request. */
static struct text withhold(const struct visit *visit, bool is_refusal, struct status *status)
{
    const bool is_safe = is_refusal || visit->place.service->methods[visit->place.method].scope == SCOPE_READ;
    shortage_of_answer(status, "send", "the answer", is_safe);
    return rpc_failure_pack(visit->arena, status);
}

/* What is sent: the bytes with the visit's arena, if that is not much larger, or a copy. */
static struct shared_bytes *take_bytes(struct visit *visit, struct text bytes)
{
    struct arena *const arena = visit->arena;
    if (arena_used(arena) > bytes.size + SMALL) {
        return shared_bytes_copy(bytes);
    }
    visit->arena = NULL;
    return shared_bytes_in(arena, bytes);
}

/* Sends the answer, and frees the visit. reply: these bytes; NULL: they are in the visit's arena. */
static void answer(struct visit *visit, const struct status *status, struct text bytes, struct shared_bytes *reply)
{
    struct status own = {.arena = visit->arena};
    if (!memory_has_room(bytes.size)) {
        bytes = withhold(visit, status->code != STATUS_OK, &own);
        status = &own;
        reply = NULL;
    }
    log_call(visit, status);
    rpc_tally_answered(visit->server->tally, &visit->place, status->code, clock_us() - visit->arrived);
    let_go(visit);
    guard_answer(visit->server->guard, visit->ticket,
                 reply == NULL ? take_bytes(visit, bytes) : shared_bytes_hold(reply));
    arena_free(visit->arena);
    free(visit);
}

static void refuse(struct visit *visit, const struct status *status)
{
    answer(visit, status, rpc_failure_pack(visit->arena, status), NULL);
}

/* Answers a visit and its followers. */
static void answer_all(struct visit *visit, struct visit *follower, const struct status *status, struct text bytes)
{
    struct rpc_server *const server = visit->server;
    struct shared_bytes *const kept = visit->kept;
    struct shared_bytes *const reply = kept != NULL && shared_bytes_text(kept).data == bytes.data
                                           ? shared_bytes_hold(kept)
                                       : follower == NULL ? NULL
                                                          : shared_bytes_copy(bytes);
    while (follower != NULL) {
        struct visit *const next = follower->next;
        answer(follower, status, bytes, reply);
        atomic_fetch_sub(&server->working, 1);
        follower = next;
    }
    answer(visit, status, bytes, reply);
    shared_bytes_let_go(reply);
    shared_bytes_let_go(kept);
    atomic_fetch_sub(&server->working, 1);
}

/* ---- equal requests at the same moment ---- */

static bool is_shared(const struct visit *visit)
{
    return visit->place.service->methods[visit->place.method].shared;
}

/* If an equal request waits in a lane, makes this one its follower. That one has not begun, so its answer reflects
 * everything that this one's client has seen. */
static bool follow(struct visit *visit)
{
    struct rpc_server *const server = visit->server;
    rpc_request_digest(&visit->request, visit->digest);
    pthread_mutex_lock(&server->mutex);
    struct visit *leader = server->leaders;
    while (leader != NULL && memcmp(leader->digest, visit->digest, sizeof visit->digest) != 0) {
        leader = leader->next;
    }
    const bool follows = leader != NULL;
    if (follows) {
        leader->deadline = leader->deadline > visit->deadline ? leader->deadline : visit->deadline;
        visit->next = leader->followers;
        leader->followers = visit;
    } else {
        visit->next = server->leaders;
        server->leaders = visit;
    }
    pthread_mutex_unlock(&server->mutex);
    return follows;
}

/* Ends following; returns the followers. */
static struct visit *take_followers(struct visit *visit)
{
    struct rpc_server *const server = visit->server;
    pthread_mutex_lock(&server->mutex);
    for (struct visit **link = &server->leaders; *link != NULL; link = &(*link)->next) {
        if (*link == visit) {
            *link = visit->next;
            break;
        }
    }
    struct visit *const followers = visit->followers;
    visit->followers = NULL;
    pthread_mutex_unlock(&server->mutex);
    return followers;
}

/* ---- working ---- */

static bool is_wanted(const void *data)
{
    const struct visit *const visit = data;
    return guard_is_wanted(visit->server->guard, visit->ticket);
}

static struct rpc_call call_of(struct visit *visit, struct status *status)
{
    return (struct rpc_call){
        .arena = visit->arena,
        .status = status,
        .request = &visit->request,
        .principal = &visit->principal,
        .peer = &visit->peer,
        .deadline = visit->deadline,
        .is_wanted = is_shared(visit) ? NULL : is_wanted, /* a shared request may be wanted by others */
        .visit = visit,
    };
}

static enum rpc_lane lane_of(const struct visit *visit)
{
    return visit->place.service->methods[visit->place.method].lane;
}

/* The response, packed, in the visit's arena; data NULL: the handler failed. */
static struct text call_handler(struct visit *visit, struct status *status)
{
    struct rpc_call call = call_of(visit, status);
    const ProtobufCMethodDescriptor *const method = &visit->place.service->descriptor->methods[visit->place.method];
    const ProtobufCMessage *const input = rpc_unpack(visit->arena, method->input, visit->request.payload, status);
    if (input == NULL) {
        return (struct text){0};
    }
    log_set_context(call_log_context(visit->arena, &visit->request));
    const ProtobufCMessage *const reply = rpc_call_handler(&visit->server->witness, &visit->place, &call, input);
    log_set_context(NULL);
    visit->kept = call.kept;
    if (reply == NULL) {
        return (struct text){0};
    }
    if (call.packed.data != NULL) {
        return call.packed;
    }
    *status = (struct status){.arena = visit->arena}; /* the handler has put a failure into its reply */
    return rpc_reply_pack(visit->arena, reply, status);
}

/* Asks the handler, if there is room and time. */
static struct text ask_handler(struct visit *visit, bool begins, struct status *status)
{
    const size_t room = rpc_room_for(lane_of(visit), visit->request.payload.size);
    struct text bytes = {0};
    if (!begins) {
        status_fail(status, STATUS_CANCELLED, "The client has gone; the request was not begun.");
    } else if (deadline_passed(visit->deadline)) {
        status_fail(status, STATUS_DEADLINE_EXCEEDED, "The request waited too long for its turn; it was not begun.");
    } else if (room > 0 && !memory_claim(room)) {
        shortage(status, "begin", "this request");
    } else {
        bytes = call_handler(visit, status);
        memory_unclaim(room);
    }
    if (bytes.data == NULL) {
        return rpc_failure_pack(visit->arena, status);
    }
    return status->code == STATUS_UNAVAILABLE ? withhold(visit, false, status) : bytes;
}

/* Runs on a lane's thread. */
static void work(struct lane_job *job)
{
    struct visit *const visit = (struct visit *)job;
    struct rpc_server *const server = visit->server;
    const enum rpc_lane lane = lane_of(visit);
    rpc_tally_waits(server->tally, lane, -1);
    rpc_tally_works(server->tally, lane, 1);
    struct visit *const follower = is_shared(visit) ? take_followers(visit) : NULL;
    struct status status = {.arena = visit->arena};
    const struct text bytes = ask_handler(visit, follower != NULL || is_wanted(visit), &status);
    rpc_tally_works(server->tally, lane, -1); /* before the answer: its receiver may ask for the metrics */
    answer_all(visit, follower, &status, bytes);
}

/* ---- receiving ---- */

/* Refuses the request and its followers. */
static void turn_away(struct visit *visit, enum lane_answer why)
{
    struct visit *const follower = is_shared(visit) ? take_followers(visit) : NULL;
    struct status status = {.arena = visit->arena};
    admission_full(why == LANE_GREEDY, &status);
    answer_all(visit, follower, &status, rpc_failure_pack(visit->arena, &status));
}

static void enter_lane(struct visit *visit)
{
    visit->job.run = work;
    visit->job.deadline = visit->deadline;
    visit->job.owner = guard_guest(visit->server->guard, visit->ticket);
    if (is_shared(visit) && follow(visit)) {
        return;
    }
    const enum rpc_lane lane = lane_of(visit);
    rpc_tally_waits(visit->server->tally, lane, 1); /* the job may have begun when lane_add returns */
    const enum lane_answer told = lane_add(visit->server->lanes[lane], &visit->job);
    if (told != LANE_ADDED) {
        rpc_tally_waits(visit->server->tally, lane, -1);
        turn_away(visit, told);
    }
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
    let_go(visit);
    arena_free(visit->arena);
    visit->arena = small;
}

static void go_on(struct door_job *job);

/* Until go_on. */
static void wait_for(struct visit *visit, uint32_t ms, bool is_refused)
{
    visit->is_refused = is_refused;
    visit->later.run = go_on;
    visit->next = visit->server->waiting;
    visit->server->waiting = visit;
    guard_post_in(visit->server->guard, &visit->later, ms);
}

/* Authenticates and authorizes; false if the request is refused, will be refused later, or is not decided yet. */
static bool let_in(struct visit *visit, struct status *status)
{
    const struct rpc_visitor visitor = {visit->arena, &visit->request, &visit->peer, visit->arrived / 1000};
    const enum scope wanted = visit->place.service->methods[visit->place.method].scope;
    struct rpc_admitted admitted;
    const bool may = admission_decide(&visit->server->admission, &visitor, wanted, &admitted, status);
    visit->principal = admitted.principal;
    if (may) {
        return true;
    }
    if (visit->server->witness.refused != NULL && admitted.again_ms == 0) {
        const struct rpc_call call = call_of(visit, status);
        visit->server->witness.refused(visit->server->witness.context, &call, wanted);
    }
    if (admitted.again_ms > 0 && !hold(visit, SHARE_UNDECIDED, status)) {
        admission_told(&visit->server->admission, &visit->peer, false);
        refuse(visit, status);
    } else if (admitted.again_ms > 0) {
        wait_for(visit, admitted.again_ms, false);
    } else if (admitted.delay_ms > 0) {
        keep_refusal(visit, status);
        wait_for(visit, admitted.delay_ms, true);
    } else {
        refuse(visit, status);
    }
    return false;
}

/* Called again as long as the caller is not known; its payload is not counted then. */
static void decide(struct visit *visit, struct status *status)
{
    if (atomic_load(&visit->server->stopping)) {
        status_fail(status, STATUS_UNAVAILABLE, "The worker is stopping.");
        refuse(visit, status);
    } else if (!let_in(visit, status)) {
        return;
    } else if (!hold(visit, SHARE_KNOWN, status)) {
        refuse(visit, status);
    } else {
        atomic_fetch_add(&visit->server->working, 1);
        enter_lane(visit);
    }
}

/* Reads the envelope and passes the request to its lane, or refuses it. */
static void receive(void *context, uint32_t ticket, struct text bytes)
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
    decide(visit, &status);
}

/* The time is over: sends the refusal, or asks the gate again. */
static void go_on(struct door_job *job)
{
    struct visit *const visit = (struct visit *)(void *)((char *)job - offsetof(struct visit, later));
    struct status status = {.arena = visit->arena};
    struct visit **link = &visit->server->waiting;
    while (*link != visit) {
        link = &(*link)->next;
    }
    *link = visit->next;
    admission_told(&visit->server->admission, &visit->peer, visit->is_refused);
    if (visit->is_refused) {
        answer(visit, &visit->refusal, visit->refused, NULL);
    } else {
        let_go(visit);
        decide(visit, &status);
    }
}

/* ---- starting and stopping ---- */

static bool open_server(struct rpc_server *server, const struct rpc_server_options *options, struct status *status)
{
    struct guard_options guard = {
        .urls = options->urls, .tls = options->tls, .most = FOLLOWERS, .receive = receive, .context = server};
    for (int i = 0; i < RPC_LANES; i++) {
        server->lanes[i] = lane_new(options->threads[i], options->queue[i]);
        guard.most += options->threads[i] + options->queue[i];
    }
    server->guard = guard_open(&guard, status);
    return server->guard != NULL && guard_begin(server->guard, status);
}

static void free_server(struct rpc_server *server)
{
    guard_free(server->guard);
    for (int i = 0; i < RPC_LANES; i++) {
        lane_free(server->lanes[i]);
    }
    while (server->waiting != NULL) {
        struct visit *const visit = server->waiting;
        server->waiting = visit->next;
        arena_free(visit->arena);
        free(visit);
    }
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

struct rpc_server *rpc_server_start(const struct rpc_server_options *options, const struct rpc_service *services,
                                    size_t count, struct status *status)
{
    struct rpc_server *server = memory_alloc(sizeof *server);
    pthread_mutex_init(&server->mutex, NULL);
    server->services = services;
    server->service_count = count;
    server->admission = (struct admission){
        .gate = options->gate, .context = options->gate_context, .environment = options->environment};
    server->admission.environment.name = options->environment.name == NULL ? "" : options->environment.name;
    server->tally = options->tally;
    server->witness = options->witness == NULL ? (struct rpc_witness){0} : *options->witness;
    if (!open_server(server, options, status)) {
        free_server(server);
        return NULL;
    }
    return server;
}

const char *rpc_server_url(const struct rpc_server *server, size_t index)
{
    return guard_url(server->guard, index);
}

bool rpc_server_is_idle(const struct rpc_server *server)
{
    return atomic_load(&server->working) == 0;
}

bool rpc_server_stop(struct rpc_server *server, uint32_t grace_ms)
{
    const struct timespec tick = {.tv_nsec = 5000000};
    const struct timespec drain = {.tv_nsec = DRAIN_MS * 1000000L};
    const int64_t deadline = deadline_in(grace_ms == 0 ? 1 : grace_ms);
    /* The guard stays until the end: closing it would close its connections, and with them pending answers. New
     * requests are told that we are stopping. */
    atomic_store(&server->stopping, true);
    while (atomic_load(&server->working) > 0) {
        if (deadline_passed(deadline)) {
            return false;
        }
        nanosleep(&tick, NULL);
    }
    nanosleep(&drain, NULL); /* an answer that was just given to the guard may still be on its way */
    free_server(server);
    return true;
}
