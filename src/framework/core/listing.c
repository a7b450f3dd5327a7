/*
 * Reads each directory once, and looks at each file in it once (base/file_looks.h). The framework's rule decides which
 * are migrations, and their order.
 */
#include "framework/core/listing.h"

#include "base/bounds.h"
#include "base/files.h"
#include "base/sorting.h"
#include "framework/core/file_index.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_WARNINGS 20
#define MOST_ENTRIES  100000
#define MOST_DEPTH    16
#define SLUG_LIMIT    200

/* ---- collecting ---- */

struct migration_file *listing_add(struct arena *arena, struct migration_files *files)
{
    files->items = arena_grow(arena, files->items, files->count, &files->capacity, sizeof *files->items);
    files->items[files->count] = (struct migration_file){0};
    return &files->items[files->count++];
}

void listing_warn(struct arena *arena, struct migration_files *files, const char *warning)
{
    if (files->warnings == NULL) {
        files->warnings = arena_array(arena, MOST_WARNINGS, sizeof *files->warnings);
    }
    if (files->warning_count < MOST_WARNINGS) {
        files->warnings[files->warning_count++] = warning;
    }
}

void listing_take_notes(struct arena *arena, struct migration_files *files, const struct migration_files *others)
{
    for (size_t i = 0; i < others->warning_count; i++) {
        listing_warn(arena, files, others->warnings[i]);
    }
    files->unrecordable = files->unrecordable == NULL ? others->unrecordable : files->unrecordable;
}

/* A name with all bytes but printable ASCII as \xNN. */
static const char *printable(struct arena *arena, const char *name)
{
    struct buffer out = {.arena = arena};
    for (const char *c = name; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte >= 0x7F) {
            buffer_printf(&out, "\\x%02x", byte);
        } else {
            buffer_putc(&out, *c);
        }
    }
    return buffer_string(&out);
}

bool name_is_recordable(const char *name)
{
    return text_is_utf8(text_of(name), NULL) && path_is_component(text_of(name));
}

/* ---- walking ---- */

struct walk {
    struct arena *arena;
    const struct listing_rule *rule;
    const struct folder *folder;
    struct migration_files *files;
    struct status *status;
    size_t entries; /* seen so far */
};

/* A directory on the way down. */
struct level {
    const char *path; /* for opening it */
    const char *name; /* below the folder; "" for the folder itself */
    struct file_way way;
    int depth;
};

/* Is it a migration, according to its framework? */
static bool accepts(const struct walk *walk, struct migration_file *file, const char **warning)
{
    const struct listing_rule *const rule = walk->rule;
    return rule->take != NULL     ? rule->take(walk->arena, walk->folder, file, warning)
           : rule->accept == NULL ? true
                                  : rule->accept(walk->arena, file->name, file, warning);
}

/* A name in a directory. */
struct candidate {
    const char *name;
    const char *script; /* what is read; NULL: nothing */
    const struct file_seen *seen;
};

/* Adds an entry if the rule takes it. Fails if nobody knows whether a directory has its script. */
static bool offer(struct walk *walk, const struct level *level, const struct candidate *candidate)
{
    const char *const script = candidate->script;
    const char *const name = path_join(walk->arena, level->name, candidate->name);
    const char *warning = NULL;
    struct migration_file file = {
        .name = name,
        .filename = path_join(walk->arena, level->name, script),
        .path = path_join(walk->arena, level->path, script),
        .missing = candidate->seen->kind != FILE_REGULAR,
        .stamp = candidate->seen->stamp,
    };
    const bool is_accepted = accepts(walk, &file, &warning);
    if (warning != NULL) {
        listing_warn(walk->arena, walk->files, warning);
    }
    if (is_accepted) {
        *listing_add(walk->arena, walk->files) = file;
    }
    return !walk->rule->directories || candidate->seen->kind != FILE_NONE ||
           directory_check_readable(path_join(walk->arena, level->path, candidate->name), walk->status);
}

/* A name that cannot be stored in a tracking table or shown in an answer. If the framework's tool would run such a
 * file, it is not known what is pending. */
static void leave_out(struct walk *walk, const struct file_entry *entry, bool is_offered)
{
    const char *const name = printable(walk->arena, entry->name);
    const char *const kind = entry->is_directory ? "directory" : "file";
    struct migration_file file = {.name = name, .filename = name, .path = name};
    const char *ignored = NULL;
    const bool counts = walk->rule->counts != NULL ? walk->rule->counts(walk->arena, walk->folder, name)
                                                   : accepts(walk, &file, &ignored);
    listing_warn(walk->arena, walk->files,
                 arena_printf(walk->arena, "The %s %s is left out: its name is not UTF-8 or has control characters.",
                              kind, name));
    if (is_offered && counts) {
        walk->files->unrecordable =
            arena_printf(walk->arena,
                         "The name of the %s %s is not UTF-8 or has control characters, and it would be a "
                         "migration: rename it, or take it out of the folder.",
                         kind, name);
    }
}

static bool list_level(struct walk *walk, const struct level *level);

