#include "migration/look/project_template.h"

#include "migration/look/project_setting.h"

#include <ctype.h>
#include <string.h>

#define LONGEST_HOLE 256 /* bytes of what stands for a value */
#define LONGEST_URL  2048

/* How a value is put into a text: JavaScript, shell, YAML, Java; Ruby and Elixir; ERB; Python (f"{x}", "%(x)s"). */
static const struct {
    const char *opens;
    const char *closes;
} holes[] = {{"${", "}"}, {"#{", "}"}, {"<%=", "%>"}, {"%(", ")s"}, {"{", "}"}};

#define HOLES (sizeof holes / sizeof holes[0])

/* Is there a hole at the start of the text? Then its bytes, and what is in it. Braces and brackets in it must match. */
static size_t hole_at(struct text text, struct text *inside)
{
    size_t kind = 0;
    while (kind < HOLES && !text_starts_with(text, holes[kind].opens)) {
        kind++;
    }
    if (kind == HOLES) {
        return 0;
    }
    const size_t from = strlen(holes[kind].opens);
    int depth = 0;
    for (size_t i = from; i < text.size && i < LONGEST_HOLE; i++) {
        if (depth == 0 && text_starts_with(text_slice(text, i, text.size), holes[kind].closes)) {
            *inside = text_trim(text_slice(text, from, i));
            return i + strlen(holes[kind].closes);
        }
        depth += (strchr("{([", text.data[i]) != NULL) - (strchr("})]", text.data[i]) != NULL);
    }
    return 0;
}

/* ---- finding one ---- */

static bool begins_url(struct text text)
{
    static const char *const schemes[] = {
        "postgres://", "postgresql://", "postgresql+", "postgis://",         "ecto://",
        "pgsql://",    "pgx://",        "pgx5://",     "jdbc:postgresql://", NULL};
    size_t i = 0;
    while (schemes[i] != NULL && !text_starts_with(text, schemes[i])) {
        i++;
    }
    return schemes[i] != NULL && text_find(text_slice(text, 0, LONGEST_URL), "://", 0) != SIZE_MAX;
}

/* The end of the URL; *has_hole if a part of it is put together. */
static size_t end_of(struct text text, bool *has_hole)
{
    size_t i = 0;
    *has_hole = false;
    while (i < text.size && i < LONGEST_URL) {
        struct text ignored;
        const size_t hole = hole_at(text_slice(text, i, text.size), &ignored);
        if (hole == 0 && ((unsigned char)text.data[i] <= 0x20 || strchr("\"'`<>,;)]}{", text.data[i]) != NULL)) {
            break; /* a "{" without its end, too */
        }
        *has_hole = *has_hole || hole > 0;
        i += hole > 0 ? hole : 1;
    }
    return i;
}

/* Is something added to the text in quotes that ends here? */
static bool is_continued(struct text rest)
{
    static const char *const signs[] = {"+", ".", "<>", "||", "&", NULL};
    if (rest.size == 0 || strchr("\"'`", rest.data[0]) == NULL) {
        return false;
    }
    rest = text_trim(text_slice(rest, 1, rest.size));
    size_t i = 0;
    while (signs[i] != NULL && !text_starts_with(rest, signs[i])) {
        i++;
    }
    return signs[i] != NULL;
}

/* The first of these characters from `from` on, outside of holes; or the end. */
static size_t find_any(struct text text, const char *characters, size_t from)
{
    for (size_t i = from; i < text.size;) {
        struct text ignored;
        const size_t hole = hole_at(text_slice(text, i, text.size), &ignored);
        if (hole == 0 && strchr(characters, text.data[i]) != NULL) {
            return i;
        }
        i += hole > 0 ? hole : 1;
    }
    return text.size;
}

/* "user:password@host:port/database?parameters" */
static void split(struct text rest, struct template_url *url)
{
    rest = text_slice(rest, 0, find_any(rest, "?#", 0));
    const size_t slash = find_any(rest, "/", 0);
    struct text authority = text_slice(rest, 0, slash);
    url->database = text_slice(rest, slash + 1, rest.size);
    for (size_t at; (at = find_any(authority, "@", 0)) < authority.size;) {
        authority = text_slice(authority, at + 1, authority.size);
    }
    const size_t colon = find_any(authority, ":", 0);
    url->host = text_slice(authority, 0, colon);
    url->port = text_slice(authority, colon + 1, authority.size);
}

bool template_url_read(struct text text, struct template_url *url)
{
    bool has_hole;
    *url = (struct template_url){0};
    if (!begins_url(text)) {
        return false;
    }
    url->whole = text_slice(text, 0, end_of(text, &has_hole));
    url->is_cut = is_continued(text_slice(text, url->whole.size, text.size));
    if (!has_hole && !url->is_cut) {
        return false;
    }
    if (!url->is_cut) {
        split(text_slice(url->whole, text_find(url->whole, "://", 0) + 3, url->whole.size), url);
    }
    return true;
}

/* ---- values ---- */

static size_t name_size(struct text text)
{
    size_t size = 0;
    while (size < text.size && (isalnum((unsigned char)text.data[size]) != 0 || text.data[size] == '_')) {
        size++;
    }
    return size;
}

/* A bare name is a variable of the environment, or of the program that has it from there: "const {DB_HOST} =
 * process.env". With a default in a shell or in Spring: "DB_HOST:-localhost", "DB_HOST:localhost". */
static const char *value_of_hole(struct template_values *values, struct text inside)
{
    const char *name = NULL;
    const char *otherwise = NULL;
    if (!setting_of_variable(values->arena, inside, &name, &otherwise)) {
        const size_t size = name_size(inside);
        const struct text rest = text_slice(inside, size, inside.size);
        const size_t sign = text_starts_with(rest, ":-") ? 2 : text_starts_with(rest, ":") ? 1 : 0;
        if (size == 0 || (rest.size > 0 && sign == 0)) {
            return NULL;
        }
        name = arena_strndup(values->arena, inside.data, size);
        otherwise = sign == 0 ? NULL : arena_strndup(values->arena, rest.data + sign, rest.size - sign);
    }
    const char *const value = values->value(values->data, name);
    values->missing = value == NULL && values->missing == NULL ? name : values->missing;
    values->has_default = values->has_default || (value == NULL && otherwise != NULL);
    return value != NULL ? value : otherwise;
}

const char *template_part(struct template_values *values, struct text part)
{
    struct buffer value = {.arena = values->arena};
    for (size_t i = 0; i < part.size;) {
        struct text inside = {0};
        const size_t hole = hole_at(text_slice(part, i, part.size), &inside);
        const char *const found = hole == 0 ? NULL : value_of_hole(values, inside);
        if (hole > 0 && found == NULL) {
            return NULL;
        }
        if (hole > 0) {
            buffer_puts(&value, found);
        } else {
            buffer_putc(&value, part.data[i]);
        }
        i += hole > 0 ? hole : 1;
    }
    return value.size == 0 ? NULL : buffer_string(&value);
}
