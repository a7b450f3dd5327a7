/*
 * The first pattern that a name fits decides.
 */
#include "framework/core/file_rules.h"

#include "framework/core/file_index.h"
#include "framework/core/inner_path.h"
#include "framework/core/listing.h"
#include "framework/core/pattern.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_BIGINT "9223372036854775807"
#define MOST_DIGITS    18 /* of a number that is counted on: with one more it may be no bigint */

/* ---- which files are migrations ---- */

static const char *kept(struct arena *arena, struct text part)
{
    return part.data == NULL ? NULL : arena_strndup(arena, part.data, part.size);
}

/* Its number as it is recorded; NULL: the pattern has none. */
static const char *version_of(struct arena *arena, const struct folder_facts *facts, struct text number)
{
    if (facts->key != KEY_NUMBER) {
        return kept(arena, number);
    }
    const bool is_negative = text_starts_with(number, "-");
    const struct text plain = number_plain(text_slice(number, is_negative ? 1 : 0, number.size));
    return is_negative && !text_is(plain, "0") ? arena_printf(arena, "-%.*s", (int)plain.size, plain.data)
                                               : kept(arena, plain);
}

static void fill(struct arena *arena, const struct folder_facts *facts, const struct file_rule *rule,
                 const struct pattern_match *match, struct migration_file *file)
{
    const char *const base = path_name(file->name);
    /* Files identified by a number do not need the directory. The stem is a part of base. */
    const char *const name = facts->key == KEY_NAME ? file->name : base;
    const size_t size = (size_t)(base - name) + match->stem.size;
    file->name = facts->whole_names ? file->name : arena_strndup(arena, name, size);
    file->title = kept(arena, match->title);
    file->version = version_of(arena, facts, match->number);
    file->key = facts->key == KEY_NAME ? NULL : file->version;
    file->is_code = rule->is_code;
    file->no_transaction = rule->no_transaction;
    file->is_down = rule->is_down;
}

/* A ledger's numbers are bigints. */
static bool fits_bigint(struct arena *arena, const struct folder_facts *facts, const struct pattern_match *match,
                        const struct migration_file *file, const char **warning)
{
    if (facts->key != KEY_NUMBER || facts->has_any_number ||
        number_compare(match->number, text_of(LARGEST_BIGINT)) <= 0) {
        return true;
    }
    *warning =
        arena_printf(arena, "%s is left out: its number is too large, the largest is " LARGEST_BIGINT ".", file->name);
    return false;
}

/* file->name is the path in the folder; patterns do not see its directories. */
static bool take(struct arena *arena, const struct folder *folder, struct migration_file *file, const char **warning)
{
    const struct framework *const framework = folder->framework;
    const struct text name = text_of(path_name(file->name));
    for (const struct file_rule *rule = framework->folder.files; rule->pattern != NULL; rule++) {
        struct pattern_match match;
        if (!pattern_fits(rule->pattern, name, &match)) {
            continue;
        }
        if (rule->warning != NULL) {
            *warning = arena_printf(arena, "%s %s", file->name, rule->warning);
        }
        if (rule->passed_over || !fits_bigint(arena, &framework->folder, &match, file, warning)) {
            return false;
        }
        fill(arena, &framework->folder, rule, &match, file);
        return framework->hooks.accept == NULL || framework->hooks.accept(arena, folder, file, warning);
    }
    return false;
}

/* By number; those without one come last, by name. */
static int by_number(const struct migration_file *a, const struct migration_file *b)
{
    if (a->version == NULL || b->version == NULL) {
        return a->version != NULL ? -1 : b->version != NULL ? 1 : listing_by_name(a, b);
    }
    return listing_by_version(a, b);
}

static int by_key(const struct migration_file *a, const struct migration_file *b)
{
    return strcmp(migration_file_key(a), migration_file_key(b));
}

static int (*const orders[])(const struct migration_file *a, const struct migration_file *b) = {
    [ORDER_OF_NAMES] = NULL,
    [ORDER_OF_NUMBERS] = by_number,
    [ORDER_OF_KEYS] = by_key,
};

/* After sorting, twins are adjacent. */
static void drop_twins(struct migration_files *files)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (kept == 0 || strcmp(files->items[kept - 1].name, files->items[i].name) != 0) {
            files->items[kept++] = files->items[i];
        }
    }
    files->count = kept;
}

static bool has_downs(const struct migration_files *files)
{
    bool has = false;
    for (size_t i = 0; i < files->count && !has; i++) {
        has = files->items[i].is_down;
    }
    return has;
}

/* The files that do more than undo a version. */
static struct migration_files without_downs(struct arena *arena, const struct migration_files *files)
{
    struct migration_files others = {0};
    for (size_t i = 0; i < files->count; i++) {
        if (!files->items[i].is_down) {
            *listing_add(arena, &others) = files->items[i];
        }
    }
    return others;
}

