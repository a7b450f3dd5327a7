/*
 * The files of a package that may mention a tracking table, each read once for all folders. Only what is found with
 * certainty becomes the folder's: one name, said everywhere in the same way.
 */
#include "framework/core/mention.h"

#include "base/words.h"
#include "framework/core/mention_path.h"
#include "framework/core/pattern.h"
#include "framework/core/walk.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define MOST_ENTRIES 20000
#define MOST_FILES   4000 /* that are read */
#define MOST_DEPTH   10
#define FILE_LIMIT   ((size_t)256 * 1024)

/* Where commands and variables are written. */
static const char commands[] =
    "package.json composer.json Makefile makefile GNUmakefile *.mk justfile Justfile .justfile Dockerfile* "
    "*.Dockerfile "
    "*.{yml|yaml} Procfile *.sh .env .env.* .envrc *.nix fly.toml mise.toml .mise.toml railway.json railway.toml "
    "deno.json";

/* Tests are about other databases. */
static const char tests[] = "*_test.go *.{test|spec}.{ts|js|mjs|cjs} test_*.py *_test.py conftest.py *_spec.rb "
                            "*_test.rb test.py tests.py testing.py *{Test|Tests|IT}.{java|kt|cs} *_test.exs";

/* What is known of one part of a folder's ledger. */
struct finding {
    const char *value; /* NULL: nothing was found */
    const char *place; /* "main.go, line 12, has goose.SetTableName(" */
};

/* A folder, and what is looked for. */
struct wanted {
    struct folder *folder;
    bool is_said[MENTION_PATH + 1]; /* its configuration says that part */
    struct finding found[MENTION_PATH + 1];
    bool is_path_named;     /* a command names this folder, or one that cannot be read */
    const char *other_path; /* what is to be said of a command that names another one; NULL: there is none */
};

/* A fact with its lists cut, once for all files. Lists end with NULL. */
struct sought {
    struct wanted *wanted;
    const struct mention *mention;
    const char *const *patterns;
    const char *const *words;
    const char *const *beside; /* empty: nothing need be beside it */
};

