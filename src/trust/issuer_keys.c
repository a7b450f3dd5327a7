/*
 * The thread holds no lock while it fetches keys; the result then replaces the old keys. A check holds the lock for one
 * signature.
 */
#include "trust/issuer_keys.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/private_file.h"
#include "base/threads.h"
#include "trust/fetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_MS   600000   /* then they are fetched again */
#define FAILED_MS  15000    /* a failed fetch is tried again after this time */
#define UNKNOWN_MS 10000    /* between two fetches for unknown keys */
#define STALE_MS   86400000 /* older keys are not trusted */
#define WAIT_MS    5000     /* how long a caller waits */
#define TICK_MS    500

struct source {
    const char *from;
    const char *ca;
    bool is_url;
    struct jwks *keys; /* NULL: none yet */
    struct file_stamp stamp;
    int64_t got;     /* when the keys came; clock_ms units, as are the next three */
    int64_t tried;   /* when the last fetch ended; 0: there was none */
    int64_t unknown; /* when a fetch for an unknown key was last requested; 0: never */
    bool is_wished;
};

struct issuer_keys {
    pthread_mutex_t mutex; /* protects the keys, times and requests of the sources */
    pthread_cond_t wish;
    pthread_t thread;
    bool has_thread;
    bool is_ending;
    bool is_left;        /* the thread must release everything */
    struct arena *arena; /* for the places */
    struct source sources[ISSUER_KEYS_MOST];
    size_t count;
};

/* "http://localhost:8080/keys": a helper on this machine. After the host come a port and a path, and no login. */
static bool is_plain_and_local(const char *from)
{
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const size_t size = strlen(hosts[i]);
        if (strncmp(from, hosts[i], size) == 0) {
            const char *const rest = from + size + (from[size] == ':' ? 1 : 0);
            return rest[strspn(rest, "0123456789")] == '/';
        }
    }
    return false;
}

bool key_place_is(const char *from)
{
    return strstr(from, "://") == NULL || strncmp(from, "https://", strlen("https://")) == 0 ||
           is_plain_and_local(from);
}

/* ---- getting them ---- */

static void tell(const struct source *source, const struct jwks *keys, const struct status *status)
{
    char from[LOG_QUOTED_SIZE];
    char error[LOG_QUOTED_SIZE];
    if (keys != NULL) {
        log_debug("keys of an issuer read", "from=%s keys=%zu", log_quoted(source->from, from), jwks_count(keys));
    } else {
        log_error("keys of an issuer cannot be had", "from=%s error=%s", log_quoted(source->from, from),
                  log_quoted(status->message, error));
    }
}

/* Call with the mutex held. `keys` may be NULL: then the old ones stay for a while. */
static void put(struct source *source, struct jwks *keys)
{
    source->tried = clock_ms();
    source->is_wished = false;
    if (keys != NULL) {
        jwks_free(source->keys);
        source->keys = keys;
        source->got = source->tried;
    }
}

/* If the file can no longer be used, there are no keys: the ones from earlier are not trusted. */
static bool read_keys_file(struct source *source, struct status *status)
{
    struct private_file file = {0};
    file_look(source->from, &source->stamp);
    struct jwks *const keys = trusted_file_read(status->arena, source->from, JWKS_LIMIT, &file, status)
                                  ? jwks_read(source->from, file.content, status)
                                  : NULL;
    source->stamp = keys == NULL ? source->stamp : file.stamp;
    tell(source, keys, status);
    jwks_free(source->keys);
    source->keys = NULL;
    put(source, keys);
    return keys != NULL;
}

static void look_at_file(struct source *source)
{
    struct file_stamp now = {0};
    file_look(source->from, &now);
    if (!file_stamp_equal(&now, &source->stamp)) {
        struct arena *const arena = arena_new(0);
        struct status status = {.arena = arena};
        read_keys_file(source, &status);
        arena_free(arena);
    }
}

static bool is_due(const struct source *source)
{
    const int64_t age = clock_ms() - source->tried;
    const bool failed = source->keys == NULL || source->got < source->tried;
    return source->is_url && (source->is_wished || source->tried == 0 || age > (failed ? FAILED_MS : FRESH_MS));
}

static bool is_ending(void *data)
{
    struct issuer_keys *const keys = data;
    pthread_mutex_lock(&keys->mutex);
    const bool is = keys->is_ending;
    pthread_mutex_unlock(&keys->mutex);
    return is;
}

/* Called without the mutex: only this thread changes the fields that it reads here. */
static struct jwks *fetch_keys(struct issuer_keys *keys, const struct source *source)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct fetch fetch = {source->from, source->ca, JWKS_LIMIT, is_ending, keys};
    struct text json;
    struct jwks *const got = fetch_text(&fetch, &json, &status) ? jwks_read(source->from, json, &status) : NULL;
    tell(source, got, &status);
    arena_free(arena);
    return got;
}

