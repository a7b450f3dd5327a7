/*
 * A value counts only if it is made of plain strings, of constants that are set to such once, and of names that are
 * known in paths.
 */
#include "framework/coded/code_value.h"

#include "base/words.h"
#include "framework/coded/code.h"

#include <stdint.h>
#include <string.h>

#define COMMENT_LIMIT 500 /* how many bytes back the beginning of a comment is searched for */
#define MOST_NAMES    8   /* constants that one value uses */
#define MOST_PLACES   200 /* of a constant's name: if there are more its value is unknown */

/* Names in a value that do not make it unknowable. */
static const char *const beside_words[] = {"__dirname", "__DIR__", "dirname", "meta", NULL};
static const char *const path_words[] = {"path", "join", "resolve", "import", "url",      "fileURLToPath",
                                         "new",  "URL",  "process", "cwd",    "pathname", NULL};

/* Is the byte at this offset in a comment that goes to the end of its line, or in a line of a block comment? */
static bool is_commented(struct text source, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < COMMENT_LIMIT && source.data[start - 1] != '\n') {
        start--;
    }
    struct text before = text_trim(text_slice(source, start, at));
    for (size_t end; (end = text_find(before, "*/", 0)) != SIZE_MAX;) {
        before = text_slice(before, end + 2, before.size);
    }
    return text_find(before, "//", 0) != SIZE_MAX || text_starts_with(before, "#") || text_starts_with(before, "*");
}

/* The offset after the comment that begins here; the same offset if there is none. */
static size_t skip_comment(struct text source, size_t at)
{
    const struct text rest = text_slice(source, at, source.size);
    const bool is_block = text_starts_with(rest, "/*");
    if (!is_block && !text_starts_with(rest, "//") && !text_starts_with(rest, "#")) {
        return at;
    }
    const size_t end = text_find(source, is_block ? "*/" : "\n", at + (is_block ? 2 : 0));
    return end == SIZE_MAX ? source.size : end + (is_block ? 2 : 0);
}

size_t value_find(struct text source, const char *key, size_t from)
{
    for (size_t at = from; (at = code_find_word(source, key, at)) != SIZE_MAX;) {
        size_t behind = at;
        if (behind < source.size && (source.data[behind] == '"' || source.data[behind] == '\'')) {
            behind++;
            behind += behind < source.size && source.data[behind] == ']' ? 1 : 0;
        }
        behind = code_skip_blanks(source, behind);
        const struct text rest = text_slice(source, behind, source.size);
        if (is_commented(source, at) || text_starts_with(rest, "==")) {
            continue;
        }
        if (text_starts_with(rest, "=>")) {
            return behind + 2;
        }
        if (text_starts_with(rest, ":") || text_starts_with(rest, "=")) {
            return behind + 1;
        }
    }
    return SIZE_MAX;
}

/* Adds a string as a part of the path. */
static void add_part(struct value *value, struct text part)
{
    struct buffer *const text = &value->text;
    static const char here[] = "${__dirname}";
    if (text_starts_with(part, here)) {
        value->is_beside = true;
        part = text_slice(part, strlen(here), part.size);
    }
    if (text->size > 0 && text->data[text->size - 1] != '/' && !text_starts_with(part, "/")) {
        buffer_putc(text, '/');
    }
    buffer_add(text, part);
}

/* Reads a string whose quote is at *at; an escaped backslash counts as one (PHP's namespaces). Returns false if it does
 * not end. */
static bool read_string(struct arena *arena, struct text source, size_t *at, struct value *value)
{
    const char quote = source.data[*at];
    struct buffer plain = {.arena = arena};
    size_t i = *at + 1;
    for (; i < source.size && source.data[i] != quote && source.data[i] != '\n'; i++) {
        if (source.data[i] == '\\') {
            i++;
            value->is_escaped = value->is_escaped || i >= source.size || source.data[i] != '\\';
        }
        buffer_add(&plain, text_slice(source, i, i + 1));
    }
    *at = i + 1;
    add_part(value, buffer_text(&plain));
    return i < source.size && source.data[i] == quote;
}

/* Does the value end before this byte? */
static bool ends_value(const struct value *value, char c)
{
    const bool has_text = value->text.size > 0;
    const int own = value->is_list ? 1 : 0; /* the depth of its items */
    const bool may_end = has_text || (value->is_constant && value->is_beside);
    return strchr("{};", c) != NULL /* also NUL */ || (c == '\n' && value->depth == 0 && may_end) ||
           (c == ',' && value->depth <= own && (has_text || own == 0)) ||
           (strchr(")]", c) != NULL && value->depth <= own);
}

/* A bracket, a colon or a blank. */
static void read_sign(char c, struct value *value)
{
    value->is_list = value->is_list || (c == '[' && value->depth == 0 && value->text.size == 0);
    value->depth += strchr("([", c) != NULL ? 1 : 0;
    value->depth -= strchr(")]", c) != NULL ? 1 : 0;
    if (c == ':' || c == '>') {
        value->text.size = 0; /* what was read is a key */
        value->is_escaped = false;
    }
}

