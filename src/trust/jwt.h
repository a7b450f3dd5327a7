/*
 * A JSON Web Token in its compact form (RFC 7515, RFC 7519), taken apart. Nothing here believes it: whether its
 * signature is good is for trust/jwks.h, what its claims are worth for trust/oidc.h.
 */
#ifndef TRUST_JWT_H
#define TRUST_JWT_H

#include "base/status.h"
#include "base/text.h"

#define JWT_LIMIT ((size_t)16 * 1024) /* bytes; those of GitHub and GitLab have 1 to 2 KiB */

enum jwt_kind {
    JWT_TEXT,   /* also "true", "false" and whole numbers, as they are written */
    JWT_NUMBER, /* what a time may be: `number` too */
    JWT_LIST,   /* of texts */
    JWT_OTHER,  /* an object, null, a list with something else in it: equals nothing */
};

struct jwt_claim {
    const char *name;
    enum jwt_kind kind;
    const char *text; /* of JWT_TEXT and JWT_NUMBER */
    int64_t number;   /* of JWT_NUMBER; a fraction is cut off */
    const char *const *items;
    size_t item_count;
};

struct jwt {
    const char *algorithm; /* what its header claims */
    const char *key;       /* the header's kid; "": it has none */
    struct text is_signed; /* the bytes that the signature is over; borrowed from the token */
    struct text signature;
    struct jwt_claim *claims;
    size_t claim_count;
};

/* Does it look like one? A token of `truss token` never does. */
bool jwt_is(struct text token);

/* Takes it apart, into the status's arena; time and memory are linear in its size. UNAUTHENTICATED, saying what is
 * wrong with it, where it is larger than JWT_LIMIT, has other than three parts, is no base64url or no JSON object, says
 * a name twice, or has "crit". */
bool jwt_read(struct text token, struct jwt *jwt, struct status *status);

/* NULL where it has none. */
const struct jwt_claim *jwt_claim(const struct jwt *jwt, const char *name);

/* The bytes of base64url without padding, in the arena. data is NULL where it is none. */
struct text base64url_read(struct arena *arena, struct text text);

#endif
