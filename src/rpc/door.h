/*
 * The network side of a server, for any protocol: one thread that accepts connections, reads from them and writes to
 * them. A connection is called a guest. Everything about it is bounded: how many there are, in all and from one
 * address; how long each may take for what is expected from it; how many bytes are buffered for it. A length that was
 * only announced reserves no memory. When the door is full, a newcomer takes the place of the connection that has been
 * silent longest, or of the one that was served longest ago; never of one that is being served or waits for it.
 *
 * nng 1.5.2 and libmicrohttpd 0.9.75 lack these bounds or refuse the newcomer, so that a thousand silent connections
 * keep all others out.
 *
 * Call all functions on the door's own thread, where the protocol's functions run, unless a comment says otherwise.
 */
#ifndef RPC_DOOR_H
#define RPC_DOOR_H

#include "base/intake.h"
#include "base/status.h"
#include "base/text.h"
#include "rpc/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct door;
struct guest;

/* The protocol that guests speak. Any of these functions may disconnect the guest; after `leave` do not touch it.
 *
 * `spare`: another guest needs this one's link. Drops the link and returns true if it carries no part of a request.
 * is_urgent: all links are in use; also refuse or disconnect a guest that holds a link without need.
 *
 * `full`: a guest of an address that uses less memory needs the memory of this one. Frees some and returns true, unless
 * that would lose the answer to something that has begun. is_own: the other guest has the same address; then only a
 * guest that is overdue with its bytes gives memory up. */
struct door_protocol {
    size_t state_size;                  /* bytes of the protocol's state of a guest; zeroed */
    void (*enter)(struct guest *guest); /* it has connected; with TLS: after the handshake. Nothing is called before */
    void (*bytes)(struct guest *guest, struct text bytes); /* it has sent these; the protocol takes all of them */
    void (*ends)(struct guest *guest);                     /* it will send no more; NULL: it is disconnected */
    void (*sent)(struct guest *guest);                     /* the kernel has taken all that was sent; may be NULL */
    void (*late)(struct guest *guest); /* its deadline (guest_expect) has passed; NULL: it is disconnected */
    void (*link)(struct guest *guest); /* its link is readable or writable */
    void (*turn)(struct guest *guest); /* it gets its turn; NULL if nobody waits for turns */
    bool (*spare)(struct guest *guest, bool is_urgent); /* see above; NULL if there are no links */
    bool (*full)(struct guest *guest, bool is_own);     /* see above; NULL: no guest gives memory up */
    void (*leave)(struct guest *guest);                 /* it is disconnected; may be NULL */
};

struct door_options {
    const char *const *urls; /* tcp://HOST:PORT, tls+tcp://HOST:PORT, ipc://PATH; NULL-terminated */
    const struct door_protocol *protocol;
    void *context;
    unsigned guests;      /* the most guests at once; fewer if the process may not have that many descriptors */
    unsigned per_address; /* the most of one address, and never more than three quarters of all; those of Unix sockets
                             are not counted */
    /* Is this the address of a proxy, which forwards other clients' requests? Its guests are counted by
     * guest_set_address; until that is called they count as those of Unix sockets. NULL: there is no proxy. */
    bool (*is_proxy)(const void *context, const struct sockaddr_storage *address);
    unsigned files_each; /* descriptors that a guest with a link may need; 0 means 1 */
    unsigned links;      /* the most guests that may have a link at once */
    unsigned turns;      /* turns at once while turns are long; */
    unsigned most_turns; /* and the most while they are short (see door_turns.c). 0: the same as turns */
    size_t bytes;        /* the most that is buffered for all guests together; three quarters of it for one address */
    size_t read_most;    /* the most that is read of a guest at once, up to 64 KiB; 0: 64 KiB */
    const struct tls_files *tls; /* for tls+tcp:// URLs; NULL: there are none */
};

/* Opens the listening sockets; they accept from door_start on. Returns NULL with a status if one cannot be opened. */
struct door *door_open(const struct door_options *options, struct status *status);

/* Returns the real URL of the index-th listener (port 0 resolved), borrowed; NULL beyond the last. Any thread. */
const char *door_url(const struct door *door, size_t index);

/* Can only this machine connect? Any thread. */
bool door_is_local(const struct door *door);

/* Starts the thread. Returns false if there is none to be had. */
bool door_start(struct door *door);

/* Stops accepting; the guests stay. Any thread. */
void door_shut(struct door *door);

/* Disconnects all guests, waits for the door's thread and frees everything. From any other thread; NULL is fine. */
void door_free(struct door *door);

/* Lets all guests go that have taken nothing of what they were sent for so long. On the door's thread. */
void door_drop_stalled(struct door *door, int64_t ms);

/* Work for the door's thread; embed it in a struct of your own. */
struct door_job {
    struct door_job *next;
    void (*run)(struct door_job *job);
    int64_t at; /* the door's */
};

