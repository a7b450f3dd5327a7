/*
 * Checks heads and bodies, with their time limits and size limits.
 */
#include "bridge/relay_client.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "bridge/head.h"
#include "bridge/refusal.h"
#include "bridge/relay.h"

#include <string.h>

#define SERVED_AT_ONCE    512 /* requests of one address */
#define IDLE_MS           15000
#define LINK_MS           1000  /* for the next request on the same link */
#define TURN_MS           30000 /* the longest wait for a turn */
#define HEAD_MS           10000
#define BODY_MS           30000
#define BODY_BYTES_PER_MS 64
#define TOLERATED_BODY    (2 * LIMIT_SCRIPT)
#define UNREAD            (4 * 1024) /* in the network: a client with so much unread gets no new request */
#define UNREAD_MS         15000
#define UNREAD_LOOK_MS    100

struct client *client_of(struct guest *guest)
{
    return guest_state(guest);
}

void client_refuse(struct guest *guest, unsigned http, const char *message)
{
    struct client *const client = client_of(guest);
    const bool may_answer = client->phase != AT_END && !client->has_answer;
    client->phase = AT_END;
    guest_end_turn(guest);
    guest_drop_link(guest);
    if (may_answer) {
        struct arena *const arena = arena_new(0);
        const struct text answer = refusal_text(arena, http, message);
        const size_t head = text_find(answer, "\r\n\r\n", 0) + strlen("\r\n\r\n");
        guest_send_copy(guest, client->is_head ? text_slice(answer, 0, head) : answer);
        arena_free(arena);
    }
    guest_finish(guest);
}

/* ---- deadlines ---- */

void client_expect_head(struct guest *guest)
{
    struct client *const client = client_of(guest);
    client->phase = AT_HEAD;
    guest_expect(guest, clock_ms() + (client->unread_since != 0  ? UNREAD_LOOK_MS
                                      : client->pending.size > 0 ? HEAD_MS
                                      : guest_link(guest) >= 0   ? LINK_MS
                                                                 : IDLE_MS));
}

void client_expect_rest(struct guest *guest)
{
    guest_expect(guest, clock_ms() + HEAD_MS);
}

void client_expect_body(struct guest *guest)
{
    guest_expect(guest, client_of(guest)->body_until);
}

void client_expect_turn(struct guest *guest)
{
    struct client *const client = client_of(guest);
    client->waits_since = client->waits_since == 0 ? clock_ms() : client->waits_since;
    guest_expect(guest, client->waits_since + TURN_MS);
}

/* ---- heads and bodies ---- */

static void rest(struct guest *guest)
{
    client_of(guest)->phase = AT_REST;
    if (client_of(guest)->has_turn) {
        guest_serve(guest);
        guest_expect(guest, NO_DEADLINE);
    }
}

void client_take_turn(struct guest *guest)
{
    struct client *const client = client_of(guest);
    client->has_turn = true;
    client->body_until += clock_ms() - client->waits_since;
    client->waits_since = 0;
    if (client->phase == AT_REST) {
        rest(guest);
    } else {
        client_expect_body(guest);
    }
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
    client->body_until = clock_ms() + BODY_MS + (int64_t)(head->length / BODY_BYTES_PER_MS);
    client_expect_body(guest);
}

static bool refuse_problem(struct guest *guest, const struct http_problem *problem)
{
    client_refuse(guest, problem->status, problem->message);
    return false;
}

/* The client for whom a proxy asks now. Without a header, as in the proxy's own health checks, it asks for itself. */
static void note_client(struct guest *guest, struct arena *arena, const struct http_head *head)
{
    const struct relay_options *const relay = guest_context(guest);
    struct sockaddr_storage client;
    if (guest_is_by_proxy(guest)) {
        const struct text list = http_head_list(arena, head, proxies_header(relay->proxies));
        if (proxies_client(relay->proxies, list, &client) || guest_peer(guest, &client) > 0) {
            guest_set_address(guest, &client);
        }
    }
}

/* A valid head, and room for it at the server. */
static bool admit(struct guest *guest, const struct http_head *head, struct http_problem *problem)
{
    if (head->length > TOLERATED_BODY) {
        *problem = (struct http_problem){413, "The body is larger than 8 MiB."};
    } else if (guest_is_greedy(guest, SERVED_AT_ONCE)) {
        *problem = (struct http_problem){
            429, "Your address has more requests under way than its share; ask again when some were answered."};
    } else if (guest_line_is_full(guest)) {
        *problem = (struct http_problem){503, "The bridge has too many requests; try again in a moment."};
    }
    return problem->status == 0 || refuse_problem(guest, problem);
}

/* Does the client send requests without reading the answers? Then it waits, and may lose its place. */
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

/* Returns false if there is nothing more to check now. */
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
    const bool is_good = http_head_read(arena, text_slice(bytes, 0, size), &head, &problem);
    client->is_head = head.method != NULL && strcmp(head.method, "HEAD") == 0;
    client->is_last = !head.keeps_alive;
    if (is_good) {
        note_client(guest, arena, &head);
    }
    const bool goes_on = is_good ? admit(guest, &head, &problem) : refuse_problem(guest, &problem);
    if (goes_on) {
        http_head_keep_session(client->pending.bytes, size);
        http_head_move_blanks(client->pending.bytes, size);
        client->checked = size;
        begin_body(guest, &head);
    }
    arena_free(arena);
    return goes_on;
}

/* Checks the bytes of the body. */
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
        client_refuse(guest, 400, "The body is not in chunks as its header says.");
    } else if (client->left > TOLERATED_BODY) {
        client_refuse(guest, 413, "The body is larger than 8 MiB.");
    } else if (client->chunks.state == CHUNKS_DONE) {
        rest(guest);
    }
}

void client_check(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    const bool goes_on = client->phase != AT_HEAD || check_head(guest);
    if (goes_on && client->phase == AT_BODY) {
        check_body(guest);
    }
}
