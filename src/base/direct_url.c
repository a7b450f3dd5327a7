/*
 * Reads text, not code: what is put together at run time is not found, and then DATABASE_URL counts.
 */
#include "base/direct_url.h"

#include "base/files.h"
#include "base/status.h"

#include <ctype.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1024 * 1024)

static const char *const configurations[] = {"prisma.config.ts",  "prisma.config.js",  "prisma.config.mts",
                                             "prisma.config.mjs", "prisma.config.cts", "prisma.config.cjs",
                                             ".config/prisma.ts", ".config/prisma.js", NULL};
static const char *const schemas[] = {"schema.prisma", "prisma/schema.prisma", NULL};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

static struct text skip_blanks(struct text text)
{
    while (text.size > 0 && isspace((unsigned char)text.data[0]) != 0) {
        text = text_slice(text, 1, text.size);
    }
    return text;
}

/* The name in env("NAME"), process.env.NAME or process.env["NAME"] at the start of the text; empty: none. */
static struct text variable_at(struct text text)
{
    static const char *const words[] = {"env(", "process.env.", "process.env["};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_starts_with(text, words[i])) {
            text = skip_blanks(text_slice(text, strlen(words[i]), text.size));
            const bool is_quoted = text.size > 0 && strchr("\"'`", text.data[0]) != NULL;
            text = text_slice(text, is_quoted ? 1 : 0, text.size);
            size_t size = 0;
            while (size < text.size && is_word(text.data[size])) {
                size++;
            }
            return text_slice(text, 0, size);
        }
    }
    return (struct text){0};
}

/* The variable that "key = …" or "key: …" takes; NULL: there is none. Lines that are comments do not count. */
static const char *variable_of(struct arena *arena, struct text content, const char *key)
{
    const size_t size = strlen(key);
    for (struct text line; text_next_line(&content, &line);) {
        line = text_trim(line);
        if (text_starts_with(line, "//")) {
            continue;
        }
        for (size_t at = 0; (at = text_find(line, key, at)) != SIZE_MAX; at += size) {
            struct text rest = skip_blanks(text_slice(line, at + size, line.size));
            if ((at > 0 && is_word(line.data[at - 1])) || rest.size == 0 || strchr("=:", rest.data[0]) == NULL) {
                continue;
            }
            const struct text name = variable_at(skip_blanks(text_slice(rest, 1, rest.size)));
            return name.size == 0 ? NULL : arena_strndup(arena, name.data, name.size);
        }
    }
    return NULL;
}

/* The first of the files that is there. */
static bool read_first(struct arena *arena, const char *project, const char *const *names, struct text *content)
{
    struct status unread = {.arena = arena};
    bool is_read = false;
    for (size_t i = 0; names[i] != NULL && !is_read; i++) {
        const char *const path = path_join(arena, project, names[i]);
        is_read = file_look(path, NULL) == FILE_REGULAR && file_read(arena, path, FILE_LIMIT, content, &unread);
    }
    return is_read;
}

const char *direct_url_variable(struct arena *arena, const char *project)
{
    struct text content;
    const char *found = NULL;
    if (read_first(arena, project, configurations, &content)) {
        const size_t datasource = text_find(content, "datasource", 0);
        if (datasource != SIZE_MAX) {
            const struct text part = text_slice(content, datasource, content.size);
            found = variable_of(arena, part, "directUrl");
            found = found == NULL ? variable_of(arena, part, "url") : found;
        }
    }
    if (found == NULL && read_first(arena, project, schemas, &content)) {
        found = variable_of(arena, content, "directUrl");
    }
    return found;
}
