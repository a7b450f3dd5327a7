/*
 * Patterns as in npm, pnpm, Cargo, Go and uv: "apps/web", "packages/" and a star, "crates/" and two stars.
 */
#include "framework/core/workspace.h"

#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "framework/core/file_rules.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/formats/properties.h"

#include <stdint.h>
#include <string.h>

#define FILE_LIMIT    ((size_t)1024 * 1024)
#define MOST_PACKAGES 1000
#define MOST_PATTERNS 1000 /* in all workspace files; each may list a directory */
#define MOST_DEPTH    3    /* of two stars */

static const char *const usual_parents[] = {"packages", "apps", "services", "libs", "crates", NULL};
static const char *const never_packages[] = {"node_modules", "vendor", "target", "dist", "build", NULL};

struct search {
    struct arena *arena;
    const char *root;
    struct workspace *workspace;
    size_t *patterns; /* how many were looked at */
};

static void add(const struct search *search, const char *path)
{
    struct workspace *const found = search->workspace;
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->packages[i], path) == 0) {
            return;
        }
    }
    if (found->count < MOST_PACKAGES && path[0] != '\0') {
        found->packages =
            arena_grow(search->arena, found->packages, found->count, &found->capacity, sizeof *found->packages);
        found->packages[found->count++] = path;
    }
}

static bool is_package(const struct file_entry *entry)
{
    bool is = entry->is_directory && entry->name[0] != '.' && name_is_recordable(entry->name);
    for (size_t i = 0; is && never_packages[i] != NULL; i++) {
        is = strcmp(entry->name, never_packages[i]) != 0;
    }
    return is;
}

/* Adds the directories below a parent that match the rest of a pattern; "" matches what is reached. */
static void add_below(const struct search *search, const char *parent, const char *rest, int depth)
{
    const size_t size = strcspn(rest, "/");
    const struct text word = {rest, size};
    const char *const behind = rest[size] == '/' ? rest + size + 1 : rest + size;
    struct status unread = {.arena = search->arena};
    struct file_list list;
    if (size == 0) {
        add(search, parent);
        return;
    }
    if (memchr(word.data, '*', word.size) == NULL) {
        const char *const next = path_join(search->arena, parent, arena_strndup(search->arena, word.data, word.size));
        if (file_look(path_join(search->arena, search->root, next), NULL) == FILE_DIRECTORY) {
            add_below(search, next, behind, depth);
        }
        return;
    }
    if (depth == 0 || !directory_list(search->arena, path_join(search->arena, search->root, parent), &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count && search->workspace->count < MOST_PACKAGES; i++) {
        if (is_package(&list.entries[i])) {
            const char *const next = path_join(search->arena, parent, list.entries[i].name);
            add_below(search, next, behind, depth - 1);
            if (text_is(word, "**")) {
                add_below(search, next, rest, depth - 1);
            }
        }
    }
}

/* A pattern in a workspace file. One that leads out of the project, or excludes ("!…"), adds nothing. */
static void add_pattern(const struct search *search, const char *pattern)
{
    pattern += strncmp(pattern, "./", 2) == 0 ? 2 : 0;
    if ((*search->patterns)++ < MOST_PATTERNS && pattern[0] != '!' && pattern[0] != '/' &&
        strstr(pattern, "..") == NULL && strcmp(pattern, ".") != 0) {
        add_below(search, "", pattern, MOST_DEPTH);
    }
}

static bool read_file(const struct search *search, const char *name, struct text *content)
{
    struct status unread = {.arena = search->arena};
    const char *const path = path_join(search->arena, search->root, name);
    return file_look(path, NULL) == FILE_REGULAR && file_read(search->arena, path, FILE_LIMIT, content, &unread) &&
           text_is_legible(*content);
}

static void add_all(const struct search *search, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_pattern(search, patterns[i]);
    }
}

/* Every quoted word in the list of a property: "workspaces": ["a", "b"], or {"packages": ["a"]}. */
static void add_json(const struct search *search, const char *file, const char *const path[])
{
    struct text content;
    size_t at = 0;
    if (!read_file(search, file, &content) || (at = property_find(content, path, &at)) == SIZE_MAX) {
        return;
    }
    size_t end = text_find(content, "]", at);
    end = end == SIZE_MAX ? content.size : end;
    while (at < end) {
        const size_t start = text_find(content, "\"", at);
        const size_t close = start == SIZE_MAX ? SIZE_MAX : text_find(content, "\"", start + 1);
        if (close == SIZE_MAX || close > end) {
            return;
        }
        add_pattern(search, arena_strndup(search->arena, content.data + start + 1, close - start - 1));
        at = close + 1;
    }
}

/* "use ./a", or a block of them. */
static void add_go(const struct search *search)
{
    struct text content;
    if (!read_file(search, "go.work", &content)) {
        return;
    }
    for (struct text line; text_next_line(&content, &line);) {
        line = text_trim(line);
        line = text_starts_with(line, "use ") ? text_trim(text_slice(line, strlen("use "), line.size)) : line;
        if (text_starts_with(line, "./")) {
            add_pattern(search, arena_strndup(search->arena, line.data, line.size));
        }
    }
}