/* Runs a job on the door's thread soon, in the order of the calls. Jobs are lost when the door is being freed. Any
 * thread. */
void door_post(struct door *door, struct door_job *job);

/* Runs a job after so many milliseconds. Jobs whose time has not come are lost when the door is being freed; a few
 * hundred may wait. On the door's thread. */
void door_post_in(struct door *door, struct door_job *job, uint32_t ms);

/* ---- guests ---- */

/* Names a guest for other threads, which may outlive it. Never reused. */
typedef uint64_t guest_name;

guest_name guest_name_of(const struct guest *guest);
struct guest *door_find(struct door *door, guest_name name); /* NULL: it has disconnected */

void *guest_state(struct guest *guest);
void *guest_context(const struct guest *guest);
struct door *guest_door(const struct guest *guest);
bool guest_is_unix(const struct guest *guest);
int guest_socket(const struct guest *guest); /* its descriptor, for getsockopt and the like */

/* A piece of output; embed it in a struct of your own. `release` is called once, when the kernel has taken the bytes or
 * the guest has disconnected. */
struct door_piece {
    struct door_piece *next;
    struct text bytes;
    void (*release)(struct door_piece *piece); /* NULL: there is nothing to release */
};

/* Queues a piece for sending. */
void guest_send(struct guest *guest, struct door_piece *piece);

/* Queues a copy of the bytes. */
void guest_send_copy(struct guest *guest, struct text bytes);

/* Bytes that are queued and that the kernel has not taken. */
size_t guest_unsent(const struct guest *guest);

/* For how long the kernel has taken none of them; 0 if nothing is queued. */
int64_t guest_stalled_ms(const struct guest *guest);

/* Bytes that the kernel has taken and the peer has not acknowledged. */
size_t guest_unread(const struct guest *guest);

/* Sets the deadline for what is expected from the guest: a time of clock_ms, or NO_DEADLINE. While output is queued
 * another limit applies, for the peer to take it; call this again from `sent`. */
void guest_expect(struct guest *guest, int64_t until);

/* Stops reading from it, or resumes. */
void guest_pause(struct guest *guest, bool paused);

/* Marks the guest as being served, so that it keeps its place; and as no longer served. */
void guest_serve(struct guest *guest);
void guest_served(struct guest *guest);

/* Queues the guest for a turn; does nothing if it is queued or has one. is_ahead: it sent this request while an earlier
 * one was being served, so it goes to the second line. The turn ends with guest_end_turn, when the guest disconnects,
 * or after a short time, since then the delay is not ours. */
void guest_wait_turn(struct guest *guest, bool is_ahead);
void guest_end_turn(struct guest *guest);

/* Its request is complete: it keeps its place while it waits. */
void guest_keep_place(struct guest *guest);

/* Must it be told to come back later? Half of the places are held by guests that wait, and several of its address
 * wait. */
bool guest_line_is_full(const struct guest *guest);

/* Ends the turn of the guest of this name, also if it has disconnected: its request is done. */
void door_end_turn(struct door *door, guest_name name);

/* Appends bytes to `intake`, the only buffer of the guest, and counts them; it grows to `most` at the most. Returns
 * false, having changed nothing, if that exceeds the limits of the door. */
bool guest_put_aside(struct guest *guest, struct intake *intake, struct text bytes, size_t most);

/* Removes the first `size` bytes of it, or all if there are fewer. */
void guest_take_off(struct guest *guest, struct intake *intake, size_t size);

/* Did it connect from a proxy? */
bool guest_is_by_proxy(const struct guest *guest);

/* Counts a proxy's connection among the guests of the client that it now forwards for. Not while it has a turn or waits
 * for one. */
void guest_set_address(struct guest *guest, const struct sockaddr_storage *address);

/* Its address, as getpeername returns it, and its size. 0: the client has gone (ENOTCONN). */
socklen_t guest_peer(const struct guest *guest, struct sockaddr_storage *peer);

/* Are `most` guests of its address being served while guests of other addresses are connected? */
bool guest_is_greedy(const struct guest *guest, unsigned most);

/* The number of guests of its address that are being served; 0 for a Unix socket. */
unsigned guest_served_beside(const struct guest *guest);

/* ---- a guest's link: a second connection, from the door to the program that serves the guest ---- */

/* Gives the guest a link: a non-blocking descriptor, closed with the guest. */
void guest_set_link(struct guest *guest, int fd);

/* The link, or -1. */
int guest_link(const struct guest *guest);

/* Sets the events for which the protocol's `link` is called. */
void guest_link_wants(struct guest *guest, bool to_read, bool to_write);

/* Closes the link. */
void guest_drop_link(struct guest *guest);

/* Disconnects the guest when it has been sent everything and has had a moment to read it. What it sends until then is
 * ignored. */
void guest_finish(struct guest *guest);

/* Disconnects the guest at once. */
void guest_leave(struct guest *guest);

#endif
