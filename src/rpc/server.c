/*
 * A visit for each request under way. Here it waits in its lane, is processed and answered; visit.c lets it in.
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

#define SMALL        ((size_t)64 * 1024) /* that much more memory than an answer needs may stay with it */
#define FOLLOWERS    384                 /* requests that wait for another one's answer, outside the lanes */
#define DRAIN_MS     100
#define GATE_THREADS 4 /* a file that does not answer keeps one of them */
#define GATE_QUEUE   256

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
    visit_let_go(visit);
    guard_answer(visit->server->guard, visit->ticket,
                 reply == NULL ? take_bytes(visit, bytes) : shared_bytes_hold(reply));
    arena_free(visit->arena);
    free(visit);
}

void visit_refuse(struct visit *visit, const struct status *status, struct text packed)
{
    answer(visit, status, packed, NULL);
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

struct rpc_call visit_call(struct visit *visit, struct status *status)
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
    struct rpc_call call = visit_call(visit, status);
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

bool visit_is_in_time(const struct visit *visit, bool has_takers, struct status *status)
{
    if (!has_takers) {
        return status_fail(status, STATUS_CANCELLED, "The client has gone; the request was not begun.");
    }
    return !deadline_passed(visit->deadline) ||
           status_fail(status, STATUS_DEADLINE_EXCEEDED, "The request waited too long for its turn; it was not begun.");
}

/* Asks the handler, if there is room and time. */
static struct text ask_handler(struct visit *visit, bool has_takers, struct status *status)
{
    const size_t room = rpc_room_for(lane_of(visit), visit->request.payload.size);
    struct text bytes = {0};
    if (visit_is_in_time(visit, has_takers, status) &&
        (room == 0 || memory_claim(room) || shortage(status, "begin", "this request"))) {
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

void visit_enter_lane(struct visit *visit)
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

/* ---- starting and stopping ---- */

static bool open_server(struct rpc_server *server, const struct rpc_server_options *options, struct status *status)
{
    struct guard_options guard = {
        .urls = options->urls, .tls = options->tls, .most = FOLLOWERS, .receive = visit_receive, .context = server};
    for (int i = 0; i < RPC_LANES; i++) {
        server->lanes[i] = lane_new(options->threads[i], options->queue[i]);
        guard.most += options->threads[i] + options->queue[i];
    }
    if (options->gate_waits != NULL) {
        server->gate = lane_new(GATE_THREADS, GATE_QUEUE);
        guard.most += GATE_THREADS + GATE_QUEUE;
    }
    server->guard = guard_open(&guard, status);
    return server->guard != NULL && guard_begin(server->guard, status);
}

static void free_server(struct rpc_server *server)
{
    guard_free(server->guard);
    lane_free(server->gate);
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
    server->admission = (struct admission){.gate = options->gate,
                                           .waits = options->gate_waits,
                                           .context = options->gate_context,
                                           .environment = options->environment};
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