/* Keeps of the files that undo a version those whose version has no other file. */
static void drop_downs(struct arena *arena, struct migration_files *files)
{
    const struct migration_files others = without_downs(arena, files);
    struct file_index index = file_index_of(arena, &others);
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        const struct migration_file file = files->items[i];
        if (file.is_down && file_index_find(&index, migration_file_key(&file)) != NULL) {
            continue;
        }
        if (file.is_down) {
            listing_warn(
                arena, files,
                arena_printf(arena, "Version %s has %s alone: there is nothing to run for it, and its tool records it.",
                             file.version, file.filename));
        }
        files->items[kept++] = file;
    }
    files->count = kept;
}

static struct listing_rule rule_of(const struct folder *folder)
{
    const struct framework *const framework = folder->framework;
    const struct folder_facts *const facts = &framework->folder;
    return (struct listing_rule){
        .take = take,
        .compare = framework->hooks.compare != NULL ? framework->hooks.compare : orders[facts->order],
        .recursive = facts->recursive || folder->is_recursive,
        .without_hidden = facts->without_hidden || folder->is_recursive,
        .without_links = facts->without_links,
        .directories = facts->script != NULL,
        .script = facts->script,
    };
}

/* By name, whatever their folder. */
static int by_base(const struct migration_file *a, const struct migration_file *b)
{
    return strcmp(path_name(a->filename), path_name(b->filename));
}

/* Appends the files of another folder. The framework's tool fails if that does not exist. */
static bool list_other(struct arena *arena, const struct folder *folder, const char *other,
                       struct migration_files *files, struct status *status)
{
    const struct listing_rule rule = rule_of(folder);
    struct folder place = *folder;
    struct migration_files more;
    place.path = other;
    if (file_look(path_join(arena, folder->root, other), NULL) != FILE_DIRECTORY) {
        files->unrecordable =
            arena_printf(arena,
                         "The folder of migrations %s does not exist in the project (%s): check that it is mounted, "
                         "or say which one is meant by --migrations.",
                         other, folder->evidence == NULL ? folder->framework->display_name : folder->evidence);
        return true;
    }
    if (!listing_read(arena, &place, &rule, &more, status)) {
        return false;
    }
    const char *const seen = path_seen_from(arena, other, folder->path);
    for (size_t i = 0; i < more.count; i++) {
        struct migration_file *const file = listing_add(arena, files);
        *file = more.items[i];
        file->filename = path_join(arena, seen, file->filename);
    }
    listing_take_notes(arena, files, &more);
    return true;
}

/* Two folders may have files of the same name, under which their rows would be one. Sorted by name, they are
 * neighbours. */
static void check_namesakes(struct arena *arena, struct migration_files *files)
{
    for (size_t i = 1; i < files->count && files->unrecordable == NULL; i++) {
        const struct migration_file *const one = &files->items[i - 1];
        const struct migration_file *const other = &files->items[i];
        if (strcmp(migration_file_key(one), migration_file_key(other)) == 0) {
            files->unrecordable =
                arena_printf(arena,
                             "%s and %s have the same name, by which the tracking table knows them: give one of "
                             "them another.",
                             one->filename, other->filename);
        }
    }
}

bool files_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    const struct folder_facts *const facts = &folder->framework->folder;
    struct listing_rule rule = rule_of(folder);
    bool ok = listing_read(arena, folder, &rule, files, status);
    for (const char *const *other = folder->others; ok && other != NULL && *other != NULL; other++) {
        ok = list_other(arena, folder, *other, files, status);
    }
    if (!ok) {
        return false;
    }
    if (folder->others != NULL) {
        rule.compare = rule.compare == NULL ? by_base : rule.compare;
        listing_sort(arena, &rule, files);
    }
    if (folder->others != NULL && facts->merges_folders && facts->key == KEY_NAME) {
        check_namesakes(arena, files);
    }
    if (facts->drops_twins) {
        drop_twins(files);
    }
    if (has_downs(files)) {
        drop_downs(arena, files);
    }
    if (facts->key != KEY_NAME && !facts->numbered_from_one) {
        listing_warn_duplicates(arena, files);
    }
    return true;
}

bool files_list_inside(struct arena *arena, const struct folder *folder, files_reader *read,
                       struct migration_files *files, struct status *status)
{
    struct migration_files found;
    *files = (struct migration_files){0};
    if (!files_list(arena, folder, &found, status)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        struct text source;
        if (!file_read(arena, found.items[i].path, MIGRATION_FILE_LIMIT, &source, status)) {
            return false;
        }
        read(arena, folder, &found.items[i], source, files);
    }
    return true;
}

