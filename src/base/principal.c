/*
 * The words of scopes, in one table.
 */
#include "base/principal.h"

#include <string.h>

static const struct {
    enum scope scope;
    const char *word;
} scopes_known[] = {
    {SCOPE_READ, "read"},     {SCOPE_PLAN, "plan"}, {SCOPE_RUN, "run"},     {SCOPE_MARK, "mark"},
    {SCOPE_BRANCH, "branch"}, {SCOPE_SQL, "sql"},   {SCOPE_ADMIN, "admin"}, {SCOPE_APPROVE, "approve"},
};

#define SCOPE_COUNT (sizeof scopes_known / sizeof scopes_known[0])

const char *principal_kind_name(enum principal_kind kind)
{
    static const char *const names[] = {
        [PRINCIPAL_NOBODY] = "nobody", [PRINCIPAL_ANONYMOUS] = "anonymous", [PRINCIPAL_USER] = "user",
        [PRINCIPAL_TOKEN] = "token",   [PRINCIPAL_OIDC] = "oidc",
    };
    return names[kind];
}

const char *scope_word(enum scope scope)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (scopes_known[i].scope == scope) {
            return scopes_known[i].word;
        }
    }
    return NULL;
}

enum scope scope_of(struct text word)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (text_is(word, scopes_known[i].word)) {
            return scopes_known[i].scope;
        }
    }
    return (enum scope)0;
}

/* "read, run" for a set, in the arena; "none" for an empty one. */
static const char *scopes_text(struct arena *arena, unsigned scopes)
{
    struct buffer words = {.arena = arena};
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if ((scopes & scopes_known[i].scope) != 0) {
            buffer_printf(&words, "%s%s", words.size == 0 ? "" : ", ", scopes_known[i].word);
        }
    }
    return words.size == 0 ? "none" : buffer_string(&words);
}

/* In an environment, changes need a specific word: "run:production". */
static const char *missing_word(struct arena *arena, enum scope wanted, const struct environment *environment)
{
    const char *const known = scope_word(wanted);
    const char *const word = known == NULL ? "?" : known;
    const bool is_plain = environment->name[0] == '\0' || (wanted & (SCOPE_READ | SCOPE_PLAN)) != 0;
    return is_plain ? word : arena_printf(arena, "%s:%s", word, environment->name);
}

/* Explains that two words are needed. */
static const char *missing_hint(struct arena *arena, enum scope wanted, const struct environment *environment)
{
    const char *const plain = scope_word(wanted);
    if (plain == NULL || !environment->is_projects || strcmp(plain, missing_word(arena, wanted, environment)) == 0) {
        return NULL;
    }
    return arena_printf(arena,
                        "It needs the scope %s, too: only the project's truss.toml names the environment %s, and a "
                        "project gives no scopes. Start the worker with --environment %s.",
                        plain, environment->name, environment->name);
}

bool principal_may(const struct principal *principal, enum scope wanted, const struct environment *environment,
                   struct status *status)
{
    const bool is_known = principal->kind != PRINCIPAL_NOBODY;
    if (wanted == SCOPE_OPEN || (is_known && wanted == SCOPE_ANY) || (principal->scopes & wanted) != 0) {
        return true;
    }
    const char *const word = missing_word(status->arena, wanted, environment);
    if (!is_known) {
        return status_fail(status, STATUS_UNAUTHENTICATED,
                           "This needs a login: send a token%s%s as \"Authorization: Bearer …\" (TRUSS_TOKEN, "
                           "--token-file).",
                           wanted == SCOPE_ANY ? "" : " with the scope ", wanted == SCOPE_ANY ? "" : word);
    }
    status_fail(status, STATUS_PERMISSION_DENIED, "%s \"%s\" may not do this: it needs the scope %s%s %s. %s",
                principal->kind == PRINCIPAL_TOKEN  ? "The token"
                : principal->kind == PRINCIPAL_OIDC ? "The pipeline"
                                                    : "The caller",
                principal->name, word,
                environment->name[0] == '\0' ? " and has"
                                             : arena_printf(status->arena, ", and in %s it has", environment->name),
                scopes_text(status->arena, principal->scopes),
                principal->kind == PRINCIPAL_OIDC ? "The scopes of pipelines are in the worker's file of --oidc."
                                                  : "Ask for a token that has it.");
    status->hint = missing_hint(status->arena, wanted, environment);
    return false;
}
