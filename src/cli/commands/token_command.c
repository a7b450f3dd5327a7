/*
 * truss token: changes the file of tokens directly, without a worker; a worker that reads the file sees the change at
 * once.
 */
#include "base/clock.h"
#include "base/tokens.h"
#include "cli/cli.h"
#include "cli/print/output.h"
#include "cli/verbs.h"
#include "rpc/json.h"

#include <stdio.h>
#include <string.h>

static const char *moment(struct arena *arena, int64_t seconds)
{
    char text[RFC3339_SIZE];
    if (seconds == 0) {
        return NULL;
    }
    clock_rfc3339(seconds * 1000000, text);
    return arena_strdup(arena, text);
}

/* As other lists show a time. */
static const char *shown_moment(struct arena *arena, int64_t seconds)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = seconds;
    return seconds == 0 ? NULL : output_moment(arena, &time);
}

/* ,"name":"…" or ,"name":null */
static void add_string(struct buffer *json, const char *name, const char *value)
{
    buffer_printf(json, "%s\"%s\":", json->data[json->size - 1] == '{' ? "" : ",", name);
    if (value == NULL) {
        buffer_puts(json, "null");
    } else {
        json_write_string(json, text_of(value));
    }
}

static void add_scopes(struct buffer *json, const struct token *token)
{
    buffer_puts(json, ",\"scopes\":[");
    for (size_t i = 0; i < token->scope_count; i++) {
        buffer_puts(json, i == 0 ? "" : ",");
        json_write_string(json, text_of(token->scopes[i]));
    }
    buffer_putc(json, ']');
}

/* ---- create ---- */

static int create(struct cli *cli)
{
    const struct options *const given = &cli->given;
    const struct token_wish wish = {cli->word_count == 2 ? cli->words[1] : given->name, given->scope, given->expires};
    const char *secret;
    if (wish.name == NULL || wish.scopes == NULL) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "A new token needs --name, and --scope for what it may do.");
        return EXIT_ERROR;
    }
    if (!token_create(cli->arena, given->tokens_file, &wish, &secret, cli->status)) {
        return EXIT_ERROR;
    }
    if (given->json) {
        struct buffer json = {.arena = cli->arena};
        buffer_putc(&json, '{');
        add_string(&json, "token", secret);
        add_string(&json, "name", wish.name);
        printf("%s}\n", buffer_string(&json));
    } else {
        printf("%s\n", secret);
        fprintf(stderr, "This is the token \"%s\". It is shown only now: %s has its SHA-256.\n", wish.name,
                output_safe(cli->arena, given->tokens_file, false));
    }
    return EXIT_FINE;
}

/* ---- list ---- */

static void list_json(const struct cli *cli, const struct tokens *tokens)
{
    struct buffer json = {.arena = cli->arena};
    buffer_puts(&json, "{\"tokens\":[");
    for (size_t i = 0; i < tokens->count; i++) {
        buffer_puts(&json, i == 0 ? "{" : ",{");
        add_string(&json, "name", tokens->items[i].name);
        add_scopes(&json, &tokens->items[i]);
        add_string(&json, "created_at", moment(cli->arena, tokens->items[i].created_s));
        add_string(&json, "expires_at", moment(cli->arena, tokens->items[i].expires_s));
        buffer_putc(&json, '}');
    }
    printf("%s]}\n", buffer_string(&json));
}

static const char *scopes_of(struct arena *arena, const struct token *token)
{
    struct buffer words = {.arena = arena};
    for (size_t i = 0; i < token->scope_count; i++) {
        buffer_printf(&words, "%s%s", i == 0 ? "" : ", ", token->scopes[i]);
    }
    return buffer_string(&words);
}

static int list(struct cli *cli)
{
    struct tokens tokens;
    static const char *const heads[] = {"NAME", "SCOPES", "CREATED (UTC)", "EXPIRES (UTC)"};
    struct table table = table_with_heads(cli->arena, heads, sizeof heads / sizeof heads[0]);
    const int64_t now = clock_wall_us() / 1000000;
    if (!tokens_read(cli->arena, cli->given.tokens_file, &tokens, NULL, cli->status)) {
        return EXIT_ERROR;
    }
    if (cli->given.json) {
        list_json(cli, &tokens);
        return EXIT_FINE;
    }
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *const token = &tokens.items[i];
        const bool is_over = token_is_over(token, now);
        const char *const expires = token->expires_s == 0 ? "never" : shown_moment(cli->arena, token->expires_s);
        table_add(&table, COLOUR_NONE, token->name);
        table_add(&table, COLOUR_NONE, scopes_of(cli->arena, token));
        table_add(&table, COLOUR_NONE, shown_moment(cli->arena, token->created_s));
        table_add(&table, is_over ? COLOUR_RED : COLOUR_NONE,
                  is_over ? arena_printf(cli->arena, "%s (expired)", expires) : expires);
    }
    table_print(&table);
    return EXIT_FINE;
}

/* ---- revoke ---- */

static int revoke(struct cli *cli)
{
    const char *const name = cli->word_count == 2 ? cli->words[1] : cli->given.name;
    if (name == NULL) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "Say which token is to be revoked: truss token revoke NAME");
        return EXIT_ERROR;
    }
    if (!token_revoke(cli->arena, cli->given.tokens_file, name, cli->status)) {
        return EXIT_ERROR;
    }
    if (cli->given.json) {
        printf("{\"revoked\":\"%s\"}\n", name);
    } else {
        printf("Revoked the token \"%s\".\n", name);
    }
    return EXIT_FINE;
}

const struct cli_verb cli_token_verbs[] = {
    {.name = "create",
     .help = "make a token and print it, once",
     .run = create,
     .options = {OPTION_tokens_file, OPTION_name, OPTION_scope, OPTION_expires, OPTION_NONE}},
    {.name = "list",
     .help = "list the tokens: names, scopes and ends, never the tokens",
     .run = list,
     .options = {OPTION_tokens_file, OPTION_NONE}},
    {.name = "revoke",
     .arguments = "NAME",
     .most_words = 1,
     .help = "take a token out of the file",
     .run = revoke,
     .options = {OPTION_tokens_file, OPTION_name, OPTION_NONE}},
    {0},
};

int command_token(struct cli *cli)
{
    const struct cli_verb *const verb = cli_verb_find(cli->command, cli->words[0]);
    if (verb != NULL && cli->given.tokens_file == NULL) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "Say where the tokens are: --file FILE, or TRUSS_TOKENS.");
        return EXIT_ERROR;
    }
    return cli_verb_run(cli);
}
