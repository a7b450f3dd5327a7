/*
 * Uses frames.h. The ids in front of a request are stored in its ticket.
 */
#include "rpc/guard.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/memory.h"
#include "rpc/envelope.h"
#include "rpc/frames.h"
#include "rpc/tickets.h"

#include <stdlib.h>

#define GUESTS      12288 /* a silent one costs a descriptor and less than a kilobyte */
#define PER_ADDRESS 10240
#define RESERVED    512                     /* places for the first request of a guest */
#define BYTES_LIMIT (LIMIT_MESSAGE / 2 * 5) /* with all of it used the worker stays below 64 MB */
#define UNREAD      ((size_t)1024 * 1024)   /* a guest with that much unread output is not read from */
#define RETRY_MS    1000
#define STALLED_MS  2000 /* a guest that takes none of its answers for so long loses them */

struct guard {
    struct door *door;
    struct tickets *tickets;
    guard_receiver *receive;
    void *context;
    size_t most;   /* requests under way */
    size_t count;  /* of those; on the door's thread, like the next */
    size_t askers; /* guests with a request under way */
};

/* A guest. */
struct caller {
    struct rpc_peer peer;
    struct frames frames;
    size_t in_house;
};

static struct caller *caller_of(struct guest *guest)
{
    return guest_state(guest);
}

static struct guard *guard_of(const struct guest *guest)
{
    return guest_context(guest);
}

/* ---- tickets ---- */

/* 0: none is free. */
static uint32_t take_ticket(struct guest *guest, const struct frame_route *route)
{
    struct guard *const guard = guard_of(guest);
    struct caller *const caller = caller_of(guest);
    const struct ticket ticket = {
        .guest = guest_name_of(guest), .is_wanted = true, .peer = caller->peer, .route = *route};
    const uint32_t number = tickets_take(guard->tickets, &ticket);
    if (number != 0) {
        guard->count++;
        guard->askers += caller->in_house == 0 ? 1 : 0;
        caller->in_house++;
    }
    return number;
}

/* The guest of the ticket; NULL if it has disconnected, or there is no such ticket. */
static struct guest *give_ticket(struct guard *guard, uint32_t number, struct ticket *given)
{
    if (!tickets_give(guard->tickets, number, given)) {
        return NULL;
    }
    struct guest *const guest = door_find(guard->door, given->guest);
    guard->count--;
    if (guest != NULL) {
        caller_of(guest)->in_house--;
        guard->askers -= caller_of(guest)->in_house == 0 ? 1 : 0;
    }
    return guest;
}

guest_name guard_guest(struct guard *guard, uint32_t number)
{
    struct ticket ticket;
    return tickets_find(guard->tickets, number, &ticket) ? ticket.guest : 0;
}

void guard_peer(struct guard *guard, uint32_t number, struct rpc_peer *peer)
{
    struct ticket ticket;
    *peer =
        tickets_find(guard->tickets, number, &ticket) ? ticket.peer : (struct rpc_peer){.host = "?", .address = "?"};
}

bool guard_is_wanted(struct guard *guard, uint32_t number)
{
    struct ticket ticket;
    return tickets_find(guard->tickets, number, &ticket) && ticket.is_wanted;
}

/* ---- replies ---- */

/* A reply on its way to the door's thread and out. */
struct reply {
    struct door_job job; /* first */
    struct guard *guard;
    struct door_piece piece;
    struct shared_bytes *bytes;
    uint32_t number;
};

static void free_reply(struct door_piece *piece)
{
    struct reply *const reply = (struct reply *)(void *)((char *)piece - offsetof(struct reply, piece));
    shared_bytes_let_go(reply->bytes);
    free(reply);
}

static void pass_back(struct door_job *job)
{
    struct reply *const reply = (struct reply *)job;
    struct guard *const guard = reply->guard;
    const struct text body = reply->piece.bytes;
    struct ticket ticket;
    char front[FRAME_FRONT];
    struct guest *const guest = give_ticket(guard, reply->number, &ticket);
    if (guest == NULL) {
        free_reply(&reply->piece);
        return;
    }
    const size_t size = frame_front(guest, &ticket.route, body.size, front);
    guest_send_copy(guest, (struct text){front, size});
    guest_send(guest, &reply->piece);
    guest_pause(guest, guest_unsent(guest) > UNREAD);
    if (caller_of(guest)->in_house == 0) {
        guest_served(guest);
    }
}

void guard_answer(struct guard *guard, uint32_t number, struct shared_bytes *bytes)
{
    struct reply *const reply = memory_alloc(sizeof *reply);
    *reply = (struct reply){
        .job.run = pass_back,
        .guard = guard,
        .piece = {.bytes = shared_bytes_text(bytes), .release = free_reply},
        .bytes = bytes,
        .number = number,
    };
    door_post(guard->door, &reply->job);
}

void guard_post(struct guard *guard, struct door_job *job)
{
    door_post(guard->door, job);
}

void guard_post_in(struct guard *guard, struct door_job *job, uint32_t ms)
{
    door_post_in(guard->door, job, ms);
}

/* ---- requests ---- */

