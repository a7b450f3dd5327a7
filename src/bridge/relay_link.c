/*
 * A client's link: a socket pair whose other end is the client's connection to the server.
 */
#include "bridge/relay.h"
#include "bridge/relay_client.h"

#include <errno.h>

#define PIECE      ((size_t)8 * 1024)
#define LINK_BYTES (32 * 1024) /* of an answer, in the kernel */

/* ---- to the server ---- */

/* Removes bytes that were passed on; without pending bytes a client has no buffer. */
static void take_off(struct guest *guest, size_t size)
{
    struct client *const client = client_of(guest);
    client->checked -= size;
    guest_take_off(guest, &client->pending, size);
}

static bool make_link(struct guest *guest)
{
    const struct relay_options *const relay = guest_context(guest);
    const int most = LINK_BYTES;
    struct sockaddr_storage peer;
    int ends[2];
    if (guest_link(guest) >= 0) {
        return true;
    }
    /* Who has gone has no address any more; the server would read one that is not there, and answer nobody. */
    const socklen_t peer_size = guest_peer(guest, &peer);
    if (peer_size == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return false;
    }
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    guest_set_link(guest, ends[0]);
    client_of(guest)->had_link = true;
    const bool ok =
        relay->connect(relay->context, guest_name_of(guest), ends[1], (const struct sockaddr *)&peer, peer_size);
    if (client_of(guest)->has_ended) {
        relay->gone(relay->context, guest_name_of(guest)); /* it ended before the server knew it */
    }
    return ok;
}

/* A request needs a link when it is complete, larger than what is buffered here, or waits for a word of the
 * server's. */
static bool is_ready(const struct client *client)
{
    return client->checked > 0 &&
           (client->phase == AT_REST || client->checked >= CLIENT_AHEAD || client->expects_continue);
}

/* If the server takes no more of this request the rest is discarded: its answer is on the way, followed by the end of
 * the link. */
void client_pass_on(struct guest *guest)
{
    struct client *const client = client_of(guest);
    if (client->checked == 0 || (!client->has_turn && !is_ready(client))) {
        return;
    }
    if (!client->has_turn) {
        client_expect_turn(guest);
        guest_wait_turn(guest, client->is_ahead);
        if (client->phase == AT_REST) {
            guest_keep_place(guest);
        }
        return;
    }
    if (!make_link(guest)) {
        client_refuse(guest, 503, "The bridge has too many connections; try again in a moment.");
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

void client_end(struct guest *guest)
{
    client_of(guest)->phase = AT_END;
    guest_end_turn(guest);
    guest_drop_link(guest);
    guest_finish(guest);
}

/* ---- from the server ---- */

static void take_answer(struct guest *guest, struct text bytes)
{
    struct client *const client = client_of(guest);
    if (!client->has_answer && !text_starts_with(bytes, "HTTP/1.1 100")) {
        client->has_answer = true;
        client->has_next = client->pending.size > client->checked;
    }
    guest_send_copy(guest, bytes);
}

bool client_take_answer(struct guest *guest)
{
    char piece[PIECE];
    while (guest_link(guest) >= 0 && guest_unsent(guest) < CLIENT_AHEAD) {
        const ssize_t size = recv(guest_link(guest), piece, sizeof piece, MSG_DONTWAIT);
        if (size > 0) {
            take_answer(guest, (struct text){piece, (size_t)size});
        } else if (size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            client_end(guest);
        } else if (errno != EINTR) {
            return true;
        }
    }
    return false;
}

void client_await_link(struct guest *guest)
{
    const struct client *const client = client_of(guest);
    /* Before its turn nothing is written, and a link is always writable: the door would report that again and again. */
    guest_link_wants(guest, guest_unsent(guest) < CLIENT_AHEAD, client->has_turn && client->checked > 0);
}
