/*
 * What has come of a client is kept until it was looked at (`checked`) and the server has taken it. A client is at a
 * head, at a body, or at rest: then the server has the request, and what comes meanwhile waits.
 */
#include "bridge/relay.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "bridge/chunks.h"
#include "bridge/head.h"
#include "bridge/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS       1024
#define PER_ADDRESS       768 /* so that one machine cannot take the places of all others */
#define SERVED_AT_ONCE    512 /* requests of one address */
#define FILES_EACH        3   /* a client's connection, and both ends of its link */
#define IDLE_MS           15000
#define HEAD_MS           10000
#define BODY_MS           30000
#define BODY_BYTES_PER_MS 64
#define TOLERATED_BODY    (2 * LIMIT_SCRIPT)
#define BYTES_LIMIT       (2 * LIMIT_SCRIPT)  /* kept for all clients together */
#define AHEAD             ((size_t)16 * 1024) /* of a client, that the server or the client has not taken yet */
#define PIECE             ((size_t)8 * 1024)
#define UNREAD            (4 * 1024) /* in the network: who has so much to read is not asked for more */
#define UNREAD_MS         15000
#define UNREAD_LOOK_MS    100
#define LINK_BYTES        (32 * 1024) /* that the system keeps of an answer */

struct relay {
    struct door *door;
    struct relay_options options;
};

enum phase { AT_HEAD, AT_BODY, AT_REST, AT_END };

struct client {
    enum phase phase;
    bool has_ended;  /* sends no more */
    bool is_served;  /* the server is done with the request; the rest of its answer is in the link */
    bool has_answer; /* the client was sent some of it */
    struct intake pending;
    size_t checked; /* of it, to be passed on */
    bool expects_continue;
    int64_t unread_since; /* it has had so much to read that it is asked for nothing; 0: it has not */
    bool is_chunked;
    struct http_chunks chunks;
    uint64_t left; /* of the body, where it is not chunked */
};

static struct client *client_of(struct guest *guest)
{
    return guest_state(guest);
}

/* ---- our own answers ---- */

/* Behind it the connection ends: what follows cannot be trusted. Where the server has begun to answer there is no place
 * for another answer. */
static void refuse(struct guest *guest, unsigned http, const char *message)
{
    struct client *const client = client_of(guest);
    const bool may_answer = client->phase != AT_END && !client->has_answer;
    client->phase = AT_END;
    guest_drop_link(guest);
    if (may_answer) {
        struct arena *const arena = arena_new(0);
        guest_send_copy(guest, refusal_text(arena, http, message));
        arena_free(arena);
    }
    guest_finish(guest);
}

/* ---- what has come ---- */

/* Takes off what was passed on; a client of whom nothing is pending keeps no memory. */
static void take_off(struct guest *guest, size_t size)
{
    struct client *const client = client_of(guest);
    client->checked -= size;
    guest_take_off(guest, &client->pending, size);
}

/* ---- to the server ---- */

static bool make_link(struct guest *guest)
{
    const struct relay *const relay = guest_context(guest);
    const int most = LINK_BYTES;
    struct sockaddr_storage peer;
    int ends[2];
    if (guest_link(guest) >= 0) {
        return true;
    }
    const socklen_t peer_size = guest_peer(guest, &peer);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return false;
    }
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    guest_set_link(guest, ends[0]);
    return relay->options.connect(relay->options.context, guest_name_of(guest), ends[1], (const struct sockaddr *)&peer,
                                  peer_size);
}

/* A request is worth a link when it is whole, or larger than what is kept of it here, or waits for a word of the
 * server's. */
static bool is_ready(const struct client *client)
{
    return client->checked > 0 && (client->phase == AT_REST || client->checked >= AHEAD || client->expects_continue);
}

/* What was checked, as far as the server takes it. Where it takes no more of this request the rest is thrown away: its
 * answer is on the way, and the end of the link behind it. */
static void pass_on(struct guest *guest)
{
    struct client *const client = client_of(guest);
    if (!is_ready(client) && guest_link(guest) < 0) {
        return;
    }
    if (!make_link(guest)) {
        refuse(guest, 503, "The bridge has too many connections; try again in a moment.");
    }
    while (client->checked > 0 && guest_link(guest) >= 0) {
        const ssize_t sent =
            send(guest_link(guest), client->pending.bytes, client->checked, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        }
        if (sent > 0 || errno != EINTR) {
            take_off(guest, sent > 0 ? (size_t)sent : client->checked);
        }
    }
}

/* ---- requests ---- */

static void rest(struct guest *guest)
{
    client_of(guest)->phase = AT_REST;
    guest_serve(guest);
    guest_expect(guest, NO_DEADLINE);
}

/* What follows the head. */
static void begin_body(struct guest *guest, const struct http_head *head)
{
    struct client *const client = client_of(guest);
    client->is_chunked = head->is_chunked;
    client->chunks = (struct http_chunks){0};
    client->left = head->length;
    client->expects_continue = head->expects_continue;
    if (head->length == 0 && !head->is_chunked) {
        rest(guest);
        return;
    }
    client->phase = AT_BODY;
    guest_expect(guest, clock_ms() + BODY_MS + (int64_t)(head->length / BODY_BYTES_PER_MS));
}

