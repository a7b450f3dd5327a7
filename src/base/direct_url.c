/*
 * Reads text, not code: what is put together at run time is not found, and then DATABASE_URL counts.
 */
#include "base/direct_url.h"

#include "base/files.h"
#include "base/prisma_names.h"
#include "base/status.h"

#include <ctype.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1024 * 1024)

static const char *const config_names[] = {PRISMA_CONFIG_NAMES, NULL};
static const char *const config_endings[] = {PRISMA_CONFIG_ENDINGS, NULL};
static const char *const schemas[] = {PRISMA_SCHEMAS, NULL};

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

static bool read_there(struct arena *arena, const char *path, struct text *content)
{
    struct status unread = {.arena = arena};
    return file_look(path, NULL) == FILE_REGULAR && file_read(arena, path, FILE_LIMIT, content, &unread);
}

/* The configuration file that Prisma takes: the first. */
static bool read_configuration(struct arena *arena, const char *project, struct text *content)
{
    bool is_read = false;
    for (size_t i = 0; config_names[i] != NULL && !is_read; i++) {
        for (size_t k = 0; config_endings[k] != NULL && !is_read; k++) {
            is_read = read_there(arena, arena_printf(arena, "%s/%s.%s", project, config_names[i], config_endings[k]),
                                 content);
        }
    }
    return is_read;
}

static bool read_schema(struct arena *arena, const char *project, struct text *content)
{
    bool is_read = false;
    for (size_t i = 0; schemas[i] != NULL && !is_read; i++) {
        is_read = read_there(arena, path_join(arena, project, schemas[i]), content);
    }
    return is_read;
}

const char *direct_url_variable(struct arena *arena, const char *project)
{
    struct text content;
    const char *found = NULL;
    if (read_configuration(arena, project, &content)) {
        const size_t datasource = text_find(content, "datasource", 0);
        if (datasource != SIZE_MAX) {
            const struct text part = text_slice(content, datasource, content.size);
            found = variable_of(arena, part, "directUrl");
            found = found == NULL ? variable_of(arena, part, "url") : found;
        }
    }
    if (found == NULL && read_schema(arena, project, &content)) {
        found = variable_of(arena, content, "directUrl");
    }
    return found;
}
