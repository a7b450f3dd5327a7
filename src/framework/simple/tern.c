/*
 * tern: files numbered from 1 without gaps, templates with the values of tern.conf, and a ledger of one row. Facts seen
 * with tern 2.4.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/script.h"
#include "framework/formats/config.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR  "---- create above / drop below ----"
#define DISABLE_TX "---- tern: disable-tx ----"

/* ---- the folder ---- */

static bool tern_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    if (digits.size == 0 || digits.size > 9 || name[digits.size] != '_' || !text_ends_with(text_of(name), ".sql") ||
        text_ends_with(text_of(name), ".up.sql") || text_ends_with(text_of(name), ".down.sql")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".sql"));
    file->key = file->version = arena_printf(arena, "%ld", strtol(digits.data, NULL, 10));
    return true;
}

static bool tern_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    const struct listing_rule rule = {.accept = tern_accept, .compare = listing_by_version};
    return listing_read(arena, folder, &rule, files, status);
}

static bool tern_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                              struct status *status)
{
    (void)arena;
    for (size_t i = 0; i < files->count; i++) {
        if (strtoul(files->items[i].version, NULL, 10) != i + 1) {
            return status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "tern's files are numbered from 1 without gaps, and number %zu is missing or twice in %s.", i + 1,
                folder->path);
        }
    }
    return true;
}

static bool tern_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"tern.conf", "migrations/tern.conf", "db/migrations/tern.conf", NULL};
    struct text content;
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL || !folder_read(arena, folder, name, &content)) {
        return false;
    }
    const char *const table = config_value(arena, content, "database", "version_table");
    const char *const dot = table == NULL ? NULL : strchr(table, '.');
    if (table != NULL) {
        folder->ledger.schema = dot == NULL ? NULL : arena_strndup(arena, table, (size_t)(dot - table));
        folder->ledger.table = dot == NULL ? table : dot + 1;
    }
    const char *const slash = strrchr(name, '/');
    folder->path =
        slash == NULL ? NULL : path_join(arena, folder->base, arena_strndup(arena, name, (size_t)(slash - name)));
    folder->settings = arena_strdup(arena, path_join(arena, folder->base, name));
    folder->evidence = path_join(arena, folder->base, name);
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool has_separator(const char *name, bool is_directory, struct text head)
{
    return !is_directory && leading_digits(text_of(name)).size > 0 && text_ends_with(text_of(name), ".sql") &&
           (text_find(head, SEPARATOR, 0) != SIZE_MAX || text_find(head, DISABLE_TX, 0) != SIZE_MAX);
}

static bool tern_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, has_separator);
    if (name == NULL) {
        return folder->evidence != NULL;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    if (folder->evidence == NULL) {
        folder->evidence =
            arena_printf(arena, "%s has the line \"%s\"", path_join(arena, folder->path, name), SEPARATOR);
    }
    return true;
}

/* ---- scripts ---- */

/* {{.key}} out of [data]. */
static const char *value_of(void *data, struct arena *arena, struct text name)
{
    const struct text *const conf = data;
    name = text_trim(name);
    return text_starts_with(name, ".")
               ? config_value(arena, *conf, "data", arena_strndup(arena, name.data + 1, name.size - 1))
               : NULL;
}

static bool tern_script(struct arena *arena, const struct project *project, const struct folder *folder,
                        const struct migration_file *file, struct text content, struct migration_script *script,
                        struct status *status)
{
    struct text conf = {0};
    const size_t separator = text_find(content, SEPARATOR, 0);
    (void)project;
    script->each_alone = text_find(text_slice(content, 0, separator), DISABLE_TX, 0) != SIZE_MAX;
    const struct text up = script_keep(arena, content, 0, separator == SIZE_MAX ? content.size : separator);
    if (text_find(up, "{{", 0) == SIZE_MAX) {
        script->sql = up;
        return true;
    }
    struct status unread = {.arena = arena};
    if (folder->settings != NULL) {
        file_read(arena, path_join(arena, folder->root, folder->settings), 1024 * 1024, &conf, &unread);
    }
    if (script_fill(arena, up, "{{", "}}", value_of, &conf, false, &script->sql, status)) {
        return true;
    }
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       "%s: %s Only values of [data] in tern.conf ({{.name}}) are filled in here; run it with tern.",
                       file->filename, arena_strdup(arena, status->message));
}

/* ---- the ledger ---- */

static bool tern_read(struct ledger_reading *reading)
{
    struct arena *const arena = reading->arena;
    struct buffer sql = {.arena = arena};
    ledger_putf(&sql, reading->ledger, "SELECT version FROM %t ORDER BY version DESC LIMIT 1");
    PG_RESULT(result) = pg_query(reading->session, buffer_string(&sql), 0, NULL, reading->status);
    if (result == NULL) {
        return false;
    }
    const int64_t version = PQntuples(result) == 0 ? 0 : pg_field_int(result, 0, 0, 0);
    const size_t most = reading->files->count + 1;
    bool found = version <= 0;
    reading->entries.items = arena_array(arena, most, sizeof *reading->entries.items);
    for (size_t i = 0; i <= reading->files->count; i++) {
        const struct migration_file *const file = i < reading->files->count ? &reading->files->items[i] : NULL;
        const int64_t own = file == NULL ? version : strtoll(file->version, NULL, 10);
        if (own <= version && (file != NULL || !found)) {
            found = found || own == version;
            reading->entries.items[reading->entries.count++] = (struct ledger_entry){
                .name = file != NULL ? file->name : arena_printf(arena, "%lld", (long long)version),
                .key = file != NULL ? file->key : NULL,
                .started_at = NO_TIME,
                .finished_at = NO_TIME,
                .rolled_back_at = NO_TIME,
                .duration_ms = -1,
            };
        }
    }
    return true;
}

static void tern_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version int4 not null primary key);INSERT INTO %t (version) VALUES (0);");
}

static void tern_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "UPDATE %t SET version = %r;", record->key);
}

static size_t tern_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = INT64_C(9628173550095224);
    return 1;
}

const struct framework framework_tern = {
    .id = "tern",
    .display_name = "tern",
    .tool = "tern migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "schema_version", .columns = "version:int4", .only_columns = true},
            {0},
        },
    .ledger.schema = "public",
    .folder.places = (const char *const[]){"migrations", "db/migrations", ".", NULL},
    .hooks.configure = tern_configure,
    .hooks.recognise = tern_recognise,

    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "tern never runs it: its ledger knows only the last number.",
            .missing_note = "tern refuses numbers with gaps.",
        },
    .ledger.records_in_order = true,
    .hooks.list = tern_list,
    .hooks.check_folder = tern_check_folder,
    .hooks.script = tern_script,
    .hooks.read_ledger = tern_read,
    .hooks.advisory_locks = tern_locks,
    .hooks.put_create = tern_create,
    .hooks.put_record = tern_record,
};
