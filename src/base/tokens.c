/*
 * The file is TOML, so that people can read it, and base/toml.c, which is fuzzed, parses it. To change it, one holds
 * its lock, reads it and writes it as a whole.
 */
#include "base/tokens.h"

#include "base/clock.h"
#include "base/private_file.h"
#include "base/toml.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FILE_LIMIT   ((size_t)1024 * 1024)
#define SECRET_BYTES 32
#define SECRET_LIMIT 512 /* a longer one is not a token, and is not hashed */
#define PREFIX       "truss_"
#define MOST_SCOPES  64
#define DAY_S        86400

/* ---- words ---- */

static bool is_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
            return false;
        }
    }
    return name.size > 0 && name.size <= TOKEN_NAME_LIMIT;
}

bool scope_environment_is(struct text name)
{
    return is_name(name);
}

bool scope_word_is(struct text word)
{
    const size_t colon = text_find(word, ":", 0);
    const struct text environment = text_slice(word, colon == SIZE_MAX ? word.size : colon + 1, word.size);
    return scope_of(text_slice(word, 0, colon)) != 0 &&
           (colon == SIZE_MAX || text_is(environment, "*") || is_name(environment));
}

/* The scope of a word in an environment of this name ("": in none); 0 if it is for another one. */
static unsigned scope_in(struct text word, const char *environment)
{
    const size_t colon = text_find(word, ":", 0);
    const enum scope scope = scope_of(text_slice(word, 0, colon));
    const struct text named = text_slice(word, colon == SIZE_MAX ? word.size : colon + 1, word.size);
    const bool is_plain = environment[0] == '\0' || (scope & (SCOPE_READ | SCOPE_PLAN)) != 0;
    const bool is_here = colon == SIZE_MAX ? is_plain : text_is(named, "*") || text_is(named, environment);
    return is_here ? scope : 0;
}

unsigned scopes_in(const char *const *words, size_t count, const struct environment *environment)
{
    unsigned here = 0;
    unsigned plain = 0;
    for (size_t i = 0; i < count; i++) {
        here |= scope_in(text_of(words[i]), environment->name);
        plain |= scope_in(text_of(words[i]), "");
    }
    return environment->is_projects ? here & plain : here;
}

/* ---- reading ---- */

static bool read_hash(const char *hex, unsigned char hash[SHA256_SIZE])
{
    if (strlen(hex) != 2 * SHA256_SIZE || strspn(hex, "0123456789abcdef") != 2 * SHA256_SIZE) {
        return false;
    }
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        hash[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return true;
}

static bool read_scopes(const struct toml_entry *entry, struct token *token)
{
    for (size_t i = 0; i < entry->item_count; i++) {
        if (!scope_word_is(text_of(entry->items[i]))) {
            return false;
        }
    }
    token->scopes = entry->items;
    token->scope_count = entry->item_count;
    return entry->item_count <= MOST_SCOPES;
}

static bool read_time(const struct toml_entry *entry, int64_t *seconds)
{
    *seconds = entry->kind == TOML_INTEGER ? strtoll(entry->value, NULL, 10) : -1;
    return *seconds > 0;
}

static bool read_entry(const struct toml_entry *entry, struct token *token)
{
    if (strcmp(entry->key, "sha256") == 0) {
        return entry->kind == TOML_STRING && read_hash(entry->value, token->hash);
    }
    if (strcmp(entry->key, "scopes") == 0) {
        return entry->kind == TOML_LIST && read_scopes(entry, token);
    }
    if (strcmp(entry->key, "created") == 0) {
        return read_time(entry, &token->created_s);
    }
    return strcmp(entry->key, "expires") == 0 && read_time(entry, &token->expires_s);
}

/* The token to which an entry belongs; the tables of a file follow each other. NULL: none. */
static struct token *token_of(struct arena *arena, struct tokens *tokens, const struct toml_entry *entry,
                              size_t *capacity)
{
    static const char table[] = "token.";
    if (strncmp(entry->table, table, strlen(table)) != 0) {
        return NULL;
    }
    const struct text name = text_of(entry->table + strlen(table));
    if (!is_name(name)) {
        return NULL;
    }
    if (tokens->count == 0 || !text_is(name, tokens->items[tokens->count - 1].name)) {
        tokens->items = arena_grow(arena, tokens->items, tokens->count, capacity, sizeof *tokens->items);
        tokens->items[tokens->count++] = (struct token){.name = name.data};
    }
    return &tokens->items[tokens->count - 1];
}

static bool check_whole(const char *name, const struct tokens *tokens, struct status *status)
{
    static const unsigned char nothing[SHA256_SIZE] = {0};
    for (size_t i = 0; i < tokens->count; i++) {
        if (memcmp(tokens->items[i].hash, nothing, SHA256_SIZE) == 0) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "%s: the token \"%s\" has no sha256.", name,
                               tokens->items[i].name);
        }
    }
    return true;
}

