/*
 * One connection: reading, writing, and leaving. Nothing here waits.
 */
#include "rpc/door_private.h"

#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECES    16    /* the most written at once */
#define STALL_MS  15000 /* a guest that takes none of its output for so long is disconnected */
#define LINGER_MS 1500  /* time to read the last answer before the close discards it */

/* ---- places ---- */

void guest_touch(struct guest *guest)
{
    if (!guest->is_touched) {
        guest->is_touched = true;
        guest->next_touched = guest->door->touched;
        guest->door->touched = guest;
    }
}

void guest_set_until(struct guest *guest, int64_t until)
{
    struct door *const door = guest->door;
    guest->until = until;
    door->due = until < door->due ? until : door->due;
}

void guest_enter(struct guest *guest)
{
    guest->has_entered = true;
    guest_set_until(guest, NO_DEADLINE);
    guest->door->options.protocol->enter(guest);
}

/* ---- small things ---- */

guest_name guest_name_of(const struct guest *guest)
{
    return guest->name;
}

void *guest_state(struct guest *guest)
{
    return guest->state;
}

void *guest_context(const struct guest *guest)
{
    return guest->door->options.context;
}

bool guest_is_unix(const struct guest *guest)
{
    return guest->is_unix;
}

bool guest_is_by_proxy(const struct guest *guest)
{
    return guest->is_by_proxy;
}

void guest_set_address(struct guest *guest, const struct sockaddr_storage *address)
{
    if (guest->fd >= 0) {
        places_move(guest, address_key(address));
    }
}

struct door *guest_door(const struct guest *guest)
{
    return guest->door;
}

int guest_socket(const struct guest *guest)
{
    return guest->fd;
}

size_t guest_unsent(const struct guest *guest)
{
    return guest->unsent;
}

int64_t guest_stalled_ms(const struct guest *guest)
{
    return guest->unsent == 0 ? 0 : clock_ms() - guest->moved;
}

