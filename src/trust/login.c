/*
 * A check has the file's lock for a look at the file, one hash and one comparison.
 */
#include "trust/login.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mounts.h"
#include "trust/attempts.h"
#include "trust/grants_file.h"
#include "trust/oidc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AGAIN_MS 50

struct login {
    struct login_options options;
    struct oidc *oidc; /* NULL: tokens of pipelines are not accepted */
    struct grants_file file;
    struct tokens tokens; /* in the file's arena, under its lock */
    struct attempts attempts;
};

static bool read_tokens(struct grants_file *file, struct arena *arena, struct status *status)
{
    struct login *const login = file->data;
    login->tokens = (struct tokens){0};
    const bool ok = tokens_read(arena, file->path, &login->tokens, &file->stamp, status);
    file->count = login->tokens.count;
    return ok;
}

struct login *login_new(const struct login_options *options, struct status *status)
{
    struct login *login = memory_alloc(sizeof *login);
    login->options = *options;
    attempts_start(&login->attempts);
    login->file = (struct grants_file){.path = options->tokens,
                                       .entries = "tokens",
                                       .again = "tokens read again",
                                       .unreadable = "tokens cannot be read, nobody is let in",
                                       .silent = "the file of tokens does not answer, nobody is let in",
                                       .read = read_tokens,
                                       .data = login};
    grants_file_begin(&login->file);
    const struct oidc_options oidc = {options->oidc, options->environment};
    const bool ok = (options->tokens == NULL || grants_file_read(&login->file, status)) &&
                    (options->oidc == NULL || (login->oidc = oidc_new(&oidc, status)) != NULL);
    if (!ok) {
        login_free(login);
        return NULL;
    }
    return login;
}

void login_begin(struct login *login)
{
    if (login != NULL && login->oidc != NULL) {
        oidc_begin(login->oidc);
    }
}

void login_free(struct login *login)
{
    if (login != NULL) {
        oidc_free(login->oidc);
        grants_file_end(&login->file);
        attempts_end(&login->attempts);
        free(login);
    }
}

static bool fail_unreadable(struct status *status)
{
    return status_fail(status, STATUS_UNAVAILABLE,
                       "The worker cannot read its tokens, and so lets nobody in; its log says why.");
}

static bool fail_silent(struct status *status)
{
    return status_fail(status, STATUS_UNAVAILABLE,
                       "The worker's file of tokens does not answer, and so it lets nobody in by a token; its log says "
                       "which file that is.");
}

enum outcome { IS_KNOWN, IS_REFUSED, CANNOT_TELL, ASK_AGAIN };

/* Searches the tokens, and fills the principal if the token is known. */
static enum outcome find(struct login *login, struct text secret, struct principal *principal, struct status *status)
{
    if (!grants_file_lock(&login->file)) {
        fail_silent(status);
        return CANNOT_TELL;
    }
    grants_file_read_again(&login->file);
    const struct token *const token = tokens_find(&login->tokens, secret);
    const bool is_over = token != NULL && token_is_over(token, clock_wall_us() / 1000000);
    const enum outcome outcome = !login->file.is_readable   ? CANNOT_TELL
                                 : token == NULL || is_over ? IS_REFUSED
                                                            : IS_KNOWN;
    if (outcome == IS_KNOWN) {
        principal->name = arena_strdup(status->arena, token->name);
        principal->kind = PRINCIPAL_TOKEN;
        principal->scopes = scopes_in(token->scopes, token->scope_count, &login->options.environment);
    } else if (outcome == CANNOT_TELL) {
        fail_unreadable(status);
    } else if (is_over) {
        principal->name = arena_strdup(status->arena, token->name); /* for the audit */
        status_fail(status, STATUS_UNAUTHENTICATED, "The token \"%s\" has expired; ask for a new one.", token->name);
    } else {
        status_fail(status, STATUS_UNAUTHENTICATED,
                    "This token is not known; it may have been revoked. Ask for a new one.");
    }
    grants_file_unlock(&login->file);
    return outcome;
}

