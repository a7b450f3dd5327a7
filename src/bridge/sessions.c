/*
 * A number is 32 random bytes in hexadecimal; only its SHA-256 is stored, so that the time of a search reveals nothing.
 */
#include "bridge/sessions.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MOST        256
#define NUMBER      32
#define NUMBER_TEXT ((size_t)2 * NUMBER)
#define WHOLE       12 /* times the idle limit */

struct session {
    unsigned char hash[SHA256_SIZE];
    char *authorization; /* NULL: the slot is free */
    int64_t begun;
    int64_t used;
};

struct sessions {
    int64_t idle_ms;
    pthread_mutex_t mutex;
    struct session items[MOST];
};

struct sessions *sessions_new(uint32_t idle_ms)
{
    struct sessions *const sessions = memory_alloc(sizeof *sessions);
    sessions->idle_ms = idle_ms;
    pthread_mutex_init(&sessions->mutex, NULL);
    return sessions;
}

static void forget(struct session *session)
{
    if (session->authorization != NULL) {
        OPENSSL_cleanse(session->authorization, strlen(session->authorization));
        free(session->authorization);
    }
    *session = (struct session){0};
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL) {
        return;
    }
    for (size_t i = 0; i < MOST; i++) {
        forget(&sessions->items[i]);
    }
    pthread_mutex_destroy(&sessions->mutex);
    free(sessions);
}

/* With the mutex held, like the next two. */
static void forget_old(struct sessions *sessions)
{
    const int64_t now = clock_ms();
    for (size_t i = 0; i < MOST; i++) {
        const struct session *const session = &sessions->items[i];
        if (now - session->used > sessions->idle_ms || now - session->begun > WHOLE * sessions->idle_ms) {
            forget(&sessions->items[i]);
        }
    }
}

static struct session *find(struct sessions *sessions, struct text number)
{
    unsigned char hash[SHA256_SIZE];
    struct session *found = NULL;
    if (number.size != NUMBER_TEXT) {
        return NULL;
    }
    sha256_text(number, hash);
    for (size_t i = 0; i < MOST; i++) {
        struct session *const session = &sessions->items[i];
        const bool is_it = CRYPTO_memcmp(session->hash, hash, SHA256_SIZE) == 0;
        found = is_it && session->authorization != NULL ? session : found;
    }
    return found;
}

static bool is_of(const struct session *session, const char *authorization)
{
    return session->authorization != NULL && strcmp(session->authorization, authorization) == 0;
}

static size_t count_of(const struct sessions *sessions, const char *authorization)
{
    size_t count = 0;
    for (size_t i = 0; i < MOST; i++) {
        count += is_of(&sessions->items[i], authorization) ? 1 : 0;
    }
    return count;
}

/* The credentials with the most sessions, counting the new one: repeated logins only displace their own. */
static const char *greediest(const struct sessions *sessions, const char *authorization)
{
    const char *most = authorization;
    size_t least = count_of(sessions, authorization) + 1;
    for (size_t i = 0; i < MOST; i++) {
        const char *const other = sessions->items[i].authorization;
        const size_t count = other == NULL ? 0 : count_of(sessions, other);
        most = count > least ? other : most;
        least = count > least ? count : least;
    }
    return most;
}

/* A free slot, or the least recently used one of the credentials with the most sessions. */
static struct session *make_room(struct sessions *sessions, const char *authorization)
{
    struct session *oldest = NULL;
    for (size_t i = 0; i < MOST; i++) {
        if (sessions->items[i].authorization == NULL) {
            return &sessions->items[i];
        }
    }
    const char *const whose = greediest(sessions, authorization);
    for (size_t i = 0; i < MOST; i++) {
        struct session *const session = &sessions->items[i];
        const bool is_older = oldest == NULL || session->used < oldest->used;
        oldest = is_of(session, whose) && is_older ? session : oldest;
    }
    oldest = oldest == NULL ? &sessions->items[0] : oldest; /* the newcomer has none, and all others have one */
    forget(oldest);
    return oldest;
}

const char *sessions_begin(struct sessions *sessions, struct arena *arena, const char *authorization)
{
    unsigned char bytes[NUMBER];
    char hex[SHA256_HEX_SIZE];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return NULL;
    }
    sha256_hex(bytes, hex); /* as many bytes as a digest */
    pthread_mutex_lock(&sessions->mutex);
    forget_old(sessions);
    struct session *const session = make_room(sessions, authorization);
    *session = (struct session){.authorization = memory_strdup(authorization), .begun = clock_ms(), .used = clock_ms()};
    sha256_text(text_of(hex), session->hash);
    pthread_mutex_unlock(&sessions->mutex);
    return arena_strdup(arena, hex);
}

const char *sessions_find(struct sessions *sessions, struct arena *arena, struct text number)
{
    pthread_mutex_lock(&sessions->mutex);
    forget_old(sessions);
    struct session *const session = find(sessions, number);
    const char *const found = session == NULL ? NULL : arena_strdup(arena, session->authorization);
    if (session != NULL) {
        session->used = clock_ms();
    }
    pthread_mutex_unlock(&sessions->mutex);
    return found;
}

void sessions_end(struct sessions *sessions, struct text number)
{
    pthread_mutex_lock(&sessions->mutex);
    struct session *const session = find(sessions, number);
    if (session != NULL) {
        forget(session);
    }
    pthread_mutex_unlock(&sessions->mutex);
}
