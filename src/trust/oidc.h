/*
 * Authenticates pipelines by tokens that their issuer signed (OpenID Connect): GitHub Actions, GitLab, and others that
 * publish keys. No secret has to be stored: a token is valid for minutes, and the rules (trust/oidc_rules.h) say whose
 * tokens may do what. The file of rules is read again when it changes.
 *
 * Thread-safe; nothing here waits for the network.
 */
#ifndef TRUST_OIDC_H
#define TRUST_OIDC_H

#include "base/principal.h"
#include "trust/oidc_rules.h"

struct oidc;

struct oidc_options {
    const char *rules;              /* the file; borrowed */
    struct environment environment; /* decides which scopes count; its name is borrowed */
};

/* NULL with a status if the file, or a key file that it names, cannot be used. */
struct oidc *oidc_new(const struct oidc_options *options, struct status *status);
void oidc_free(struct oidc *oidc);

/* Starts fetching keys, on a thread. Call it before the first oidc_check. */
void oidc_begin(struct oidc *oidc);

enum oidc_answer {
    OIDC_IS_KNOWN,
    OIDC_IS_REFUSED, /* see the status */
    OIDC_ASK_AGAIN,  /* the issuer's keys are being fetched */
    OIDC_CANNOT_TELL,
};

struct oidc_try {
    struct text token;
    int64_t since; /* when it was first tried; clock_ms */
    int64_t now_s; /* wall clock, seconds since 1970 */
};

/* Fills the principal, in the status's arena: its name is "oidc:" and the subject, its scopes are those of all matching
 * rules. A token without a subject or an expiry, or that no rule matches, is refused with the reason. What a rule
 * requires is told only for a validly signed token, and claims only in the log. */
enum oidc_answer oidc_check(struct oidc *oidc, const struct oidc_try *said, struct principal *principal,
                            struct status *status);

#endif
