/*
 * A setting of a configuration file in any of six languages: its name, and its value, which is written out or taken
 * from a variable. project_text.c reads the files.
 */
#include "migration/look/project_setting.h"

#include <ctype.h>
#include <string.h>

/* Words after which the name of a variable follows: in quotes, in brackets, or bare. */
static const char *const references[] = {
    "process.env.", "process.env[", "import.meta.env.", "Deno.env.get(", "env(",     "ENV[",        "ENV.fetch(",
    "os.environ[",  "environ.get(", "os.getenv(",       "getenv(",       "get_env(", "fetch_env!(", "get_env!(",
    "$ENV{",        "$_ENV[",       "${env:",           "${env.",        "${",
};

struct text setting_referenced(struct text text)
{
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        if (!text_starts_with(text, references[i])) {
            continue;
        }
        text = text_slice(text, strlen(references[i]), text.size);
        while (text.size > 0 && (strchr("\"'` ", text.data[0]) != NULL)) {
            text = text_slice(text, 1, text.size);
        }
        size_t size = 0;
        while (size < text.size && (isalnum((unsigned char)text.data[size]) != 0 || text.data[size] == '_')) {
            size++;
        }
        return text_slice(text, 0, size);
    }
    return (struct text){0};
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '-' || c == '.';
}

static bool is_number(struct text value)
{
    size_t size = 0;
    while (size < value.size && isdigit((unsigned char)value.data[size]) != 0) {
        size++;
    }
    return size == value.size;
}

const char *setting_plain(struct arena *arena, struct text value, bool is_code)
{
    value = text_trim(value);
    const char quote = value.size > 0 ? value.data[0] : '\0';
    if (quote == '"' || quote == '\'' || quote == '`') {
        const size_t end = text_find(value, (const char[]){quote, '\0'}, 1);
        value = text_slice(value, 1, end);
    } else {
        size_t size = 0;
        while (size < value.size && is_name_character(value.data[size])) {
            size++;
        }
        const struct text rest = text_trim(text_slice(value, size, value.size));
        const bool ends = rest.size == 0 || strchr(",;}])#/", rest.data[0]) != NULL;
        value = ends ? text_slice(value, 0, size) : (struct text){0};
        if ((is_code && !is_number(value)) || text_is(value, "nil") || text_is(value, "null")) {
            return NULL;
        }
    }
    const bool is_computed = text_find(value, "$", 0) != SIZE_MAX || text_find(value, "<%", 0) != SIZE_MAX ||
                             text_find(value, "%(", 0) != SIZE_MAX || text_find(value, "{{", 0) != SIZE_MAX;
    return value.size == 0 || value.size > 255 || is_computed ? NULL : arena_strndup(arena, value.data, value.size);
}

/* What follows a reference to a variable: the end of the value, or what counts if the variable is not set. */
static bool read_default(struct arena *arena, struct text rest, const char **value)
{
    const bool is_call = rest.size > 0 && strchr("\"'", rest.data[0]) != NULL;
    while (rest.size > 0 && strchr("\"'`]) !", rest.data[0]) != NULL) {
        rest = text_slice(rest, 1, rest.size);
    }
    const bool has_default = text_starts_with(rest, "||") || text_starts_with(rest, "??");
    const bool has_other = text_starts_with(rest, ",");
    *value = has_default || (has_other && is_call)
                 ? setting_plain(arena, text_slice(rest, has_default ? 2 : 1, rest.size), true)
                 : NULL;
    return rest.size == 0 || has_default || has_other || text_starts_with(rest, "as ");
}

bool setting_of_variable(struct arena *arena, struct text value, const char **variable, const char **missing)
{
    static const char *const around[] = {"Number(", "parseInt(", "String(", "int("};
    value = text_trim(value);
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        value = text_starts_with(value, around[i]) ? text_slice(value, strlen(around[i]), value.size) : value;
    }
    const struct text name = setting_referenced(value);
    if (name.size == 0) {
        return false;
    }
    *variable = arena_strndup(arena, name.data, name.size);
    return read_default(arena, text_slice(value, (size_t)(name.data - value.data) + name.size, value.size), missing);
}

bool setting_split(struct text piece, struct text *name, struct text *value)
{
    piece = text_trim(piece);
    while (piece.size > 0 && strchr("\"'`:", piece.data[0]) != NULL) {
        piece = text_slice(piece, 1, piece.size);
    }
    size_t size = 0;
    while (size < piece.size && is_name_character(piece.data[size])) {
        size++;
    }
    const struct text whole = text_slice(piece, 0, size);
    const char *const dot = whole.size == 0 ? NULL : memrchr(whole.data, '.', whole.size);
    *name = dot == NULL ? whole : text_slice(whole, (size_t)(dot - whole.data) + 1, whole.size);
    struct text rest = text_slice(piece, size, piece.size);
    while (rest.size > 0 && strchr("\"'` \t", rest.data[0]) != NULL) {
        rest = text_slice(rest, 1, rest.size);
    }
    if (rest.size == 0 || strchr(":=", rest.data[0]) == NULL) {
        return false;
    }
    *value = text_slice(rest, text_starts_with(rest, "=>") ? 2 : 1, rest.size);
    return true;
}

#define LONGEST_SETTING 1024 /* a line of brackets alone takes no more time than its length */

struct text setting_whole(struct text line)
{
    line = text_slice(line, 0, LONGEST_SETTING);
    char quote = '\0';
    int depth = 0;
    size_t i = 0;
    for (; i < line.size && depth >= 0; i++) {
        const char c = line.data[i];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'' || c == '`') {
            quote = c;
        } else if (depth == 0 && (c == ',' || c == ';' || c == '{' || c == '}')) {
            break;
        } else {
            depth += (c == '(' || c == '[') - (c == ')' || c == ']');
        }
    }
    return text_slice(line, 0, i);
}
