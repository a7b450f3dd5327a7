/*
 * An issuer's published keys (RFC 7517), and whether one of them has signed a token. Supports RS256 and ES256; the key
 * decides which, and a token whose header claims another algorithm is refused. Constant after reading, so thread-safe.
 */
#ifndef TRUST_JWKS_H
#define TRUST_JWKS_H

#include "trust/jwt.h"

#define JWKS_LIMIT ((size_t)1024 * 1024) /* bytes of a document */

struct jwks;

/* Parses a document; name is for messages. Keys for other purposes are ignored (other types and curves, "use" enc,
 * other algorithms). NULL and FAILED_PRECONDITION if it is invalid, has more than 256 keys or no usable one, or has a
 * weak key (RSA below 2048 bits, a point not on its curve). */
struct jwks *jwks_read(const char *name, struct text json, struct status *status);
void jwks_free(struct jwks *keys);

/* The number of usable keys. */
size_t jwks_count(const struct jwks *keys);

enum jwks_answer {
    JWKS_IS_GOOD,
    JWKS_IS_BAD,     /* the key did not sign it */
    JWKS_NO_KEY,     /* there is no key with its kid */
    JWKS_OTHER_KIND, /* the key with its kid has another algorithm than its header claims */
};

/* Has one of the keys signed the token? For a token without a kid the only key of its algorithm is used. */
enum jwks_answer jwks_check(const struct jwks *keys, const struct jwt *jwt);

#endif
