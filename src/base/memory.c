/*
 * Asks the kernel for the used memory each time, because only it knows what libraries use: one pread(2) of an open
 * file, and only if there is a limit.
 */
#include "base/memory.h"

#include "base/clock.h"
#include "base/memory_group.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define GIVEN_BACK   (512 * 1024)               /* freed blocks from this size on; larger than any block of an arena */
#define MOST_KEPT    ((size_t)8 * 1024 * 1024)  /* free, for the next request */
#define KEPT_PART    32                         /* of the limit, if that is less */
#define LARGE        ((size_t)256 * 1024)       /* worth returning */
#define REST_MS      1000                       /* for which nobody allocates anything large */
#define MOST_RESERVE ((size_t)64 * 1024 * 1024) /* for what does not ask */
#define RESERVE_PART 8                          /* of the limit, if that is less */
#define SMALL        ((size_t)64 * 1024)        /* what the reserve is for */
#define WAIT_MS      20
#define MOST_WAITS   750 /* on a busy machine a request may need some seconds to end and free its memory */
#define OTHERS_MS    50  /* for which it is assumed that others use what they did */

static struct {
    size_t addresses;       /* SIZE_MAX: no limit */
    atomic_size_t resident; /* this and the next may be set during queries: memory_limit_resident */
    atomic_int statm;
    struct memory_group group; /* whose limit `resident` is, but for a test's */
    atomic_size_t others;      /* what others of the group use */
    atomic_llong others_until; /* clock_ms; when it is asked for again */
    atomic_size_t claimed;
    atomic_uint freed;     /* large pieces so far */
    atomic_uint seen;      /* of them at the last memory_rest */
    atomic_llong rests_at; /* clock_ms; when kept memory is returned; 0: there is none */
} memory = {.addresses = SIZE_MAX, .resident = SIZE_MAX, .statm = -1, .group = {SIZE_MAX, -1}};

static _Thread_local size_t own_claim;   /* of this thread; included in `claimed` */
static _Thread_local unsigned own_waits; /* since its claim */
static _Thread_local bool own_hurry;

/* The thread that uses the reserve while others wait: its own_claim; NULL: none. */
static const size_t *_Atomic turn;

static struct {
    pthread_mutex_t mutex;
    void (*wake)(void *data); /* NULL: nobody waits */
    void *data;
} watcher = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void open_statm(void)
{
    const bool is_limited = memory.addresses != SIZE_MAX || memory.resident != SIZE_MAX;
    if (is_limited && memory.statm < 0) {
        memory.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    }
}

void memory_begin(void)
{
    struct rlimit limit;
    memory.addresses = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : SIZE_MAX;
    memory.group = memory_group_find("/proc/self/cgroup", "/sys/fs/cgroup");
    memory.resident = memory.group.limit;
    open_statm();
    const size_t least = memory.addresses < memory.resident ? memory.addresses : memory.resident;
    mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
    mallopt(M_TRIM_THRESHOLD, (int)(least / KEPT_PART < MOST_KEPT ? least / KEPT_PART : MOST_KEPT));
    mallopt(M_ARENA_MAX, 1); /* malloc_trim(3) returns the end of the first heap, but never of others */
}

void memory_limit_resident(size_t bytes)
{
    memory.resident = bytes == 0 ? memory.group.limit : bytes;
    open_statm();
}

/* What is left of a limit, without the reserve. */
static size_t left_of(size_t limit, size_t used)
{
    const size_t reserve = limit / RESERVE_PART < MOST_RESERVE ? limit / RESERVE_PART : MOST_RESERVE;
    return used > limit - reserve ? 0 : limit - reserve - used;
}

/* What others of the group use, as of the last moments: programs that we have started, a bridge beside us, PostgreSQL
 * in the same container, and files in memory. */
static size_t used_by_others(size_t resident)
{
    if (memory.group.stat < 0 || atomic_load(&memory.resident) != memory.group.limit) {
        return 0;
    }
    const int64_t now = clock_ms();
    if (now >= atomic_load(&memory.others_until)) {
        const size_t used = memory_group_used(&memory.group);
        atomic_store(&memory.others, used > resident ? used - resident : 0);
        atomic_store(&memory.others_until, now + OTHERS_MS);
    }
    return atomic_load(&memory.others);
}

