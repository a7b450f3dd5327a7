/*
 * Small formats: the plan of Sqitch, the head of a file of graphile-migrate, the answers of an S3 store, the file of
 * tokens, Play's configuration and files, Django's settings. Each takes the same bytes.
 */
#include "backup/s3_send.h"
#include "base/tokens.h"
#include "framework/coded/python.h"
#include "framework/formats/hocon.h"
#include "framework/graphile/graphile_file.h"
#include "framework/play/play_file.h"
#include "framework/sqitch/sqitch_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void must_be_told(const struct status *status)
{
    must(status->code != STATUS_OK && status->message != NULL && text_is_utf8(text_of(status->message), NULL));
}

static void read_sqitch(struct arena *arena, struct text content)
{
    struct status status = {.arena = arena};
    const struct sqitch_plan *const plan = sqitch_plan_parse(arena, content, &sqitch_usual, &status);
    if (plan == NULL) {
        must_be_told(&status);
        return;
    }
    must(plan->project != NULL || plan->count == 0);
    for (size_t i = 0; i < plan->count; i++) {
        const struct sqitch_change *const change = &plan->changes[i];
        must(change->plan == plan && strlen(change->id) == 40 && change->name[0] != '\0');
        must(strncmp(change->script, "deploy/", 7) == 0);
        must(sqitch_plan_find(plan, change->name, i + 1) != NULL);
    }
}

static void read_graphile(struct arena *arena, struct text content)
{
    const struct graphile_header header = graphile_header_of(arena, content);
    must(header.body <= content.size);
    graphile_has_no_transaction(&header, content);
    if (header.problem == NULL) {
        must(header.hash != NULL && graphile_hash_of(arena, &header, content) != NULL);
    }
}

static void read_store(struct arena *arena, struct text content)
{
    size_t before = 0;
    struct text piece;
    for (size_t at = 0; (piece = s3_between(content, "Key", &at)).data != NULL; before = at) {
        must(at > before && at <= content.size && piece.data >= content.data);
        must(strlen(s3_unescaped(arena, piece)) <= piece.size);
    }
}

static void read_tokens(struct arena *arena, struct text content)
{
    static const struct environment nowhere = {.name = ""};
    static const struct environment projects = {.name = "production", .is_projects = true};
    struct status status = {.arena = arena};
    struct tokens tokens;
    if (!tokens_parse(arena, "f", content, &tokens, &status)) {
        must_be_told(&status);
        return;
    }
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *const token = &tokens.items[i];
        must(token->name[0] != '\0' && strlen(token->name) <= TOKEN_NAME_LIMIT);
        const unsigned elsewhere = scopes_in(token->scopes, token->scope_count, &nowhere);
        const unsigned there = scopes_in(token->scopes, token->scope_count, &projects);
        /* A project gives nobody what the operator did not give. */
        must(((elsewhere | there) & ~(unsigned)SCOPE_ALL) == 0 && (there & ~elsewhere) == 0);
    }
    must(tokens_find(&tokens, text_of("")) == NULL);
}

static void read_play(struct arena *arena, struct text content)
{
    struct play_parts parts;
    const struct hocon_value value = hocon_find(arena, content, "a.b.c");
    must(value.kind == HOCON_NONE || value.at < content.size);
    must((value.kind == HOCON_PLAIN) == (value.text != NULL));
    struct hocon_include includes[3];
    const size_t included = hocon_includes(arena, content, includes, 3);
    must(included <= 3 && (included == 0 || includes[included - 1].at < content.size));
    play_parts_of(arena, content, &parts);
    must(parts.up.size + parts.down.size <= content.size && strlen(play_hash(arena, &parts)) == 40);
}

static void read_python(struct text content)
{
    struct python_token token;
    size_t before = 0;
    for (size_t at = 0; python_next(content, &at, &token); before = at) {
        must(at > before && at <= content.size && token.text.data >= content.data &&
             token.text.data + token.text.size <= content.data + content.size);
    }
    for (size_t at = 0, from = 0; (at = python_find_set(content, text_of("A"), from)) != SIZE_MAX; from = at) {
        must(at > from && at <= content.size);
    }
    python_constant(content, text_of("A"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    const struct text content = {arena_strndup(arena, (const char *)data, size), size};
    read_store(arena, content);
    read_tokens(arena, content);
    read_play(arena, content);
    read_python(content);
    if (text_is_utf8(content, NULL) && memchr(content.data, '\0', size) == NULL) {
        read_sqitch(arena, content);
        read_graphile(arena, content);
    }
    arena_free(arena);
    return 0;
}