static bool list_below(struct walk *walk, int directory, const struct level *above, const char *name)
{
    struct level level = {
        .path = path_join(walk->arena, above->path, name),
        .name = path_join(walk->arena, above->name, name),
        .way.above = &above->way,
        .depth = above->depth + 1,
    };
    if (level.depth > MOST_DEPTH) {
        listing_warn(walk->arena, walk->files,
                     arena_printf(walk->arena, "The directory %s is left out: it is more than %d levels deep.",
                                  level.name, MOST_DEPTH));
        return true;
    }
    file_look_at(directory, name, &level.way.stamp);
    return file_way_is_circle(&level.way) || list_level(walk, &level);
}

static bool is_offered(const struct walk *walk, const struct file_entry *entry)
{
    return entry->is_directory == walk->rule->directories;
}

/* Looks at all possible migrations at once. */
static void look_at_all(const struct walk *walk, int directory, const struct file_list *list,
                        struct candidate *candidates)
{
    const struct listing_rule *const rule = walk->rule;
    struct file_seen *const seen = arena_array(walk->arena, list->count, sizeof *seen);
    const char **const scripts = arena_array(walk->arena, list->count, sizeof *scripts);
    for (size_t i = 0; i < list->count; i++) {
        const struct file_entry *const entry = &list->entries[i];
        const bool is_wanted = is_offered(walk, entry) && name_is_recordable(entry->name);
        scripts[i] = !is_wanted          ? NULL
                     : rule->directories ? path_join(walk->arena, entry->name, rule->script)
                                         : entry->name;
        candidates[i] = (struct candidate){entry->name, scripts[i], &seen[i]};
    }
    files_look_at(directory, scripts, list->count, seen);
}

/* Is it a directory in which there may be migrations? */
static bool is_searched(const struct listing_rule *rule, const struct file_entry *entry)
{
    return entry->is_directory && rule->recursive && !(rule->without_hidden && entry->name[0] == '.');
}

/* The names in a directory, of which there may not be too many. */
static bool read_names(struct walk *walk, const struct level *level, struct file_list *list)
{
    if (!directory_list(walk->arena, level->path, list, walk->status) ||
        !directory_check_readable(level->path, walk->status)) {
        return false;
    }
    walk->entries += list->count;
    if (walk->entries > MOST_ENTRIES) {
        return status_fail(walk->status, STATUS_RESOURCE_EXHAUSTED, "The migrations folder has more than %d entries.",
                           MOST_ENTRIES);
    }
    if (walk->files->items == NULL) {
        walk->files->capacity = list->count;
        walk->files->items = arena_array(walk->arena, list->count, sizeof *walk->files->items);
    }
    return true;
}

static bool list_level(struct walk *walk, const struct level *level)
{
    struct file_list list;
    if (!read_names(walk, level, &list)) {
        return false;
    }
    const int directory = directory_open(level->path);
    struct candidate *const candidates = arena_array(walk->arena, list.count, sizeof *candidates);
    bool ok = true;
    look_at_all(walk, directory, &list, candidates);
    for (size_t i = 0; ok && i < list.count; i++) {
        const struct file_entry *const entry = &list.entries[i];
        const bool is_own = is_offered(walk, entry);
        if (!is_own && !is_searched(walk->rule, entry)) {
            continue;
        }
        if (entry->is_link) {
            bounds_note(bounds_why_not(walk->arena, path_join(walk->arena, level->path, entry->name)));
        }
        if (!name_is_recordable(entry->name)) {
            leave_out(walk, entry, is_own);
        } else if (entry->is_link && entry->is_directory && walk->rule->without_links != NULL) {
            listing_warn(walk->arena, walk->files,
                         arena_printf(walk->arena,
                                      "The directory %s is left out: it is a symbolic link, which %s itself ignores. "
                                      "Put the directory itself there.",
                                      entry->name, walk->rule->without_links));
        } else if (is_own) {
            ok = offer(walk, level, &candidates[i]);
        } else {
            ok = list_below(walk, directory, level, entry->name);
        }
    }
    close(directory);
    return ok;
}

/* ---- order ---- */

static int compare_by(const struct listing_rule *rule, const struct migration_file *a, const struct migration_file *b)
{
    const int order = rule->compare == NULL ? 0 : rule->compare(a, b);
    return order == 0 && rule->recursive ? strcmp(a->filename, b->filename) : order;
}

/* Compares two pointers into the original list; equal ones keep its order. */
static int compare_pointers(const void *a, const void *b, void *rule)
{
    const struct migration_file *const first = *(const struct migration_file *const *)a;
    const struct migration_file *const second = *(const struct migration_file *const *)b;
    const int order = compare_by(rule, first, second);
    return order != 0 ? order : (first > second) - (first < second);
}

/* A directory's names are already sorted, which is the order of most frameworks. */
static bool is_sorted(const struct listing_rule *rule, const struct migration_files *files)
{
    for (size_t i = 1; i < files->count; i++) {
        if (compare_by(rule, &files->items[i - 1], &files->items[i]) > 0) {
            return false;
        }
    }
    return true;
}

