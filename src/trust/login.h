/*
 * Authenticates callers: by a token of the file, as a pipeline with a token that its issuer signed (trust/oidc.h), or
 * as nobody. The file is read again when it changes, so a revoked token is refused at once. If the file cannot be read
 * nobody is let in. Failed attempts are counted by peer, and answered later and later.
 *
 * Thread-safe. login_waits says whether a thread that must not wait may call login_check.
 */
#ifndef TRUST_LOGIN_H
#define TRUST_LOGIN_H

#include "base/principal.h"
#include "base/tokens.h"

struct login;

struct login_options {
    const char *tokens;             /* the file; NULL: no tokens; borrowed */
    const char *oidc;               /* the file of trust/oidc_rules.h; NULL: no pipelines; borrowed */
    struct environment environment; /* decides which scopes count; its name is borrowed */
};

/* NULL with a status if a file cannot be used. */
struct login *login_new(const struct login_options *options, struct status *status);
void login_free(struct login *login);

/* Starts the threads that it needs. NULL is fine. */
void login_begin(struct login *login);

struct login_try {
    const char *authorization; /* "Bearer …"; NULL: none */
    const char *host;          /* of the peer; its attempts are counted together */
    int64_t since;             /* when it was first tried; clock_ms */
};

/* What to do with a caller who is not let in. */
struct login_wait {
    uint32_t delay_ms; /* answer after this time; 0: at once */
    uint32_t again_ms; /* not known yet: try again after this time; 0: it is decided */
};

/* Would login_check wait for a file system that may not answer, or check a signature, which takes long? */
bool login_waits(const struct login *login, const char *authorization);

/* Fills the principal's name, kind and scopes, in the status's arena; without credentials it is nobody. UNAUTHENTICATED
 * if the credentials are wrong or expired, UNAVAILABLE if the file, or an issuer's keys, cannot be read. */
bool login_check(struct login *login, const struct login_try *said, struct principal *principal,
                 struct login_wait *wait, struct status *status);

/* Copies all tokens of the file, without their hashes, into the arena. UNAVAILABLE if it cannot be read. */
bool login_list(struct login *login, struct arena *arena, struct tokens *tokens, struct status *status);

#endif