static bool refuse_problem(struct guest *guest, const struct http_problem *problem)
{
    refuse(guest, problem->status, problem->message);
    return false;
}

/* A head that is as it should be, and its place at the server. */
static bool admit(struct guest *guest, const struct http_head *head, struct http_problem *problem)
{
    if (head->length > TOLERATED_BODY) {
        *problem = (struct http_problem){413, "The body is larger than 8 MiB."};
    } else if (guest_is_greedy(guest, SERVED_AT_ONCE)) {
        *problem = (struct http_problem){
            429, "Your address has more requests under way than its share; ask again when some were answered."};
    }
    return problem->status == 0 || refuse_problem(guest, problem);
}

/* True for one that asks again and again and does not read: it waits, and has no right to its place meanwhile. */
static bool must_read_first(struct guest *guest)
{
    struct client *const client = client_of(guest);
    if (client->pending.size == 0 || guest_unread(guest) <= UNREAD) {
        client->unread_since = 0;
        return false;
    }
    const int64_t now = clock_ms();
    client->unread_since = client->unread_since == 0 ? now : client->unread_since;
    if (now - client->unread_since > UNREAD_MS) {
        guest_leave(guest);
    } else {
        guest_expect(guest, now + UNREAD_LOOK_MS);
    }
    return true;
}

/* False where there is nothing more to look at now. */
static bool check_head(struct guest *guest)
{
    struct client *const client = client_of(guest);
    if (must_read_first(guest)) {
        return false;
    }
    const struct text bytes = {client->pending.bytes, client->pending.size};
    struct http_problem problem = {0};
    struct http_head head;
    const size_t size = bytes.size == 0 ? 0 : http_head_size(bytes, &problem);
    if (size == 0) {
        return false;
    }
    if (size == SIZE_MAX) {
        return refuse_problem(guest, &problem);
    }
    struct arena *const arena = arena_new(0);
    const bool goes_on = http_head_read(arena, text_slice(bytes, 0, size), &head, &problem)
                             ? admit(guest, &head, &problem)
                             : refuse_problem(guest, &problem);
    if (goes_on) {
        client->checked = size;
        begin_body(guest, &head);
    }
    arena_free(arena);
    return goes_on;
}

/* Reads of the body what is there. */
static void check_body(struct guest *guest)
{
    struct client *const client = client_of(guest);
    struct text more = {client->pending.bytes + client->checked, client->pending.size - client->checked};
    if (!client->is_chunked) {
        const size_t size = client->left < more.size ? (size_t)client->left : more.size;
        client->left -= size;
        client->checked += size;
        if (client->left == 0) {
            rest(guest);
        }
        return;
    }
    while (more.size > 0 && client->chunks.state != CHUNKS_DONE && client->chunks.state != CHUNKS_BAD) {
        client->left += http_chunks_read(&client->chunks, &more).size;
    }
    client->checked = client->pending.size - more.size;
    if (client->chunks.state == CHUNKS_BAD) {
        refuse(guest, 400, "The body is not in chunks as its header says.");
    } else if (client->left > TOLERATED_BODY) {
        refuse(guest, 413, "The body is larger than 8 MiB.");
    } else if (client->chunks.state == CHUNKS_DONE) {
        rest(guest);
    }
}

/* The server's end is closed or lost, or the client sends no more of a request; what was answered is sent. */
static void end_both(struct guest *guest)
{
    client_of(guest)->phase = AT_END;
    guest_drop_link(guest);
    guest_finish(guest);
}

/* Looks at what is pending, and passes it on. */
static void read_on(struct guest *guest)
{
    struct client *const client = client_of(guest);
    const bool goes_on = client->phase != AT_HEAD || check_head(guest);
    if (goes_on && client->phase == AT_BODY) {
        check_body(guest);
    }
    if (client->phase == AT_END) {
        return;
    }
    pass_on(guest);
    guest_link_wants(guest, guest_unsent(guest) < AHEAD, client->checked > 0);
    guest_pause(guest, client->pending.size >= (client->phase == AT_REST ? HEAD_LIMIT : AHEAD));
    if (client->has_ended && client->phase != AT_REST && client->unread_since == 0) {
        end_both(guest);
    }
}

/* ---- answers ---- */

static void expect_head(struct guest *guest)
{
    struct client *const client = client_of(guest);
    client->phase = AT_HEAD;
    guest_expect(guest, clock_ms() + (client->unread_since != 0  ? UNREAD_LOOK_MS
                                      : client->pending.size > 0 ? HEAD_MS
                                                                 : IDLE_MS));
}

/* The answer is out. One that came before all of the request did is the last: the server closes behind it. */
static void begin_next(struct guest *guest)
{
    struct client *const client = client_of(guest);
    if (!client->is_served || client->phase != AT_REST || client->checked > 0) {
        return;
    }
    client->is_served = client->has_answer = false;
    guest_served(guest);
    if (client->has_ended && client->pending.size == 0) {
        client->phase = AT_END;
        guest_finish(guest);
        return;
    }
    expect_head(guest);
    read_on(guest);
}