/* What is left of the strictest limit. */
static size_t left(void)
{
    char text[128];
    char *rest;
    const int statm = atomic_load(&memory.statm);
    const ssize_t size = statm < 0 ? -1 : pread(statm, text, sizeof text - 1, 0);
    if (size <= 0) {
        return SIZE_MAX;
    }
    text[size] = '\0';
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t addresses = strtoul(text, &rest, 10) * page;
    const size_t resident = strtoul(rest, NULL, 10) * page;
    const size_t limit = atomic_load(&memory.resident);
    const size_t a = memory.addresses == SIZE_MAX ? SIZE_MAX : left_of(memory.addresses, addresses);
    const size_t b = limit == SIZE_MAX ? SIZE_MAX : left_of(limit, resident + used_by_others(resident));
    return a < b ? a : b;
}

static bool has_room(size_t bytes, size_t claimed)
{
    const size_t room = left();
    return room == SIZE_MAX || (bytes <= room && claimed <= room - bytes);
}

bool memory_has_room(size_t bytes)
{
    return bytes <= SMALL || has_room(bytes, atomic_load(&memory.claimed) - own_claim);
}

bool memory_claim(size_t bytes)
{
    const size_t claimed = atomic_fetch_add(&memory.claimed, bytes) + bytes;
    own_claim += bytes;
    if (has_room(0, claimed)) {
        return true;
    }
    memory_unclaim(bytes);
    return false;
}

void memory_unclaim(size_t bytes)
{
    const size_t *mine = &own_claim;
    atomic_fetch_sub(&memory.claimed, bytes);
    own_claim -= bytes;
    if (own_claim == 0) {
        own_waits = 0;
        own_hurry = false;
        atomic_compare_exchange_strong(&turn, &mine, NULL);
    }
}

static bool has_turn(void)
{
    const size_t *nobody = NULL;
    return atomic_load(&turn) == &own_claim || atomic_compare_exchange_strong(&turn, &nobody, &own_claim);
}

void memory_wait_for_room(size_t bytes)
{
    const struct timespec moment = {.tv_nsec = WAIT_MS * 1000000L};
    while (own_claim > 0 && !own_hurry && own_waits < MOST_WAITS && !memory_has_room(bytes) && !has_turn()) {
        nanosleep(&moment, NULL);
        own_waits++;
    }
}

void memory_hurry(bool hurries)
{
    own_hurry = hurries;
}

void memory_give_back(void)
{
    malloc_trim(0);
}

void memory_watch(void (*wake)(void *data), void *data)
{
    pthread_mutex_lock(&watcher.mutex);
    watcher.wake = wake;
    watcher.data = data;
    pthread_mutex_unlock(&watcher.mutex);
}

void memory_unwatch(const void *data)
{
    pthread_mutex_lock(&watcher.mutex);
    if (watcher.data == data) {
        watcher.wake = NULL;
    }
    pthread_mutex_unlock(&watcher.mutex);
}

/* Only the first call since the last memory_rest wakes the watcher. */
void memory_freed(size_t bytes)
{
    if (bytes < LARGE || atomic_fetch_add(&memory.freed, 1) != atomic_load(&memory.seen)) {
        return;
    }
    pthread_mutex_lock(&watcher.mutex);
    if (watcher.wake != NULL) {
        watcher.wake(watcher.data);
    }
    pthread_mutex_unlock(&watcher.mutex);
}

bool memory_is_kept(void)
{
    return atomic_load(&memory.freed) != atomic_load(&memory.seen) || atomic_load(&memory.rests_at) != 0;
}

void memory_rest(int64_t now_ms)
{
    const unsigned freed = atomic_load(&memory.freed);
    const long long rests_at = atomic_load(&memory.rests_at);
    if (freed != atomic_load(&memory.seen)) {
        atomic_store(&memory.seen, freed);
        atomic_store(&memory.rests_at, now_ms + REST_MS);
    } else if (rests_at != 0 && now_ms >= rests_at) {
        atomic_store(&memory.rests_at, 0);
        memory_give_back();
    }
}

void memory_must_wait(const void *given, unsigned times)
{
    const struct timespec moment = {.tv_nsec = WAIT_MS * 1000000L};
    if (given == NULL && times >= MOST_WAITS) {
        fputs("truss: out of memory\n", stderr);
        abort();
    }
    if (given == NULL) {
        nanosleep(&moment, NULL);
    }
}
