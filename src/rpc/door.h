/*
 * The network side of a server, for any protocol: one thread that lets connections in, reads what they send, and writes
 * what they are sent. Everything about a guest (a connection) has a bound: how many there are, in all and from one
 * address, how long each may take for what is waited for, and how many bytes are kept for them. Nothing is reserved for
 * what was only announced. Who comes when the house is full takes the place of another: of the stranger who has said
 * nothing for longest, or of the one that was served longest ago; never of one that is being served, or waits for it.
 *
 * nng 1.5.2 and libmicrohttpd 0.9.75 have none of these bounds, or refuse the newcomer: a thousand silent connections
 * keep all others out.
 *
 * All functions are for the door's own thread, where the protocol's functions run, unless they say otherwise.
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

/* What guests speak. Any function may let the guest go; after `leave` it is touched no more.
 *
 * `spare`: the link of a guest is needed for another one's turn. It drops it, and answers true, where nothing of a
 * request is with it; is_urgent: all links are in use, and it refuses or lets go who keeps his for nothing.
 *
 * `full`: the memory that is kept for a guest is needed for another one, of an address that has less. It gives some
 * back and answers true, where nobody loses the answer to what was begun; is_own: for one of the same address, and it
 * does so only where what should have come at once has not. */
struct door_protocol {
    size_t state_size;                  /* of what the protocol knows of a guest; zeroed */
    void (*enter)(struct guest *guest); /* by TLS: when both have greeted; until then nothing is called */
    void (*bytes)(struct guest *guest, struct text bytes); /* all of them are to be taken */
    void (*ends)(struct guest *guest);                     /* it sends no more; NULL: it is let go */
    void (*sent)(struct guest *guest);                     /* the network has taken all that was sent; may be NULL */
    void (*late)(struct guest *guest);                     /* its time is over; NULL: it is let go */
    void (*link)(struct guest *guest);                     /* something can be read from its link, or written to it */
    void (*turn)(struct guest *guest);                     /* it has its turn; NULL where nobody waits for one */
    bool (*spare)(struct guest *guest, bool is_urgent);    /* see above; NULL where nobody has a link */
    bool (*full)(struct guest *guest, bool is_own);        /* see above; NULL: nobody gives any back */
    void (*leave)(struct guest *guest);                    /* may be NULL */
};

struct door_options {
    const char *const *urls; /* tcp://HOST:PORT, tls+tcp://HOST:PORT, ipc://PATH; NULL-terminated */
    const struct door_protocol *protocol;
    void *context;
    unsigned guests;      /* the most at once; fewer where the process may not have as many descriptors */
    unsigned per_address; /* the most of one address, and no more than three quarters of all; those of Unix sockets
                           * are not counted */
    /* Is this the address of a proxy, which hands on what others ask? Its guests are counted by guest_set_address, and
     * before that as those of Unix sockets. NULL: nobody's. */
    bool (*is_proxy)(const void *context, const struct sockaddr_storage *address);
    unsigned files_each;         /* descriptors that a guest with a link may need; 0 is 1 */
    unsigned links;              /* the most guests that may have a link at once */
    unsigned turns;              /* that are had at once, where they last; */
    unsigned most_turns;         /* the most, where they end soon: door_turns.c. 0: no more than turns */
    size_t bytes;                /* the most that are kept for all guests together; three quarters for one address */
    size_t read_most;            /* bytes read at once of a guest, up to 64 KiB; 0: so many */
    const struct tls_files *tls; /* of who comes by tls+tcp://; NULL: there are no such URLs */
};

/* Opens the addresses; guests come in with door_start. NULL and a status where one cannot be listened on. */
struct door *door_open(const struct door_options *options, struct status *status);

/* The URL that the index-th listener really has (port 0 resolved), borrowed; NULL beyond the last. Any thread. */
const char *door_url(const struct door *door, size_t index);

/* True where only this machine can come in. Any thread. */
bool door_is_local(const struct door *door);

/* False where there is no thread to be had. */
bool door_start(struct door *door);

/* Lets nobody in any more; who is in stays. Any thread. */
void door_shut(struct door *door);

/* Lets all guests go, waits for the door's thread and releases everything. Any other thread; NULL is fine. */
void door_free(struct door *door);

/* Work for the door's thread; embed it in what it is about. */
struct door_job {
    struct door_job *next;
    void (*run)(struct door_job *job);
};