/* Is the word that ends before this offset declared here: const dir, let dir, var dir? */
static bool is_declared(struct text source, size_t at, size_t size)
{
    static const char *const words[] = {"const", "let", "var", NULL};
    const struct text before = text_trim(text_slice(source, 0, at - size));
    size_t i = 0;
    while (words[i] != NULL && !text_ends_with(before, words[i])) {
        i++;
    }
    return words[i] != NULL;
}

/* The offset of the value of a constant that is set in one place (const dir = …, const dir: string = …); SIZE_MAX:
 * there is none, or it is set again. */
static size_t constant_of(struct arena *arena, struct text source, struct text name)
{
    const char *const word = arena_strndup(arena, name.data, name.size);
    size_t found = SIZE_MAX;
    size_t places = 0;
    for (size_t at = 0; (at = code_find_word(source, word, at)) != SIZE_MAX;) {
        const bool is_new = !is_commented(source, at) && is_declared(source, at, name.size);
        const size_t line = text_find(source, "\n", at);
        const size_t sign = is_new ? text_find(text_slice(source, 0, line), "=", at) : code_skip_blanks(source, at);
        const struct text rest = text_slice(source, sign == SIZE_MAX ? source.size : sign, source.size);
        const struct text between = text_slice(source, at, sign == SIZE_MAX ? source.size : sign);
        if (++places <= MOST_PLACES && (is_commented(source, at) || !text_starts_with(rest, "=") ||
                                        text_starts_with(rest, "==") || text_starts_with(rest, "=>"))) {
            continue;
        }
        if (!is_new || found != SIZE_MAX || places > MOST_PLACES ||
            (text_trim(between).size > 0 && !text_starts_with(between, ":"))) {
            return SIZE_MAX;
        }
        found = sign + 1;
    }
    return found;
}

static bool read_pieces(struct arena *arena, struct text source, size_t *at, struct value *value);

/* A word that is the name of a constant in the same source; returns false if its value is not known. */
static bool read_constant(struct arena *arena, struct text source, size_t at, struct value *value)
{
    const struct text name = code_word(source, at);
    const size_t end = code_skip_blanks(source, at + name.size);
    const bool is_alone = (at == 0 || strchr(".$", source.data[at - 1]) == NULL) &&
                          (end >= source.size || strchr(".([`:", source.data[end]) == NULL);
    size_t behind = is_alone && value->names < MOST_NAMES ? constant_of(arena, source, name) : SIZE_MAX;
    struct value own = {.text = {.arena = arena}, .is_constant = true, .names = value->names + 1};
    if (behind == SIZE_MAX || !read_pieces(arena, source, &behind, &own) || own.is_list || own.is_escaped ||
        (own.text.size == 0 && !own.is_beside)) {
        return false;
    }
    value->names = own.names;
    value->is_beside = value->is_beside || own.is_beside;
    if (own.text.size > 0) {
        add_part(value, buffer_text(&own.text));
    }
    return true;
}

/* One piece of a value: a comment, a word, a string or a sign; returns false if it is computed. */
static bool read_piece(struct arena *arena, struct text source, size_t *at, struct value *value)
{
    const char c = source.data[*at];
    const struct text word = code_word(source, *at);
    const size_t behind = skip_comment(source, *at);
    if (behind > *at) {
        *at = behind;
        return true;
    }
    if (word.size > 0) {
        const bool is_beside = word_is_one_of(word, beside_words);
        const bool is_known = is_beside || word_is_one_of(word, path_words) || read_constant(arena, source, *at, value);
        value->is_beside = value->is_beside || is_beside;
        *at += word.size;
        return is_known;
    }
    if (c == '"' || c == '\'' || c == '`') {
        return read_string(arena, source, at, value);
    }
    read_sign(c, value);
    (*at)++;
    return c != '?' && c != '|' && c != '&'; /* a choice between several */
}

/* Reads to the end of a value, or of an item in a list; returns false if a part of it is computed. */
static bool read_pieces(struct arena *arena, struct text source, size_t *at, struct value *value)
{
    while (*at < source.size && !ends_value(value, source.data[*at])) {
        if (!read_piece(arena, source, at, value)) {
            return false;
        }
    }
    return true;
}

static bool read_item(struct arena *arena, struct text source, size_t *at, struct value *value)
{
    if (!read_pieces(arena, source, at, value)) {
        return false;
    }
    const struct text text = buffer_text(&value->text);
    return text.size > 0 && !value->is_escaped && text_find(text, "${", 0) == SIZE_MAX && text_is_utf8(text, NULL);
}

bool value_read(struct arena *arena, struct text source, size_t at, struct value *value)
{
    *value = (struct value){.text = {.arena = arena}};
    return read_item(arena, source, &at, value);
}

size_t value_read_all(struct arena *arena, struct text source, size_t at, struct value *values)
{
    size_t count = 0;
    for (bool goes_on = true; goes_on; at++) {
        struct value *const value = &values[count];
        const bool is_next = count > 0;
        *value = (struct value){.text = {.arena = arena}, .is_list = is_next, .depth = is_next ? 1 : 0};
        const bool is_read = read_item(arena, source, &at, value);
        if (is_next && value->text.size == 0 && at < source.size && source.data[at] == ']') {
            return count; /* the list ends with a comma */
        }
        if (!is_read || ++count == MOST_ITEMS) {
            return 0;
        }
        goes_on = value->is_list && at < source.size && source.data[at] == ',';
    }
    return count;
}
