/*
 * An iteration of the thread: what epoll reports about each guest, jobs of other threads, late guests; then every
 * touched guest is settled, and disconnected ones are freed.
 */
#include "rpc/door_private.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CROWD           64 /* guests */
#define EVENTS          128
#define ACCEPT_AT_ONCE  64
#define TLS_GREETING_MS 5000                /* for the TLS handshake, before the protocol begins */
#define TLS_BYTES       ((size_t)32 * 1024) /* memory of a TLS session during its handshake */
#define LATE_AT_ONCE    64
#define TICK_MS         100     /* the shortest time between two searches for late guests */
#define LONGEST_MS      3600000 /* fits into an int */
#define FULL_MS         5       /* a pause in accepting, while others wait in the kernel's queue */
#define OWN_FILES       192     /* descriptors that the process needs for other things */
#define LEAST_FILES     24      /* of these, without which nothing can be answered */
#define FEWEST          16

/* There is memory to give back, which the door's thread does after a while. */
static void on_memory(void *data)
{
    door_wake(data);
}

/* ---- newcomers ---- */

struct comer {
    uint64_t address; /* the one under which it is counted */
    bool is_unix;
    bool is_by_proxy;
};

static struct comer look_at(const struct door *door, const struct sockaddr_storage *address, socklen_t size)
{
    const struct door_options *const options = &door->options;
    struct comer comer = {.is_unix = size < sizeof address->ss_family || address->ss_family == AF_UNIX};
    comer.is_by_proxy = !comer.is_unix && options->is_proxy != NULL && options->is_proxy(options->context, address);
    comer.address = comer.is_unix || comer.is_by_proxy ? UNCOUNTED : address_key(address);
    return comer;
}

/* A TLS guest enters after the handshake (guest.c), for which it has a limited time. Returns false if there is no
 * memory. */
static bool begin_tls(struct guest *guest)
{
    guest->tls = memory_has_room(TLS_BYTES) ? tls_new(guest->door->tls, guest->fd) : NULL;
    guest_set_until(guest, clock_ms() + TLS_GREETING_MS);
    return guest->tls != NULL;
}