/* Has a job run on the door's thread soon, in the order of these calls; it is lost where the door is being freed. Any
 * thread. */
void door_post(struct door *door, struct door_job *job);

/* ---- guests ---- */

/* A name that is never used again: by it other threads speak of a guest that may have left. */
typedef uint64_t guest_name;

guest_name guest_name_of(const struct guest *guest);
struct guest *door_find(struct door *door, guest_name name); /* NULL: it has left */

void *guest_state(struct guest *guest);
void *guest_context(const struct guest *guest);
struct door *guest_door(const struct guest *guest);
bool guest_is_unix(const struct guest *guest);
int guest_socket(const struct guest *guest); /* to ask it for what it is */

/* A piece of what is sent: embed it, or allocate it. `release` is called once, when the network has taken it or the
 * guest has left. */
struct door_piece {
    struct door_piece *next;
    struct text bytes;
    void (*release)(struct door_piece *piece); /* NULL: nothing is to be released */
};

/* Sends it behind what was sent before. */
void guest_send(struct guest *guest, struct door_piece *piece);

/* Sends a copy. */
void guest_send_copy(struct guest *guest, struct text bytes);

/* Bytes that the network has not taken yet. */
size_t guest_unsent(const struct guest *guest);

/* How long the network has taken nothing of them; 0 where there are none. */
int64_t guest_stalled_ms(const struct guest *guest);

/* Bytes that the network has taken, and the other side has not. */
size_t guest_unread(const struct guest *guest);

/* Until when what it is waited for must have come (clock_ms units), or NO_DEADLINE. While something is unsent he is
 * waited for to take it, and for nothing else: `sent` is the time to say this again. */
void guest_expect(struct guest *guest, int64_t until);

/* Read no more of it for now, or again. */
void guest_pause(struct guest *guest, bool paused);

/* It is being served, and keeps its place; it has been served, and is as good as any. */
void guest_serve(struct guest *guest);
void guest_served(struct guest *guest);

/* It waits for its turn to be served; nothing where it does, or has it. Who has asked ahead, while an earlier request
 * of his was served, can wait for others. The turn ends when that is said, when the guest leaves, or after a moment:
 * then it is not us who is waited for. */
void guest_wait_turn(struct guest *guest, bool is_ahead);
void guest_end_turn(struct guest *guest);

/* What it asks is whole: it keeps its place while it waits. */
void guest_keep_place(struct guest *guest);

/* True where so many wait that no other one may, of an address of which some do. */
bool guest_line_is_full(const struct guest *guest);

/* What the guest of this name asked is done, whether it is still there or not: so its turn is. */
void door_end_turn(struct door *door, guest_name name);

/* Puts bytes of it aside in the only thing that is kept for it, which becomes no larger than most; false and nothing
 * done where that is more than there may be of all guests. */
bool guest_put_aside(struct guest *guest, struct intake *intake, struct text bytes, size_t most);

/* Takes bytes off that again, or all. */
void guest_take_off(struct guest *guest, struct intake *intake, size_t size);

/* True for the guest of a proxy. */
bool guest_is_by_proxy(const struct guest *guest);

/* Who is behind such a guest for now: it counts among the guests of that address. Not while it has a turn, or waits for
 * one. */
void guest_set_address(struct guest *guest, const struct sockaddr_storage *address);

/* Its address, as getpeername gives it. */
socklen_t guest_peer(const struct guest *guest, struct sockaddr_storage *peer);

/* True where so many guests of its address are being served, and there are guests of other addresses. */
bool guest_is_greedy(const struct guest *guest, unsigned most);

/* Guests of its address that are being served; 0 for one of a Unix socket. */
unsigned guest_served_beside(const struct guest *guest);

/* ---- a guest's link: a second connection, from the door inwards to who serves the guest ---- */

/* Takes a descriptor that does not block; it is closed with the guest. */
void guest_set_link(struct guest *guest, int fd);

/* The link, or -1. */
int guest_link(const struct guest *guest);

/* What the protocol's `link` is called for. */
void guest_link_wants(struct guest *guest, bool to_read, bool to_write);

/* Closes it. */
void guest_drop_link(struct guest *guest);

/* Lets it go when it has been sent everything, and has had a moment to read it. What it sends until then is not looked
 * at. */
void guest_finish(struct guest *guest);

/* Lets it go at once. */
void guest_leave(struct guest *guest);

#endif
