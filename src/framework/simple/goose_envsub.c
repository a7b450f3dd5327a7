/*
 * The rules of github.com/mfridman/interpolate, which goose 3.27 applies to each line separately: "$$" and "\$" give a
 * dollar, "$(" and a pair of backslashes stay, and every other dollar begins a name.
 */
#include "framework/simple/goose_envsub.h"

#include "base/dotenv.h"
#include "framework/core/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DOTENV ((size_t)1024 * 1024)

/* A piece of a line: what replaces it, and how many bytes of the line it has. Size 0: only goose knows. */
struct expansion {
    struct text text;
    size_t size;
};

static size_t name_size(struct text rest)
{
    size_t size = 0;
    while (size < rest.size && (isalnum((unsigned char)rest.data[size]) != 0 || rest.data[size] == '_')) {
        size++;
    }
    return rest.size > 0 && isalpha((unsigned char)rest.data[0]) != 0 ? size : 0;
}

/* What may give a variable its value, where goose is started. */
struct environment {
    struct arena *arena;
    struct text dotenv; /* the project's .env, which goose loads (godotenv.Load of cmd/goose/main.go); may be empty */
};

/* May goose find this variable set? Its value is not the script's to show: it may be a password. */
static bool may_be_set(const struct environment *environment, struct text name)
{
    const char *const key = arena_strndup(environment->arena, name.data, name.size);
    return getenv(key) != NULL || dotenv_value(environment->arena, environment->dotenv, key) != NULL;
}

/* ${NAME:-default} and ${NAME-default}, with a plain default, for a variable that is not set. */
static struct expansion default_of(const struct environment *environment, struct text rest)
{
    const size_t name = name_size(text_slice(rest, 2, rest.size));
    const struct text behind = text_slice(rest, 2 + name, rest.size);
    const size_t sign = text_starts_with(behind, ":-") ? 2 : text_starts_with(behind, "-") ? 1 : 0;
    const size_t end = text_find(behind, "}", 0);
    if (name == 0 || sign == 0 || end == SIZE_MAX || may_be_set(environment, text_slice(rest, 2, 2 + name))) {
        return (struct expansion){0};
    }
    const struct text value = text_slice(behind, sign, end);
    const bool is_plain = memchr(value.data, '$', value.size) == NULL && memchr(value.data, '\\', value.size) == NULL;
    return (struct expansion){value, is_plain ? 2 + name + end + 1 : 0};
}

static struct expansion expansion_at(const struct environment *environment, struct text line, size_t at)
{
    const struct text rest = text_slice(line, at, line.size);
    if (text_starts_with(rest, "\\\\") || text_starts_with(rest, "$(")) {
        return (struct expansion){text_slice(rest, 0, 2), 2};
    }
    if (text_starts_with(rest, "\\$") || text_starts_with(rest, "$$")) {
        return (struct expansion){text_of("$"), 2};
    }
    return rest.data[0] != '$' || rest.size == 1 ? (struct expansion){text_slice(rest, 0, 1), 1}
           : rest.data[1] == '{'                 ? default_of(environment, rest)
                                                 : (struct expansion){0};
}

/* Returns SIZE_MAX if all of the line is known, else the offset of what is not. */
static size_t fill_line(const struct environment *environment, struct buffer *out, struct text line)
{
    for (size_t at = 0; at < line.size;) {
        const struct expansion expansion = expansion_at(environment, line, at);
        if (expansion.size == 0) {
            return at;
        }
        buffer_add(out, expansion.text);
        at += expansion.size;
    }
    return SIZE_MAX;
}

static bool fail(const struct script_request *request, struct text line, size_t at)
{
    const struct text rest = text_slice(line, at, line.size);
    const size_t brace = text_starts_with(rest, "${") ? text_find(rest, "}", 0) : SIZE_MAX;
    const size_t size = brace != SIZE_MAX ? brace + 1 : 1 + name_size(text_slice(rest, 1, rest.size));
    return status_fail(
        request->status, STATUS_FAILED_PRECONDITION,
        "%s, line %u has %.*s behind \"-- +goose ENVSUB ON\", whose value is in the environment in which goose runs. "
        "Here only ${NAME:-default} is filled in, with its default, if neither .env nor this worker's environment sets "
        "NAME; run it with goose.",
        request->file->filename, text_position(request->content, (size_t)(line.data - request->content.data)).line,
        (int)size, rest.data);
}

static struct environment environment_of(const struct script_request *request)
{
    struct arena *const arena = request->arena;
    struct environment environment = {.arena = arena};
    struct status unread = {.arena = arena};
    const char *const base = path_join(arena, request->folder->root, request->folder->base);
    const char *const path = path_join(arena, base, ".env");
    if (file_look(path, NULL) == FILE_REGULAR) {
        file_read(arena, path, MOST_DOTENV, &environment.dotenv, &unread);
    }
    return environment;
}

/* The script has the same lines as its file; those that are not part of it are blank. */
bool goose_envsub(const struct script_request *request)
{
    const struct environment environment = environment_of(request);
    struct buffer out = {.arena = request->arena};
    struct text lines = text_without_mark(request->content);
    struct text rest = request->script->sql;
    bool is_on = false;
    buffer_reserve(&out, rest.size);
    struct text said;
    for (struct text line; text_next_line(&lines, &said) && text_next_line(&rest, &line);) {
        const bool begins = line_is_comment(said, "+goose ENVSUB ON", true, NULL);
        is_on = begins || (is_on && !line_is_comment(said, "+goose ENVSUB OFF", true, NULL));
        if (!is_on || text_starts_with(text_trim(line), "--")) {
            buffer_add(&out, line);
        } else {
            const size_t unknown = fill_line(&environment, &out, line);
            if (unknown != SIZE_MAX) {
                return fail(request, said, unknown);
            }
        }
        buffer_puts(&out, rest.size > 0 || text_ends_with(request->script->sql, "\n") ? "\n" : "");
    }
    request->script->sql = buffer_text(&out);
    return true;
}