size_t guest_unread(const struct guest *guest)
{
    int bytes = 0;
    return ioctl(guest->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void guest_expect(struct guest *guest, int64_t until)
{
    guest_set_until(guest, guest->first == NULL ? until : guest->moved + STALL_MS);
}

void guest_pause(struct guest *guest, bool paused)
{
    guest->is_paused = paused;
    guest_touch(guest);
}

socklen_t guest_peer(const struct guest *guest, struct sockaddr_storage *peer)
{
    socklen_t size = sizeof *peer;
    memset(peer, 0, sizeof *peer);
    return getpeername(guest->fd, (struct sockaddr *)peer, &size) == 0 ? size : 0;
}

/* ---- the link ---- */

void guest_set_link(struct guest *guest, int fd)
{
    guest->link = fd;
    guest->link_events = 0;
    guest_list_add(&guest->door->linked, guest, ORDER_LINK);
    guest->door->link_count++;
    guest->group->links++;
    guest_link_wants(guest, true, false);
}

int guest_link(const struct guest *guest)
{
    return guest->link;
}

/* A link without wanted events is removed from epoll, which would report its end again and again. */
void guest_link_wants(struct guest *guest, bool to_read, bool to_write)
{
    const uint32_t wanted = (to_read ? (uint32_t)EPOLLIN : 0U) | (to_write ? (uint32_t)EPOLLOUT : 0U);
    if (guest->link < 0 || wanted == guest->link_events) {
        return;
    }
    struct epoll_event event = {.events = wanted, .data.ptr = (char *)guest + DOOR_LINK};
    const int what = guest->link_events == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    guest->link_events = wanted;
    epoll_ctl(guest->door->epoll, what, guest->link, &event);
}

void guest_drop_link(struct guest *guest)
{
    if (guest->link >= 0) {
        close(guest->link);
        guest->link = -1;
        guest_list_remove(&guest->door->linked, guest, ORDER_LINK);
        guest->door->link_count--;
        guest->group->links--;
    }
}

/* ---- leaving ---- */

static void release(struct door_piece *piece)
{
    if (piece->release != NULL) {
        piece->release(piece);
    }
}

static void drop_pieces(struct guest *guest)
{
    while (guest->first != NULL) {
        struct door_piece *const piece = guest->first;
        guest->first = piece->next;
        release(piece);
    }
    guest->last = NULL;
    door_count(guest, 0, guest->unsent);
    guest->unsent = 0;
}

void guest_leave(struct guest *guest)
{
    struct door *const door = guest->door;
    if (guest->fd < 0) {
        return;
    }
    guest_drop_link(guest);
    drop_pieces(guest);
    guest_keep(guest, 0);
    places_give(guest);
    tls_free(guest->tls);
    guest->tls = NULL;
    close(guest->fd); /* also removes it from epoll */
    guest->fd = -1;
    if (guest->has_entered && door->options.protocol->leave != NULL) {
        door->options.protocol->leave(guest);
    }
    guest->next_dead = door->dead;
    door->dead = guest;
}

void guest_finish(struct guest *guest)
{
    guest->is_finishing = true;
    guest->is_paused = false;
    guest_set_rank(guest, GUEST_SERVED);
    guest_touch(guest);
}

/* Closing with unread input would cause a reset, which discards the answer that the guest has not read yet. */
static void linger(struct guest *guest)
{
    guest->is_lingering = true;
    guest_set_until(guest, clock_ms() + LINGER_MS);
    if (guest->tls != NULL) {
        tls_end(guest->tls);
    }
    if (guest->has_ended || shutdown(guest->fd, SHUT_WR) != 0) {
        guest_leave(guest);
    }
}

/* ---- sending ---- */

void guest_send(struct guest *guest, struct door_piece *piece)
{
    if (guest->fd < 0 || piece->bytes.size == 0) {
        release(piece);
        return;
    }
    if (guest->unsent == 0) {
        guest->moved = clock_ms();
        guest_set_until(guest, guest->moved + STALL_MS);
    }
    piece->next = NULL;
    *(guest->last == NULL ? &guest->first : &guest->last->next) = piece;
    guest->last = piece;
    guest->unsent += piece->bytes.size;
    guest_touch(guest);
    door_count(guest, piece->bytes.size, 0);
    door_drop_unread(guest->door);
}

struct copy {
    struct door_piece piece;
    char bytes[];
};

static void free_copy(struct door_piece *piece)
{
    free(piece);
}

void guest_send_copy(struct guest *guest, struct text bytes)
{
    struct copy *const copy = memory_alloc(sizeof *copy + bytes.size);
    memcpy(copy->bytes, bytes.data, bytes.size);
    copy->piece = (struct door_piece){.bytes = {copy->bytes, bytes.size}, .release = free_copy};
    guest_send(guest, &copy->piece);
}

/* Bytes were taken by the kernel. */
static void take_off(struct guest *guest, size_t bytes)
{
    guest->unsent -= bytes;
    door_count(guest, 0, bytes);
    guest->offset += bytes;
    while (guest->first != NULL && guest->offset >= guest->first->bytes.size) {
        struct door_piece *const piece = guest->first;
        guest->offset -= piece->bytes.size;
        guest->first = piece->next;
        guest->last = guest->first == NULL ? NULL : guest->last;
        release(piece);
    }
    guest->moved = clock_ms();
    guest_set_until(guest, guest->moved + STALL_MS);
    guest->is_drained = guest->first == NULL;
}

static ssize_t send_by_tls(struct guest *guest)
{
    const struct text bytes = guest->first->bytes;
    return tls_send(guest->tls, bytes.data + guest->offset, bytes.size - guest->offset);
}

static ssize_t send_pieces(struct guest *guest)
{
    struct iovec parts[PIECES];
    int count = 0;
    if (guest->tls != NULL) {
        return send_by_tls(guest);
    }
    for (const struct door_piece *piece = guest->first; piece != NULL && count < PIECES; piece = piece->next) {
        const size_t offset = count == 0 ? guest->offset : 0;
        parts[count++] = (struct iovec){(void *)(uintptr_t)(piece->bytes.data + offset), piece->bytes.size - offset};
    }
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    return sendmsg(guest->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void guest_writable(struct guest *guest)
{
    while (guest->fd >= 0 && guest->first != NULL) {
        const ssize_t sent = send_pieces(guest);
        if (sent > 0) {
            take_off(guest, (size_t)sent);
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else if (sent >= 0 || errno != EINTR) {
            guest_leave(guest);
        }
    }
}

/* Calls the protocol's `sent`. */
static void tell_sent(struct guest *guest)
{
    guest->is_drained = false;
    guest_set_until(guest, NO_DEADLINE);
    if (guest->door->options.protocol->sent != NULL) {
        guest->door->options.protocol->sent(guest);
    }
}

/* ---- reading ---- */

/* Stops reading. After a TLS error the guest gets a moment to read why. */
static void refuse(struct guest *guest)
{
    if (guest->tls == NULL || guest->has_entered || shutdown(guest->fd, SHUT_WR) != 0) {
        guest_leave(guest);
        return;
    }
    tls_free(guest->tls);
    guest->tls = NULL;
    guest->is_finishing = guest->is_lingering = true;
    guest_set_until(guest, clock_ms() + LINGER_MS);
}

void guest_readable(struct guest *guest)
{
    struct door *const door = guest->door;
    const struct door_protocol *const protocol = door->options.protocol;
    const size_t most = door->options.read_most == 0 ? sizeof door->buffer : door->options.read_most;
    const ssize_t size = guest->tls != NULL ? tls_receive(guest->tls, door->buffer, sizeof door->buffer)
                                            : recv(guest->fd, door->buffer, most, MSG_DONTWAIT);
    if (guest->tls != NULL && !guest->has_entered && tls_is_open(guest->tls)) {
        guest_enter(guest);
    }
    if (size > 0 && guest->fd >= 0 && !guest->is_finishing) {
        protocol->bytes(guest, (struct text){door->buffer, (size_t)size});
    } else if (size == 0 &&
               (!guest->has_entered || guest->is_lingering || (protocol->ends == NULL && !guest->is_finishing))) {
        guest_leave(guest);
    } else if (size == 0) {
        guest->has_ended = true;
        if (!guest->is_finishing) {
            protocol->ends(guest);
        }
    } else if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        refuse(guest);
    }
}

void guest_late(struct guest *guest)
{
    const struct door_protocol *const protocol = guest->door->options.protocol;
    guest_set_until(guest, NO_DEADLINE);
    if (!guest->has_entered || guest->first != NULL || guest->is_lingering || protocol->late == NULL) {
        guest_leave(guest);
    } else {
        protocol->late(guest);
    }
}

/* ---- the end of a turn ---- */

/* Does TLS have something to send of its own? */
static bool greets(const struct guest *guest)
{
    return guest->tls != NULL && tls_wants_to_write(guest->tls);
}

void guest_settle(struct guest *guest)
{
    if (guest->fd >= 0 && greets(guest) && guest->first == NULL) {
        guest_readable(guest);
    }
    /* When everything is sent the protocol may have more. */
    for (int i = 0; i < 4 && guest->fd >= 0; i++) {
        guest_writable(guest);
        if (!guest->is_drained) {
            break;
        }
        tell_sent(guest);
    }
    if (guest->fd >= 0 && guest->is_finishing && !guest->is_lingering && guest->first == NULL) {
        linger(guest);
    }
    if (guest->fd < 0) {
        return;
    }
    const uint32_t wanted = (guest->is_paused || guest->has_ended ? 0U : DOOR_READS) |
                            (guest->first == NULL && !guest->is_drained && !greets(guest) ? 0U : (uint32_t)EPOLLOUT);
    if (wanted != guest->events) {
        struct epoll_event event = {.events = wanted, .data.ptr = guest};
        guest->events = wanted;
        epoll_ctl(guest->door->epoll, EPOLL_CTL_MOD, guest->fd, &event);
    }
}
