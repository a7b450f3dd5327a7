/*
 * Who calls: a token of the file, or nobody. The file is read again when it changes, so that what is revoked is out at
 * once. What cannot be read lets nobody in. Failed attempts are counted by peer, and told later and later.
 *
 * Safe from any thread; nothing here waits for more than a small file.
 */
#ifndef TRUST_LOGIN_H
#define TRUST_LOGIN_H

#include "base/principal.h"
#include "base/tokens.h"

struct login;

struct login_options {
    const char *tokens;             /* the file; borrowed */
    struct environment environment; /* whose scopes count; its name is borrowed */
};

/* False and a status where the file cannot be used. */
struct login *login_new(const struct login_options *options, struct status *status);
void login_free(struct login *login);

struct login_try {
    struct arena *arena;       /* of what is found out */
    const char *authorization; /* "Bearer …"; NULL: nothing was said */
    const char *host;          /* of the peer: its attempts are counted together */
};

/* Fills the principal's name, kind and scopes, in the arena; who says nothing is nobody. False and UNAUTHENTICATED
 * where what he says is wrong or has expired, which he is to be told after *delay_ms; UNAVAILABLE where the file cannot
 * be read. */
bool login_check(struct login *login, const struct login_try *said, struct principal *principal, uint32_t *delay_ms,
                 struct status *status);

/* A copy of all tokens in the arena, as the file is now, without their hashes. UNAVAILABLE where it cannot be read. */
bool login_list(struct login *login, struct arena *arena, struct tokens *tokens, struct status *status);

#endif
