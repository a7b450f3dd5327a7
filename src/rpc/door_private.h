/*
 * Internals of the door (door.c, door_*.c) and its guests (guest.c).
 */
#ifndef RPC_DOOR_PRIVATE_H
#define RPC_DOOR_PRIVATE_H

#include "rpc/address.h"
#include "rpc/door.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define DOOR_LISTENERS  8
#define DOOR_READ_BYTES ((size_t)64 * 1024) /* the most that is read at once */
#define DOOR_BUCKETS    256                 /* of the hash table of addresses */
#define DOOR_LINES      2                   /* the first line, and the one for those that can wait */
#define UNCOUNTED       0 /* the address of guests that are not counted; address_key gives 0 only for Unix sockets */

/* Guests of the last two ranks keep their places: they wait for an answer. */
enum guest_rank { GUEST_STRANGER, GUEST_SERVED, GUEST_WAITING, GUEST_IN_SERVICE, GUEST_RANKS };

/* The lists that a guest is in: of its rank, among all and in its address's group, longest waiting first; of its line,
 * or of those that have a turn; and of those with a link, least recently used first. */
enum guest_order { ORDER_ALL, ORDER_ADDRESS, ORDER_TURN, ORDER_LINK, GUEST_ORDERS };

struct guest_list {
    struct guest *first;
    struct guest *last;
};

/* The guests of one address, or all guests. */
struct guest_group {
    struct guest_group *next; /* in its hash bucket */
    uint64_t address;
    struct guest_list ranks[GUEST_RANKS];
    unsigned counts[GUEST_RANKS];
    struct guest_list lines[DOOR_LINES];    /* guests that wait for a turn */
    struct guest_group *before[DOOR_LINES]; /* in the row of addresses */
    struct guest_group *behind[DOOR_LINES];
    bool is_in_row[DOOR_LINES];
    unsigned links;
    size_t bytes; /* unsent and buffered */
};

/* The addresses from which somebody waits in a line: they get turns round robin. */
struct guest_row {
    struct guest_group *first;
    struct guest_group *last;
};

enum guest_turn { TURN_NONE, TURN_WAITED, TURN_TAKEN };

/* The turn of a guest that has disconnected: its request may still be processed. */
struct turn_left {
    guest_name name;
    int64_t turned;
    unsigned line;
};

struct guest {
    struct door *door;
    struct guest_group *group; /* of its address */
    struct {
        struct guest *before;
        struct guest *behind;
    } in[GUEST_ORDERS];
    enum guest_turn turn;
    unsigned line;  /* the line that it waits in, or got its turn from */
    int64_t turned; /* TURN_TAKEN: when; clock_us */
    struct guest *next_dead;
    struct guest *next_touched;
    bool is_touched; /* it must be settled at the end of this loop */
    guest_name name;
    int fd;          /* -1: it has left */
    struct tls *tls; /* NULL: no TLS */
    uint32_t events;
    int link; /* -1: none */
    uint32_t link_events;
    bool is_unix;
    bool is_by_proxy;
    enum guest_rank rank;
    bool has_entered; /* `enter` was called */
    bool is_paused;
    bool has_ended;    /* it sends no more */
    bool will_end;     /* the end of its input has arrived, not yet reported */
    bool is_finishing; /* to be disconnected when everything is sent */
    bool is_lingering; /* everything was sent; it only has time to read it */
    bool is_drained;   /* everything is sent; `sent` was not called yet */
    int64_t since;     /* when it connected */
    int64_t until;
    struct door_piece *first;
    struct door_piece *last;
    size_t offset; /* bytes of the first piece that were sent */
    size_t unsent;
    int64_t moved; /* when the kernel last took some of what is unsent */
    size_t kept;   /* bytes buffered by the protocol */
    max_align_t state[];
};

