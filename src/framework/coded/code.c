/*
 * Settings are searched for, not parsed: a value counts only if it is made of plain strings and of names that are known
 * in paths.
 */
#include "framework/coded/code.h"

#include "base/words.h"
#include "framework/formats/properties.h"

#include <stdint.h>
#include <string.h>

#define MOST_PARTS    64  /* of a path */
#define MOST_TRIES    100 /* settings of one name that are looked at */
#define MOST_ITEMS    16  /* of a list of directories */
#define COMMENT_LIMIT 500 /* how many bytes back the beginning of a comment is searched for */

/* ---- values ---- */

/* Names in a value that do not make it unknowable. */
static const char *const beside_words[] = {"__dirname", "__DIR__", "dirname", "meta", NULL};
static const char *const path_words[] = {"path", "join", "resolve", "import", "url",      "fileURLToPath",
                                         "new",  "URL",  "process", "cwd",    "pathname", NULL};

struct value {
    struct buffer text; /* the strings, as parts of a path */
    bool is_list;
    bool is_beside;  /* relative to the file that says it */
    bool is_escaped; /* it has escapes, which are not read here */
    int depth;       /* of brackets */
};

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

/* The offset after the next `key:`, `'key' =>` or `key =`. */
static size_t find_setting(struct text source, const char *key, size_t from)
{
    for (size_t at = from; (at = code_find_word(source, key, at)) != SIZE_MAX;) {
        size_t behind = at;
        if (behind < source.size && (source.data[behind] == '"' || source.data[behind] == '\'')) {
            behind++;
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
    return strchr("{};", c) != NULL /* also NUL */ || (c == '\n' && value->depth == 0 && has_text) ||
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
        value->is_beside = value->is_beside || word_is_one_of(word, beside_words);
        *at += word.size;
        return word_is_one_of(word, beside_words) || word_is_one_of(word, path_words);
    }
    if (c == '"' || c == '\'' || c == '`') {
        return read_string(arena, source, at, value);
    }
    read_sign(c, value);
    (*at)++;
    return c != '?' && c != '|' && c != '&'; /* a choice between several */
}

/* Reads from *offset to the end of a value, or of an item in a list; returns false if a part of it is computed. */
static bool read_item(struct arena *arena, struct text source, size_t *offset, struct value *value)
{
    size_t at = *offset;
    while (at < source.size && !ends_value(value, source.data[at])) {
        if (!read_piece(arena, source, &at, value)) {
            return false;
        }
    }
    const struct text text = buffer_text(&value->text);
    *offset = at;
    return text.size > 0 && !value->is_escaped && text_find(text, "${", 0) == SIZE_MAX && text_is_utf8(text, NULL);
}

static bool read_value(struct arena *arena, struct text source, size_t at, struct value *value)
{
    *value = (struct value){.text = {.arena = arena}};
    return read_item(arena, source, &at, value);
}

/* Reads the value at this offset, or the whole list there. Returns 0 if one of them is computed, or there are too
 * many. */
static size_t read_values(struct arena *arena, struct text source, size_t at, struct value *values)
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

static bool find_value(struct arena *arena, struct text source, const char *key, struct value *value)
{
    size_t at = 0;
    for (int tries = 0; tries < MOST_TRIES && (at = find_setting(source, key, at)) != SIZE_MAX; tries++) {
        if (read_value(arena, source, at, value)) {
            return true;
        }
    }
    return false;
}

const char *code_string(struct arena *arena, struct text source, const char *key)
{
    struct value value;
    return find_value(arena, source, key, &value) ? arena_strndup(arena, value.text.data, value.text.size) : NULL;
}

/* ---- directories ---- */

/* The path without ".", without ".." after a directory, and without the part that has a wildcard and all after it. NULL
 * if nothing is left, or if the path leads outside. */
static const char *plain_path(struct arena *arena, const char *path)
{
    struct text parts[MOST_PARTS];
    size_t count = 0;
    struct buffer plain = {.arena = arena};
    for (const char *part = path; *part != '\0' && count < MOST_PARTS;) {
        const struct text word = {part, strcspn(part, "/")};
        part += word.size + (part[word.size] == '/' ? 1 : 0);
        if (memchr(word.data, '*', word.size) != NULL || memchr(word.data, '{', word.size) != NULL) {
            break;
        }
        if (text_is(word, "..")) {
            if (count == 0) {
                return NULL;
            }
            count--;
        } else if (word.size > 0 && !text_is(word, ".")) {
            parts[count++] = word;
        }
    }
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&plain, i == 0 ? "" : "/");
        buffer_add(&plain, parts[i]);
    }
    return count == 0 ? NULL : buffer_string(&plain);
}

static const char *directory_of(struct arena *arena, const char *file)
{
    const char *const slash = strrchr(file, '/');
    return slash == NULL ? "" : arena_strndup(arena, file, (size_t)(slash - file));
}

