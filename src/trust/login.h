/*
 * Who calls: a token of the file, a pipeline by what its issuer has signed (trust/oidc.h), or nobody. The file is read
 * again when it changes, so that what is revoked is out at once. What cannot be read lets nobody in. Failed attempts
 * are counted by peer, and told later and later.
 *
 * Safe from any thread; nothing here waits for more than a small file.
 */
#ifndef TRUST_LOGIN_H
#define TRUST_LOGIN_H

#include "base/principal.h"
#include "base/tokens.h"

struct login;

struct login_options {
    const char *tokens;             /* the file; NULL: there are none; borrowed */
    const char *oidc;               /* the file of trust/oidc_rules.h; NULL: no pipeline is let in; borrowed */
    struct environment environment; /* whose scopes count; its name is borrowed */
};

/* NULL and a status where a file cannot be used. */
struct login *login_new(const struct login_options *options, struct status *status);
void login_free(struct login *login);

/* Starts the threads that it needs. NULL is fine. */
void login_begin(struct login *login);

struct login_try {
    const char *authorization; /* "Bearer …"; NULL: nothing was said */
    const char *host;          /* of the peer: its attempts are counted together */
    int64_t since;             /* when it was tried first; clock_ms units */
};

/* What is to be done with who is not let in. */
struct login_wait {
    uint32_t delay_ms; /* he is told so after that time; 0: at once */
    uint32_t again_ms; /* it is not known yet: to be tried again after that time; 0: it is decided */
};

/* Fills the principal's name, kind and scopes, in the status's arena; who says nothing is nobody. False and
 * UNAUTHENTICATED where what he says is wrong or has expired, UNAVAILABLE where the file, or an issuer's keys, cannot
 * be read. */
bool login_check(struct login *login, const struct login_try *said, struct principal *principal,
                 struct login_wait *wait, struct status *status);

/* A copy of all tokens in the arena, as the file is now, without their hashes. UNAVAILABLE where it cannot be read. */
bool login_list(struct login *login, struct arena *arena, struct tokens *tokens, struct status *status);

#endif
