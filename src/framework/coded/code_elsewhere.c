/*
 * Settings that a configuration takes from another file, and those that a command names.
 */
#include "framework/coded/code.h"

#include "base/words.h"
#include "framework/core/mention.h"
#include "framework/core/unread.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MOST_DEPTH   32   /* nested brackets; no configuration is deeper */
#define MOST_SPREADS 100  /* each is searched for in all imports */
#define NAMES_LIMIT  2000 /* bytes of what an import or a declaration names */

static bool has_word(struct text part, const char *word)
{
    return code_find_word(part, word, 0) != SIZE_MAX;
}

/* For a name that is declared here, the start of its declaration (after const, let or var); the same offset if nothing
 * is declared. */
static size_t declared_from(struct text source, size_t at)
{
    static const char *const words[] = {"const ", "let ", "var ", NULL};
    const struct text before = text_slice(source, 0, at);
    size_t first = 0;
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t found = at > NAMES_LIMIT ? at - NAMES_LIMIT : 0;
        for (; (found = text_find(before, words[i], found)) != SIZE_MAX; found++) {
            first = found + strlen(words[i]) > first ? found + strlen(words[i]) : first;
        }
    }
    return first == 0 || text_find(text_slice(source, first, at), ";", 0) != SIZE_MAX ? at : first;
}

/* Are there only names between a declaration and a call: "{ base } =", "base = await"? */
static bool is_of_names(struct text between)
{
    static const char wait[] = "await";
    between = text_trim(between);
    between = text_ends_with(between, wait) ? text_trim(text_slice(between, 0, between.size - strlen(wait))) : between;
    return text_ends_with(between, "=");
}

/* Does this name come from another file: import base from, import { base } from, const { base } = require(…)? */
static bool is_imported(struct text source, const char *name)
{
    bool is = false;
    for (size_t at = 0; !is && (at = code_find_word(source, "import", at)) != SIZE_MAX;) {
        const struct text rest = text_slice(source, at, at + NAMES_LIMIT);
        size_t end = 0;
        while (end < rest.size && strchr("'\";(", rest.data[end]) == NULL) {
            end++;
        }
        is = has_word(text_slice(rest, 0, end), name);
    }
    static const char *const calls[] = {"require(", "import(", NULL};
    for (size_t i = 0; calls[i] != NULL; i++) {
        for (size_t at = 0; !is && (at = text_find(source, calls[i], at)) != SIZE_MAX; at++) {
            const struct text between = text_slice(source, declared_from(source, at), at);
            is = is_of_names(between) && has_word(between, name);
        }
    }
    return is;
}

/* The brackets that are open at a place in a file. */
struct open {
    char brackets[MOST_DEPTH];
    int depth;
    int braces;
};

static void note_bracket(struct open *open, char c)
{
    if (c == '{' || c == '[' || c == '(') {
        open->brackets[open->depth < MOST_DEPTH ? open->depth : MOST_DEPTH - 1] = c;
        open->depth++;
        open->braces += c == '{' ? 1 : 0;
    } else if ((c == '}' || c == ']' || c == ')') && open->depth > 0) {
        open->depth--;
        open->braces -= c == '}' ? 1 : 0;
    }
}

/* The offset after the comment or quoted text that begins here; the same offset if there is none. */
static size_t skip_quiet(struct text source, size_t at)
{
    const struct text rest = text_slice(source, at, source.size);
    const char quote = source.data[at];
    const bool is_block = text_starts_with(rest, "/*");
    if (is_block || text_starts_with(rest, "//")) {
        const size_t end = text_find(source, is_block ? "*/" : "\n", at + 2);
        return end == SIZE_MAX ? source.size : end + (is_block ? 2 : 0);
    }
    if (quote != '\'' && quote != '"' && quote != '`') {
        return at;
    }
    size_t end = at + 1;
    while (end < source.size && source.data[end] != quote && (quote == '`' || source.data[end] != '\n')) {
        end += source.data[end] == '\\' ? 2 : 1;
    }
    return end < source.size ? end + 1 : source.size;
}

/* The offset of "...base" inside at most this many braces, with a base that is imported, or of one more than are looked
 * at; SIZE_MAX: there is none. */
static size_t find_spread(struct arena *arena, struct text source, int most_braces)
{
    struct open open = {.depth = 0};
    size_t spreads = 0;
    char last = '\0';
    for (size_t i = 0; i < source.size; i++) {
        const size_t behind = skip_quiet(source, i);
        const char c = source.data[i];
        if (behind > i) {
            last = c == '/' ? last : c;
            i = behind - 1;
            continue;
        }
        const bool is_of_object = open.depth > 0 && open.depth <= MOST_DEPTH && open.braces <= most_braces &&
                                  open.brackets[open.depth - 1] == '{' && (last == '{' || last == ',');
        if (is_of_object && text_starts_with(text_slice(source, i, source.size), "...")) {
            const struct text name = code_word(source, i + strlen("..."));
            if (text_is(name, "require") || spreads++ == MOST_SPREADS ||
                (name.size > 0 && is_imported(source, arena_strndup(arena, name.data, name.size)))) {
                return i;
            }
        }
        note_bracket(&open, c);
        last = isspace((unsigned char)c) != 0 ? last : c;
    }
    return SIZE_MAX;
}

static bool has_key(struct text source, const char *const *keys)
{
    size_t i = 0;
    while (keys[i] != NULL && code_find_word(source, keys[i], 0) == SIZE_MAX) {
        i++;
    }
    return keys[i] != NULL;
}

void code_note_elsewhere(struct arena *arena, struct folder *folder, const struct source_file *file,
                         const char *const *keys, int most_braces)
{
    const struct text source = file->content;
    const bool imports = text_find(source, "require(", 0) != SIZE_MAX || text_find(source, " from ", 0) != SIZE_MAX;
    const size_t spread = imports ? find_spread(arena, source, most_braces) : SIZE_MAX;
    const size_t at = spread != SIZE_MAX || !imports || has_key(source, keys) ? spread : 0;
    if (at != SIZE_MAX && folder->unread == NULL) {
        unread_folder_because(arena, folder, *file, at,
                              "takes its settings from another file, which cannot be read without running it");
    }
}

/* How often one of these commands, separated by "|", is in the text. */
static size_t count_commands(struct arena *arena, struct text content, const char *commands)
{
    size_t count = 0;
    for (struct text command; word_next(&commands, &command);) {
        count += text_count(content, arena_strndup(arena, command.data, command.size));
    }
    return count;
}

const char *code_flag(struct arena *arena, const struct folder *folder, const struct mention *flag,
                      const char *commands)
{
    struct source_file file = {.name = "package.json"};
    struct mentioned mentioned;
    const char *value = NULL;
    size_t count = 0;
    if (!folder_read(arena, folder, file.name, &file.content)) {
        return NULL;
    }
    for (size_t at = 0; mention_next(arena, flag, &file, &at, &mentioned);) {
        if (mentioned.kind == MENTION_NOTHING) {
            continue;
        }
        if (mentioned.kind != MENTION_LITERAL || (value != NULL && strcmp(value, mentioned.value) != 0)) {
            return NULL;
        }
        value = mentioned.value;
        count++;
    }
    return count > 0 && count_commands(arena, file.content, commands) == count ? value : NULL;
}