bool tokens_parse(struct arena *arena, const char *name, struct text content, struct tokens *tokens,
                  struct status *status)
{
    struct toml toml = {0};
    size_t capacity = 0;
    *tokens = (struct tokens){0};
    if (!toml_read(arena, name, content, &toml, status)) {
        return false;
    }
    for (size_t i = 0; i < toml.count; i++) {
        const struct toml_entry *const entry = &toml.entries[i];
        struct token *const token = token_of(arena, tokens, entry, &capacity);
        if (token == NULL || !read_entry(entry, token)) {
            return status_fail(status, STATUS_INVALID_ARGUMENT,
                               "%s: this is not a line of a tokens file; make it with `truss token create`.",
                               toml_place(arena, &toml, entry));
        }
    }
    return check_whole(name, tokens, status);
}

bool tokens_read(struct arena *arena, const char *path, struct tokens *tokens, struct file_stamp *stamp,
                 struct status *status)
{
    struct private_file file;
    if (!private_file_read(arena, path, FILE_LIMIT, &file, status)) {
        return false;
    }
    if (stamp != NULL) {
        *stamp = file.stamp;
    }
    return tokens_parse(arena, path, file.content, tokens, status);
}

bool token_is_over(const struct token *token, int64_t now_s)
{
    return token->expires_s > 0 && now_s >= token->expires_s;
}

const struct token *tokens_find(const struct tokens *tokens, struct text secret)
{
    unsigned char hash[SHA256_SIZE];
    const struct token *found = NULL;
    if (secret.size == 0 || secret.size > SECRET_LIMIT) {
        return NULL;
    }
    sha256_text(secret, hash);
    for (size_t i = 0; i < tokens->count; i++) {
        found = CRYPTO_memcmp(tokens->items[i].hash, hash, SHA256_SIZE) == 0 ? &tokens->items[i] : found;
    }
    return found;
}

/* ---- writing ---- */

/* The hash comes last: of a copy that ends too early no token is left without its end. */
static void write_token(struct buffer *out, const struct token *token)
{
    char hex[SHA256_HEX_SIZE];
    char day[RFC3339_SIZE];
    sha256_hex(token->hash, hex);
    buffer_printf(out, "\n[token.%s]\nscopes = [", token->name);
    for (size_t i = 0; i < token->scope_count; i++) {
        buffer_printf(out, "%s\"%s\"", i == 0 ? "" : ", ", token->scopes[i]);
    }
    buffer_puts(out, "]\n");
    if (token->created_s > 0) {
        clock_rfc3339(token->created_s * 1000000, day);
        buffer_printf(out, "created = %lld  # %s\n", (long long)token->created_s, day);
    }
    if (token->expires_s > 0) {
        clock_rfc3339(token->expires_s * 1000000, day);
        buffer_printf(out, "expires = %lld  # %s\n", (long long)token->expires_s, day);
    }
    buffer_printf(out, "sha256 = \"%s\"\n", hex);
}

static bool write_tokens(struct arena *arena, const char *path, const struct tokens *tokens, struct status *status)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, "# Who may call truss-worker, which is started with --tokens. Written by `truss token`.\n");
    for (size_t i = 0; i < tokens->count; i++) {
        write_token(&out, &tokens->items[i]);
    }
    return private_file_write(arena, path, buffer_text(&out), status);
}

static bool wish_scopes(struct arena *arena, const char *list, struct token *token, struct status *status)
{
    const char **const words = arena_array(arena, MOST_SCOPES, sizeof *words);
    struct text rest = text_of(list);
    while (rest.size > 0) {
        const size_t comma = text_find(rest, ",", 0);
        const struct text word = text_trim(text_slice(rest, 0, comma));
        if (!scope_word_is(word) || token->scope_count == MOST_SCOPES) {
            return status_fail(
                status, STATUS_INVALID_ARGUMENT,
                "\"%.*s\" is not a scope. Scopes are read, plan, run, approve, mark, branch, sql and admin; "
                "\"run:production\" is one of an environment, \"run:*\" of all.",
                (int)(word.size > 100 ? 100 : word.size), word.data == NULL ? "" : word.data);
        }
        words[token->scope_count++] = arena_strndup(arena, word.data, word.size);
        rest = comma == SIZE_MAX ? (struct text){0} : text_slice(rest, comma + 1, rest.size);
    }
    token->scopes = words;
    return token->scope_count > 0 ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "A token without a scope may do nothing; say --scope.");
}