/* Checks a token that the issuer of a pipeline has signed. */
static enum outcome find_pipeline(struct login *login, const struct oidc_try *said, struct principal *principal,
                                  struct status *status)
{
    static const enum outcome outcomes[] = {[OIDC_IS_KNOWN] = IS_KNOWN,
                                            [OIDC_IS_REFUSED] = IS_REFUSED,
                                            [OIDC_CANNOT_TELL] = CANNOT_TELL,
                                            [OIDC_ASK_AGAIN] = ASK_AGAIN};
    return outcomes[oidc_check(login->oidc, said, principal, status)];
}

static enum outcome ask(struct login *login, const struct login_try *said, struct text secret,
                        struct principal *principal, struct status *status)
{
    const struct oidc_try pipeline = {secret, said->since, clock_wall_us() / 1000000};
    if (login->oidc != NULL && jwt_is(secret)) {
        return find_pipeline(login, &pipeline, principal, status);
    }
    if (login->options.tokens != NULL) {
        return find(login, secret, principal, status);
    }
    status_fail(status, STATUS_UNAUTHENTICATED,
                "Only pipelines with a token of their issuer (a JSON Web Token) are let in here, and this is none.");
    return IS_REFUSED;
}

static void count_failure(struct login *login, const struct login_try *said, struct login_wait *wait,
                          const struct status *status)
{
    char why[LOG_QUOTED_SIZE];
    const uint32_t count = attempts_add(&login->attempts, said->host, clock_ms(), &wait->delay_ms);
    log_warn("login failed", "host=%s attempts=%u why=%s", said->host, count, log_quoted(status->message, why));
}

/* The text after "Bearer "; data is NULL if there is none. */
static struct text secret_of(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    return strncasecmp(authorization, scheme, strlen(scheme)) == 0 ? text_trim(text_of(authorization + strlen(scheme)))
                                                                   : (struct text){0};
}

bool login_waits(const struct login *login, const char *authorization)
{
    const struct text secret = authorization == NULL ? (struct text){0} : secret_of(authorization);
    return secret.size > 0 && ((login->oidc != NULL && jwt_is(secret)) || mounts_may_hang());
}

bool login_check(struct login *login, const struct login_try *said, struct principal *principal,
                 struct login_wait *wait, struct status *status)
{
    principal->name = "";
    principal->kind = PRINCIPAL_NOBODY;
    principal->scopes = 0;
    *wait = (struct login_wait){0};
    if (said->authorization == NULL) {
        return true;
    }
    const struct text secret = secret_of(said->authorization);
    if (secret.size == 0) {
        return status_fail(status, STATUS_UNAUTHENTICATED,
                           "This login is of another kind: send a token as \"Authorization: Bearer …\".");
    }
    const enum outcome outcome = ask(login, said, secret, principal, status);
    wait->again_ms = outcome == ASK_AGAIN ? AGAIN_MS : 0;
    if (outcome == IS_REFUSED) {
        count_failure(login, said, wait, status);
    }
    if (outcome != IS_KNOWN) {
        principal->scopes = 0;
    }
    return outcome == IS_KNOWN;
}

static struct token copy_of(struct arena *arena, const struct token *token)
{
    const char **const scopes = arena_array(arena, token->scope_count, sizeof *scopes);
    for (size_t i = 0; i < token->scope_count; i++) {
        scopes[i] = arena_strdup(arena, token->scopes[i]);
    }
    return (struct token){.name = arena_strdup(arena, token->name),
                          .scopes = scopes,
                          .scope_count = token->scope_count,
                          .created_s = token->created_s,
                          .expires_s = token->expires_s};
}

bool login_list(struct login *login, struct arena *arena, struct tokens *tokens, struct status *status)
{
    *tokens = (struct tokens){0};
    if (login->options.tokens == NULL) {
        return true; /* only pipelines are accepted */
    }
    if (!grants_file_lock(&login->file)) {
        return fail_silent(status);
    }
    grants_file_read_again(&login->file);
    const bool is_readable = login->file.is_readable;
    tokens->count = is_readable ? login->tokens.count : 0;
    tokens->items = arena_array(arena, tokens->count, sizeof *tokens->items);
    for (size_t i = 0; i < tokens->count; i++) {
        tokens->items[i] = copy_of(arena, &login->tokens.items[i]);
    }
    grants_file_unlock(&login->file);
    return is_readable || fail_unreadable(status);
}
