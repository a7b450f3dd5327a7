/*
 * meta/_journal.json: {"entries": [{"idx", "when", "tag"}, …]}; a .sql file that it does not name is not a migration.
 * 1.0: directories <YYYYMMDDHHMMSS>_<name> with a migration.sql, in the order of localeCompare (drizzle-orm 1.0.0-rc.5,
 * migrator.js).
 */
#include "framework/drizzle/drizzle_folder.h"

#include "base/word_set.h"
#include "framework/coded/code.h"
#include "framework/core/listing.h"
#include "framework/core/locale_order.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#define JOURNAL       "meta/_journal.json"
#define MOST_NAMED    5 /* files in a warning */
#define JOURNAL_LIMIT ((size_t)16 * 1024 * 1024)

static const char of_journal[] = "journal"; /* the settings of a folder that has a journal */

bool drizzle_is_journal(const struct folder *folder)
{
    return folder->settings == of_journal;
}

/* ---- finding ---- */

bool drizzle_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"drizzle.config.ts",
                                        "drizzle.config.js",
                                        "drizzle.config.mts",
                                        "drizzle.config.mjs",
                                        "drizzle.config.cjs",
                                        "drizzle.config.json",
                                        NULL};
    struct text source;
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL || !folder_read(arena, folder, name, &source)) {
        return false;
    }
    static const char *const path[] = {"out", NULL};
    static const char *const table[] = {"migrations", "table", NULL};
    static const char *const schema[] = {"migrations", "schema", NULL};
    const char *out = property_string(arena, source, path);
    unread_folder(arena, folder, (struct source_file){name, source}, property_unread(source, path), "out");
    unread_ledger(arena, folder, (struct source_file){name, source}, property_unread(source, table),
                  "migrations.table");
    unread_ledger(arena, folder, (struct source_file){name, source}, property_unread(source, schema),
                  "migrations.schema");
    if (out == NULL && folder->unread == NULL) {
        code_note_elsewhere(arena, folder, &(const struct source_file){name, source},
                            WORDS("dialect", "driver", "dbCredentials", "schema"), 1);
    }
    out = out == NULL ? "drizzle" : out;
    while (text_starts_with(text_of(out), "./")) {
        out += 2;
    }
    folder->path = path_join(arena, folder->base, out);
    folder->ledger.table = property_string(arena, source, table);
    folder->ledger.schema = property_string(arena, source, schema);
    folder->evidence = path_join(arena, folder->base, name);
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool has_time(const char *name)
{
    return leading_digits(text_of(name)).size == 14 && name[14] == '_';
}

static bool is_new_migration(const char *name, bool is_directory, struct text head)
{
    (void)head;
    return is_directory && has_time(name);
}

static const struct habits habits_of_0 = {
    .late = LATE_SKIPPED,
    .late_note =
        "drizzle-kit never runs it: its time in the journal (\"when\") is not after the newest created_at of the "
        "tracking table.",
    .edited_note = "drizzle-kit never looks at the files of applied migrations.",
    .missing_blocks = true,
    .missing_note = "drizzle-kit stops at a file that its journal names and that is not there.",
};

bool drizzle_recognise(struct arena *arena, struct folder *folder)
{
    const char *const root = path_join(arena, folder->root, folder->path);
    if (file_look(path_join(arena, root, JOURNAL), NULL) == FILE_REGULAR) {
        folder->settings = of_journal;
        folder->habits = &habits_of_0;
        folder->confidence = CONFIDENCE_CERTAIN;
        folder->evidence = folder->evidence != NULL ? folder->evidence : path_join(arena, folder->path, JOURNAL);
        return true;
    }
    const char *const name = folder_any(arena, folder, is_new_migration);
    if (name == NULL) {
        return folder->evidence != NULL; /* before the first migration */
    }
    const char *const snapshot = path_join(arena, name, "snapshot.json");
    const bool is_sure = file_look(path_join(arena, root, snapshot), NULL) == FILE_REGULAR;
    if (!is_sure && folder->evidence == NULL) {
        return false; /* Prisma's folders look the same except for this */
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = folder->evidence != NULL ? folder->evidence : path_join(arena, folder->path, snapshot);
    return true;
}

/* ---- listing ---- */

static bool add_entry(struct arena *arena, const char *root, const json_t *entry, struct migration_files *files,
                      struct status *status)
{
    const char *const tag = json_string_value(json_object_get(entry, "tag"));
    const json_t *const when = json_object_get(entry, "when");
    if (tag == NULL || !json_is_integer(when) || !path_is_component(text_of(tag))) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s has an entry without a \"tag\" that can be a file's name, or without a \"when\".",
                           JOURNAL);
    }
    struct migration_file *const file = listing_add(arena, files);
    *file = (struct migration_file){
        .name = arena_strdup(arena, tag),
        .key = arena_printf(arena, "%lld", (long long)json_integer_value(when)),
        .filename = arena_printf(arena, "%s.sql", tag),
        .time = json_integer_value(when),
    };
    file->path = path_join(arena, root, file->filename);
    file->missing = file_look(file->path, &file->stamp) != FILE_REGULAR;
    return true;
}

