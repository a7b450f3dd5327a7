/*
 * Connects the door, the server and the clients (relay_client.h).
 */
#include "bridge/relay.h"

#include "base/arena.h"
#include "base/limits.h"
#include "bridge/head.h"
#include "bridge/relay_client.h"
#include "rpc/address.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 16384              /* a waiting client costs a descriptor and less than a kilobyte, */
#define TLS_PART    4                  /* but with TLS about 10 KiB: so there are fewer */
#define PER_ADDRESS 12288              /* so that one machine cannot take all places */
#define LINKS       1024               /* requests at the server */
#define FILES_EACH  3                  /* a client's connection, and both ends of its link */
#define TURNS       32                 /* requests that the server has just begun, */
#define MOST_TURNS  256                /* and the limit if it finishes them quickly */
#define BYTES_LIMIT (2 * LIMIT_SCRIPT) /* buffered for all clients together */
#define STALLED_MS  2000 /* a client that takes nothing of its answer for so long may lose its link, and it */

struct relay {
    struct door_job drop; /* first; */
    atomic_bool drops;    /* is it posted? */
    struct door *door;
    struct relay_options options;
};

/* ---- requests and answers ---- */

/* Stops reading from a client that has sent more than is needed now. */
static void pause_if_ahead(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    guest_pause(guest, client->pending.size >= (client->phase == AT_REST ? HEAD_LIMIT : CLIENT_AHEAD));
}

/* Checks what is pending, and passes it on. */
static void read_on(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    client_check(guest);
    if (client->phase == AT_END) {
        return;
    }
    client_pass_on(guest);
    if (client->phase == AT_END) {
        return;
    }
    client_await_link(guest);
    pause_if_ahead(guest);
    if (client->has_ended && client->phase != AT_REST && client->unread_since == 0) {
        client_end(guest);
    }
}

/* The answer was sent. If it came before the whole request it is the last one: the server closes after it. */
static void begin_next(struct guest *guest)
{
    struct client *const client = client_of(guest);
    if (!client->is_served || client->phase != AT_REST || client->checked > 0) {
        return;
    }
    if (client->is_last || (client->has_ended && client->pending.size == 0)) {
        client_end(guest);
        return;
    }
    client->is_ahead = client->has_next;
    client->is_served = client->has_answer = client->has_next = client->has_turn = client->is_head = false;
    if (client->is_ahead) {
        guest_drop_link(guest); /* until its next turn: it occupies much at the server */
    }
    guest_end_turn(guest);
    guest_served(guest);
    client_expect_head(guest);
    read_on(guest);
}

static void read_answer(struct guest *guest)
{
    if (client_take_answer(guest)) {
        begin_next(guest);
    }
    client_await_link(guest);
}

/* Drops its pending bytes. If the server has the whole request that continues, since the bytes are of the next one; the
 * connection ends after the answer, so the client will not repeat it. Otherwise the request was not begun, and is
 * refused. */
static void drop_pending(struct guest *guest, const char *message)
{
    struct client *const client = client_of(guest);
    const bool is_at_server = client->phase == AT_REST && client->has_turn && client->checked == 0;
    client->checked = 0;
    guest_take_off(guest, &client->pending, client->pending.size);
    if (is_at_server) {
        client->is_last = true;
    } else if (client->phase != AT_END) {
        client_refuse(guest, 503, message);
    }
}

/* ---- the protocol of the door ---- */

static void on_bytes(struct guest *guest, struct text bytes)
{
    struct client *const client = client_of(guest);
    if (client->phase == AT_END || (client->phase == AT_REST && client->is_last)) {
        return;
    }
    if (client->phase == AT_HEAD && client->pending.size == 0) {
        client_expect_rest(guest);
    }
    if (!guest_put_aside(guest, &client->pending, bytes, SIZE_MAX)) {
        drop_pending(guest, "Too many large requests are being served; try again in a moment.");
        return;
    }
    read_on(guest);
}

static void tell_gone(struct guest *guest)
{
    const struct relay_options *const relay = guest_context(guest);
    if (client_of(guest)->had_link) {
        relay->gone(relay->context, guest_name_of(guest));
    }
}

static void on_end(struct guest *guest)
{
    tell_gone(guest);
    client_of(guest)->has_ended = true;
    read_on(guest);
}

/* The client has been sent everything. */
static void on_sent(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    if (client->phase == AT_HEAD) {
        client_expect_head(guest);
    } else if (client->waits_since != 0) {
        client_expect_turn(guest);
    } else if (client->phase == AT_BODY) {
        client_expect_body(guest); /* it was told to continue */
    } else if (client->phase == AT_REST) {
        guest_serve(guest);
    }
    read_answer(guest);
}

static void on_turn(struct guest *guest)
{
    client_take_turn(guest);
    read_on(guest);
}

static void on_link(struct guest *guest)
{
    client_pass_on(guest);
    read_answer(guest);
    if (client_of(guest)->phase != AT_END) {
        pause_if_ahead(guest);
        if (guest_unsent(guest) >= CLIENT_AHEAD) {
            guest_served(guest); /* a client that does not read keeps no place */
        }
    }
}