/* listener: the index of the one that accepted it. */
static void let_in(struct door *door, size_t listener, int fd, const struct comer *comer)
{
    struct guest *const guest = memory_alloc(sizeof *guest + door->options.protocol->state_size);
    struct epoll_event event = {.events = DOOR_READS, .data.ptr = guest};
    guest->door = door;
    guest->fd = fd;
    guest->link = -1;
    guest->is_unix = comer->is_unix;
    guest->is_by_proxy = comer->is_by_proxy;
    guest->until = NO_DEADLINE;
    guest->since = clock_ms();
    guest->events = DOOR_READS;
    places_take(guest, comer->address);
    if ((door->is_tls[listener] && !begin_tls(guest)) || epoll_ctl(door->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        guest_leave(guest);
        return;
    }
    if (guest->tls == NULL) {
        guest_enter(guest);
    }
    guest_touch(guest);
}

/* Starts or stops accepting; it is stopped for a moment if there is no place or no descriptor. */
static void set_open(struct door *door, bool open)
{
    for (size_t i = 0; i < door->listener_count; i++) {
        if (door->listeners[i] < 0) {
            continue;
        }
        struct epoll_event event = {.events = open ? EPOLLIN : 0, .data.ptr = &door->listeners[i]};
        epoll_ctl(door->epoll, EPOLL_CTL_MOD, door->listeners[i], &event);
    }
    door->is_closed = !open;
}

static bool is_short_of_means(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void accept_from(struct door *door, size_t listener)
{
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        if (!places_has_room(door)) {
            set_open(door, false); /* newcomers wait in the kernel's queue */
            return;
        }
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        const int fd =
            accept4(door->listeners[listener], (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (is_short_of_means(errno)) {
                struct guest *const guest = places_stalest(door);
                if (guest != NULL) {
                    guest_leave(guest);
                }
                set_open(door, false);
            }
            return;
        }
        const struct comer comer = look_at(door, &address, size);
        places_make_room(door, comer.address);
        let_in(door, listener, fd, &comer);
    }
}

/* ---- turns ---- */

/* The index of a listener; SIZE_MAX: data is none. */
static size_t listener_of(const struct door *door, const void *data)
{
    for (size_t i = 0; i < door->listener_count; i++) {
        if (data == &door->listeners[i] && door->listeners[i] >= 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void take_guest_event(struct guest *guest, uint32_t events)
{
    /* A guest that has closed its sending half is disconnected if the protocol does not answer such guests: then its
     * request must not be begun either. */
    const bool is_last = (events & EPOLLRDHUP) != 0;
    const bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0 ||
                         (is_last && guest->door->options.protocol->ends == NULL && !guest->is_finishing);
    guest_touch(guest);
    if (is_last) {
        turns_note_end(guest);
    }
    if (is_over) {
        guest_leave(guest);
    } else if ((events & EPOLLIN) != 0) {
        guest_readable(guest);
    }
}

static void take_event(struct door *door, const struct epoll_event *event)
{
    const size_t listener = listener_of(door, event->data.ptr);
    const bool is_link = ((uintptr_t)event->data.ptr & DOOR_LINK) != 0;
    struct guest *const guest = (struct guest *)(void *)((char *)event->data.ptr - (is_link ? DOOR_LINK : 0));
    if (event->data.ptr == &door->wake) {
        door_run_jobs(door);
    } else if (listener != SIZE_MAX) {
        accept_from(door, listener);
    } else if (is_link && guest->link >= 0) {
        guest_touch(guest);
        door->options.protocol->link(guest);
    } else if (!is_link && guest->fd >= 0) {
        take_guest_event(guest, event->events);
    }
}

/* Continues the search for late guests and notes when the next one is due. Many may be late at once: after some of them
 * other work is done first. Returns true if all were examined. */
static bool look_for_late(struct door *door)
{
    const int64_t now = clock_ms();
    unsigned late = 0;
    if (door->looked == 0 && now <= door->due) {
        return true;
    }
    door->due = door->looked == 0 ? NO_DEADLINE : door->due;
    for (; door->looked < door->most; door->looked++) {
        struct guest *const guest = door->places[door->looked];
        if (guest != NULL && now > guest->until) {
            if (late++ == LATE_AT_ONCE) {
                return false;
            }
            guest_late(guest);
            guest_touch(guest);
        } else if (guest != NULL && guest->until < door->due) {
            door->due = guest->until;
        }
    }
    door->looked = 0;
    return true;
}

static void settle(struct door *door)
{
    while (door->touched != NULL) {
        struct guest *const guest = door->touched;
        door->touched = guest->next_touched;
        guest->is_touched = false;
        guest_settle(guest);
    }
    while (door->dead != NULL) {
        struct guest *const guest = door->dead;
        door->dead = guest->next_dead;
        free(guest);
    }
}

static void close_listeners(struct door *door)
{
    for (size_t i = 0; i < door->listener_count; i++) {
        if (door->listeners[i] >= 0) {
            close(door->listeners[i]);
            door->listeners[i] = -1;
            if (strncmp(door->urls[i], "ipc://", 6) == 0) {
                unlink(door->urls[i] + 6);
            }
        }
    }
}

static bool has_crowd_gone(const struct door *door)
{
    return door->crowd >= CROWD && door->count <= door->crowd / 8;
}

/* Returns a crowd's memory to the system after it has gone, since malloc would keep the pieces. One tick later also
 * that of the code that served it is free. */
static void give_back(struct door *door)
{
    if (door->is_over) {
        memory_give_back();
        door->crowd = door->count;
    }
    door->crowd = door->count > door->crowd ? door->count : door->crowd;
    door->is_over = has_crowd_gone(door);
}

/* Is there something that ticks check, besides late guests? */
static bool has_to_look(const struct door *door)
{
    return turns_are_used(door) || has_crowd_gone(door) || memory_is_kept();
}

/* How long the thread may sleep; -1: until an event. next_look: the earliest time of the next tick. */
static int pause_of(const struct door *door, int64_t next_look)
{
    const int64_t now = clock_ms();
    int64_t next = has_to_look(door) ? next_look : NO_DEADLINE;
    if (door->due != NO_DEADLINE && door->due < next) {
        next = door->due + 1 > next_look ? door->due + 1 : next_look; /* late means after the deadline */
    }
    next = door_next_job(door) < next ? door_next_job(door) : next;
    if (door->looked > 0 || door->is_closed) {
        return door->looked > 0 ? 0 : FULL_MS;
    }
    return next == NO_DEADLINE ? -1 : next <= now ? 0 : next - now < LONGEST_MS ? (int)(next - now) : LONGEST_MS;
}

static void *run(void *data)
{
    struct door *const door = data;
    int64_t next_look = clock_ms() + TICK_MS;
    while (!atomic_load(&door->stopping)) {
        struct epoll_event events[EVENTS];
        const int count = epoll_wait(door->epoll, events, EVENTS, pause_of(door, next_look));
        for (int i = 0; i < count; i++) {
            take_event(door, &events[i]);
        }
        door_run_due(door);
        if (atomic_load(&door->shut)) {
            close_listeners(door);
        }
        if (door->is_closed && places_has_room(door)) {
            set_open(door, true);
        }
        if (clock_ms() >= next_look && look_for_late(door)) {
            next_look = clock_ms() + TICK_MS;
            turns_look(door);
            give_back(door);
            memory_rest(clock_ms());
        }
        do {
            settle(door); /* may end turns */
        } while (turns_give(door));
    }
    for (unsigned i = 0; i < door->most; i++) {
        if (door->places[i] != NULL) {
            guest_leave(door->places[i]);
        }
    }
    door_run_jobs(door);
    settle(door);
    return NULL;
}

/* ---- opening and closing ---- */

/* The number of guests that the process's descriptor limit allows, of which `linked` have links. */
static unsigned room_for(unsigned guests, unsigned files_each, unsigned linked)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return guests;
    }
    const rlim_t wanted = (rlim_t)guests + (files_each - 1) * (rlim_t)linked + OWN_FILES;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    const rlim_t free_files = files.rlim_cur > OWN_FILES ? files.rlim_cur - OWN_FILES : 0;
    const rlim_t beside = (files_each - 1) * (rlim_t)linked;
    const rlim_t each = free_files / files_each;
    const rlim_t some = free_files > beside && free_files - beside > each ? free_files - beside : each;
    const rlim_t room = some > FEWEST ? some : FEWEST;
    return room < guests ? (unsigned)room : guests;
}

/* With fewer descriptors it would listen and answer nobody. Call it after room_for(), which raises the limit. */
static bool has_files(unsigned files_each, struct status *status)
{
    const rlim_t least = LEAST_FILES + (rlim_t)FEWEST * files_each;
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= least ||
           status_fail(status, STATUS_FAILED_PRECONDITION,
                       "This program may open %llu files and connections, and needs %llu at least: raise its limit "
                       "(ulimit -n, or LimitNOFILE= of its unit).",
                       (unsigned long long)files.rlim_cur, (unsigned long long)least);
}

static bool add_to_epoll(const struct door *door, int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    return epoll_ctl(door->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool listen_on_all(struct door *door, struct status *status)
{
    for (size_t i = 0; door->options.urls[i] != NULL; i++) {
        if (i == DOOR_LISTENERS) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "There are more than %d addresses to listen on.",
                               DOOR_LISTENERS);
        }
        if (door->tls == NULL && strncmp(door->options.urls[i], ADDRESS_TLS, strlen(ADDRESS_TLS)) == 0) {
            return status_fail(status, STATUS_INVALID_ARGUMENT,
                               "%s needs a certificate and its key: --tls-cert and --tls-key.", door->options.urls[i]);
        }
        const int fd = address_listen(door->options.urls[i], door->urls[i], &door->is_local[i], status);
        if (fd < 0) {
            return false;
        }
        door->is_tls[i] = strncmp(door->urls[i], ADDRESS_TLS, strlen(ADDRESS_TLS)) == 0;
        door->listeners[door->listener_count++] = fd;
    }
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

struct door *door_open(const struct door_options *options, struct status *status)
{
    struct door *const door = memory_alloc(sizeof *door);
    door->options = *options;
    door->options.files_each = options->files_each == 0 ? 1 : options->files_each;
    door->most = room_for(options->guests, door->options.files_each, options->links);
    door->options.per_address = least(options->per_address, door->most / 4 * 3);
    door->options.most_turns = options->most_turns > options->turns ? options->most_turns : options->turns;
    door->turns_now = options->turns;
    door->turns_left = memory_alloc((door->options.most_turns + 1) * sizeof *door->turns_left);
    door->due = NO_DEADLINE;
    door->places = memory_alloc(door->most * sizeof(struct guest *));
    door->free_places = memory_alloc(door->most * sizeof *door->free_places);
    for (unsigned i = 0; i < door->most; i++) {
        door->free_places[i] = door->most - 1 - i;
    }
    pthread_mutex_init(&door->mutex, NULL);
    door->epoll = epoll_create1(EPOLL_CLOEXEC);
    door->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!has_files(door->options.files_each, status)) {
        door_free(door);
        return NULL;
    }
    if (door->epoll < 0 || door->wake < 0 || !add_to_epoll(door, door->wake, &door->wake)) {
        status_fail(status, STATUS_INTERNAL, "Cannot prepare for connections: %s.", strerror(errno));
        door_free(door);
        return NULL;
    }
    door->tls = options->tls == NULL ? NULL : tls_door_new(options->tls, status);
    if ((options->tls != NULL && door->tls == NULL) || !listen_on_all(door, status)) {
        door_free(door);
        return NULL;
    }
    return door;
}

const char *door_url(const struct door *door, size_t index)
{
    return index < door->listener_count ? door->urls[index] : NULL;
}

bool door_is_local(const struct door *door)
{
    for (size_t i = 0; i < door->listener_count; i++) {
        if (!door->is_local[i]) {
            return false;
        }
    }
    return true;
}

bool door_start(struct door *door)
{
    for (size_t i = 0; i < door->listener_count; i++) {
        if (!add_to_epoll(door, door->listeners[i], &door->listeners[i])) {
            return false;
        }
    }
    door->has_thread = pthread_create(&door->thread, NULL, run, door) == 0;
    if (door->has_thread) {
        memory_watch(on_memory, door);
    }
    return door->has_thread;
}

void door_shut(struct door *door)
{
    atomic_store(&door->shut, true);
    door_wake(door);
}

void door_free(struct door *door)
{
    if (door == NULL) {
        return;
    }
    memory_unwatch(door);
    atomic_store(&door->stopping, true);
    if (door->has_thread) {
        door_wake(door);
        pthread_join(door->thread, NULL);
    }
    close_listeners(door);
    if (door->epoll >= 0) {
        close(door->epoll);
    }
    if (door->wake >= 0) {
        close(door->wake);
    }
    tls_door_free(door->tls);
    pthread_mutex_destroy(&door->mutex);
    free(door->turns_left);
    free(door->places);
    free(door->free_places);
    free(door);
}

struct guest *door_find(struct door *door, guest_name name)
{
    const uint32_t place = (uint32_t)name;
    struct guest *const guest = place < door->most ? door->places[place] : NULL;
    return guest != NULL && guest->name == name ? guest : NULL;
}
