/*
 * What a configuration leaves to another file.
 */
#include "framework/coded/code.h"
#include "framework/core/unread.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MOST_DEPTH 32 /* brackets in each other; what is deeper is none of a configuration */

static bool is_set_here(struct arena *arena, struct text source, struct text name)
{
    return text_find(source, arena_printf(arena, "%.*s =", (int)name.size, name.data), 0) != SIZE_MAX ||
           text_find(source, arena_printf(arena, "%.*s:", (int)name.size, name.data), 0) != SIZE_MAX;
}

/* What is open at a place of a file. */
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

/* The offset of "...base" of an object within so many braces, whose base is imported; SIZE_MAX: there is none. */
static size_t find_spread(struct arena *arena, struct text source, int most_braces)
{
    struct open open = {.depth = 0};
    char last = '\0';
    for (size_t i = 0; i < source.size; i++) {
        const char c = source.data[i];
        const bool is_of_object = open.depth > 0 && open.depth <= MOST_DEPTH && open.braces <= most_braces &&
                                  open.brackets[open.depth - 1] == '{' && (last == '{' || last == ',');
        if (is_of_object && text_starts_with(text_slice(source, i, source.size), "...")) {
            const struct text name = code_word(source, i + strlen("..."));
            const bool is_call = text_is(name, "require");
            if (is_call || (name.size > 0 && !text_is(name, "process") && !is_set_here(arena, source, name))) {
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
