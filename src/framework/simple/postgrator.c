/*
 * Postgrator: NNN.do.name.sql, recorded by number with the MD5 of the file. Facts seen with postgrator 8.0.0 and its
 * CLI 9.1.1.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/properties.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS 18 /* of a version that is a bigint for certain */

/* ---- the folder ---- */

/* "002.do.create-posts.sql": version 2, name "create-posts", which ends at a dot; programs make SQL. */
static bool postgrator_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    const char *const ending = strrchr(name, '.');
    const bool is_sql = text_ends_with(text_of(name), ".sql");
    const bool is_code =
        ending != NULL && (strcmp(ending, ".js") == 0 || strcmp(ending, ".cjs") == 0 || strcmp(ending, ".mjs") == 0);
    (void)warning;
    if (digits.size == 0 || digits.size > MOST_DIGITS || !text_starts_with(text_of(name + digits.size), ".do.") ||
        (!is_sql && !is_code)) {
        return false;
    }
    const char *const title = name + digits.size + strlen(".do.");
    file->name = arena_strndup(arena, name, (size_t)(ending - name));
    file->key = file->version = arena_printf(arena, "%lld", strtoll(name, NULL, 10));
    file->is_code = is_code;
    file->own = ending < title ? "" : arena_strndup(arena, title, strcspn(title, "."));
    return true;
}

static bool postgrator_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                            struct status *status)
{
    const struct listing_rule rule = {.accept = postgrator_accept, .compare = listing_by_version};
    return listing_read(arena, folder, &rule, files, status);
}

static bool postgrator_check_folder(struct arena *arena, const struct folder *folder,
                                    const struct migration_files *files, struct status *status)
{
    (void)arena;
    (void)folder;
    for (size_t i = 1; i < files->count; i++) {
        if (strcmp(files->items[i - 1].version, files->items[i].version) == 0) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s and %s have the same version %s, at which postgrator stops: give one of them "
                               "another.",
                               files->items[i - 1].filename, files->items[i].filename, files->items[i].version);
        }
    }
    return true;
}

static void set_table(struct arena *arena, struct folder *folder, const char *name)
{
    const char *const dot = name == NULL ? NULL : strchr(name, '.');
    folder->ledger.schema = dot == NULL ? NULL : arena_strndup(arena, name, (size_t)(dot - name));
    folder->ledger.table = dot == NULL ? name : dot + 1;
}

/* Where its CLI looks (lilconfig); package.json has it below "postgrator". */
static const char *find_config(struct arena *arena, const struct folder *folder, struct text *source, bool *is_package)
{
    static const char *const names[] = {".postgratorrc.json",
                                        ".postgratorrc.js",
                                        ".postgratorrc.cjs",
                                        ".postgratorrc.mjs",
                                        ".config/postgratorrc",
                                        ".config/postgratorrc.json",
                                        ".config/postgratorrc.js",
                                        "postgrator.config.js",
                                        "postgrator.config.cjs",
                                        "postgrator.config.mjs",
                                        NULL};
    size_t count = 0;
    *is_package = folder_read(arena, folder, "package.json", source) &&
                  property_pairs(arena, *source, (const char *const[]){"postgrator", NULL}, &count) != NULL;
    if (*is_package) {
        return "package.json";
    }
    const char *const name = folder_first_file(arena, folder, names);
    return name != NULL && folder_read(arena, folder, name, source) ? name : NULL;
}

/* The directories in front of the first wildcard: "db/steps" of "db/steps/00*.sql"; NULL: none. */
static const char *directory_of(struct arena *arena, const char *pattern)
{
    const size_t plain = strcspn(pattern, "*?[{");
    const char *const slash = memrchr(pattern, '/', plain);
    return slash == NULL || slash == pattern ? NULL : arena_strndup(arena, pattern, (size_t)(slash - pattern));
}