/* The path in the project that a value names; NULL if it is outside of it. */
static const char *path_said(struct arena *arena, const struct folder *folder, const char *file, const char *path,
                             bool is_beside)
{
    static const char *const roots[] = {"%%PHINX_CONFIG_DIR%%", "%kernel.project_dir%", NULL};
    const size_t root = strlen(folder->root);
    for (size_t i = 0; roots[i] != NULL; i++) {
        if (text_starts_with(text_of(path), roots[i])) {
            path += strlen(roots[i]);
            is_beside = i == 0;
            path += path[0] == '/' ? 1 : 0;
        }
    }
    if (path[0] == '/' && strncmp(path, folder->root, root) == 0 && path[root] == '/') {
        return plain_path(arena, path + root + 1);
    }
    const char *const from = is_beside ? path_join(arena, folder->base, directory_of(arena, file)) : folder->base;
    return path[0] == '/' ? NULL : plain_path(arena, arena_printf(arena, "%s/%s", from, path));
}

static bool is_there(struct arena *arena, const struct folder *folder, const char *path)
{
    return file_look(path_join(arena, folder->root, path), NULL) == FILE_DIRECTORY;
}

/* For a directory of compiled files, where their sources are: those of "dist/migrations" are in src/migrations, or in
 * migrations. NULL: it is no such path, or the sources are not there. */
static const char *source_of(struct arena *arena, const struct folder *folder, const char *path)
{
    static const char *const compiled[] = {"dist/", "build/", "lib/", "out/", NULL};
    const size_t base = folder->base[0] == '\0' ? 0 : strlen(folder->base) + 1;
    const char *const own = strlen(path) > base ? path + base : path;
    for (size_t i = 0; compiled[i] != NULL; i++) {
        if (!text_starts_with(text_of(own), compiled[i])) {
            continue;
        }
        const char *const rest = own + strlen(compiled[i]);
        const char *const tries[] = {path_join(arena, folder->base, path_join(arena, "src", rest)),
                                     path_join(arena, folder->base, rest)};
        return is_there(arena, folder, tries[0]) ? tries[0] : is_there(arena, folder, tries[1]) ? tries[1] : NULL;
    }
    return NULL;
}

/* The values of one setting. */
struct values {
    struct value items[MOST_ITEMS + 1];
    size_t count;
    size_t at; /* the offset of the setting in its file */
};

/* The single directory that the values name; NULL, with the reason in folder->unread, if there is not exactly one. */
static const char *one_directory(struct arena *arena, struct folder *folder, const struct source_file *file,
                                 const struct values *values)
{
    const char *said = NULL; /* one that exists, else the first */
    struct buffer several = {.arena = arena};
    for (size_t i = 0; i < values->count; i++) {
        const struct value *const value = &values->items[i];
        const char *const text = arena_strndup(arena, value->text.data, value->text.size);
        const bool is_beside = value->is_beside && text[0] != '\0';
        const char *path = path_said(arena, folder, file->name, is_beside ? text + strspn(text, "/") : text, is_beside);
        if (path == NULL) {
            unread_folder_because(arena, folder, *file, values->at,
                                  arena_printf(arena, "names %s, which is outside of the project", text));
            return NULL;
        }
        const char *const sources = source_of(arena, folder, path);
        path = sources != NULL ? sources : path;
        if (said == NULL || !is_there(arena, folder, said)) {
            said = said == NULL || is_there(arena, folder, path) ? path : said;
        } else if (strcmp(said, path) != 0 && is_there(arena, folder, path)) {
            buffer_printf(&several, "%s%s", several.size == 0 ? said : "", several.size == 0 ? " and " : ", ");
            buffer_puts(&several, path);
        }
    }
    if (several.size > 0) {
        unread_folder_because(arena, folder, *file, values->at,
                              arena_printf(arena, "names several folders (%s), and only one can be read at a time",
                                           buffer_string(&several)));
    }
    return said;
}

const char *code_directory(struct arena *arena, struct folder *folder, const char *file, struct text source,
                           const char *key)
{
    const struct source_file whole = {file, source};
    struct values values;
    size_t unread = SIZE_MAX;
    size_t at = 0;
    for (int tries = 0; tries < MOST_TRIES && (at = find_setting(source, key, at)) != SIZE_MAX; tries++) {
        values.at = at;
        values.count = read_values(arena, source, at, values.items);
        if (values.count > 0) {
            return one_directory(arena, folder, &whole, &values);
        }
        unread = unread == SIZE_MAX ? at : unread;
    }
    unread_folder(arena, folder, whole, unread, key);
    return NULL;
}

