/*
 * Where the public keys of issuers come from: files, which are read again when they change, and URLs, which a thread of
 * its own fetches: when the worker starts, every ten minutes, and when a token names a key that is not among them, at
 * most every ten seconds. Who asks for a key never waits here.
 *
 * Keys that could not be fetched again for a day are not believed any more.
 *
 * Safe from any thread.
 */
#ifndef TRUST_ISSUER_KEYS_H
#define TRUST_ISSUER_KEYS_H

#include "trust/jwks.h"

#define ISSUER_KEYS_MOST 32 /* places */

struct issuer_keys;

/* A place: a URL or a path, and the authorities of its certificate. */
struct key_place {
    const char *from;
    const char *ca; /* PEM; NULL: those that the system knows */
};

/* May keys come from there: https:, http: of this machine, or a file. */
bool key_place_is(const char *from);

/* Copies the places; files are read before it returns. *status says where one of them cannot be: the others are there
 * all the same. Never NULL. */
struct issuer_keys *issuer_keys_new(const struct key_place *places, size_t count, struct status *status);

/* Starts its thread. */
void issuer_keys_begin(struct issuer_keys *keys);

/* Waits for a fetch that is under way: 10 seconds at most. NULL is fine. */
void issuer_keys_free(struct issuer_keys *keys);

/* The same without waiting: the thread gives everything back when its fetch has ended. */
void issuer_keys_leave(struct issuer_keys *keys);

enum keys_answer {
    KEYS_ANSWER,     /* *answer says what */
    KEYS_ASK_AGAIN,  /* they are being fetched: ask again in a moment */
    KEYS_CANNOT_SAY, /* there are none, and none could be had; the log says why */
};

/* Whether a key of the place has signed it. since: when this was asked first, clock_ms units; what has been fetched
 * behind that moment is not waited for again, and nothing is for more than 5 seconds. */
enum keys_answer issuer_keys_check(struct issuer_keys *keys, size_t place, const struct jwt *jwt, int64_t since,
                                   enum jwks_answer *answer);

#endif
