/*
 * A JSON Web Token in compact form (RFC 7515, RFC 7519), parsed but not trusted: trust/jwks.h verifies its signature,
 * trust/oidc.h judges its claims.
 */
#ifndef TRUST_JWT_H
#define TRUST_JWT_H

#include "base/status.h"
#include "base/text.h"

#define JWT_LIMIT ((size_t)16 * 1024) /* bytes; GitHub's and GitLab's have 1 to 2 KiB */

enum jwt_kind {
    JWT_TEXT,   /* also "true", "false" and integers, as written */
    JWT_NUMBER, /* a possible time; `number` is also set */
    JWT_LIST,   /* of texts */
    JWT_OTHER,  /* an object, null, a list with other elements: equals nothing */
};

struct jwt_claim {
    const char *name;
    enum jwt_kind kind;
    const char *text; /* for JWT_TEXT and JWT_NUMBER */
    int64_t number;   /* for JWT_NUMBER; fractions are cut off */
    const char *const *items;
    size_t item_count;
};

struct jwt {
    const char *algorithm; /* as its header claims */
    const char *key;       /* the header's kid; "": none */
    struct text is_signed; /* the signed bytes; borrowed from the token */
    struct text signature;
    struct jwt_claim *claims;
    size_t claim_count;
};

/* Does it look like one? A token of `truss token` never does. */
bool jwt_is(struct text token);

/* Parses it into the status's arena, in linear time and memory. UNAUTHENTICATED with the reason if it is larger than
 * JWT_LIMIT, does not have three parts, is not base64url or not a JSON object, has a name twice, or has "crit". */
bool jwt_read(struct text token, struct jwt *jwt, struct status *status);

/* NULL: it has none. */
const struct jwt_claim *jwt_claim(const struct jwt *jwt, const char *name);

/* Decodes base64url without padding, into the arena. data is NULL if it is invalid. */
struct text base64url_read(struct arena *arena, struct text text);

#endif
