/*
 * Postgrator: NNN.do.name.sql, recorded by number with the MD5 of the file. Facts seen with postgrator 8.0.0 and its
 * CLI 9.1.1.
 */
#include "framework/layout.h"
#include "framework/ledger.h"
#include "framework/listing.h"
#include "framework/properties.h"

#include <stdlib.h>
#include <string.h>

/* ---- the folder ---- */

/* "002.do.create-posts.sql": version 2, name "create-posts"; programs make SQL. */
static bool postgrator_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    const struct text rest = text_slice(text_of(name), digits.size, strlen(name));
    const bool is_sql = text_ends_with(rest, ".sql");
    const bool is_code = text_ends_with(rest, ".js") || text_ends_with(rest, ".cjs") || text_ends_with(rest, ".mjs");
    (void)warning;
    if (digits.size == 0 || digits.size > 18 || !text_starts_with(rest, ".do.") || (!is_sql && !is_code)) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(strrchr(name, '.')));
    file->key = file->version = arena_printf(arena, "%lld", strtoll(digits.data, NULL, 10));
    file->is_code = is_code;
    file->own = arena_strndup(arena, rest.data + strlen(".do."), strcspn(rest.data + strlen(".do."), "."));
    return true;
}

static bool postgrator_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                            struct status *status)
{
    const struct listing_rule rule = {.accept = postgrator_accept, .compare = listing_by_version};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static void set_table(struct arena *arena, struct folder *folder, const char *name)
{
    const char *const dot = name == NULL ? NULL : strchr(name, '.');
    folder->ledger.schema = dot == NULL ? NULL : arena_strndup(arena, name, (size_t)(dot - name));
    folder->ledger.table = dot == NULL ? name : dot + 1;
}

static bool postgrator_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {".postgratorrc.json", ".postgratorrc.js", ".postgratorrc",
                                        "postgrator.config.js", NULL};
    struct text source;
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL || !folder_read(arena, folder, name, &source)) {
        return false;
    }
    const char *const pattern = property_string(arena, source, (const char *const[]){"migrationPattern", NULL});
    const char *const star = pattern == NULL ? NULL : strpbrk(pattern, "*?[{");
    if (star != NULL && star > pattern) {
        folder->path = path_join(arena, folder->base, arena_strndup(arena, pattern, (size_t)(star - pattern) - 1));
    }
    set_table(arena, folder, property_string(arena, source, (const char *const[]){"schemaTable", NULL}));
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

static const struct layout postgrator_layout = {
    .places = (const char *const[]){"migrations", "db/migrations", "src/migrations", NULL},
    .configure = postgrator_configure,
    .recognise = postgrator_recognise,
};

static const char *postgrator_checksum(struct arena *arena, const struct folder *folder,
                                       const struct migration_file *file, struct text content)
{
    (void)folder;
    (void)file;
    return digest_hex_of(arena, "MD5", content);
}

/* ---- the ledger ---- */

/* Row 0 stands for the table itself. A NULL checksum is not compared. */
static bool postgrator_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT version::text AS key, nullif(md5, 'undefined') AS checksum, "
                            "coalesce(version::text || '.do.' || name, version::text) AS name, run_at AS applied_at "
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
    .ledgers =
        (const struct ledger_shape[]){
            {.table = "schemaversion", .columns = "version:int8 name:text md5:text run_at:timestamptz"},
            {0},
        },
    .layout = &postgrator_layout,
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
    .list = postgrator_list,
    .checksum = postgrator_checksum,
    .read_ledger = postgrator_read,
    .create = postgrator_create,
    .lock = ledger_lock_table,
    .record = postgrator_record,
};
