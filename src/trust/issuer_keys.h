/*
 * The issuers' public keys: from files, which are read again when they change, and from URLs, which a thread fetches
 * when the worker starts, every ten minutes, and when a token names an unknown key, but at most every ten seconds.
 * Callers never wait here.
 *
 * Keys that could not be fetched again for a day are no longer trusted. Thread-safe.
 */
#ifndef TRUST_ISSUER_KEYS_H
#define TRUST_ISSUER_KEYS_H

#include "trust/jwks.h"

#define ISSUER_KEYS_MOST 32 /* places */

struct issuer_keys;

/* Where keys come from: a URL or a path, and a PEM file. */
struct key_place {
    const char *from;
    const char *ca; /* authorities for its certificate; NULL: the system's */
};

/* May keys come from there: https:, http: on this machine, or a file? */
bool key_place_is(const char *from);

/* Copies the places and reads files before it returns. *status reports a place that cannot be used; the others work
 * nevertheless. Never NULL. */
struct issuer_keys *issuer_keys_new(const struct key_place *places, size_t count, struct status *status);

/* Starts the thread. */
void issuer_keys_begin(struct issuer_keys *keys);

/* Waits for a running fetch, 10 seconds at most. NULL is fine. */
void issuer_keys_free(struct issuer_keys *keys);

/* The same without waiting: the thread frees everything when its fetch has ended. */
void issuer_keys_leave(struct issuer_keys *keys);

enum keys_answer {
    KEYS_ANSWER,     /* see *answer */
    KEYS_ASK_AGAIN,  /* the keys are being fetched: ask again in a moment */
    KEYS_CANNOT_SAY, /* there are no keys and none could be fetched; see the log */
};

/* Has a key of the place signed the token? since: when this was first asked (clock_ms). Keys fetched after that are not
 * fetched again for it, and nothing is waited for longer than 5 seconds. */
enum keys_answer issuer_keys_check(struct issuer_keys *keys, size_t place, const struct jwt *jwt, int64_t since,
                                   enum jwks_answer *answer);

#endif
