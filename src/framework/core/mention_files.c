/*
 * Reads the files of a package that may mention a tracking table, each once for all folders.
 */
#include "framework/core/mention.h"

#include "base/bounds.h"
#include "base/file_trace.h"
#include "base/words.h"
#include "framework/core/mention_found.h"
#include "framework/core/pattern.h"
#include "framework/core/survey.h"
#include "framework/core/walk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_ENTRIES 100000
#define MOST_FILES   8000 /* that are read */
#define MOST_DEPTH   10
#define MOST_CHANGED 16 /* changed files that are read in each search; beyond that the survey is renewed */
#define FILE_LIMIT   ((size_t)256 * 1024)

/* Files with commands and variables. */
static const char commands[] =
    "package.json composer.json Makefile makefile GNUmakefile *.mk justfile Justfile .justfile Dockerfile* "
    "*.Dockerfile *.{yml|yaml} Procfile *.sh .env .env.* .envrc *.nix fly.toml mise.toml .mise.toml railway.json "
    "railway.toml deno.json";

/* Tests use other databases. */
static const char tests[] = "*_test.go *.{test|spec}.{ts|js|mjs|cjs} test_*.py *_test.py conftest.py *_spec.rb "
                            "*_test.rb test.py tests.py testing.py *{Test|Tests|IT}.{java|kt|cs} *_test.exs "
                            "test.rs tests.rs *_{test|tests}.rs";

/* A mention with its lists split, once for all files. Lists end with NULL. */
struct sought {
    struct wanted *wanted;
    const struct mention *mention;
    const char *const *patterns;
    const char *const *words;
    const char *const *beside; /* empty: nothing needed */
};

struct noting {
    struct arena *arena;
    const char *root;
    struct wanted *wanted;
    size_t count;
    struct sought *sought; /* in the current package */
    size_t sought_count;
    const char *const *tests;
    const char *base;      /* the current package */
    char *buffer;          /* of FILE_LIMIT bytes, reused for each file */
    struct survey *survey; /* of the current package */
    size_t entries;
    size_t files;
};

/* ---- one file ---- */

static const char *const *cut(struct arena *arena, const char *list, char separator)
{
    struct words items = {0};
    const char ends[] = {separator, '\0'};
    while (list != NULL && *list != '\0') {
        const size_t size = strcspn(list, ends);
        words_add(arena, &items, arena_strndup(arena, list, size));
        list += size + (list[size] == separator ? 1 : 0);
    }
    return words_list(arena, &items);
}

static bool fits_one(const char *const *patterns, const char *path, const char *name)
{
    size_t i = 0;
    while (patterns[i] != NULL &&
           !pattern_fits(patterns[i], text_of(strchr(patterns[i], '/') == NULL ? name : path), NULL)) {
        i++;
    }
    return patterns[i] != NULL;
}

static bool has_one(struct text content, const char *const *words)
{
    size_t i = 0;
    while (words[i] != NULL && text_find(content, words[i], 0) == SIZE_MAX) {
        i++;
    }
    return words[i] != NULL;
}

