/*
 * The file of tokens: who may call and what each may do. A token is 32 random bytes, shown once. The file contains only
 * its SHA-256, which suffices because nobody guesses 256 bits.
 *
 *     [token.ci]
 *     sha256 = "9f86d0…"
 *     scopes = ["read", "plan", "run:production"]
 *     created = 1764367200  # 2026-11-28T22:00:00Z
 *     expires = 1772143200
 */
#ifndef BASE_TOKENS_H
#define BASE_TOKENS_H

#include "base/digest.h"
#include "base/files.h"
#include "base/principal.h"

#define TOKEN_NAME_LIMIT 64

struct token {
    const char *name;
    unsigned char hash[SHA256_SIZE];
    const char *const *scopes; /* words: "run", "run:production", "run:*" */
    size_t scope_count;
    int64_t created_s; /* since 1970; 0: not given */
    int64_t expires_s; /* 0: never */
};

struct tokens {
    struct token *items; /* in the order of the file */
    size_t count;
};

/* Reads the file into the arena. FAILED_PRECONDITION if it is not private (base/private_file.h), INVALID_ARGUMENT with
 * the line if it is invalid. stamp may be NULL. */
bool tokens_read(struct arena *arena, const char *path, struct tokens *tokens, struct file_stamp *stamp,
                 struct status *status);

/* The same for the file's content; name is for messages. */
bool tokens_parse(struct arena *arena, const char *name, struct text content, struct tokens *tokens,
                  struct status *status);

/* Has it expired at this time (seconds since 1970)? */
bool token_is_over(const struct token *token, int64_t now_s);

/* The token with this secret, expired or not; NULL: none. Takes constant time with respect to the secrets in the
 * file. */
const struct token *tokens_find(const struct tokens *tokens, struct text secret);

/* Is it a valid name for an environment? */
bool scope_environment_is(struct text name);

/* Is it a valid word for scopes_in: "run", "run:production", "run:*"? */
bool scope_word_is(struct text word);

/* The set of scopes that the words grant in an environment. In an environment, changing something requires a specific
 * word, "run:production", or "run:*" for every environment. If only the project names the environment, the plain word
 * is required, too, so that a project cannot grant what the operator did not. */
unsigned scopes_in(const char *const *words, size_t count, const struct environment *environment);

/* ---- for `truss token` ---- */

struct token_wish {
    const char *name;
    const char *scopes;  /* "read,plan,run:production" */
    const char *expires; /* "90d", "12h"; NULL: never */
};

/* Adds a token to the file, creating that if necessary, and returns its secret, in the arena. INVALID_ARGUMENT for an
 * invalid wish, ALREADY_EXISTS for an existing name. */
bool token_create(struct arena *arena, const char *path, const struct token_wish *wish, const char **secret,
                  struct status *status);

/* Removes a token from the file. NOT_FOUND if there is none of this name. */
bool token_revoke(struct arena *arena, const char *path, const char *name, struct status *status);

#endif
