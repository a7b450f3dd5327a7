/*
 * Reads line by line; only quoted values may span several lines.
 */
#include "base/dotenv.h"

#include "base/direct_url.h"
#include "base/files.h"
#include "base/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT  ((size_t)1024 * 1024)
#define MOST_NESTED 8  /* depth of ${A} that contains ${B}, … */
#define MOST_LOOKS  64 /* for one value */

static bool is_key_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '.' || c == '-';
}

/* Reads "export KEY =" or "KEY: " at the start of *rest and moves *rest after it. Returns false if there is no
 * assignment. */
static bool take_key(struct text *rest, struct text *key)
{
    struct text line = text_trim(*rest);
    if (text_starts_with(line, "export ")) {
        line = text_trim(text_slice(line, 7, line.size));
    }
    size_t size = 0;
    while (size < line.size && is_key_character(line.data[size])) {
        size++;
    }
    *key = text_slice(line, 0, size);
    if (key->size > 0 && size + 1 < line.size && line.data[size] == ':' && line.data[size + 1] == ' ') {
        *rest = text_slice(line, size + 2, line.size);
        return true;
    }
    while (size < line.size && (line.data[size] == ' ' || line.data[size] == '\t')) {
        size++;
    }
    if (key->size == 0 || size == line.size || line.data[size] != '=') {
        return false;
    }
    *rest = text_slice(line, size + 1, line.size);
    return true;
}

/* The text between quotes, which may contain newlines; in double quotes "\n" and "\r" are escapes. */
static const char *quoted_value(struct arena *arena, struct text value, char quote)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < value.size; i++) {
        const char next = i + 1 < value.size ? value.data[i + 1] : '\0';
        if (quote == '"' && value.data[i] == '\\' && (next == 'n' || next == 'r')) {
            buffer_putc(&out, next == 'n' ? '\n' : '\r');
            i++;
        } else {
            buffer_putc(&out, value.data[i]);
        }
    }
    return buffer_string(&out);
}

/* The end of a quoted value that begins at start: a quote behind a backslash belongs to the value, if another one ends
 * it on the same line ("C:\\" ends at its last). SIZE_MAX: none. */
static size_t closing_quote(struct text value, size_t start, char quote)
{
    const char word[] = {quote, '\0'};
    const size_t first = text_find(value, word, start);
    const size_t newline = text_find(value, "\n", start);
    size_t end = first;
    while (end != SIZE_MAX && end > start && value.data[end - 1] == '\\') {
        end = text_find(value, word, end + 1);
    }
    return end == SIZE_MAX || (end > newline && first < newline) ? first : end;
}

/* The value at the start of *rest, which moves after its line. *literal: single-quoted, nothing is replaced. */
static const char *take_value(struct arena *arena, struct text *rest, bool *literal)
{
    size_t start = 0;
    while (start < rest->size && (rest->data[start] == ' ' || rest->data[start] == '\t')) {
        start++;
    }
    const char quote = start < rest->size ? rest->data[start] : '\0';
    struct text line;
    *literal = quote == '\'';
    if (quote == '"' || quote == '\'' || quote == '`') {
        const size_t end = closing_quote(*rest, start + 1, quote);
        if (end != SIZE_MAX) {
            const char *const value = quoted_value(arena, text_slice(*rest, start + 1, end), quote);
            *rest = text_slice(*rest, end + 1, rest->size);
            text_next_line(rest, &line);
            return value;
        }
    }
    if (!text_next_line(rest, &line)) {
        return "";
    }
    const size_t comment = text_find(line, "#", 0);
    line = text_trim(text_slice(line, 0, comment));
    return arena_strndup(arena, line.data, line.size);
}

/* The text to search. Each ${NAME} searches all of it, and may contain more: the number is limited. */
struct lines {
    struct arena *arena;
    struct text content;
    unsigned looks_left;
    const char *unset;    /* a variable that was to be put in and is set nowhere; NULL: each is */
    const char *withheld; /* one that is set, and not for a project; NULL: none */
    struct words *taken;  /* receives the names of the environment's variables that were put in; NULL: nobody asks */
};

/* Is it a variable of ours or of the stores that our workers use? Their values would go to whatever host a project
 * names. */
static bool is_withheld(const char *key)
{
    return strncmp(key, "TRUSS_", 6) == 0 || strncmp(key, "AWS_", 4) == 0 || strncmp(key, "OTEL_", 5) == 0;
}

static const char *environment_value(struct lines *lines, const char *key)
{
    const char *const value = getenv(key);
    if (value == NULL || is_withheld(key)) {
        lines->withheld = value == NULL ? lines->withheld : key;
        return NULL;
    }
    if (lines->taken != NULL) {
        words_add(lines->arena, lines->taken, key);
    }
    return value;
}

static const char *lookup(struct lines *lines, const char *key, int depth);

/* The matching closing brace; *is_none remembers that there is none. */
static const char *closing(const char *from, bool *is_none)
{
    const char *const brace = *is_none ? NULL : strchr(from, '}');
    *is_none = brace == NULL;
    return brace;
}

/* What stands in the braces behind the name: ":-fallback", "-fallback"; NULL: no fallback. */
static const char *fallback_at(const char *behind_name)
{
    return strncmp(behind_name, ":-", 2) == 0 ? behind_name + 2 : behind_name[0] == '-' ? behind_name + 1 : NULL;
}

