/*
 * A frame is a length and its bytes; in front of a request stand the numbers by which its sender, and whoever passed it
 * on, know the reply: four bytes each, the last one with its highest bit set. They are kept here, and nng sees one
 * number of ours instead, which is also the ticket.
 */
#include "rpc/guard.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "rpc/envelope.h"

#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUESTS         512
#define PER_ADDRESS    384
#define BYTES_LIMIT    (4 * LIMIT_MESSAGE)
#define GREETING_MS    5000
#define FRAME_MS       10000
#define FRAME_BYTES_MS 64                    /* bytes that must come in a millisecond, beyond that */
#define ROUTE_BYTES    32                    /* numbers in front of a request: it may have been passed on seven times */
#define MOST_TICKETS   4096                  /* a power of two */
#define UNREAD         ((size_t)1024 * 1024) /* who has so much to read is not asked for more */
#define RETRY_MS       1000
#define GREETING_SIZE  8
#define NUMBER_SIZE    4
#define LENGTH_SIZE    8

static const unsigned char their_greeting[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const char our_greeting[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

/* A request that is in the house. */
struct ticket {
    uint32_t number; /* 0: free */
    guest_name guest;
    bool is_wanted;
    struct rpc_peer peer;
    unsigned char route[ROUTE_BYTES];
    size_t route_size;
};

struct guard {
    struct door *door;
    nng_socket raw;
    bool has_raw;
    nng_listener listener; /* within the process */
    nng_aio *aio;
    size_t most;
    pthread_mutex_t mutex; /* of the rest */
    struct ticket tickets[MOST_TICKETS];
    uint32_t last;
    size_t count;
    size_t askers; /* guests with a request in the house */
};

/* A guest, and how far its frame has come. */
struct caller {
    struct rpc_peer peer;
    bool has_greeted;
    unsigned char head[1 + LENGTH_SIZE];
    size_t head_size;
    struct intake frame;
    size_t announced;
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

static struct ticket *find_ticket(struct guard *guard, uint32_t number)
{
    struct ticket *const ticket = &guard->tickets[number % MOST_TICKETS];
    return number != 0 && ticket->number == number ? ticket : NULL;
}

/* A number that is not used, and not soon again; 0 where there is none. */
static uint32_t take_ticket(struct guard *guard, struct guest *guest, const char *route, size_t route_size)
{
    struct caller *const caller = caller_of(guest);
    uint32_t number = 0;
    pthread_mutex_lock(&guard->mutex);
    for (size_t i = 0; i < MOST_TICKETS && number == 0; i++) {
        guard->last = (guard->last + 1) | 0x80000000U;
        struct ticket *const ticket = &guard->tickets[guard->last % MOST_TICKETS];
        if (ticket->number == 0) {
            number = guard->last;
            *ticket = (struct ticket){.number = number,
                                      .guest = guest_name_of(guest),
                                      .is_wanted = true,
                                      .peer = caller->peer,
                                      .route_size = route_size};
            memcpy(ticket->route, route, route_size);
            guard->count++;
            guard->askers += caller->in_house == 0 ? 1 : 0;
            caller->in_house++;
        }
    }
    pthread_mutex_unlock(&guard->mutex);
    return number;
}

/* False where it is none. */
static bool give_ticket(struct guard *guard, uint32_t number, struct ticket *given)
{
    pthread_mutex_lock(&guard->mutex);
    struct ticket *const ticket = find_ticket(guard, number);
    if (ticket != NULL) {
        *given = *ticket;
        ticket->number = 0;
        guard->count--;
        struct guest *const guest = door_find(guard->door, given->guest);
        if (guest != NULL) {
            caller_of(guest)->in_house--;
            guard->askers -= caller_of(guest)->in_house == 0 ? 1 : 0;
        }
    }
    pthread_mutex_unlock(&guard->mutex);
    return ticket != NULL;
}

guest_name guard_guest(struct guard *guard, uint32_t number)
{
    pthread_mutex_lock(&guard->mutex);
    const struct ticket *const ticket = find_ticket(guard, number);
    const guest_name name = ticket == NULL ? 0 : ticket->guest;
    pthread_mutex_unlock(&guard->mutex);
    return name;
}

void guard_peer(struct guard *guard, uint32_t number, struct rpc_peer *peer)
{
    pthread_mutex_lock(&guard->mutex);
    const struct ticket *const ticket = find_ticket(guard, number);
    *peer = ticket == NULL ? (struct rpc_peer){.host = "?", .address = "?"} : ticket->peer;
    pthread_mutex_unlock(&guard->mutex);
}

bool guard_take_ticket(const struct guard *guard, nng_msg *message, uint32_t *ticket)
{
    const nng_pipe pipe = nng_msg_get_pipe(message);
    return nng_listener_id(nng_pipe_listener(pipe)) == nng_listener_id(guard->listener) &&
           nng_msg_trim_u32(message, ticket) == 0;
}

bool guard_is_wanted(struct guard *guard, uint32_t number)
{
    pthread_mutex_lock(&guard->mutex);
    const struct ticket *const ticket = find_ticket(guard, number);
    const bool is_wanted = ticket != NULL && ticket->is_wanted;
    pthread_mutex_unlock(&guard->mutex);
    return is_wanted;
}

/* ---- replies ---- */

/* The front of a frame: on a Unix socket a 1, then the length, then the numbers. */
static size_t put_front(const struct guest *guest, const struct ticket *ticket, size_t body,
                        char front[1 + LENGTH_SIZE + ROUTE_BYTES])
{
    size_t at = 0;
    if (guest_is_unix(guest)) {
        front[at++] = 1;
    }
    const uint64_t length = ticket->route_size + body;
    for (int shift = 56; shift >= 0; shift -= 8) {
        front[at++] = (char)(length >> shift);
    }
    memcpy(front + at, ticket->route, ticket->route_size);
    return at + ticket->route_size;
}

/* A reply of nng's on its way to the door's thread, and then out. */
struct reply {
    struct door_job job; /* first */
    struct guard *guard;
    struct door_piece piece;
    nng_msg *message;
};

static void free_reply(struct door_piece *piece)
{
    struct reply *const reply = (struct reply *)(void *)((char *)piece - offsetof(struct reply, piece));
    nng_msg_free(reply->message);
    free(reply);
}

static void pass_back(struct door_job *job)
{
    struct reply *const reply = (struct reply *)job;
    struct guard *const guard = reply->guard;
    struct ticket ticket;
    uint32_t number = 0;
    char front[1 + LENGTH_SIZE + ROUTE_BYTES];
    const bool has_number = nng_msg_header_trim_u32(reply->message, &number) == 0;
    struct guest *const guest =
        has_number && give_ticket(guard, number, &ticket) ? door_find(guard->door, ticket.guest) : NULL;
    if (guest == NULL) {
        free_reply(&reply->piece);
        return;
    }
    const struct text body = {nng_msg_body(reply->message), nng_msg_len(reply->message)};
    const size_t size = put_front(guest, &ticket, body.size, front);
    guest_send_copy(guest, (struct text){front, size});
    reply->piece = (struct door_piece){.bytes = body, .release = free_reply};
    guest_send(guest, &reply->piece);
    guest_pause(guest, guest_unsent(guest) > UNREAD);
    if (caller_of(guest)->in_house == 0) {
        guest_served(guest);
    }
}

/* nng's callback. */
static void on_reply(void *data)
{
    struct guard *const guard = data;
    if (nng_aio_result(guard->aio) == 0) {
        struct reply *const reply = memory_alloc(sizeof *reply);
        reply->job.run = pass_back;
        reply->guard = guard;
        reply->message = nng_aio_get_msg(guard->aio);
        door_post(guard->door, &reply->job);
        nng_recv_aio(guard->raw, guard->aio);
    }
}

/* ---- requests ---- */

/* Our own answer, in place of the server's. */
static void refuse(struct guest *guest, const char *route, size_t route_size, enum status_code code,
                   const char *message)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct ticket ticket = {.route_size = route_size};
    char front[1 + LENGTH_SIZE + ROUTE_BYTES];
    memcpy(ticket.route, route, route_size);
    status_fail(&status, code, "%s", message);
    status.retry_ms = RETRY_MS;
    const struct text body = rpc_response_pack(arena, &status, NULL);
    guest_send_copy(guest, (struct text){front, put_front(guest, &ticket, body.size, front)});
    guest_send_copy(guest, body);
    arena_free(arena);
}

/* Bytes of the numbers in front; 0 where they do not end. */
static size_t route_size_of(struct text frame)
{
    for (size_t at = 0; at + NUMBER_SIZE <= frame.size && at < ROUTE_BYTES; at += NUMBER_SIZE) {
        if (((unsigned char)frame.data[at] & 0x80) != 0) {
            return at + NUMBER_SIZE;
        }
    }
    return 0;
}

/* Each guest has a place for one request; beyond that there are the places that are left when all have one. */
static bool has_place(struct guard *guard, const struct caller *caller)
{
    const size_t reserved = guard->most > 2 * GUESTS ? GUESTS : guard->most / 2;
    pthread_mutex_lock(&guard->mutex);
    const bool ok = caller->in_house == 0 ? guard->count < guard->most : guard->count < guard->most - reserved;
    pthread_mutex_unlock(&guard->mutex);
    return ok;
}

/* Who is alone meets a full house; who is not has taken more of it than others. */
static void turn_away(struct guest *guest, const char *route, size_t route_size)
{
    const struct guard *const guard = guard_of(guest);
    if (guard->askers > 1 && caller_of(guest)->in_house > 1) {
        refuse(guest, route, route_size, STATUS_RESOURCE_EXHAUSTED,
               "This connection has more requests under way than its share; ask again when some have been answered.");
    } else {
        refuse(guest, route, route_size, STATUS_UNAVAILABLE,
               "The worker has too many requests; this one was not begun. Try again in a moment.");
    }
}

static bool hand_to_nng(struct guard *guard, uint32_t number, struct text body)
{
    nng_msg *message;
    const bool is_made = nng_msg_alloc(&message, 0) == 0;
    if (is_made && nng_msg_header_append_u32(message, number) == 0 && nng_msg_append_u32(message, number) == 0 &&
        nng_msg_append(message, body.data, body.size) == 0 &&
        nng_sendmsg(guard->raw, message, NNG_FLAG_NONBLOCK) == 0) {
        return true;
    }
    if (is_made) {
        nng_msg_free(message);
    }
    return false;
}

static void pass_on(struct guest *guest, struct text frame)
{
    struct guard *const guard = guard_of(guest);
    const size_t route_size = route_size_of(frame);
    if (route_size == 0) {
        guest_leave(guest);
        return;
    }
    const uint32_t number = has_place(guard, caller_of(guest)) ? take_ticket(guard, guest, frame.data, route_size) : 0;
    struct ticket given;
    if (number != 0) {
        guest_serve(guest);
    }
    if (number == 0 || !hand_to_nng(guard, number, text_slice(frame, route_size, frame.size))) {
        give_ticket(guard, number, &given);
        turn_away(guest, frame.data, route_size);
    }
}

/* ---- frames ---- */

static void drop_frame(struct guest *guest)
{
    struct caller *const caller = caller_of(guest);
    guest_take_off(guest, &caller->frame, caller->frame.size);
    caller->head_size = caller->announced = 0;
}

/* The length that the head says; false where it can be none. */
static bool read_length(struct guest *guest)
{
    struct caller *const caller = caller_of(guest);
    const bool is_unix = guest_is_unix(guest);
    uint64_t length = 0;
    for (int i = 0; i < LENGTH_SIZE; i++) {
        length = length << 8 | caller->head[(is_unix ? 1 : 0) + i];
    }
    if ((is_unix && caller->head[0] != 1) || length < NUMBER_SIZE || length > LIMIT_MESSAGE + ROUTE_BYTES) {
        return false;
    }
    caller->announced = (size_t)length;
    guest_expect(guest, clock_ms() + FRAME_MS + (int64_t)(length / FRAME_BYTES_MS));
    return true;
}

/* Takes bytes of the frame; false where there is no room for them. */
static bool take_frame(struct guest *guest, struct text *bytes)
{
    struct caller *const caller = caller_of(guest);
    const struct text part = text_slice(*bytes, 0, caller->announced - caller->frame.size);
    *bytes = text_slice(*bytes, part.size, bytes->size);
    return guest_put_aside(guest, &caller->frame, part, caller->announced);
}

/* Takes bytes of the greeting, or of a frame's head. True where it is whole. */
static bool take_head(struct caller *caller, struct text *bytes, size_t whole)
{
    const struct text part = text_slice(*bytes, 0, whole - caller->head_size);
    memcpy(caller->head + caller->head_size, part.data, part.size);
    caller->head_size += part.size;
    *bytes = text_slice(*bytes, part.size, bytes->size);
    return caller->head_size == whole;
}

static bool take_some(struct guest *guest, struct text *bytes)
{
    struct caller *const caller = caller_of(guest);
    if (!caller->has_greeted) {
        if (!take_head(caller, bytes, GREETING_SIZE)) {
            return true;
        }
        caller->has_greeted = memcmp(caller->head, their_greeting, GREETING_SIZE) == 0;
        caller->head_size = 0;
        guest_expect(guest, NO_DEADLINE);
        return caller->has_greeted;
    }
    if (caller->announced == 0) {
        guest_expect(guest, clock_ms() + FRAME_MS);
        return !take_head(caller, bytes, LENGTH_SIZE + (guest_is_unix(guest) ? 1U : 0U)) || read_length(guest);
    }
    if (!take_frame(guest, bytes)) {
        return false;
    }
    if (caller->frame.size == caller->announced) {
        guest_expect(guest, NO_DEADLINE);
        pass_on(guest, (struct text){caller->frame.bytes, caller->frame.size});
        drop_frame(guest);
    }
    return true;
}

/* ---- what the door calls ---- */

static void on_enter(struct guest *guest)
{
    rpc_peer_of_socket(guest_socket(guest), &caller_of(guest)->peer);
    guest_send_copy(guest, (struct text){our_greeting, GREETING_SIZE});
}

static void on_bytes(struct guest *guest, struct text bytes)
{
    while (bytes.size > 0 && door_find(guest_door(guest), guest_name_of(guest)) != NULL) {
        if (!take_some(guest, &bytes)) {
            guest_leave(guest);
        }
    }
}

static void on_sent(struct guest *guest)
{
    const struct caller *const caller = caller_of(guest);
    guest_pause(guest, false);
    if (!caller->has_greeted) {
        guest_expect(guest, clock_ms() + GREETING_MS);
    } else if (caller->head_size > 0) {
        guest_expect(guest,
                     clock_ms() + FRAME_MS + (int64_t)((caller->announced - caller->frame.size) / FRAME_BYTES_MS));
    }
}

/* What it asked for and has not begun yet need not be done. */
static void on_leave(struct guest *guest)
{
    struct guard *const guard = guard_of(guest);
    const guest_name name = guest_name_of(guest);
    pthread_mutex_lock(&guard->mutex);
    if (caller_of(guest)->in_house > 0) {
        guard->askers--;
        for (size_t i = 0; i < MOST_TICKETS; i++) {
            if (guard->tickets[i].number != 0 && guard->tickets[i].guest == name) {
                guard->tickets[i].is_wanted = false;
            }
        }
    }
    pthread_mutex_unlock(&guard->mutex);
    intake_drop(&caller_of(guest)->frame);
}

static const struct door_protocol protocol = {
    .state_size = sizeof(struct caller),
    .enter = on_enter,
    .bytes = on_bytes,
    .sent = on_sent,
    .leave = on_leave,
};

/* ---- opening and closing ---- */

/* The way to the REP socket, within the process. */
static bool open_way(struct guard *guard, nng_socket server, size_t most, struct status *status)
{
    char url[48];
    snprintf(url, sizeof url, "inproc://truss-%p", (const void *)guard);
    int error = nng_req0_open_raw(&guard->raw);
    guard->has_raw = error == 0;
    if (error == 0) {
        error = nng_socket_set_int(guard->raw, NNG_OPT_SENDBUF, (int)most);
    }
    if (error == 0) {
        error = nng_socket_set_int(guard->raw, NNG_OPT_RECVBUF, 64);
    }
    if (error == 0) {
        error = nng_listen(server, url, &guard->listener, 0);
    }
    if (error == 0) {
        error = nng_dial(guard->raw, url, NULL, 0);
    }
    if (error == 0) {
        error = nng_aio_alloc(&guard->aio, on_reply, guard);
    }
    return error == 0 || status_fail(status, STATUS_INTERNAL, "Cannot prepare for requests: %s.", nng_strerror(error));
}

struct guard *guard_open(nng_socket server, const char *const *urls, size_t most, struct status *status)
{
    struct guard *const guard = memory_alloc(sizeof *guard);
    const struct door_options options = {
        .urls = urls,
        .protocol = &protocol,
        .context = guard,
        .guests = GUESTS,
        .per_address = PER_ADDRESS,
        .bytes = BYTES_LIMIT,
    };
    guard->most = most < MOST_TICKETS ? most : MOST_TICKETS;
    pthread_mutex_init(&guard->mutex, NULL);
    guard->door = door_open(&options, status);
    if (guard->door == NULL || !open_way(guard, server, guard->most, status)) {
        guard_free(guard);
        return NULL;
    }
    nng_recv_aio(guard->raw, guard->aio);
    if (!door_start(guard->door)) {
        status_fail(status, STATUS_INTERNAL, "Cannot prepare for requests: there is no thread for them.");
        guard_free(guard);
        return NULL;
    }
    return guard;
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
    if (guard->aio != NULL) {
        nng_aio_stop(guard->aio); /* before the door: its callback posts there */
    }
    door_free(guard->door);
    if (guard->has_raw) {
        nng_close(guard->raw);
    }
    nng_aio_free(guard->aio);
    pthread_mutex_destroy(&guard->mutex);
    free(guard);
}
