/*
 * Whose signed tokens may call, and what each may do: the operator's file of --oidc.
 *
 *     [oidc.release]
 *     issuer = "https://token.actions.githubusercontent.com"
 *     audience = "https://truss.example"
 *     jwks = "https://token.actions.githubusercontent.com/.well-known/jwks"     # or a file
 *     scopes = ["read", "plan", "run:production"]
 *
 *     [oidc.release.claims]
 *     repository = "acme/shop"
 *     ref = ["refs/heads/main", "refs/heads/hotfix"]       # one of these
 */
#ifndef TRUST_OIDC_RULES_H
#define TRUST_OIDC_RULES_H

#include "base/files.h"
#include "trust/issuer_keys.h"

#define OIDC_FILE_LIMIT ((size_t)1024 * 1024)

/* A claim that a token must have, and its allowed values. */
struct oidc_claim {
    const char *name;
    const char *const *values;
    size_t value_count;
};

/* A table [oidc.NAME]. */
struct oidc_rule {
    const char *name;
    const char *place; /* "oidc.toml, line 1", for messages */
    const char *issuer;
    const char *const *audiences; /* one of these */
    size_t audience_count;
    struct key_place jwks;
    size_t source; /* index in the places of all rules */
    const char *const *scopes;
    size_t scope_count;
    struct oidc_claim *claims; /* all of these must match; at least one */
    size_t claim_count;
};

struct oidc_rules {
    struct oidc_rule *items; /* in the order of the file */
    size_t count;
    struct key_place places[ISSUER_KEYS_MOST];
    size_t place_count;
};

/* Parses a file's content into the arena; name is its path, and relative paths in it are relative to its folder.
 * INVALID_ARGUMENT, with the line and advice, for errors; also for a rule that would let in everybody with an account
 * at a public issuer. */
bool oidc_rules_parse(struct arena *arena, const char *name, struct text content, struct oidc_rules *rules,
                      struct status *status);

/* The same for a file, which only its owner may write. stamp may be NULL. */
bool oidc_rules_read(struct arena *arena, const char *path, struct oidc_rules *rules, struct file_stamp *stamp,
                     struct status *status);

#endif
