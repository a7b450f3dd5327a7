/*
 * Pipelines that show a token which their issuer has signed (OpenID Connect): GitHub Actions, GitLab, and whoever
 * publishes keys. There is no secret to keep: a token is good for minutes, and the rules (trust/oidc_rules.h) say whose
 * may do what. The file of rules is read again when it changes.
 *
 * Safe from any thread; nothing here waits for the network.
 */
#ifndef TRUST_OIDC_H
#define TRUST_OIDC_H

#include "base/principal.h"
#include "trust/oidc_rules.h"

struct oidc;

struct oidc_options {
    const char *rules;              /* the file; borrowed */
    struct environment environment; /* whose scopes count; its name is borrowed */
};

/* NULL and a status where the file cannot be used, or the keys in a file that it names. */
struct oidc *oidc_new(const struct oidc_options *options, struct status *status);
void oidc_free(struct oidc *oidc);

/* Begins to fetch keys, on a thread of its own. */
void oidc_begin(struct oidc *oidc);

enum oidc_answer {
    OIDC_IS_KNOWN,
    OIDC_IS_REFUSED, /* the status says why */
    OIDC_ASK_AGAIN,  /* the issuer's keys are being fetched */
    OIDC_CANNOT_TELL,
};

struct oidc_try {
    struct text token;
    int64_t since; /* when it was asked first; clock_ms units */
    int64_t now_s; /* since 1970 */
};

/* Fills the principal, in the status's arena: its name is "oidc:" and the subject, its scopes are those of all rules
 * that fit. A token without a subject, without an end, or that no rule fits, is refused, with what is wrong with it;
 * what a rule wants instead is told only of a token that its issuer has signed, and of claims only in the log. */
enum oidc_answer oidc_check(struct oidc *oidc, const struct oidc_try *said, struct principal *principal,
                            struct status *status);

#endif
