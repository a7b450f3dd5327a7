/*
 * config.paths["db/migrate"] is a Rails::Paths::Path: "=" replaces its directories, "<<" and concat add to them
 * (railties/lib/rails/paths.rb; measured with Rails 6.1.7). They are relative to the application.
 */
#include "framework/coded/rails_paths.h"

#include "base/words.h"
#include "framework/coded/code.h"
#include "framework/core/package.h"

#include <stdint.h>
#include <string.h>

#define PATHS "paths[\"db/migrate\"]"

/* ---- railties ---- */

static bool is_comment(struct text line)
{
    return text_starts_with(text_trim(line), "#");
}

bool rails_has_record(struct text source)
{
    bool has_railties = false;
    for (struct text line; text_next_line(&source, &line);) {
        if (is_comment(line)) {
            continue;
        }
        if (code_has(line, WORDS("active_record", "rails/all"))) {
            return true;
        }
        const bool is_plain = text_starts_with(text_trim(line), "require ") && text_find(line, "#{", 0) == SIZE_MAX;
        has_railties = has_railties || (is_plain && text_find(line, "/railtie", 0) != SIZE_MAX);
    }
    return !has_railties;
}

/* ---- paths ---- */

/* Takes "a/b" or 'a/b' from the front. */
static bool take_string(struct text *rest, struct text *value)
{
    *rest = text_trim(*rest);
    const char quote = rest->size > 0 ? rest->data[0] : '\0';
    const char closing[] = {quote, '\0'};
    const size_t end = quote == '"' || quote == '\'' ? text_find(*rest, closing, 1) : SIZE_MAX;
    if (end == SIZE_MAX) {
        return false;
    }
    *value = text_slice(*rest, 1, end);
    *rest = text_trim(text_slice(*rest, end + 1, rest->size));
    return memchr(value->data, '#', value->size) == NULL && memchr(value->data, '\\', value->size) == NULL &&
           memchr(value->data, '*', value->size) == NULL && value->size > 0;
}

/* Removes a sign or word from the front. */
static bool cut(struct text *rest, const char *word)
{
    *rest = text_trim(*rest);
    if (!text_starts_with(*rest, word)) {
        return false;
    }
    *rest = text_trim(text_slice(*rest, strlen(word), rest->size));
    return true;
}

/* Takes "a/b", or Rails.root.join("a", "b"), which may be turned into a text. */
static bool take_path(struct arena *arena, struct text *rest, const char **path)
{
    struct text value;
    if (!cut(rest, "Rails.root.join(")) {
        const bool is_string = take_string(rest, &value);
        *path = is_string ? arena_strndup(arena, value.data, value.size) : NULL;
        return is_string;
    }
    *path = "";
    bool is_more = true;
    while (is_more && take_string(rest, &value)) {
        *path = path_join(arena, *path, arena_strndup(arena, value.data, value.size));
        is_more = cut(rest, ",");
    }
    const bool is_closed = !is_more && cut(rest, ")");
    (void)cut(rest, ".to_s");
    return is_closed;
}

/* Takes one path, or several in brackets, up to the end of the line; whatever else is there is not understood. */
static bool take_paths(struct arena *arena, struct text rest, const char *close, struct words *paths)
{
    const char *path;
    const bool is_list = cut(&rest, "[");
    bool is_more = take_path(arena, &rest, &path);
    bool ok = is_more;
    while (is_more) {
        words_add(arena, paths, path);
        is_more = is_list && cut(&rest, ",");
        ok = !is_more || take_path(arena, &rest, &path);
        is_more = is_more && ok;
    }
    ok = ok && (!is_list || cut(&rest, "]")) && cut(&rest, close);
    return ok && (rest.size == 0 || rest.data[0] == '#');
}

/* The setting of this line: what follows the paths. False: it has none. */
static bool find_setting(struct text line, struct text *rest)
{
    *rest = line;
    return cut(rest, "config." PATHS) || cut(rest, "config.paths['db/migrate']");
}

/* Reads what is assigned or added. "<<" adds one. */
static bool read_setting(struct arena *arena, struct text rest, struct words *paths, bool *replaces)
{
    static const struct {
        const char *word;
        const char *close;
        size_t most;
        bool replaces;
    } forms[] = {{"<<", "", 1, false},
                 {".concat(", ")", SIZE_MAX, false},
                 {".concat ", "", SIZE_MAX, false},
                 {"=", "", SIZE_MAX, true}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (cut(&rest, forms[i].word)) {
            *replaces = forms[i].replaces;
            return take_paths(arena, rest, forms[i].close, paths) && paths->count <= forms[i].most;
        }
    }
    return false;
}

static size_t indent_of(struct text line)
{
    size_t i = 0;
    while (i < line.size && (line.data[i] == ' ' || line.data[i] == '\t')) {
        i++;
    }
    return i;
}

/* Is what surrounds the line at this offset the class itself, and no condition or block? */
static bool is_in_class(struct text source, size_t at, size_t indent)
{
    struct text rest = text_slice(source, 0, at);
    struct text around = {0};
    for (struct text line; text_next_line(&rest, &line);) {
        if (text_trim(line).size > 0 && !is_comment(line) && indent_of(line) < indent) {
            around = text_trim(line);
        }
    }
    return text_starts_with(around, "class ");
}

/* Is the setting mentioned in a line of another form? */
static bool is_mentioned(struct text line)
{
    static const char *const words[] = {PATHS, "paths['db/migrate']", "paths.add \"db/migrate\"",
                                        "paths.add 'db/migrate'", NULL};
    return code_has(line, words) && !is_comment(line);
}

void rails_read_paths(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    struct words all = {0};
    struct text rest = file->content;
    bool is_said = false;
    words_add(arena, &all, "db/migrate");
    for (struct text line; text_next_line(&rest, &line);) {
        const size_t at = (size_t)(line.data - file->content.data);
        struct words paths = {0};
        struct text setting;
        bool replaces = false;
        if (!is_mentioned(line)) {
            continue;
        }
        if (!find_setting(line, &setting) || !is_in_class(file->content, at, indent_of(line)) ||
            !read_setting(arena, setting, &paths, &replaces)) {
            unread_folder(arena, folder, *file, at, PATHS);
            return;
        }
        is_said = true;
        all = replaces ? (struct words){0} : all;
        words_add_all(arena, &all, &paths);
    }
    struct words there = {0};
    for (size_t i = 0; i < all.count; i++) {
        if (folder_look(arena, folder, all.items[i]) == FILE_DIRECTORY) {
            words_add(arena, &there, path_join(arena, folder->base, all.items[i]));
        }
    }
    if (is_said) {
        folder->path = there.count == 0 ? path_join(arena, folder->base, all.items[0]) : there.items[0];
        folder->others = there.count < 2 ? NULL : words_list(arena, &there) + 1;
    }
}
