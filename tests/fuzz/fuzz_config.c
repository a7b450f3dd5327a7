/*
 * Configuration files and scripts of a project: whatever comes, a value found is clean text, and what is cut or filled
 * keeps the file's lines.
 */
#include "framework/core/script.h"
#include "framework/formats/config.h"
#include "framework/formats/properties.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void must_be_clean(const char *value)
{
    must(value == NULL || (value[0] != '\0' && text_is_utf8(text_of(value), NULL) && strpbrk(value, "\r\n") == NULL));
}

static void read_values(struct arena *arena, struct text content)
{
    size_t count;
    const struct config_pair *const pairs = config_pairs(arena, content, NULL, "p.", &count);
    for (size_t i = 0; i < count; i++) {
        must_be_clean(pairs[i].key);
        must(pairs[i].value != NULL);
    }
    must_be_clean(config_value(arena, content, NULL, "a"));
    must_be_clean(config_value(arena, content, "s", "a"));
    must_be_clean(config_yaml(arena, content, (const char *const[]){"a", NULL}));
    must_be_clean(config_yaml(arena, content, (const char *const[]){"a", "b", "c", NULL}));
    property_string(arena, content, (const char *const[]){"a", "b", NULL});
}

static bool is_marker(struct text line)
{
    struct text rest;
    return line_is_comment(line, "+goose Up", true, NULL) || line_is_comment(line, "migrate:up", false, &rest);
}

static size_t line_endings(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n' ? 1 : 0;
    }
    return count;
}

static void cut(struct arena *arena, struct text content)
{
    size_t at = 0;
    for (size_t behind; (at = script_find_line(content, at, is_marker, &behind)) != SIZE_MAX; at = behind) {
        must(at < behind && behind <= content.size);
        const struct text kept = script_keep(arena, content, at, behind);
        must(kept.size == content.size && line_endings(kept) == line_endings(content));
    }
}

static const char *value_of_a(void *data, struct arena *arena, struct text name)
{
    (void)arena;
    return text_is(name, "a") ? data : NULL;
}

static void fill(struct arena *arena, struct text content)
{
    struct status status = {.arena = arena};
    struct text filled;
    char value[] = "1";
    const struct script_placeholders lenient = {"${", "}", value_of_a, value, true};
    const struct script_placeholders strict = {":", ":", value_of_a, value, false};
    must(script_fill(arena, content, &lenient, &filled, &status));
    must(line_endings(filled) == line_endings(content));
    must(script_fill(arena, content, &strict, &filled, &status) || status.code == STATUS_INVALID_ARGUMENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    const struct text content = {arena_strndup(arena, (const char *)data, size), size};
    read_values(arena, content);
    cut(arena, content);
    fill(arena, content);
    arena_free(arena);
    return 0;
}
