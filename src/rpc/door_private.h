/*
 * What the door (door.c) and its guests (guest.c) know of each other.
 */
#ifndef RPC_DOOR_PRIVATE_H
#define RPC_DOOR_PRIVATE_H

#include "rpc/address.h"
#include "rpc/door.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define DOOR_LISTENERS  8
#define DOOR_READ_BYTES ((size_t)64 * 1024) /* read at once */
#define DOOR_BUCKETS    256                 /* of addresses */
#define DOOR_LINES      2                   /* of who comes first, and of who can wait */
#define UNCOUNTED       0                   /* no address: address_key gives none that is 0 */

/* Was it served yet? Those of the last two ranks keep their places: they wait for an answer. */
enum guest_rank { GUEST_STRANGER, GUEST_SERVED, GUEST_WAITING, GUEST_IN_SERVICE, GUEST_RANKS };

/* The lists that a guest is in: its rank's, of all and of its address, those that have waited longest first; and that
 * of its address's line, or of those who have a turn; and that of those with a link, the last of which had its turn
 * last. */
enum guest_order { ORDER_ALL, ORDER_ADDRESS, ORDER_TURN, ORDER_LINK, GUEST_ORDERS };

struct guest_list {
    struct guest *first;
    struct guest *last;
};

/* Guests of one address, or all. */
struct guest_group {
    struct guest_group *next; /* in its bucket */
    uint64_t address;
    struct guest_list ranks[GUEST_RANKS];
    unsigned counts[GUEST_RANKS];
    struct guest_list lines[DOOR_LINES];    /* who waits for a turn */
    struct guest_group *before[DOOR_LINES]; /* in the row */
    struct guest_group *behind[DOOR_LINES];
    bool is_in_row[DOOR_LINES];
    unsigned links;
    size_t bytes; /* unsent and kept */
};

/* The addresses of a line that somebody waits in: each has a turn in its turn. */
struct guest_row {
    struct guest_group *first;
    struct guest_group *last;
};

enum guest_turn { TURN_NONE, TURN_WAITED, TURN_TAKEN };

/* The turn of one who has left: what he asked may still be worked at. */
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
    unsigned line;  /* the one that it stands, or stood, in */
    int64_t turned; /* TURN_TAKEN: when; clock_us */
    struct guest *next_dead;
    struct guest *next_touched;
    bool is_touched; /* something of it changed in this turn */
    guest_name name;
    int fd;          /* -1: it has left */
    struct tls *tls; /* NULL: it speaks without */
    uint32_t events;
    int link; /* -1: none */
    uint32_t link_events;
    bool is_unix;
    bool is_by_proxy;
    enum guest_rank rank;
    bool has_entered; /* the protocol knows of it */
    bool is_paused;
    bool has_ended;    /* sends no more */
    bool will_end;     /* what it has sent is the last */
    bool is_finishing; /* leaves when it has been sent everything */
    bool is_lingering; /* and was; it only has to read it */
    bool is_drained;   /* has been sent everything, and was not told of it yet */
    int64_t since;     /* it came in */
    int64_t until;
    struct door_piece *first;
    struct door_piece *last;
    size_t offset; /* of the first that was sent */
    size_t unsent;
    int64_t moved; /* when the network took something last, of what is unsent */
    size_t kept;   /* by the protocol */
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
    pthread_mutex_t mutex; /* of the next two */
    struct door_job *first_job;
    struct door_job *last_job;
    bool is_closed; /* for a moment */
    uint32_t generation;
    unsigned count;
    unsigned crowd; /* the most since memory was given back */
    bool is_over;   /* the crowd has gone, a tick ago */
    struct guest_group all;
    struct guest_group *groups[DOOR_BUCKETS];
    struct guest_row rows[DOOR_LINES];
    struct guest_list turns;          /* who has one, the oldest first */
    unsigned turn_counts[DOOR_LINES]; /* these and the next */
    unsigned turns_now;               /* as many may be had */
    unsigned turns_ended;             /* since that was looked at */
    int64_t turns_took;               /* how long a turn lasts, in microseconds: a mean of the last ones */
    struct turn_left *turns_left;     /* the oldest first */
    unsigned turns_left_count;
    struct guest_list linked;
    unsigned link_count;
    struct guest **places; /* most of them */
    uint32_t *free_places; /* their numbers, the last to be taken first */
    unsigned looked;       /* places, for who is late */
    int64_t due;           /* nobody is late before (clock_ms units); NO_DEADLINE: nobody ever */
    struct guest *touched; /* to be settled at the end of this turn */
    struct guest *dead;    /* to be freed behind that */
    char buffer[DOOR_READ_BYTES];
    size_t bytes; /* unsent and kept, of all */
};

/* Has it settled at the end of this turn. */
void guest_touch(struct guest *guest);

/* Until when it has time. */
void guest_set_until(struct guest *guest, int64_t until);

/* ---- places (door_places.c) ---- */

/* A newcomer gets a place, which there is, among those of its address; and gives it up. */
void places_take(struct guest *guest, uint64_t address);
void places_give(struct guest *guest);

/* It is among those of another address from now on. */
void places_move(struct guest *guest, uint64_t address);

/* How many guests are of an address, or of all. */
unsigned places_of(const struct guest_group *group);

/* True where it counts among those of its address: not at a Unix socket, nor of a proxy who has not said for whom. */
bool places_are_counted(const struct guest *guest);

/* Moves it to the end of the list of a rank. */
void guest_set_rank(struct guest *guest, enum guest_rank rank);

/* True where somebody can come in now: there is a place, or one that can be given up. */
bool places_has_room(const struct door *door);

/* Has somebody leave, where that is needed for a newcomer of this address. */
void places_make_room(struct door *door, uint64_t address);

/* The one that gives up its place first, whoever comes; NULL: nobody. */
struct guest *places_stalest(const struct door *door);

void guest_list_add(struct guest_list *list, struct guest *guest, enum guest_order order);
void guest_list_remove(struct guest_list *list, struct guest *guest, enum guest_order order);

/* ---- memory (door_memory.c) ---- */

/* Counts bytes of it that are unsent or kept, or are no more. */
void door_count(struct guest *guest, size_t more, size_t less);

/* So many bytes are kept for it. False, and nothing is changed, where that is more than there may be and nobody gives
 * up some. */
bool guest_keep(struct guest *guest, size_t bytes);

/* Answers that nobody reads must not fill the memory: who has most of them goes. */
void door_drop_unread(struct door *door);

/* ---- turns (door_turns.c) ---- */

/* Gives those that are free. True where somebody got one. */
bool turns_give(struct door *door);

/* A guest leaves: out of the line, or his turn is one of those that are left. */
void turns_leave(struct guest *guest);

/* Who has had one for long waits for something else than us: his is free again. */
void turns_look(struct door *door);

/* True where somebody has one, or waits for one. */
bool turns_are_used(const struct door *door);

/* What it has sent is the last: it waits for its turn in the other line. */
void turns_note_end(struct guest *guest);

/* Tells the protocol that somebody has come, to whom something can be said. */
void guest_enter(struct guest *guest);

/* What the network has to say. */
void guest_readable(struct guest *guest);
void guest_writable(struct guest *guest);

/* What is told of who is read: his bytes, and that they are the last. */
#define DOOR_READS ((uint32_t)(EPOLLIN | EPOLLRDHUP))

/* The mark of a link's events in what epoll keeps: guests stand at even addresses. */
#define DOOR_LINK ((uintptr_t)1)

/* Its time is over. */
void guest_late(struct guest *guest);

/* Sends what can be sent, and waits for what is to be waited for. */
void guest_settle(struct guest *guest);

#endif
