/*
 * What the door (door.c) and its guests (guest.c) know of each other.
 */
#ifndef RPC_DOOR_PRIVATE_H
#define RPC_DOOR_PRIVATE_H

#include "rpc/address.h"
#include "rpc/door.h"

#include <pthread.h>
#include <stdatomic.h>

#define DOOR_LISTENERS  8
#define DOOR_READ_BYTES ((size_t)64 * 1024) /* read at once */

/* Was it served yet? Those of the last rank keep their places. */
enum guest_rank { GUEST_STRANGER, GUEST_SERVED, GUEST_IN_SERVICE, GUEST_RANKS };

struct guest {
    struct door *door;
    struct guest *before; /* in the list of its rank, those that have waited longest first */
    struct guest *behind;
    struct guest *next_dead;
    struct guest *next_touched;
    bool is_touched; /* something of it changed in this turn */
    guest_name name;
    int fd;          /* -1: it has left */
    struct tls *tls; /* NULL: it speaks without */
    uint32_t events;
    int link; /* -1: none */
    uint32_t link_events;
    uint64_t address;
    enum guest_rank rank;
    bool has_entered; /* the protocol knows of it */
    bool is_paused;
    bool has_ended;    /* sends no more */
    bool is_finishing; /* leaves when it has been sent everything */
    bool is_lingering; /* and was; it only has to read it */
    bool is_drained;   /* has been sent everything, and was not told of it yet */
    int64_t since;     /* it came in */
    int64_t until;
    struct door_piece *first;
    struct door_piece *last;
    size_t offset; /* of the first that was sent */
    size_t unsent;
    size_t kept; /* by the protocol */
    max_align_t state[];
};

struct guest_list {
    struct guest *first;
    struct guest *last;
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
    struct guest_list ranks[GUEST_RANKS];
    struct guest **places; /* most of them */
    struct guest *touched; /* to be settled at the end of this turn */
    struct guest *dead;    /* to be freed behind that */
    char buffer[DOOR_READ_BYTES];
    size_t bytes; /* unsent and kept, of all */
};

/* Has it settled at the end of this turn. */
void guest_touch(struct guest *guest);

/* Moves it to the end of the list of a rank. */
void guest_set_rank(struct guest *guest, enum guest_rank rank);

/* Tells the protocol that somebody has come, to whom something can be said. */
void guest_enter(struct guest *guest);

/* What the network has to say. */
void guest_readable(struct guest *guest);
void guest_writable(struct guest *guest);

/* The mark of a link's events in what epoll keeps: guests stand at even addresses. */
#define DOOR_LINK ((uintptr_t)1)

/* Its time is over. */
void guest_late(struct guest *guest);

/* Sends what can be sent, and waits for what is to be waited for. */
void guest_settle(struct guest *guest);

#endif