struct door {
    struct door_options options;
    struct tls_door *tls; /* NULL: no listener needs it */
    int epoll;
    int wake; /* an eventfd */
    int listeners[DOOR_LISTENERS];
    bool is_local[DOOR_LISTENERS];
    bool is_tls[DOOR_LISTENERS];
    char urls[DOOR_LISTENERS][ADDRESS_SIZE];
    size_t listener_count;
    unsigned most; /* guests */
    pthread_t thread;
    bool has_thread;
    atomic_bool shut;
    atomic_bool stopping;
    pthread_mutex_t mutex; /* of the two job pointers */
    struct door_job *first_job;
    struct door_job *last_job;
    struct door_job *later; /* by their times; of the door's thread */
    bool is_closed;         /* accepts nobody for a moment */
    uint32_t generation;
    unsigned count;
    unsigned crowd; /* the most guests since memory was given back */
    bool is_over;   /* the crowd had gone one tick ago */
    struct guest_group all;
    struct guest_group *groups[DOOR_BUCKETS];
    struct guest_row rows[DOOR_LINES];
    struct guest_list turns;          /* the guests that have one, oldest first */
    unsigned turn_counts[DOOR_LINES]; /* those guests, and turns_left */
    unsigned turns_now;               /* the limit at the moment */
    unsigned turns_ended;             /* since the limit was last adjusted */
    int64_t turns_took;               /* the mean length of recent turns, in microseconds */
    struct turn_left *turns_left;     /* oldest first */
    unsigned turns_left_count;
    struct guest_list linked;
    unsigned link_count;
    struct guest **places; /* `most` of them */
    uint32_t *free_places; /* a stack of their numbers */
    unsigned looked;       /* where the search for late guests goes on */
    int64_t due;           /* no deadline is before this (clock_ms); NO_DEADLINE: there is none */
    struct guest *touched; /* to be settled at the end of this loop */
    struct guest *dead;    /* to be freed after that */
    char buffer[DOOR_READ_BYTES];
    size_t bytes; /* unsent and buffered, of all */
};

/* Has guest_settle called for it at the end of this loop. */
void guest_touch(struct guest *guest);

/* Sets its deadline. */
void guest_set_until(struct guest *guest, int64_t until);

/* ---- places (door_places.c) ---- */

/* Gives a newcomer a place in the group of its address (there must be a free one); takes it back. */
void places_take(struct guest *guest, uint64_t address);
void places_give(struct guest *guest);

/* Moves it to the group of another address. */
void places_move(struct guest *guest, uint64_t address);

/* The number of guests in a group. */
unsigned places_of(const struct guest_group *group);

/* Does it count towards the limits of its address? Not at a Unix socket, and not from a proxy before
 * guest_set_address. */
bool places_are_counted(const struct guest *guest);

/* Moves it to the end of the list of a rank. */
void guest_set_rank(struct guest *guest, enum guest_rank rank);

/* Can a guest be accepted now, into a free place or one that can be taken from another? */
bool places_has_room(const struct door *door);

/* Disconnects a guest if that is needed to accept one of this address. */
void places_make_room(struct door *door, uint64_t address);

/* The guest that loses its place first, whoever connects; NULL: none. */
struct guest *places_stalest(const struct door *door);

void guest_list_add(struct guest_list *list, struct guest *guest, enum guest_order order);
void guest_list_remove(struct guest_list *list, struct guest *guest, enum guest_order order);

/* ---- memory (door_memory.c) ---- */

/* Adds to and subtracts from the bytes that are counted as unsent or buffered. */
void door_count(struct guest *guest, size_t more, size_t less);

/* Sets the bytes that are buffered for it. Returns false, having changed nothing, if that exceeds the limits and no
 * other guest gives memory up. */
bool guest_keep(struct guest *guest, size_t bytes);

/* Disconnects the guests with the most unread output until the total is within its limit. */
void door_drop_unread(struct door *door);

/* ---- jobs (door_jobs.c) ---- */

/* Ends the thread's sleep. Any thread. */
void door_wake(const struct door *door);

/* Runs what other threads have posted; and what waits and whose time has come. */
void door_run_jobs(struct door *door);
void door_run_due(struct door *door);

/* When the next of those that wait is due (clock_ms); NO_DEADLINE: none waits. */
int64_t door_next_job(const struct door *door);

/* ---- turns (door_turns.c) ---- */

/* Gives out the free turns. Returns true if a guest got one. */
bool turns_give(struct door *door);

/* A guest disconnects: takes it out of the line, or keeps its turn in turns_left. */
void turns_leave(struct guest *guest);

/* Takes back turns that last too long: those guests wait for something other than us. */
void turns_look(struct door *door);

/* Does a guest have a turn or wait for one? */
bool turns_are_used(const struct door *door);

/* It will send no more: moves it to the second line. */
void turns_note_end(struct guest *guest);

/* Calls the protocol's `enter`, with the guest ready to be written to. */
void guest_enter(struct guest *guest);

/* Handle what epoll reports. */
void guest_readable(struct guest *guest);
void guest_writable(struct guest *guest);

/* The epoll events of a guest that is read: bytes, and the end of its input. */
#define DOOR_READS ((uint32_t)(EPOLLIN | EPOLLRDHUP))

/* Marks a link's events in epoll's data: guests have even addresses. */
#define DOOR_LINK ((uintptr_t)1)

/* Its deadline has passed. */
void guest_late(struct guest *guest);

/* Sends what can be sent, and sets the epoll events that it waits for. */
void guest_settle(struct guest *guest);

#endif