static bool wish_expires(const char *word, struct token *token, struct status *status)
{
    char *end = NULL;
    const long long number = word == NULL ? 0 : strtoll(word, &end, 10);
    if (word == NULL) {
        return true;
    }
    const int64_t unit = strcmp(end, "d") == 0 ? DAY_S : strcmp(end, "h") == 0 ? 3600 : strcmp(end, "m") == 0 ? 60 : 0;
    if (unit == 0 || number <= 0 || number > 100000) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "--expires takes days, hours or minutes, as in \"90d\", \"12h\" or \"30m\", not \"%s\".",
                           word);
    }
    token->expires_s = token->created_s + number * unit;
    return true;
}

/* PREFIX and 43 characters of URL-safe base64. */
static const char *make_secret(struct arena *arena, struct status *status)
{
    unsigned char bytes[SECRET_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        status_fail(status, STATUS_UNAVAILABLE, "The system has no random bytes to make a token of.");
        return NULL;
    }
    char *const secret = arena_printf(arena, PREFIX "%s", base64_of(arena, bytes, sizeof bytes));
    OPENSSL_cleanse(bytes, sizeof bytes);
    for (char *c = secret; *c != '\0'; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
        if (*c == '=') {
            *c = '\0';
            break;
        }
    }
    return secret;
}

static bool make_token(struct arena *arena, const struct token_wish *wish, struct token *token, const char **secret,
                       struct status *status)
{
    *token = (struct token){.name = wish->name, .created_s = clock_wall_us() / 1000000};
    if (!is_name(text_of(wish->name))) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "A token's name (--name) has 1 to %d letters, digits, \"-\" and \"_\".", TOKEN_NAME_LIMIT);
    }
    if (!wish_scopes(arena, wish->scopes, token, status) || !wish_expires(wish->expires, token, status)) {
        return false;
    }
    *secret = make_secret(arena, status);
    if (*secret != NULL) {
        sha256_text(text_of(*secret), token->hash);
    }
    return *secret != NULL;
}

static size_t index_of(const struct tokens *tokens, const char *name)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (strcmp(tokens->items[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* With the lock held. */
static bool add_token(struct arena *arena, const char *path, const struct token *token, struct status *status)
{
    struct tokens tokens = {0};
    if (!tokens_read(arena, path, &tokens, NULL, status) && status->code != STATUS_NOT_FOUND) {
        return false;
    }
    if (index_of(&tokens, token->name) != SIZE_MAX) {
        return status_fail(status, STATUS_ALREADY_EXISTS,
                           "%s has a token \"%s\" already; revoke it first, or choose another name.", path,
                           token->name);
    }
    struct token *const items = arena_array(arena, tokens.count + 1, sizeof *items);
    if (tokens.count > 0) {
        memcpy(items, tokens.items, tokens.count * sizeof *items);
    }
    items[tokens.count] = *token;
    tokens = (struct tokens){items, tokens.count + 1};
    *status = (struct status){.arena = status->arena};
    return write_tokens(arena, path, &tokens, status);
}

bool token_create(struct arena *arena, const char *path, const struct token_wish *wish, const char **secret,
                  struct status *status)
{
    struct token token;
    if (!make_token(arena, wish, &token, secret, status)) {
        return false;
    }
    const int lock = private_file_lock(arena, path, status);
    const bool ok = lock >= 0 && add_token(arena, path, &token, status);
    if (lock >= 0) {
        private_file_unlock(lock);
    }
    return ok;
}

static bool remove_token(struct arena *arena, const char *path, const char *name, struct status *status)
{
    struct tokens tokens;
    if (!tokens_read(arena, path, &tokens, NULL, status)) {
        return false;
    }
    const size_t index = index_of(&tokens, name);
    if (index == SIZE_MAX) {
        return status_fail(status, STATUS_NOT_FOUND, "%s has no token \"%.100s\".", path, name);
    }
    tokens.count--;
    memmove(&tokens.items[index], &tokens.items[index + 1], (tokens.count - index) * sizeof tokens.items[0]);
    return write_tokens(arena, path, &tokens, status);
}

bool token_revoke(struct arena *arena, const char *path, const char *name, struct status *status)
{
    const int lock = private_file_lock(arena, path, status);
    const bool ok = lock >= 0 && remove_token(arena, path, name, status);
    if (lock >= 0) {
        private_file_unlock(lock);
    }
    return ok;
}