struct noting {
    struct arena *arena;
    const char *root;
    struct wanted *wanted;
    size_t count;
    struct sought *sought; /* in the package that is looked through */
    size_t sought_count;
    const char *const *tests;
    const char *base; /* the package */
    char *buffer;     /* of FILE_LIMIT bytes, for one file after the other */
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

/* Reads a file into the buffer that all have in turn; false for one that is too large, or no text. */
static bool read_file(struct noting *noting, const char *path, struct text *content)
{
    const char *const whole = path_join(noting->arena, path_join(noting->arena, noting->root, noting->base), path);
    const int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    size_t size = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && size < FILE_LIMIT) {
        got = read(fd, noting->buffer + size, FILE_LIMIT - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    *content = (struct text){noting->buffer, size};
    return got == 0;
}

/* "app" of "app, public"; NULL for "$user". */
static const char *first_schema(struct arena *arena, const char *path)
{
    const struct text first = text_trim((struct text){path, strcspn(path, ",")});
    const struct text bare =
        text_starts_with(first, "\"") && first.size > 1 ? text_slice(first, 1, first.size - 1) : first;
    return bare.size == 0 || text_is(bare, "$user") ? NULL : arena_strndup(arena, bare.data, bare.size);
}

static const char *place_of(const struct noting *noting, const struct source_file *file,
                            const struct mentioned *mentioned)
{
    const size_t size = strlen(mentioned->word);
    return arena_printf(noting->arena, "%s, line %u, has %.*s", path_join(noting->arena, noting->base, file->name),
                        text_position(file->content, mentioned->at).line,
                        (int)(mentioned->word[size - 1] == '(' ? size - 1 : size), mentioned->word);
}

/* As the tool makes it of what is written. */
static const char *name_of(struct arena *arena, const struct framework *framework, const char *said)
{
    bool has_upper = false;
    bool has_lower = false;
    for (const char *c = said; *c != '\0'; c++) {
        has_upper = has_upper || isupper((unsigned char)*c) != 0;
        has_lower = has_lower || islower((unsigned char)*c) != 0;
    }
    char *const name = arena_strdup(arena, said);
    for (char *c = name; framework->ledger.folds_names && !(has_upper && has_lower) && *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return name;
}

/* Keeps the name; a second one that differs is a question. */
static void keep(const struct noting *noting, struct wanted *wanted, enum mention_part part,
                 const struct source_file *file, const struct mentioned *mentioned)
{
    struct arena *const arena = noting->arena;
    struct finding *const found = &wanted->found[part];
    const char *const value = part == MENTION_SCHEMA ? first_schema(arena, mentioned->value)
                                                     : name_of(arena, wanted->folder->framework, mentioned->value);
    if (value == NULL) {
        return;
    }
    if (found->value == NULL) {
        *found = (struct finding){value, place_of(noting, file, mentioned)};
    } else if (strcmp(found->value, value) != 0) {
        unread_ledger_because(
            arena, wanted->folder, *file, mentioned->at,
            arena_printf(arena, "names %s, and another place %s (%s)", value, found->value, found->place));
    }
}

/* Keeps what code names that puts a path together. A configuration that was read has said it. */
static void note_joined_path(const struct noting *noting, struct wanted *wanted, const struct mention *mention,
                             const struct source_file *file, const struct mentioned *mentioned)
{
    struct arena *const arena = noting->arena;
    const struct folder *const folder = wanted->folder;
    const char *const own = path_join(arena, noting->base, file->name);
    if (folder->evidence != NULL && strcmp(folder->evidence, own) == 0) {
        return;
    }
    const char *const path = mention->path_at(arena, folder, file, mentioned->at);
    const enum named_path named = path == NULL ? NAMED_OTHER : mention_judge(arena, folder, path);
    wanted->is_path_named = wanted->is_path_named || named == NAMED_IT;
    if (named == NAMED_OTHER && wanted->other_path == NULL) {
        const char *const place = place_of(noting, file, mentioned);
        wanted->other_path =
            path == NULL ? arena_printf(arena, "%s, which is computed and cannot be read without running it", place)
                         : arena_printf(arena, "%s %s, which is not what was read", place, path);
    }
}

/* Keeps what a command names: this folder, or another one. */
static void note_path(const struct noting *noting, struct wanted *wanted, const struct source_file *file,
                      const struct mentioned *mentioned)
{
    struct arena *const arena = noting->arena;
    const enum named_path named =
        mentioned->kind == MENTION_COMPUTED ? NAMED_IT : mention_path(arena, wanted->folder, file, mentioned->value);
    wanted->is_path_named = wanted->is_path_named || named == NAMED_IT;
    if (named == NAMED_OTHER && wanted->other_path == NULL) {
        wanted->other_path = arena_printf(arena, "%s %s, which is not what was read", place_of(noting, file, mentioned),
                                          mentioned->value);
    }
}

static void scan(const struct noting *noting, struct wanted *wanted, const struct mention *mention,
                 const struct source_file *file)
{
    struct arena *const arena = noting->arena;
    struct mentioned mentioned;
    for (size_t at = 0; mention_next(arena, mention, file, &at, &mentioned);) {
        const size_t size = strlen(mentioned.word);
        const char *const word =
            arena_strndup(arena, mentioned.word, mentioned.word[size - 1] == '(' ? size - 1 : size);
        if (mentioned.kind == MENTION_NOTHING ||
            (mention->is_usual != NULL &&
             mention->is_usual(text_slice(file->content, mentioned.at + size, file->content.size)))) {
            continue;
        }
        if (mention->path_at != NULL) {
            note_joined_path(noting, wanted, mention, file, &mentioned);
        } else if (mention->part == MENTION_PATH) {
            note_path(noting, wanted, file, &mentioned);
        } else if (mention->part == MENTION_FOLDER) {
            unread_folder_because(
                arena, wanted->folder, *file, mentioned.at,
                arena_printf(arena, "has %s: migrations are in other folders as well, and one is read at a time",
                             word));
        } else if (mentioned.kind == MENTION_COMPUTED) {
            unread_ledger(arena, wanted->folder, *file, mentioned.at, word);
        } else {
            keep(noting, wanted, mention->part, file, &mentioned);
        }
    }
}

/* Is the file one of its migrations? What they say is about other tables. */
static bool is_inside(const struct noting *noting, const struct folder *folder, const char *path)
{
    const char *const whole = path_join(noting->arena, noting->base, path);
    const size_t size = strlen(folder->path);
    return strncmp(whole, folder->path, size) == 0 && whole[size] == '/';
}

static bool is_wanted(const struct noting *noting, const struct sought *sought, const char *path, const char *name)
{
    return fits_one(sought->patterns, path, name) && !is_inside(noting, sought->wanted->folder, path) &&
           !fits_one(noting->tests, path, name);
}

static void look_at(struct noting *noting, const char *path, const char *name)
{
    struct source_file file = {.name = path};
    bool is_read = false;
    for (size_t i = 0; i < noting->sought_count && noting->files < MOST_FILES; i++) {
        const struct sought *const sought = &noting->sought[i];
        if (!is_wanted(noting, sought, path, name)) {
            continue;
        }
        if (!is_read && !read_file(noting, path, &file.content)) {
            return;
        }
        noting->files += is_read ? 0 : 1;
        is_read = true;
        /* What is beside it is rarer than the word. */
        if ((sought->beside[0] == NULL || has_one(file.content, sought->beside)) &&
            has_one(file.content, sought->words) && text_is_utf8(file.content, NULL)) {
            scan(noting, sought->wanted, sought->mention, &file);
        }
    }
}

/* ---- one package ---- */

/* Is it the package of another folder, which is looked through by itself? */
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
    return (is_hidden || walk_enters(path, name)) && !is_other_package(noting, path_join(noting->arena, path, name));
}

static void look_through(struct noting *noting, const char *path, int depth)
{
    struct arena *const arena = noting->arena;
    struct status unread = {.arena = arena};
    struct file_list list;
    const char *const whole = path_join(arena, path_join(arena, noting->root, noting->base), path);
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

/* ---- what was found ---- */

static struct wanted wanted_of(struct folder *folder, const struct project *project)
{
    struct wanted wanted = {.folder = folder};
    const bool has_table = folder->ledger.table != NULL || folder->unread_ledger != NULL;
    wanted.is_said[MENTION_TABLE] = wanted.is_said[MENTION_PREFIX] = wanted.is_said[MENTION_SUFFIX] = has_table;
    wanted.is_said[MENTION_SCHEMA] =
        project->schema != NULL || folder->ledger.schema != NULL || folder->unread_ledger != NULL;
    wanted.is_said[MENTION_FOLDER] = wanted.is_said[MENTION_PATH] =
        project->migrations != NULL || folder->unread != NULL;
    return wanted;
}

/* What is looked for in the package noting->base. */
static void seek(struct noting *noting)
{
    struct arena *const arena = noting->arena;
    size_t capacity = 0;
    noting->sought = NULL;
    noting->sought_count = 0;
    for (size_t i = 0; i < noting->count; i++) {
        struct wanted *const wanted = &noting->wanted[i];
        const struct mention *mention = wanted->folder->framework->mentions;
        for (; mention != NULL && mention->words != NULL; mention++) {
            if (wanted->is_said[mention->part] || strcmp(wanted->folder->base, noting->base) != 0) {
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

/* What was found becomes the folder's, unless it is what counts in any case. */
static void take(struct arena *arena, const struct wanted *wanted)
{
    struct folder *const folder = wanted->folder;
    const char *const usual = folder->framework->ledger.shapes[0].table;
    const struct finding *const found = wanted->found;
    const char *const parts[] = {found[MENTION_PREFIX].value, found[MENTION_TABLE].value, found[MENTION_SUFFIX].value};
    const char *name = arena_printf(arena, "%s%s%s", parts[0] == NULL ? "" : parts[0],
                                    parts[1] == NULL ? usual : parts[1], parts[2] == NULL ? "" : parts[2]);
    const char *const dot = strchr(name, '.');
    const char *schema = found[MENTION_SCHEMA].value;
    const char *place = NULL;
    if (folder->unread == NULL && !wanted->is_path_named) {
        folder->unread = wanted->other_path;
    }
    for (size_t i = 0; place == NULL && i < MENTION_FOLDER; i++) {
        place = found[i].place;
    }
    if (folder->unread_ledger != NULL || place == NULL) {
        return;
    }
    schema = dot == NULL ? schema : arena_strndup(arena, name, (size_t)(dot - name));
    name = dot == NULL ? name : dot + 1;
    if (strcmp(name, usual) != 0) {
        folder->ledger.table = name;
        folder->mentioned = place;
    }
    if (schema != NULL && strcmp(schema, "public") != 0 && folder->framework->ledger.is_fixed) {
        /* Its scripts work in that schema as well, which the connection alone can say. */
        folder->unread_ledger =
            arena_printf(arena, "%s=%s, and this connection URL does not: say ?schema=%s in it if that is meant", place,
                         schema, schema);
    } else if (schema != NULL && strcmp(schema, "public") != 0) {
        folder->ledger.schema = schema;
        folder->mentioned = place;
    }
}

void mentions_note(struct arena *arena, const struct project *project, struct folder_list *folders)
{
    struct noting noting = {.arena = arena, .root = project->root, .count = folders->count};
    noting.tests = cut(arena, tests, ' ');
    noting.buffer = arena_alloc(arena, FILE_LIMIT);
    noting.wanted = arena_array(arena, folders->count + 1, sizeof *noting.wanted);
    for (size_t i = 0; i < folders->count; i++) {
        noting.wanted[i] = wanted_of(&folders->items[i], project);
    }
    for (size_t i = 0; i < folders->count; i++) {
        bool is_done = folders->items[i].framework->mentions == NULL;
        for (size_t j = 0; j < i; j++) {
            is_done = is_done || (folders->items[j].framework->mentions != NULL &&
                                  strcmp(folders->items[j].base, folders->items[i].base) == 0);
        }
        noting.base = folders->items[i].base;
        if (!is_done) {
            seek(&noting);
        }
        if (!is_done && noting.sought_count > 0) {
            look_through(&noting, "", 0);
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        take(arena, &noting.wanted[i]);
    }
}