const char *code_directory_behind(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                  size_t at, const char *key)
{
    struct folder tried = *folder; /* its notes are about configurations */
    const size_t behind = at + strlen(key);
    const size_t next = code_find_word(file->content, key, behind);
    const struct text here = text_slice(file->content, at, next == SIZE_MAX ? next : next - strlen(key));
    const char *const path = code_directory(arena, &tried, file->name, here, key);
    size_t value = behind;
    while (value < file->content.size && strchr("'\" \t:=", file->content.data[value]) != NULL) {
        value++;
    }
    const struct text name = code_word(file->content, value);
    return path != NULL || name.size == 0
               ? path
               : code_directory(arena, &tried, file->name, file->content, arena_strndup(arena, name.data, name.size));
}

/* "migrations.directory" */
static const char *dotted(struct arena *arena, const char *const path[])
{
    struct buffer dotted = {.arena = arena};
    for (size_t i = 0; path[i] != NULL; i++) {
        buffer_printf(&dotted, "%s%s", i == 0 ? "" : ".", path[i]);
    }
    return buffer_string(&dotted);
}

const char *code_directory_of(struct arena *arena, struct folder *folder, const struct source_file *file,
                              const char *const path[], bool is_beside)
{
    struct values values;
    const char *said = NULL;
    size_t at = 0;
    for (int tries = 0; tries < MOST_ITEMS && (values.at = property_find(file->content, path, &at)) != SIZE_MAX;
         tries++) {
        values.count = read_values(arena, file->content, values.at, values.items);
        for (size_t i = 0; i < values.count; i++) {
            values.items[i].is_beside = values.items[i].is_beside || is_beside;
        }
        const char *const one = values.count == 0 ? NULL : one_directory(arena, folder, file, &values);
        if (said != NULL && one != NULL && strcmp(said, one) != 0) {
            unread_folder_because(arena, folder, *file, values.at,
                                  arena_printf(arena, "names the folder %s, and another place %s", one, said));
        }
        said = said == NULL ? one : said;
    }
    if (said == NULL) {
        unread_folder(arena, folder, *file, property_unread(file->content, path), dotted(arena, path));
    }
    return said;
}

const char *code_path(struct arena *arena, struct text source, const char *const path[])
{
    struct value values[MOST_ITEMS + 1];
    size_t value;
    for (size_t at = 0; (value = property_find(source, path, &at)) != SIZE_MAX;) {
        if (read_values(arena, source, value, values) == 1) {
            const char *const text = arena_strndup(arena, values[0].text.data, values[0].text.size);
            return values[0].is_beside ? text + strspn(text, "/") : text;
        }
    }
    return NULL;
}

const char *code_directory_at(struct arena *arena, const struct folder *folder, const char *file, const char *value)
{
    return value == NULL ? NULL : path_said(arena, folder, file, value, false);
}

/* Notes cases in which it is not clear which name counts: two places with different names (environments of a knexfile),
 * or an object that takes properties from another one ({ ...base }). */
static void note_doubts(struct arena *arena, struct folder *folder, const struct source_file *file,
                        const char *const path[])
{
    const char *const first = property_string(arena, file->content, path);
    size_t value;
    for (size_t at = 0; first != NULL && (value = property_find(file->content, path, &at)) != SIZE_MAX;) {
        struct value other;
        if (!read_value(arena, file->content, value, &other)) {
            unread_ledger(arena, folder, *file, value, dotted(arena, path));
        } else if (!text_is(buffer_text(&other.text), first)) {
            unread_ledger_because(
                arena, folder, *file, value,
                arena_printf(arena, "names %s, and another place %s", buffer_string(&other.text), first));
        }
    }
    const char *const parent[] = {path[0], NULL};
    for (size_t at = 0;
         path[1] != NULL && first == NULL && (value = property_find(file->content, parent, &at)) != SIZE_MAX;) {
        const struct text rest = text_slice(file->content, value, file->content.size);
        const size_t end = text_starts_with(rest, "{") ? text_find(rest, "}", 0) : SIZE_MAX;
        const size_t spread = end == SIZE_MAX ? SIZE_MAX : text_find(text_slice(rest, 0, end), "...", 0);
        unread_ledger(arena, folder, *file, spread == SIZE_MAX ? SIZE_MAX : value + spread, dotted(arena, path));
    }
}

const char *code_ledger_name(struct arena *arena, struct folder *folder, const char *file, struct text source,
                             const char *const path[])
{
    unread_ledger(arena, folder, (struct source_file){file, source}, property_unread(source, path),
                  dotted(arena, path));
    note_doubts(arena, folder, &(const struct source_file){file, source}, path);
    return property_string(arena, source, path);
}

const char *code_config(struct arena *arena, struct folder *folder, const char *const *names, struct text *source)
{
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL || !folder_read(arena, folder, name, source)) {
        return NULL;
    }
    folder->evidence = path_join(arena, folder->base, name);
    return name;
}