static bool postgrator_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    bool is_package;
    const char *const name = find_config(arena, folder, &source, &is_package);
    if (name == NULL) {
        return false;
    }
    const char *values[] = {"migrationPattern", "schemaTable", "newline"};
    for (size_t i = 0; i < 3; i++) {
        const char *const path[] = {is_package ? "postgrator" : values[i], is_package ? values[i] : NULL, NULL};
        values[i] = property_string(arena, source, path);
    }
    const char *const directory = values[0] == NULL ? NULL : directory_of(arena, values[0]);
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    set_table(arena, folder, values[1]);
    folder->settings = values[2];
    folder->evidence = path_join(arena, folder->base, name);
    return true;
}

static bool is_do_file(const char *name, bool is_directory, struct text head)
{
    const struct text digits = leading_digits(text_of(name));
    (void)head;
    return !is_directory && digits.size > 0 && text_starts_with(text_of(name + digits.size), ".do.");
}

static bool postgrator_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_do_file);
    if (name == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = folder->evidence != NULL ? folder->evidence : path_join(arena, folder->path, name);
    return true;
}

/* With all line endings made what the setting "newline" says. */
static struct text with_newlines(struct arena *arena, struct text content, const char *newline)
{
    struct buffer out = {.arena = arena};
    const char *const ending = strcmp(newline, "CRLF") == 0 ? "\r\n" : strcmp(newline, "CR") == 0 ? "\r" : "\n";
    buffer_reserve(&out, content.size);
    for (size_t i = 0; i < content.size; i++) {
        const bool is_pair = content.data[i] == '\r' && i + 1 < content.size && content.data[i + 1] == '\n';
        if (content.data[i] != '\r' && content.data[i] != '\n') {
            buffer_putc(&out, content.data[i]);
        } else if (!is_pair) {
            buffer_puts(&out, ending);
        }
    }
    return buffer_text(&out);
}

static const char *postgrator_checksum(struct arena *arena, const struct folder *folder,
                                       const struct migration_file *file, struct text content)
{
    (void)file;
    return digest_hex_of(arena, "MD5",
                         folder->settings == NULL ? content : with_newlines(arena, content, folder->settings));
}

/* ---- the ledger ---- */

/* Row 0 stands for the table itself. A NULL checksum is not compared. */
static bool postgrator_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT version::text AS key, nullif(md5, 'undefined') AS checksum, "
                                     "version::text || coalesce('.do.' || name, '') AS name, run_at AS applied_at "
                                     "FROM %t WHERE version <> 0 ORDER BY version");
}

static void postgrator_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version BIGINT PRIMARY KEY);INSERT INTO %t (version) VALUES (0);"
                "ALTER TABLE %t ADD COLUMN name TEXT;ALTER TABLE %t ADD COLUMN md5 TEXT;"
                "ALTER TABLE %t ADD COLUMN run_at TIMESTAMP WITH TIME ZONE;");
}

static void postgrator_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (version, name, md5, run_at) VALUES (%r, %s, %s, "
                "pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()));",
                record->key, (const char *)record->file->own, record->file->is_code ? "undefined" : record->checksum);
}

const struct framework framework_postgrator = {
    .id = "postgrator",
    .display_name = "Postgrator",
    .tool = "postgrator",
    .sent = SENT_WHOLE,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "schemaversion", .columns = "version:int8 name:text md5:text run_at:timestamptz"},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "db/migrations", "src/migrations", NULL},
    .hooks.configure = postgrator_configure,
    .hooks.recognise = postgrator_recognise,

    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "postgrator never runs it: it looks only for what is above the highest version.",
            .edited_blocks = true,
            .edited_note = "postgrator stops at it (\"MD5 checksum failed for migration\").",
            .missing_note = "postgrator says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/postgrator", NULL},
            .run = (const char *const[]){"--host", "{host}", "--port", "{port}", "--username", "{user}", "--database",
                                         "{database}", NULL},
            .environment = (const char *const[]){"PGPASSWORD={password}", NULL},
        },
    .hooks.list = postgrator_list,
    .hooks.check_folder = postgrator_check_folder,
    .hooks.checksum = postgrator_checksum,
    .hooks.read_ledger = postgrator_read,
    .hooks.put_create = postgrator_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = postgrator_record,
};