/* Answers by ourselves, instead of the server. */
static void refuse(struct guest *guest, const struct frame_route *route, enum status_code code, const char *message)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    char front[FRAME_FRONT];
    status_fail(&status, code, "%s", message);
    status.retry_ms = RETRY_MS;
    const struct text body = rpc_failure_pack(arena, &status);
    guest_send_copy(guest, (struct text){front, frame_front(guest, route, body.size, front)});
    guest_send_copy(guest, body);
    guest_pause(guest, guest_unsent(guest) > UNREAD);
    arena_free(arena);
}

/* The last places are for the first request of a guest; of the others the address with the most guests under way may
 * use only half. */
static bool has_place(struct guest *guest)
{
    const struct guard *const guard = guard_of(guest);
    const size_t reserved = guard->most > 2 * RESERVED ? RESERVED : guard->most / 2;
    const bool is_modest = caller_of(guest)->in_house == 0 && guest_served_beside(guest) < (reserved + 1) / 2;
    return guard->count < guard->most - (is_modest ? 0 : reserved);
}

/* The message depends on whether the guest's own requests use up the room. */
static void turn_away(struct guest *guest, const struct frame_route *route)
{
    const struct guard *const guard = guard_of(guest);
    if (guard->askers > 1 && caller_of(guest)->in_house > 1) {
        refuse(guest, route, STATUS_RESOURCE_EXHAUSTED,
               "This connection has more requests under way than its share; ask again when some have been answered.");
    } else {
        refuse(guest, route, STATUS_UNAVAILABLE,
               "The worker has too many requests; this one was not begun. Try again in a moment.");
    }
}

static void pass_on(struct guest *guest, struct text frame, bool is_skipped)
{
    struct guard *const guard = guard_of(guest);
    struct frame_route route;
    if (!frame_route_read(frame, &route)) {
        guest_leave(guest);
        return;
    }
    if (is_skipped) {
        refuse(guest, &route, STATUS_UNAVAILABLE,
               "The worker has no room for a request of this size; it was not begun. Try again in a moment.");
        return;
    }
    const struct text body = text_slice(frame, route.size, frame.size);
    const uint32_t number = has_place(guest) && memory_has_room(body.size) ? take_ticket(guest, &route) : 0;
    if (number == 0) {
        turn_away(guest, &route);
        return;
    }
    guest_serve(guest);
    guard->receive(guard->context, number, body);
}

/* ---- what the door calls ---- */

static void on_enter(struct guest *guest)
{
    rpc_peer_of_socket(guest_socket(guest), &caller_of(guest)->peer);
    frames_greet(guest);
}

static void on_bytes(struct guest *guest, struct text bytes)
{
    frames_take(guest, &caller_of(guest)->frames, bytes, pass_on);
}

static void on_sent(struct guest *guest)
{
    guest_pause(guest, false);
    frames_wait(guest, &caller_of(guest)->frames);
}

/* Discards what has arrived of a request, which is refused when it is complete. A guest with a request under way, or
 * that reads its answers, stays connected, because an answer would be lost. */
static bool on_full(struct guest *guest, bool is_own)
{
    struct caller *const caller = caller_of(guest);
    if (is_own) {
        return false;
    }
    if (frames_have_some(&caller->frames)) {
        frames_skip(guest, &caller->frames);
        return true;
    }
    const bool may_stay = caller->in_house > 0 || guest_stalled_ms(guest) < STALLED_MS;
    if (!may_stay) {
        guest_leave(guest);
    }
    return !may_stay;
}

/* Requests of a disconnected guest that have not begun are skipped. */
static void on_leave(struct guest *guest)
{
    struct guard *const guard = guard_of(guest);
    if (caller_of(guest)->in_house > 0) {
        guard->askers--;
        tickets_unwanted(guard->tickets, guest_name_of(guest));
    }
    frames_drop(&caller_of(guest)->frames);
}

static const struct door_protocol protocol = {
    .state_size = sizeof(struct caller),
    .enter = on_enter,
    .bytes = on_bytes,
    .sent = on_sent,
    .full = on_full,
    .leave = on_leave,
};

/* ---- opening and closing ---- */

struct guard *guard_open(const struct guard_options *wish, struct status *status)
{
    struct guard *const guard = memory_alloc(sizeof *guard);
    const struct door_options options = {
        .urls = wish->urls,
        .protocol = &protocol,
        .context = guard,
        .guests = GUESTS,
        .per_address = PER_ADDRESS,
        .bytes = BYTES_LIMIT,
        .tls = wish->tls,
    };
    guard->most = wish->most < TICKETS_MOST ? wish->most : TICKETS_MOST;
    guard->tickets = tickets_new();
    guard->receive = wish->receive;
    guard->context = wish->context;
    guard->door = door_open(&options, status);
    if (guard->door == NULL) {
        guard_free(guard);
        return NULL;
    }
    return guard;
}

bool guard_begin(struct guard *guard, struct status *status)
{
    return door_start(guard->door) ||
           status_fail(status, STATUS_INTERNAL, "Cannot prepare for requests: there is no thread for them.");
}

const char *guard_url(const struct guard *guard, size_t index)
{
    return door_url(guard->door, index);
}

void guard_free(struct guard *guard)
{
    if (guard == NULL) {
        return;
    }
    door_free(guard->door);
    tickets_free(guard->tickets);
    free(guard);
}