/* <module>a</module> of Maven. */
static void add_maven(const struct search *search)
{
    static const char tag[] = "<module>";
    struct text content;
    if (!read_file(search, "pom.xml", &content)) {
        return;
    }
    for (size_t at = 0; (at = text_find(content, tag, at)) != SIZE_MAX;) {
        at += strlen(tag);
        const size_t end = text_find(content, "<", at);
        const struct text name = text_trim(text_slice(content, at, end));
        add_pattern(search, arena_strndup(search->arena, name.data, name.size));
    }
}

/* The next text in quotes of either kind; false: none. */
static bool next_quoted(struct text *rest, struct text *word)
{
    size_t at = 0;
    while (at < rest->size && rest->data[at] != '"' && rest->data[at] != '\'') {
        at++;
    }
    const size_t end = at < rest->size ? text_find(*rest, (const char[]){rest->data[at], '\0'}, at + 1) : SIZE_MAX;
    if (end == SIZE_MAX) {
        return false;
    }
    *word = text_slice(*rest, at + 1, end);
    *rest = text_slice(*rest, end + 1, rest->size);
    return true;
}

/* include ':app', ":libs:db" of Gradle, also over several lines. */
static void add_gradle(const struct search *search, const char *file)
{
    struct text content;
    bool goes_on = false;
    if (!read_file(search, file, &content)) {
        return;
    }
    for (struct text line; text_next_line(&content, &line);) {
        line = text_trim(line);
        const bool is_include = goes_on || text_starts_with(line, "include ") || text_starts_with(line, "include(");
        goes_on = is_include && (text_ends_with(line, ",") || text_ends_with(line, "("));
        for (struct text word, rest = line; is_include && next_quoted(&rest, &word);) {
            word = text_slice(word, text_starts_with(word, ":") ? 1 : 0, word.size);
            char *const path = arena_strndup(search->arena, word.data, word.size);
            for (char *colon = path; (colon = strchr(colon, ':')) != NULL;) {
                *colon = '/';
            }
            add_pattern(search, path);
        }
    }
}

/* The quoted word after each of these keys: "url": "./packages/a" in Composer, path = "libs/db" in Poetry, apps_path:
 * "apps" in Mix, where every directory is a package. */
static void add_behind(const struct search *search, const char *file, const char *key, const char *below)
{
    struct text content;
    if (!read_file(search, file, &content)) {
        return;
    }
    for (size_t at = 0; (at = text_find(content, key, at)) != SIZE_MAX;) {
        at += strlen(key);
        struct text rest = text_slice(content, at, text_find(content, "\n", at));
        struct text word;
        if (next_quoted(&rest, &word)) {
            add_pattern(search, arena_printf(search->arena, "%.*s%s", (int)word.size, word.data, below));
        }
    }
}

static void add_toml(const struct search *search, const char *file, const char *section)
{
    struct text content;
    if (read_file(search, file, &content)) {
        const struct words members = config_list(search->arena, content, section, "members", ",");
        add_all(search, members.items, members.count);
    }
}

static void add_pnpm(const struct search *search)
{
    struct text content;
    if (read_file(search, "pnpm-workspace.yaml", &content)) {
        const char *const path[] = {"packages", NULL};
        const struct words packages = config_yaml_list(search->arena, content, path);
        add_all(search, packages.items, packages.count);
    }
}

void workspace_find(struct arena *arena, const char *root, bool has_own, struct workspace *workspace)
{
    size_t patterns = 0;
    const struct search search = {arena, root, workspace, &patterns};
    *workspace = (struct workspace){0};
    add_pnpm(&search);
    add_json(&search, "package.json", (const char *const[]){"workspaces", "packages", NULL});
    add_json(&search, "package.json", (const char *const[]){"workspaces", NULL});
    add_json(&search, "lerna.json", (const char *const[]){"packages", NULL});
    add_toml(&search, "Cargo.toml", "workspace");
    add_toml(&search, "pyproject.toml", "tool.uv.workspace");
    add_behind(&search, "pyproject.toml", "path =", "");
    add_go(&search);
    add_maven(&search);
    add_gradle(&search, "settings.gradle");
    add_gradle(&search, "settings.gradle.kts");
    add_behind(&search, "composer.json", "\"url\":", "");
    add_behind(&search, "mix.exs", "apps_path:", "/*");
    add_behind(&search, "nx.json", "\"appsDir\":", "/*");
    add_behind(&search, "nx.json", "\"libsDir\":", "/*");
    for (size_t i = 0; usual_parents[i] != NULL; i++) {
        add_below(&search, "", arena_printf(arena, "%s/*", usual_parents[i]), MOST_DEPTH);
    }
    if (!has_own) {
        add_below(&search, "", "*", MOST_DEPTH);
    }
}
