/*
 * The tokens live in an arena of their own, which is made anew where the file has another stamp; who asks holds the
 * mutex for a hash and a comparison.
 */
#include "trust/login.h"

#include "base/clock.h"
#include "base/log.h"
#include "trust/attempts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct login {
    struct login_options options;
    pthread_mutex_t mutex; /* of what follows */
    struct arena *arena;   /* of the tokens */
    struct tokens tokens;
    struct file_stamp stamp; /* of the file that was read, whether it could be or not */
    bool is_readable;
    struct attempts attempts;
};

/* Reads the file. */
static bool load(struct login *login, struct status *status)
{
    struct arena *const arena = arena_new(0);
    struct tokens tokens = {0};
    struct file_stamp stamp = {0};
    file_look(login->options.tokens, &stamp); /* of one that cannot be read: not to be tried again until it changes */
    const bool ok = tokens_read(arena, login->options.tokens, &tokens, &stamp, status);
    arena_free(login->arena);
    login->arena = arena;
    login->tokens = tokens;
    login->stamp = stamp;
    login->is_readable = ok;
    return ok;
}

/* With the mutex held. */
static void load_again(struct login *login)
{
    struct file_stamp now = {0};
    char message[LOG_QUOTED_SIZE];
    file_look(login->options.tokens, &now);
    if (file_stamp_equal(&now, &login->stamp)) {
        return;
    }
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    if (load(login, &status)) {
        log_info("tokens read again", "file=%s tokens=%zu", log_quoted(login->options.tokens, message),
                 login->tokens.count);
    } else {
        log_error("tokens cannot be read, nobody is let in", "error=%s", log_quoted(status.message, message));
    }
    arena_free(arena);
}

struct login *login_new(const struct login_options *options, struct status *status)
{
    struct login *login = memory_alloc(sizeof *login);
    login->options = *options;
    pthread_mutex_init(&login->mutex, NULL);
    attempts_start(&login->attempts);
    if (!load(login, status)) {
        login_free(login);
        return NULL;
    }
    return login;
}

void login_free(struct login *login)
{
    if (login != NULL) {
        arena_free(login->arena);
        attempts_end(&login->attempts);
        pthread_mutex_destroy(&login->mutex);
        free(login);
    }
}

enum outcome { IS_KNOWN, IS_UNKNOWN, IS_EXPIRED, CANNOT_TELL };

/* Fills the principal where he is known; his name also where his token has expired. */
static enum outcome find(struct login *login, struct arena *arena, struct text secret, struct principal *principal)
{
    pthread_mutex_lock(&login->mutex);
    load_again(login);
    const struct token *const token = tokens_find(&login->tokens, secret);
    enum outcome outcome = !login->is_readable ? CANNOT_TELL : token == NULL ? IS_UNKNOWN : IS_KNOWN;
    if (outcome == IS_KNOWN) {
        const bool is_over = token_is_over(token, clock_wall_us() / 1000000);
        principal->name = arena_strdup(arena, token->name);
        outcome = is_over ? IS_EXPIRED : IS_KNOWN;
        principal->kind = is_over ? PRINCIPAL_NOBODY : PRINCIPAL_TOKEN;
        principal->scopes = is_over ? 0 : scopes_in(token->scopes, token->scope_count, &login->options.environment);
    }
    pthread_mutex_unlock(&login->mutex);
    return outcome;
}

/* The principal has a name where his token has expired. */
static bool refuse(struct login *login, const struct login_try *said, const struct principal *principal,
                   uint32_t *delay_ms, struct status *status)
{
    char name[LOG_QUOTED_SIZE];
    const bool is_expired = principal->name[0] != '\0';
    const uint32_t count = attempts_add(&login->attempts, said->host, clock_ms(), delay_ms);
    log_warn("login failed", "host=%s attempts=%u why=%s token=%s", said->host, count,
             is_expired ? "expired" : "unknown", log_quoted(principal->name, name));
    if (is_expired) {
        return status_fail(status, STATUS_UNAUTHENTICATED, "The token \"%s\" has expired; ask for a new one.",
                           principal->name);
    }
    return status_fail(status, STATUS_UNAUTHENTICATED,
                       "This token is not known; it may have been revoked. Ask for a new one.");
}

/* What is behind "Bearer "; data is NULL where there is nothing. */
static struct text secret_of(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    return strncasecmp(authorization, scheme, strlen(scheme)) == 0 ? text_trim(text_of(authorization + strlen(scheme)))
                                                                   : (struct text){0};
}

static bool fail_unreadable(struct status *status)
{
    return status_fail(status, STATUS_UNAVAILABLE,
                       "The worker cannot read its tokens, and so lets nobody in; its log says why.");
}

bool login_check(struct login *login, const struct login_try *said, struct principal *principal, uint32_t *delay_ms,
                 struct status *status)
{
    principal->name = "";
    principal->kind = PRINCIPAL_NOBODY;
    principal->scopes = 0;
    *delay_ms = 0;
    if (said->authorization == NULL) {
        return true;
    }
    const struct text secret = secret_of(said->authorization);
    if (secret.size == 0) {
        return status_fail(status, STATUS_UNAUTHENTICATED,
                           "This login is of another kind: send a token as \"Authorization: Bearer …\".");
    }
    const enum outcome outcome = find(login, said->arena, secret, principal);
    if (outcome == CANNOT_TELL) {
        return fail_unreadable(status);
    }
    return outcome == IS_KNOWN || refuse(login, said, principal, delay_ms, status);
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
    pthread_mutex_lock(&login->mutex);
    load_again(login);
    const bool is_readable = login->is_readable;
    tokens->count = is_readable ? login->tokens.count : 0;
    tokens->items = arena_array(arena, tokens->count, sizeof *tokens->items);
    for (size_t i = 0; i < tokens->count; i++) {
        tokens->items[i] = copy_of(arena, &login->tokens.items[i]);
    }
    pthread_mutex_unlock(&login->mutex);
    return is_readable || fail_unreadable(status);
}