static void on_late(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    if (client->phase == AT_HEAD && client->pending.size == 0 && guest_link(guest) >= 0) {
        guest_drop_link(guest);
        client_expect_head(guest);
    } else if (client->phase == AT_END || (client->phase == AT_HEAD && client->pending.size == 0)) {
        guest_leave(guest);
    } else if (client->waits_since != 0) {
        client_refuse(guest, 503, "The bridge has too many requests; try again in a moment.");
    } else if (client->phase == AT_HEAD && client->unread_since != 0) {
        client_expect_rest(guest);
        read_on(guest);
    } else {
        client_refuse(guest, 408, "The request did not come in time.");
    }
}

/* A client that reads nothing is disconnected, with its unread answer. */
static bool on_full(struct guest *guest, bool is_own)
{
    const struct client *const client = client_of(guest);
    const bool is_half_a_head = client->phase == AT_HEAD && client->pending.size > 0 && guest_unsent(guest) == 0;
    if (is_own && !is_half_a_head) {
        return false;
    }
    if (guest_unsent(guest) >= CLIENT_AHEAD || guest_stalled_ms(guest) >= STALLED_MS) {
        guest_leave(guest);
        return true;
    }
    if (client->pending.size == 0) {
        return false;
    }
    drop_pending(guest, "The bridge needs the room that is kept for this request; try again in a moment.");
    return true;
}

/* A link is idle after an answer, or while its client waits for a turn. Urgently, also taken from a client that sends
 * its body slowly, or does not read its answer at all; never from one that reads slowly or waits for an answer. */
static bool on_spare(struct guest *guest, bool is_urgent)
{
    const struct client *const client = client_of(guest);
    if (client->phase == AT_HEAD || client->waits_since != 0) {
        guest_drop_link(guest);
        if (client->phase == AT_HEAD && client->pending.size == 0 && guest_unsent(guest) == 0) {
            client_expect_head(guest);
        }
    } else if (is_urgent && client->phase == AT_BODY && !client->has_answer) {
        client_refuse(guest, 503, "The bridge has too many requests; try again in a moment.");
    } else if (is_urgent && guest_stalled_ms(guest) >= STALLED_MS) {
        guest_leave(guest);
    }
    return guest_link(guest) < 0;
}

static void on_leave(struct guest *guest)
{
    tell_gone(guest);
    intake_drop(&client_of(guest)->pending);
}

static const struct door_protocol protocol = {
    .state_size = sizeof(struct client),
    .enter = client_expect_head,
    .bytes = on_bytes,
    .ends = on_end,
    .sent = on_sent,
    .late = on_late,
    .link = on_link,
    .turn = on_turn,
    .spare = on_spare,
    .full = on_full,
    .leave = on_leave,
};

/* ---- calls of the server ---- */

struct served {
    struct door_job job; /* first */
    struct door *door;
    guest_name client;
    bool is_last;
};

static void on_served(struct door_job *job)
{
    struct served *const served = (struct served *)job;
    struct guest *const guest = door_find(served->door, served->client);
    if (guest != NULL && client_of(guest)->phase != AT_END) {
        client_of(guest)->is_served = true;
        client_of(guest)->is_last = client_of(guest)->is_last || served->is_last;
        read_answer(guest);
    } else {
        door_end_turn(served->door, served->client);
    }
    free(served);
}

void relay_served(struct relay *relay, guest_name client, bool is_last)
{
    struct served *const served = memory_alloc(sizeof *served);
    *served = (struct served){.job.run = on_served, .door = relay->door, .client = client, .is_last = is_last};
    door_post(relay->door, &served->job);
}

static void on_drop(struct door_job *job)
{
    struct relay *const relay = (struct relay *)job;
    atomic_store(&relay->drops, false);
    door_drop_stalled(relay->door, STALLED_MS);
}

void relay_drop_stalled(struct relay *relay)
{
    if (!atomic_exchange(&relay->drops, true)) {
        relay->drop.run = on_drop;
        door_post(relay->door, &relay->drop);
    }
}

/* ---- opening and closing ---- */

static bool is_proxy(const void *context, const struct sockaddr_storage *address)
{
    const struct relay_options *const options = context;
    return proxies_have(options->proxies, (const struct sockaddr *)address);
}

struct relay *relay_open(const struct relay_options *options, struct status *status)
{
    struct arena *const arena = arena_new(0);
    const char *const scheme = options->tls == NULL ? "tcp://" : ADDRESS_TLS;
    const char *const urls[] = {arena_printf(arena, "%s%s", scheme, options->listen), NULL};
    struct relay *relay = memory_alloc(sizeof *relay);
    const struct door_options door = {
        .urls = urls,
        .protocol = &protocol,
        .context = &relay->options,
        .guests = options->tls == NULL ? CONNECTIONS : CONNECTIONS / TLS_PART,
        .per_address = PER_ADDRESS,
        .is_proxy = is_proxy,
        .files_each = FILES_EACH,
        .links = LINKS,
        .turns = TURNS,
        .most_turns = MOST_TURNS,
        .bytes = BYTES_LIMIT,
        .read_most = CLIENT_AHEAD, /* a client that waits for its turn buffers no more of a body */
        .tls = options->tls,
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
    return strstr(door_url(relay->door, 0), "://") + strlen("://");
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