/* Reads a file into the shared buffer. content is empty for a file that is too large. */
static bool read_file(struct noting *noting, const char *whole, struct text *content)
{
    const int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    size_t size = 0;
    if (fd < 0) {
        file_trace_missed(whole, errno);
    }
    if (noting->buffer == NULL) { /* not zeroed: most searches read only small files or none */
        noting->buffer = arena_try_alloc(noting->arena, FILE_LIMIT);
    }
    ssize_t got = fd < 0 || noting->buffer == NULL || !bounds_hold(fd, whole, NULL) ? -1 : 1;
    while (got > 0 && size < FILE_LIMIT) {
        got = read(fd, noting->buffer + size, FILE_LIMIT - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0 && got >= 0) {
        file_trace_read(fd, whole, (struct text){noting->buffer, size}, FILE_LIMIT);
    } else if (fd >= 0) {
        file_trace_doubt();
    }
    if (fd >= 0) {
        close(fd);
    }
    *content = (struct text){noting->buffer, got == 0 ? size : 0};
    return got >= 0;
}

/* Blanks the tests inside a file of Rust: from #[cfg(test)] to the line that ends the module. */
static void blank_tests(struct text content, char *buffer)
{
    static const char mark[] = "\n#[cfg(test)]\n";
    for (size_t at = 0; (at = text_find(content, mark, at)) != SIZE_MAX;) {
        const struct text rest = text_slice(content, at + sizeof mark - 1, content.size);
        const bool is_module = text_starts_with(rest, "mod ") || text_starts_with(rest, "pub mod ");
        const size_t line = text_find(rest, "\n", 0);
        const bool is_elsewhere = text_ends_with(text_trim(text_slice(rest, 0, line)), ";");
        const size_t close = is_module && !is_elsewhere ? text_find(rest, "\n}", 0) : 0;
        const size_t end = close == SIZE_MAX ? rest.size : close;
        text_blank(buffer + (rest.data - content.data), end);
        at += sizeof mark - 1 + end;
    }
}

/* Is the file one of its migrations? They mention other tables. */
static bool is_inside(const struct noting *noting, const struct folder *folder, const char *path)
{
    const char *const whole = path_join(noting->arena, noting->base, path);
    const size_t size = strlen(folder->path);
    return strncmp(whole, folder->path, size) == 0 && whole[size] == '/';
}

/* Is it a directory that contains only migrations of the searched folders? */
static bool is_of_migrations(const struct noting *noting, const char *path)
{
    size_t i = 0;
    while (i < noting->sought_count &&
           is_inside(noting, noting->sought[i].wanted->folder, path_join(noting->arena, path, "x"))) {
        i++;
    }
    return i == noting->sought_count;
}

static bool is_wanted(const struct noting *noting, const struct sought *sought, const char *path, const char *name)
{
    return fits_one(sought->patterns, path, name) && !is_inside(noting, sought->wanted->folder, path) &&
           !fits_one(noting->tests, path, name);
}

/* Reads a file for those that want it. Returns false if it has nothing relevant, which is remembered. */
static bool look_into(struct noting *noting, const char *path)
{
    const char *const whole = path_join(noting->arena, path_join(noting->arena, noting->root, noting->base), path);
    struct source_file file = {.name = path};
    bool has = false;
    if (!read_file(noting, whole, &file.content)) {
        return true;
    }
    if (text_ends_with(text_of(path), ".rs")) {
        blank_tests(file.content, noting->buffer);
    }
    for (size_t i = 0; i < noting->sought_count; i++) {
        const struct sought *const sought = &noting->sought[i];
        /* The `beside` words are rarer than the word itself. */
        if (is_wanted(noting, sought, path, path_name(path)) &&
            (sought->beside[0] == NULL || has_one(file.content, sought->beside)) &&
            has_one(file.content, sought->words) && text_is_utf8(file.content, NULL)) {
            mention_scan(noting->arena, sought->wanted, sought->mention, &file);
            has = true;
        }
    }
    return has;
}

/* Examines a file for the first time. */
static void look_at(struct noting *noting, const char *path, const char *name)
{
    struct surveyed surveyed = {.path = path};
    size_t i = 0;
    while (i < noting->sought_count && !is_wanted(noting, &noting->sought[i], path, name)) {
        i++;
    }
    if (i < noting->sought_count && noting->files < MOST_FILES) {
        noting->files++;
        file_look(path_join(noting->arena, path_join(noting->arena, noting->root, noting->base), path),
                  &surveyed.stamp);
        surveyed.is_silent = !look_into(noting, path);
        survey_add_file(noting->survey, &surveyed);
    }
}

/* ---- one package ---- */

/* Is it another folder's package, which is searched separately? */
static bool is_other_package(const struct noting *noting, const char *path)
{
    const char *const whole = path_join(noting->arena, noting->base, path);
    size_t i = 0;
    while (i < noting->count && strcmp(noting->wanted[i].folder->base, whole) != 0) {
        i++;
    }
    return i < noting->count;
}

static bool is_entered(const struct noting *noting, const char *path, const char *name)
{
    const bool is_hidden = strcmp(name, ".github") == 0 || strcmp(name, ".circleci") == 0;
    const char *const own = path_join(noting->arena, path, name);
    return (is_hidden || walk_enters(path, name)) && !is_other_package(noting, own) && !is_of_migrations(noting, own);
}

static void look_through(struct noting *noting, const char *path, int depth)
{
    struct arena *const arena = noting->arena;
    struct status unread = {.arena = arena};
    struct file_list list;
    const char *const whole = path_join(arena, path_join(arena, noting->root, noting->base), path);
    struct file_stamp stamp = {0};
    file_look(whole, &stamp);
    survey_add_directory(noting->survey, path, &stamp);
    if (!directory_list(arena, whole, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count && noting->entries < MOST_ENTRIES; i++) {
        const struct file_entry *const entry = &list.entries[i];
        const char *const own = path_join(arena, path, entry->name);
        noting->entries++;
        if (!text_is_utf8(text_of(entry->name), NULL) || entry->is_link) {
            continue;
        }
        if (!entry->is_directory) {
            look_at(noting, own, entry->name);
        } else if (depth < MOST_DEPTH && is_entered(noting, path, entry->name)) {
            look_through(noting, own, depth + 1);
        }
    }
}

/* What a package's survey depends on, besides its files. */
static const char *key_of(const struct noting *noting)
{
    struct buffer key = {.arena = noting->arena};
    buffer_printf(&key, "%s\n%s\n", noting->root, noting->base);
    for (size_t i = 0; i < noting->sought_count; i++) {
        const struct sought *const sought = &noting->sought[i];
        buffer_printf(&key, "%p %s\n", (const void *)sought->mention, sought->wanted->folder->path);
    }
    for (size_t i = 0; i < noting->count; i++) {
        buffer_printf(&key, "%s\n", noting->wanted[i].folder->base);
    }
    return buffer_string(&key);
}

/* Reads again files with relevant content, and changed ones. Returns the number of the latter. */
static size_t look_again(struct noting *noting, const char *place, const struct survey *survey)
{
    const int top = directory_open(place);
    size_t changed = 0;
    for (size_t i = 0; i < survey->file_count; i++) {
        const struct surveyed *const file = &survey->files[i];
        struct file_stamp stamp = {0};
        const bool is_same = file->is_silent && file_look_at(top, file->path, &stamp) == FILE_REGULAR &&
                             file_stamp_equal(&stamp, &file->stamp);
        if (!is_same) {
            look_into(noting, file->path);
            changed += file->is_silent ? 1 : 0;
        }
    }
    if (top >= 0) {
        close(top);
    }
    noting->entries += survey->entries;
    noting->files += survey->file_count;
    return changed;
}

/* Searches the package noting->base, or uses its survey. */
static void look_through_package(struct noting *noting, struct surveys *surveys)
{
    const char *const key = key_of(noting);
    const char *const place = path_join(noting->arena, noting->root, noting->base);
    struct survey *const known = survey_find(surveys, key, place);
    if (known != NULL) {
        if (look_again(noting, place, known) > MOST_CHANGED) {
            survey_forget(surveys, key);
        }
        survey_release(surveys, known);
        return;
    }
    noting->survey = survey_new(key);
    noting->survey->entries = noting->entries;
    look_through(noting, "", 0);
    noting->survey->entries = noting->entries - noting->survey->entries;
    /* If the search reached its limits, what is missing depends on the packages before. */
    if (noting->files < MOST_FILES && noting->entries < MOST_ENTRIES) {
        survey_keep(surveys, noting->survey);
    } else {
        survey_drop(noting->survey);
    }
}

/* ---- the environment ---- */

/* "GOOSE_TABLE": is it the name of a variable? */
static bool is_variable(const char *word)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return strchr(word, '_') != NULL && word[strspn(word, letters)] == '\0';
}

/* A tool that we start gets our environment: each known variable is treated as a line of a file. */
static void look_into_environment(struct noting *noting)
{
    for (size_t i = 0; i < noting->sought_count; i++) {
        const struct sought *const sought = &noting->sought[i];
        for (size_t j = 0; sought->words[j] != NULL; j++) {
            const char *const word = sought->words[j];
            const char *const value = is_variable(word) ? getenv(word) : NULL;
            if (value != NULL && value[0] != '\0' && strpbrk(value, "'\n") == NULL &&
                text_is_utf8(text_of(value), NULL)) {
                const struct source_file file = {.name = "the environment",
                                                 .content =
                                                     text_of(arena_printf(noting->arena, "%s='%s'\n", word, value))};
                mention_scan(noting->arena, sought->wanted, sought->mention, &file);
            }
        }
    }
}

/* ---- all packages ---- */

/* What to search for in the package noting->base. */
static void seek(struct noting *noting, const struct project *project)
{
    struct arena *const arena = noting->arena;
    size_t capacity = 0;
    noting->sought = NULL;
    noting->sought_count = 0;
    for (size_t i = 0; i < noting->count; i++) {
        struct wanted *const wanted = &noting->wanted[i];
        const struct mention *mention = wanted->folder->framework->mentions;
        for (; mention != NULL && mention->words != NULL; mention++) {
            const bool is_of_url = mention->words[0] == '?';
            if (wanted->is_said[mention->part] ||
                (is_of_url && project->names_path && mention->part == MENTION_SCHEMA) ||
                strcmp(wanted->folder->base, noting->base) != 0) {
                continue;
            }
            noting->sought = arena_grow(arena, noting->sought, noting->sought_count, &capacity, sizeof *noting->sought);
            noting->sought[noting->sought_count++] = (struct sought){
                .wanted = wanted,
                .mention = mention,
                .patterns = cut(arena, mention->files == NULL ? commands : mention->files, ' '),
                .words = cut(arena, mention->words, '|'),
                .beside = cut(arena, mention->beside, '|'),
            };
        }
    }
}

/* Has a complete walk found only this folder of its framework? */
static bool is_only(const struct folder_list *folders, const struct folder *folder)
{
    size_t count = 0;
    for (size_t i = 0; i < folders->count; i++) {
        count += folders->items[i].framework == folder->framework ? 1 : 0;
    }
    return folder->is_walked && !folders->is_cut && count == 1;
}

/* The search was incomplete: an unread file could name another table or folder, so both are uncertain. */
static void note_cut(struct noting *noting)
{
    if (noting->files < MOST_FILES && noting->entries < MOST_ENTRIES) {
        return;
    }
    for (size_t i = 0; i < noting->count; i++) {
        const struct wanted *const wanted = &noting->wanted[i];
        struct folder *const folder = wanted->folder;
        if (strcmp(folder->base, noting->base) == 0 && folder->framework->mentions != NULL &&
            !wanted->is_said[MENTION_TABLE] && folder->unread_ledger == NULL) {
            folder->unread_ledger =
                arena_printf(noting->arena,
                             "%s has more files than are looked through (%d of those that could name the tracking "
                             "table, %d names)",
                             noting->base[0] == '\0' ? "The project" : noting->base, MOST_FILES, MOST_ENTRIES);
        }
    }
}

void mentions_note(struct arena *arena, const struct project *project, struct folder_list *folders)
{
    struct noting noting = {.arena = arena, .root = project->root, .count = folders->count};
    noting.tests = cut(arena, tests, ' ');
    noting.wanted = arena_array(arena, folders->count + 1, sizeof *noting.wanted);
    for (size_t i = 0; i < folders->count; i++) {
        noting.wanted[i] = mention_wanted(&folders->items[i], project);
        noting.wanted[i].is_only = is_only(folders, &folders->items[i]);
    }
    for (size_t i = 0; i < folders->count; i++) {
        bool is_done = folders->items[i].framework->mentions == NULL;
        for (size_t j = 0; j < i; j++) {
            is_done = is_done || (folders->items[j].framework->mentions != NULL &&
                                  strcmp(folders->items[j].base, folders->items[i].base) == 0);
        }
        noting.base = folders->items[i].base;
        if (!is_done) {
            seek(&noting, project);
        }
        if (!is_done && noting.base[0] == '\0') { /* where the tool is started */
            look_into_environment(&noting);
        }
        if (!is_done && noting.sought_count > 0) {
            look_through_package(&noting, project->surveys);
            note_cut(&noting);
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        mention_take(arena, &noting.wanted[i]);
    }
}
