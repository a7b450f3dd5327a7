/*
 * YAML is converted to the equivalent properties: "quarkus.flyway.users.locations".
 */
#include "framework/core/data_sources.h"

#include "base/words.h"
#include "framework/core/package.h"
#include "framework/core/unread.h"

#include <string.h>

#define MOST_DEPTH 16

/* The findings in one file. */
struct said {
    struct arena *arena;
    const char *tool;
    const char *name; /* of the first named data source; NULL: none */
    size_t at;        /* the offset of its line */
    bool has_default;
};

static const char *unquoted(struct arena *arena, struct text word)
{
    const bool is_quoted = word.size > 1 && (word.data[0] == '"' || word.data[0] == '\'');
    return is_quoted ? arena_strndup(arena, word.data + 1, word.size - 2) : arena_strndup(arena, word.data, word.size);
}

/* "users" in "users.locations" and in "\"users\".locations", if the part before the dot is no setting itself. */
static struct text source_in(struct text key)
{
    static const char *const settings[] = {"placeholders", "jdbc-properties", "change-log-parameters", NULL};
    const size_t dot = text_find(key, ".", 0);
    const struct text first = text_slice(key, 0, dot == SIZE_MAX ? 0 : dot);
    return word_is_one_of(first, settings) ? (struct text){0} : first;
}

/* Takes one property. */
static void take(struct said *said, struct text key, size_t at)
{
    const struct text quarkus = text_of(arena_printf(said->arena, "quarkus.%s.", said->tool));
    const struct text micronaut = text_of(arena_printf(said->arena, "%s.datasources.", said->tool));
    const size_t dot = text_starts_with(key, "%") ? text_find(key, ".", 0) : SIZE_MAX; /* for one profile */
    key = dot == SIZE_MAX ? key : text_slice(key, dot + 1, key.size);
    const bool is_quarkus = text_starts_with(key, quarkus.data);
    if (!is_quarkus && !text_starts_with(key, micronaut.data)) {
        return;
    }
    const char *const source =
        unquoted(said->arena, source_in(text_slice(key, is_quarkus ? quarkus.size : micronaut.size, key.size)));
    if (source[0] == '\0' || strcmp(source, "default") == 0 || strcmp(source, "<default>") == 0) {
        said->has_default = true;
    } else if (said->name == NULL) {
        said->name = source;
        said->at = at;
    }
}

static void take_properties(struct said *said, struct text content)
{
    struct text rest = content;
    for (struct text line; text_next_line(&rest, &line);) {
        const struct text plain = text_trim(line);
        size_t end = 0;
        while (end < plain.size && strchr("=: \t", plain.data[end]) == NULL) {
            end++;
        }
        take(said, text_slice(plain, 0, end), (size_t)(line.data - content.data));
    }
}

/* The mappings around a line. */
struct nesting {
    size_t indents[MOST_DEPTH];
    const char *keys[MOST_DEPTH];
    size_t depth;
};

/* Parses the key of a YAML line and places it among the mappings around it. Returns false if the line has none. */
static bool nest(struct arena *arena, struct nesting *nesting, struct text line, bool *is_leaf)
{
    const struct text plain = text_trim(line);
    const size_t indent = plain.size == 0 ? 0 : (size_t)(plain.data - line.data);
    const size_t colon = text_find(plain, ":", 0);
    if (plain.size == 0 || plain.data[0] == '#' || plain.data[0] == '-' || colon == SIZE_MAX) {
        return false;
    }
    while (nesting->depth > 0 && nesting->indents[nesting->depth - 1] >= indent) {
        nesting->depth--;
    }
    if (nesting->depth == MOST_DEPTH) {
        return false;
    }
    nesting->indents[nesting->depth] = indent;
    nesting->keys[nesting->depth++] = unquoted(arena, text_trim(text_slice(plain, 0, colon)));
    *is_leaf = text_trim(text_slice(plain, colon + 1, plain.size)).size > 0;
    return true;
}

static void take_yaml(struct said *said, struct text content)
{
    struct nesting nesting = {.depth = 0};
    struct text rest = content;
    bool is_leaf;
    for (struct text line; text_next_line(&rest, &line);) {
        struct buffer key = {.arena = said->arena};
        const bool is_list = text_starts_with(text_trim(line), "-");
        if (!is_list && !nest(said->arena, &nesting, line, &is_leaf)) {
            continue;
        }
        for (size_t i = 0; (is_list || is_leaf) && i < nesting.depth; i++) {
            buffer_printf(&key, "%s%s", i == 0 ? "" : ".", nesting.keys[i]);
        }
        take(said, buffer_text(&key), (size_t)(line.data - content.data));
    }
}

void data_sources_note(struct arena *arena, struct folder *folder, const char *tool)
{
    static const char *const names[] = {"src/main/resources/application.properties",
                                        "src/main/resources/application.yml", "src/main/resources/application.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct said said = {.arena = arena, .tool = tool};
        struct source_file file = {.name = names[i]};
        if (!folder_read(arena, folder, file.name, &file.content)) {
            continue;
        }
        (i == 0 ? take_properties : take_yaml)(&said, file.content);
        if (said.name == NULL) {
            continue;
        }
        const char *const why = arena_printf(arena, "has migrations of the data source \"%s\", %s", said.name,
                                             said.has_default ? "which are not looked at here: say --migrations, with "
                                                                "the URL of that database"
                                                              : "and none of the default one");
        if (said.has_default && folder->note == NULL) {
            folder->note =
                arena_printf(arena, "%s, line %u, %s.", file.name, text_position(file.content, said.at).line, why);
        } else if (!said.has_default) {
            folder->evidence = folder->evidence == NULL ? path_join(arena, folder->base, file.name) : folder->evidence;
            unread_folder_because(arena, folder, file, said.at, why);
        }
    }
}