/* Replaces ${NAME}, ${NAME:-fallback} and $NAME. "\$" becomes a dollar sign. */
static const char *expand(struct lines *lines, const char *value, int depth)
{
    struct arena *const arena = lines->arena;
    bool is_open = false; /* there are no more closing braces */
    if (strchr(value, '$') == NULL || depth >= MOST_NESTED) {
        return value;
    }
    struct buffer out = {.arena = arena};
    for (const char *c = value; *c != '\0'; c++) {
        if (c[0] == '\\' && c[1] == '$') {
            buffer_putc(&out, *++c);
            continue;
        }
        const bool braces = c[0] == '$' && c[1] == '{';
        const char *const name = c + (braces ? 2 : 1);
        size_t size = 0;
        while (c[0] == '$' && (isalnum((unsigned char)name[size]) != 0 || name[size] == '_')) {
            size++;
        }
        const char *const close = size == 0 ? NULL : braces ? closing(name, &is_open) : name + size;
        if (close == NULL) {
            buffer_putc(&out, *c);
            continue;
        }
        const char *const key = arena_strndup(arena, name, size);
        const char *found = environment_value(lines, key);
        found = found != NULL ? found : lookup(lines, key, depth + 1);
        const char *const fallback = braces ? fallback_at(name + size) : NULL;
        if (found != NULL) {
            buffer_puts(&out, found);
        } else if (fallback != NULL) {
            buffer_add(&out, (struct text){fallback, (size_t)(close - fallback)});
        } else {
            lines->unset = key;
        }
        c = braces ? close : close - 1;
    }
    return buffer_string(&out);
}

static const char *lookup(struct lines *lines, const char *key, int depth)
{
    const char *found = NULL;
    bool found_literal = false;
    if (lines->looks_left == 0) {
        return NULL;
    }
    lines->looks_left--;
    for (struct text rest = lines->content; rest.size > 0;) {
        struct text name;
        struct text line;
        struct text ahead = rest;
        const char *const newline = memchr(rest.data, '\n', rest.size);
        struct text head = text_slice(rest, 0, newline == NULL ? rest.size : (size_t)(newline - rest.data));
        if (!take_key(&head, &name)) {
            text_next_line(&rest, &line);
            continue;
        }
        ahead = text_slice(rest, (size_t)(head.data - rest.data), rest.size);
        bool literal;
        const char *const value = take_value(lines->arena, &ahead, &literal);
        if (text_is(name, key)) {
            found = value;
            found_literal = literal;
        }
        rest = ahead;
    }
    return found == NULL || found_literal ? found : expand(lines, found, depth);
}

const char *dotenv_value(struct arena *arena, struct text content, const char *key)
{
    struct lines lines = {.arena = arena, .content = text_without_mark(content), .looks_left = MOST_LOOKS};
    return lookup(&lines, key, 0);
}

bool dotenv_read(struct arena *arena, const char *dir, const char *key, const char **value, struct status *status)
{
    return dotenv_read_file(arena, path_join(arena, dir, ".env"), key, value, status);
}

bool dotenv_read_file(struct arena *arena, const char *path, const char *key, const char **value, struct status *status)
{
    return dotenv_read_taking(arena, path, key, &(struct dotenv_taken){value, NULL}, status);
}

static bool fail_unset(const struct lines *lines, const char *path, const char *key, struct status *status)
{
    const bool is_withheld_one = lines->withheld != NULL && strcmp(lines->withheld, lines->unset) == 0;
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       is_withheld_one
                           ? "%s: the value of %s has the variable %s, which is Truss's own and is not given to a "
                             "project. Use another variable; or write \\$ for a dollar sign."
                           : "%s: the value of %s has the variable %s, which is set neither there nor in the "
                             "environment. Set it; or write \\$ for a dollar sign.",
                       path, key, lines->unset);
}

bool dotenv_read_taking(struct arena *arena, const char *path, const char *key, const struct dotenv_taken *taken,
                        struct status *status)
{
    const char **const value = taken->value;
    struct text content;
    *value = NULL;
    if (file_look(path, NULL) != FILE_REGULAR) {
        return true;
    }
    if (!file_read(arena, path, FILE_LIMIT, &content, status)) {
        return false;
    }
    struct lines lines = {
        .arena = arena, .content = text_without_mark(content), .looks_left = MOST_LOOKS, .taken = taken->names};
    *value = lookup(&lines, key, 0);
    if (lines.unset != NULL) {
        *value = NULL;
        return fail_unset(&lines, path, key, status);
    }
    return true;
}

/* *url: the value of a variable in the project's .env or in Prisma's; NULL: neither has it. */
static bool read_url(struct arena *arena, const char *project, const char *variable, const char **url,
                     struct status *status)
{
    const char *const places[] = {project, path_join(arena, project, "prisma")};
    bool ok = true;
    *url = NULL;
    for (size_t i = 0; *url == NULL && i < sizeof places / sizeof places[0]; i++) {
        ok = dotenv_read(arena, places[i], variable, url, status) && ok;
        *url = *url != NULL && (*url)[0] != '\0' ? *url : NULL;
    }
    return ok || *url != NULL;
}

bool dotenv_database_url(struct arena *arena, const char *project, const char **url, struct status *status)
{
    const char *const variable = direct_url_variable(arena, project);
    const char *direct = variable == NULL ? NULL : getenv(variable);
    struct status unread = {.arena = arena};
    if (variable != NULL && (direct == NULL || direct[0] == '\0')) {
        read_url(arena, project, variable, &direct, &unread);
    }
    *url = direct;
    return direct != NULL || read_url(arena, project, "DATABASE_URL", url, status);
}
