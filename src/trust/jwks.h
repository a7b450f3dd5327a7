/*
 * An issuer's public keys, as it publishes them (RFC 7517), and whether one of them has signed a token. RS256 and ES256
 * are what there is: the key decides, and a header that claims something else is refused. Constant once read: safe from
 * any thread.
 */
#ifndef TRUST_JWKS_H
#define TRUST_JWKS_H

#include "trust/jwt.h"

#define JWKS_LIMIT ((size_t)1024 * 1024) /* bytes of a document */

struct jwks;

/* Reads a document; name is for messages. Keys that are for something else are passed over (other kinds and curves,
 * "use" enc, other algorithms). NULL and FAILED_PRECONDITION where it is none, has more than 256 keys, none that can be
 * used, or one that is weak (RSA below 2048 bits, a point that is not on its curve). */
struct jwks *jwks_read(const char *name, struct text json, struct status *status);
void jwks_free(struct jwks *keys);

/* How many can be used. */
size_t jwks_count(const struct jwks *keys);

enum jwks_answer {
    JWKS_IS_GOOD,
    JWKS_IS_BAD,     /* the key did not sign it */
    JWKS_NO_KEY,     /* there is none with its kid */
    JWKS_OTHER_KIND, /* the key with its kid is of another algorithm than its header claims */
};

/* Whether one of the keys has signed it. A token without a kid is tried with the only key of its algorithm. */
enum jwks_answer jwks_check(const struct jwks *keys, const struct jwt *jwt);

#endif