bool files_check_numbers(const struct folder *folder, const struct migration_files *files, struct status *status)
{
    const struct framework *const framework = folder->framework;
    char wanted[24];
    for (size_t i = 0; framework->folder.numbered_from_one && i < files->count; i++) {
        snprintf(wanted, sizeof wanted, "%zu", i + 1);
        if (strcmp(files->items[i].version, wanted) != 0) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "The files of %s are numbered from 1 without gaps, and number %s is missing or twice "
                               "in %s.",
                               framework->display_name, wanted, folder->path);
        }
    }
    return true;
}

/* ---- new files ---- */

/* What a new file's name is made of. */
struct making {
    struct arena *arena;
    const char *name; /* as given by a person */
    int64_t wall_us;
    struct text last; /* the highest number in the folder, as written; empty: none */
    struct status *status;
};

/* The highest number, with its leading zeros. */
static bool last_number(struct arena *arena, const struct folder *folder, struct text *last, struct status *status)
{
    struct migration_files files;
    *last = (struct text){0};
    if (!framework_list(arena, folder, &files, status)) {
        return false;
    }
    for (size_t i = 0; i < files.count; i++) {
        struct text name = text_of(files.items[i].filename);
        while (name.size > 0 && isdigit((unsigned char)name.data[0]) == 0) {
            name = text_slice(name, 1, name.size);
        }
        const struct text number = leading_digits(name);
        *last = last->size == 0 || number_compare(number, *last) > 0 ? number : *last;
    }
    return true;
}

/* The next number, as wide as the last one, or of this many digits if there is none; NULL if the last one is too large.
 */
static const char *next_number(const struct making *making, struct text width)
{
    const int least = width.size == 0 ? 1 : (int)strtol(arena_strndup(making->arena, width.data, width.size), NULL, 10);
    const char *const digits = arena_strndup(making->arena, making->last.data, making->last.size);
    const int wide = making->last.size > 0 ? (int)making->last.size : least;
    if (making->last.size > MOST_DIGITS) {
        status_fail(making->status, STATUS_FAILED_PRECONDITION,
                    "The folder has the number %s, which is too large to be followed by another one: make the new file "
                    "yourself.",
                    digits);
        return NULL;
    }
    return arena_printf(making->arena, "%0*lld", wide, strtoll(digits, NULL, 10) + 1);
}

/* The format is a constant in a framework's facts. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static const char *time_of(const struct making *making, const char *format)
{
    return name_time(making->arena, format, making->wall_us);
}
#pragma GCC diagnostic pop

/* {utc:%Y%m%d}, {unix:ms}, {next:3}, {slug} or {slug:-}; NULL, with the reason in the status, if it cannot be made. */
static const char *value_of(const struct making *making, struct text word)
{
    const size_t colon = text_find(word, ":", 0);
    const struct text argument = text_slice(word, colon == SIZE_MAX ? word.size : colon + 1, word.size);
    if (text_starts_with(word, "utc")) {
        return time_of(making, arena_strndup(making->arena, argument.data, argument.size));
    }
    if (text_starts_with(word, "unix")) {
        return arena_printf(making->arena, "%" PRId64, making->wall_us / (text_is(argument, "ms") ? 1000 : 1000000));
    }
    if (text_starts_with(word, "next")) {
        return next_number(making, argument);
    }
    return name_slug(making->arena, making->name, argument.size == 0 ? '_' : argument.data[0], making->status);
}

static const char *file_of(const struct making *making, struct text template)
{
    struct buffer file = {.arena = making->arena};
    for (size_t done = 0; done < template.size;) {
        const size_t open = text_find(template, "{", done);
        const size_t close = open == SIZE_MAX ? SIZE_MAX : text_find(template, "}", open);
        buffer_add(&file, text_slice(template, done, open));
        if (close == SIZE_MAX) {
            break;
        }
        const char *const value = value_of(making, text_slice(template, open + 1, close));
        if (value == NULL) {
            return NULL;
        }
        buffer_puts(&file, value);
        done = close + 1;
    }
    return buffer_string(&file);
}

bool framework_create_migration(struct arena *arena, const struct folder *folder, struct new_migration *made,
                                struct status *status)
{
    const struct folder_facts *const facts = &folder->framework->folder;
    struct making making = {.arena = arena, .name = made->title, .wall_us = made->wall_us, .status = status};
    const char *warning = NULL;
    if (strstr(facts->makes.file, "{next") != NULL && !last_number(arena, folder, &making.last, status)) {
        return false;
    }
    made->file = file_of(&making, text_of(facts->makes.file));
    if (made->file == NULL) {
        return false;
    }
    struct migration_file file = {
        .name = facts->script == NULL ? made->file : arena_strndup(arena, made->file, strcspn(made->file, "/")),
        .filename = made->file,
    };
    if (!take(arena, folder, &file, &warning)) {
        return status_fail(status, STATUS_INTERNAL, "A file called %s would be no migration of %s.", made->file,
                           folder->framework->display_name);
    }
    made->name = file.name;
    made->content = facts->makes.content;
    return true;
}