static void take_answer(struct guest *guest, struct text bytes)
{
    struct client *const client = client_of(guest);
    client->has_answer = client->has_answer || !text_starts_with(bytes, "HTTP/1.1 100");
    guest_send_copy(guest, bytes);
}

/* Reads what the server has written, as much as the client may have in front of it. */
static void read_answer(struct guest *guest)
{
    char piece[PIECE];
    while (guest_link(guest) >= 0 && guest_unsent(guest) < AHEAD) {
        const ssize_t size = recv(guest_link(guest), piece, sizeof piece, MSG_DONTWAIT);
        if (size > 0) {
            take_answer(guest, (struct text){piece, (size_t)size});
        } else if (size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            end_both(guest);
        } else if (errno != EINTR) {
            begin_next(guest);
            break;
        }
    }
    guest_link_wants(guest, guest_unsent(guest) < AHEAD, client_of(guest)->checked > 0);
}

/* ---- what the door calls ---- */

static void on_bytes(struct guest *guest, struct text bytes)
{
    struct client *const client = client_of(guest);
    if (client->phase == AT_END) {
        return;
    }
    if (client->phase == AT_HEAD && client->pending.size == 0) {
        guest_expect(guest, clock_ms() + HEAD_MS);
    }
    if (!guest_put_aside(guest, &client->pending, bytes, SIZE_MAX)) {
        refuse(guest, 503, "Too many large requests are being served; try again in a moment.");
        return;
    }
    read_on(guest);
}

static void on_end(struct guest *guest)
{
    client_of(guest)->has_ended = true;
    read_on(guest);
}

/* The client has taken all that it was sent. */
static void on_sent(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    if (client->phase == AT_HEAD) {
        expect_head(guest);
    } else if (client->phase == AT_BODY) {
        guest_expect(guest, clock_ms() + BODY_MS); /* it was told to go on */
    } else if (client->phase == AT_REST) {
        guest_serve(guest);
    }
    read_answer(guest);
}

static void on_link(struct guest *guest)
{
    pass_on(guest);
    read_answer(guest);
    if (client_of(guest)->phase != AT_END) {
        const struct client *const client = client_of(guest);
        guest_pause(guest, client->pending.size >= (client->phase == AT_REST ? HEAD_LIMIT : AHEAD));
        if (guest_unsent(guest) >= AHEAD) {
            guest_served(guest); /* who does not read keeps no place from others */
        }
    }
}

static void on_late(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    if (client->phase == AT_END || (client->phase == AT_HEAD && client->pending.size == 0)) {
        guest_leave(guest);
    } else if (client->phase == AT_HEAD && client->unread_since != 0) {
        guest_expect(guest, clock_ms() + HEAD_MS);
        read_on(guest);
    } else {
        refuse(guest, 408, "The request did not come in time.");
    }
}

static void on_leave(struct guest *guest)
{
    intake_drop(&client_of(guest)->pending);
}

static const struct door_protocol protocol = {
    .state_size = sizeof(struct client),
    .enter = expect_head,
    .bytes = on_bytes,
    .ends = on_end,
    .sent = on_sent,
    .late = on_late,
    .link = on_link,
    .leave = on_leave,
};

/* ---- what the server says ---- */

struct served {
    struct door_job job; /* first */
    struct door *door;
    guest_name client;
};

static void on_served(struct door_job *job)
{
    struct served *const served = (struct served *)job;
    struct guest *const guest = door_find(served->door, served->client);
    if (guest != NULL && client_of(guest)->phase != AT_END) {
        client_of(guest)->is_served = true;
        read_answer(guest);
    }
    free(served);
}

void relay_served(struct relay *relay, guest_name client)
{
    struct served *const served = memory_alloc(sizeof *served);
    *served = (struct served){.job.run = on_served, .door = relay->door, .client = client};
    door_post(relay->door, &served->job);
}

/* ---- opening and closing ---- */

struct relay *relay_open(const struct relay_options *options, struct status *status)
{
    struct arena *const arena = arena_new(0);
    const char *const urls[] = {arena_printf(arena, "tcp://%s", options->listen), NULL};
    struct relay *relay = memory_alloc(sizeof *relay);
    const struct door_options door = {
        .urls = urls,
        .protocol = &protocol,
        .context = relay,
        .guests = CONNECTIONS,
        .per_address = PER_ADDRESS,
        .files_each = FILES_EACH,
        .bytes = BYTES_LIMIT,
    };
    relay->options = *options;
    relay->door = door_open(&door, status);
    arena_free(arena);
    if (relay->door == NULL) {
        free(relay);
        return NULL;
    }
    return relay;
}

bool relay_start(struct relay *relay)
{
    return door_start(relay->door);
}

const char *relay_address(const struct relay *relay)
{
    return door_url(relay->door, 0) + strlen("tcp://");
}

bool relay_is_local(const struct relay *relay)
{
    return door_is_local(relay->door);
}

void relay_shut(struct relay *relay)
{
    door_shut(relay->door);
}

void relay_free(struct relay *relay)
{
    if (relay != NULL) {
        door_free(relay->door);
        free(relay);
    }
}