static void wait_for_wish(struct issuer_keys *keys)
{
    thread_wait(&keys->wish, &keys->mutex, deadline_in(TICK_MS));
}

static void release(struct issuer_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        jwks_free(keys->sources[i].keys);
    }
    pthread_cond_destroy(&keys->wish);
    pthread_mutex_destroy(&keys->mutex);
    arena_free(keys->arena);
    free(keys);
}

static void *keep_fetching(void *data)
{
    struct issuer_keys *const keys = data;
    pthread_mutex_lock(&keys->mutex);
    while (!keys->is_ending) {
        for (size_t i = 0; i < keys->count && !keys->is_ending; i++) {
            if (is_due(&keys->sources[i])) {
                pthread_mutex_unlock(&keys->mutex);
                struct jwks *const got = fetch_keys(keys, &keys->sources[i]);
                pthread_mutex_lock(&keys->mutex);
                put(&keys->sources[i], got);
            }
        }
        if (!keys->is_ending) {
            wait_for_wish(keys);
        }
    }
    const bool is_left = keys->is_left;
    pthread_mutex_unlock(&keys->mutex);
    if (is_left) {
        release(keys);
    }
    return NULL;
}

/* ---- its life ---- */

static void start_clock(struct issuer_keys *keys)
{
    thread_condition(&keys->wish);
}

void issuer_keys_begin(struct issuer_keys *keys)
{
    bool has_url = false;
    for (size_t i = 0; i < keys->count; i++) {
        has_url = has_url || keys->sources[i].is_url;
    }
    if (has_url) {
        fetch_begin();
        keys->has_thread = pthread_create(&keys->thread, NULL, keep_fetching, keys) == 0;
    }
}

struct issuer_keys *issuer_keys_new(const struct key_place *places, size_t count, struct status *status)
{
    struct issuer_keys *const keys = memory_alloc(sizeof *keys);
    keys->arena = arena_new(0);
    pthread_mutex_init(&keys->mutex, NULL);
    for (size_t i = 0; i < count && i < ISSUER_KEYS_MOST; i++) {
        struct source *const source = &keys->sources[keys->count++];
        *source = (struct source){.from = arena_strdup(keys->arena, places[i].from),
                                  .ca = arena_strdup(keys->arena, places[i].ca),
                                  .is_url = strstr(places[i].from, "://") != NULL};
        if (!source->is_url) {
            read_keys_file(source, status);
        }
    }
    start_clock(keys);
    return keys;
}

static void say_end(struct issuer_keys *keys, bool is_left)
{
    pthread_mutex_lock(&keys->mutex);
    keys->is_ending = true;
    keys->is_left = is_left;
    pthread_cond_signal(&keys->wish);
    pthread_mutex_unlock(&keys->mutex);
}

void issuer_keys_free(struct issuer_keys *keys)
{
    if (keys != NULL) {
        say_end(keys, false);
        if (keys->has_thread) {
            pthread_join(keys->thread, NULL);
        }
        release(keys);
    }
}

void issuer_keys_leave(struct issuer_keys *keys)
{
    if (keys != NULL && keys->has_thread) {
        pthread_detach(keys->thread);
        say_end(keys, true);
    } else {
        issuer_keys_free(keys);
    }
}

/* ---- asking ---- */

/* Call with the mutex held. Returns true if a fetch that may bring the key is under way or has now been requested. */
static bool wish_for(struct issuer_keys *keys, struct source *source, int64_t since)
{
    const int64_t now = clock_ms();
    if (!source->is_url || source->tried >= since || now - since > WAIT_MS) {
        return false;
    }
    const bool is_first = source->tried == 0;
    const bool may_ask = source->unknown == 0 || now - source->unknown > UNKNOWN_MS;
    if (!is_first && !source->is_wished && may_ask) {
        source->is_wished = true;
        source->unknown = now;
        pthread_cond_signal(&keys->wish);
    }
    return is_first || source->is_wished;
}

enum keys_answer issuer_keys_check(struct issuer_keys *keys, size_t place, const struct jwt *jwt, int64_t since,
                                   enum jwks_answer *answer)
{
    struct source *const source = &keys->sources[place];
    enum keys_answer told = KEYS_ANSWER;
    *answer = JWKS_NO_KEY;
    pthread_mutex_lock(&keys->mutex);
    if (!source->is_url) {
        look_at_file(source);
    }
    const bool is_stale = source->keys != NULL && source->is_url && clock_ms() - source->got > STALE_MS;
    if (source->keys != NULL && !is_stale) {
        *answer = jwks_check(source->keys, jwt);
    }
    if (*answer == JWKS_NO_KEY) {
        told = wish_for(keys, source, since)      ? KEYS_ASK_AGAIN
               : source->keys == NULL || is_stale ? KEYS_CANNOT_SAY
                                                  : KEYS_ANSWER;
    }
    pthread_mutex_unlock(&keys->mutex);
    return told;
}