/* The usual cause of both is a merge of the journal, which lost entries or has them twice. */
static void warn_of_merge(struct arena *arena, const char *root, struct migration_files *files)
{
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    struct buffer names = {.arena = arena};
    struct word_set known = {0};
    size_t count = 0;
    if (!directory_list(arena, root, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        word_set_count(arena, &known, files->items[i].filename);
        if (word_set_number(&known, files->items[i].filename) == 2) {
            listing_warn(
                arena, files,
                arena_printf(arena, JOURNAL " names %s more than once: it runs as often.", files->items[i].filename));
        }
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        if (!list.entries[i].is_directory && text_ends_with(text_of(name), ".sql") && name_is_recordable(name) &&
            !word_set_has(&known, name) && count++ < MOST_NAMED) {
            buffer_printf(&names, "%s%s", count == 1 ? "" : ", ", name);
        }
    }
    if (count > 0) {
        listing_warn(arena, files,
                     arena_printf(arena, "%s passed over by drizzle-kit, because " JOURNAL " does not name %s: %s%s.",
                                  count == 1 ? "A file is" : arena_printf(arena, "%zu files are", count),
                                  count == 1 ? "it" : "them", buffer_string(&names), count > MOST_NAMED ? ", …" : ""));
    }
}

/* In the journal's own order, in which drizzle-kit runs them; "when" only decides which of them it skips (migrator.js
 * and pg-core/dialect.js of drizzle-orm 0.45.4). */
static bool list_journal(struct arena *arena, const char *root, struct migration_files *files, struct status *status)
{
    struct text content;
    json_error_t error;
    if (!file_read(arena, path_join(arena, root, JOURNAL), JOURNAL_LIMIT, &content, status)) {
        return false;
    }
    json_t *const journal = json_loadb(content.data, content.size, 0, &error);
    const json_t *const entries = json_object_get(journal, "entries");
    const char *const why = journal == NULL ? arena_printf(arena, " (line %d: %s)", error.line, error.text) : "";
    bool ok = json_is_array(entries) ||
              status_fail(status, STATUS_FAILED_PRECONDITION, "%s of Drizzle has no list of entries%s.", JOURNAL, why);
    for (size_t i = 0; ok && i < json_array_size(entries); i++) {
        ok = add_entry(arena, root, json_array_get(entries, i), files, status);
    }
    json_decref(journal);
    warn_of_merge(arena, root, files);
    listing_warn_duplicates(arena, files);
    return ok;
}

/* The number that these digits are. */
static int number_at(const char *name, size_t start, size_t size)
{
    int number = 0;
    for (size_t i = start; i < start + size; i++) {
        number = number * 10 + (name[i] - '0');
    }
    return number;
}

/* "20261123081758_create_users": its digits are its time in UTC, computed as by Date.UTC, which takes any of them
 * (migrator.utils.js). A directory without a script is passed over. */
static bool accept_directory(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    if (file->missing) {
        return false;
    }
    if (leading_digits(text_of(name)).size < 14) {
        *warning = arena_printf(arena, "%s does not begin with 14 digits: drizzle-kit stops at it.", file->filename);
        return false;
    }
    const int year = number_at(name, 0, 4);
    struct tm parts = {.tm_year = year < 100 ? year : year - 1900,
                       .tm_mon = number_at(name, 4, 2) - 1,
                       .tm_mday = number_at(name, 6, 2),
                       .tm_hour = number_at(name, 8, 2),
                       .tm_min = number_at(name, 10, 2),
                       .tm_sec = number_at(name, 12, 2)};
    file->time = (int64_t)timegm(&parts) * 1000;
    return true;
}

bool drizzle_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                  struct status *status)
{
    if (drizzle_is_journal(folder)) {
        *files = (struct migration_files){0};
        return list_journal(arena, path_join(arena, folder->root, folder->path), files, status);
    }
    const struct listing_rule rule = {
        .accept = accept_directory, .directories = true, .script = "migration.sql", .compare = listing_by_locale};
    return listing_read(arena, folder, &rule, files, status);
}