void listing_sort(struct arena *arena, const struct listing_rule *rule, struct migration_files *files)
{
    if (is_sorted(rule, files)) {
        return;
    }
    const struct migration_file **const order = arena_array(arena, files->count, sizeof(const struct migration_file *));
    struct migration_file *const sorted = arena_array(arena, files->count, sizeof *sorted);
    struct listing_rule by = *rule;
    for (size_t i = 0; i < files->count; i++) {
        order[i] = &files->items[i];
    }
    qsort_r(order, files->count, sizeof(const struct migration_file *), compare_pointers, &by);
    for (size_t i = 0; i < files->count; i++) {
        sorted[i] = *order[i];
    }
    files->items = sorted;
    files->capacity = files->count;
}

bool listing_read(struct arena *arena, const struct folder *folder, const struct listing_rule *rule,
                  struct migration_files *files, struct status *status)
{
    struct walk walk = {.arena = arena, .rule = rule, .folder = folder, .files = files, .status = status};
    struct level level = {.path = path_join(arena, folder->root, folder->path), .name = ""};
    *files = (struct migration_files){0};
    if (file_look(level.path, &level.way.stamp) == FILE_NONE) {
        return true; /* a project without migrations */
    }
    if (!list_level(&walk, &level)) {
        return false;
    }
    listing_sort(arena, rule, files);
    return true;
}

/* ---- versions ---- */

struct text leading_digits(struct text name)
{
    size_t count = 0;
    while (count < name.size && isdigit((unsigned char)name.data[count]) != 0) {
        count++;
    }
    return text_slice(name, 0, count);
}

struct text number_plain(struct text number)
{
    while (number.size > 1 && number.data[0] == '0') {
        number = text_slice(number, 1, number.size);
    }
    return number;
}

int number_compare(struct text a, struct text b)
{
    const struct text zero = text_of("0");
    if (text_starts_with(a, "-") && text_starts_with(b, "-")) {
        return number_compare(text_slice(b, 1, b.size), text_slice(a, 1, a.size));
    }
    if (text_starts_with(a, "-") || text_starts_with(b, "-")) {
        return text_starts_with(a, "-") ? -1 : 1;
    }
    a = a.size == 0 ? zero : number_plain(a);
    b = b.size == 0 ? zero : number_plain(b);
    return a.size != b.size ? (a.size < b.size ? -1 : 1) : memcmp(a.data, b.data, a.size);
}

int listing_by_name(const struct migration_file *a, const struct migration_file *b)
{
    return strcmp(a->name, b->name);
}

/* The same with the sign of a negative number. */
static struct text leading_number(struct text name)
{
    const size_t sign = text_starts_with(name, "-") ? 1 : 0;
    return text_slice(name, 0, sign + leading_digits(text_slice(name, sign, name.size)).size);
}

int listing_by_version(const struct migration_file *a, const struct migration_file *b)
{
    const int order = number_compare(leading_number(text_of(a->version)), leading_number(text_of(b->version)));
    return order != 0 ? order : listing_by_name(a, b);
}

void listing_warn_duplicates(struct arena *arena, struct migration_files *files)
{
    const struct migration_file *const *const order = file_index_of(arena, files).files;
    for (size_t i = 1; i < files->count; i++) {
        if (strcmp(migration_file_key(order[i - 1]), migration_file_key(order[i])) == 0) {
            files->unrecordable = arena_printf(
                arena, "%s and %s have the same version %s: give one of them another.", order[i - 1]->filename,
                order[i]->filename, order[i]->version == NULL ? migration_file_key(order[i]) : order[i]->version);
            listing_warn(arena, files, files->unrecordable);
        }
    }
}

/* ---- names of new migrations ---- */

const char *name_slug(struct arena *arena, const char *name, char separator, struct status *status)
{
    struct buffer slug = {.arena = arena};
    for (const char *c = name; *c != '\0' && slug.size < SLUG_LIMIT; c++) {
        if (isalnum((unsigned char)*c) != 0) {
            buffer_putc(&slug, (char)tolower((unsigned char)*c));
        } else if (slug.size > 0 && slug.data[slug.size - 1] != separator) {
            buffer_putc(&slug, separator);
        }
    }
    if (slug.size > 0 && slug.data[slug.size - 1] == separator) {
        slug.data[--slug.size] = '\0';
    }
    if (slug.size == 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT,
                    "A migration's name needs at least one letter or digit, for example \"add_users\".");
        return NULL;
    }
    return slug.data;
}

/* Callers' formats are checked by the compiler through the header; here there is no literal to check. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
const char *name_time(struct arena *arena, const char *format, int64_t wall_us)
{
    const time_t seconds = (time_t)(wall_us / 1000000);
    struct tm parts = {.tm_mday = 1};
    char time[64];
    gmtime_r(&seconds, &parts);
    return arena_strndup(arena, time, strftime(time, sizeof time, format, &parts));
}
#pragma GCC diagnostic pop
