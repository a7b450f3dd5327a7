/*
 * golang-migrate: numbered pairs of files, and a ledger of one row: the last version, and whether it is dirty. Facts
 * seen with its CLI 4.18.3.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <stdlib.h>
#include <string.h>

/* ---- the folder ---- */

/* ^([0-9]+)_(.*)\.(down|up)\.(.*)$ (source/parse.go); the number is an unsigned integer. */
static bool golang_migrate_accept(struct arena *arena, const char *name, struct migration_file *file,
                                  const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    if (digits.size == 0 || digits.size > 18 || name[digits.size] != '_' || !text_ends_with(text_of(name), ".up.sql")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".up.sql"));
    file->key = file->version = arena_printf(arena, "%lld", strtoll(digits.data, NULL, 10));
    return true;
}

static bool golang_migrate_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                                struct status *status)
{
    const struct listing_rule rule = {.accept = golang_migrate_accept, .compare = listing_by_version};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool is_pair(const char *name, bool is_directory, struct text head)
{
    const struct text digits = leading_digits(text_of(name));
    (void)head;
    return !is_directory && digits.size > 0 && name[digits.size] == '_' && text_ends_with(text_of(name), ".up.sql");
}

/* sqlx has files of the same names, in a Rust project. */
static bool golang_migrate_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_pair);
    if (name == NULL) {
        return false;
    }
    const bool is_go = folder_look(arena, folder, "go.mod") == FILE_REGULAR;
    const bool is_rust = folder_look(arena, folder, "Cargo.toml") == FILE_REGULAR;
    folder->confidence = is_go ? CONFIDENCE_CERTAIN : is_rust ? CONFIDENCE_LOW : CONFIDENCE_LIKELY;
    folder->evidence = arena_printf(arena, "%s%s", path_join(arena, folder->path, name), is_go ? " beside go.mod" : "");
    return true;
}

static bool golang_migrate_create_migration(struct arena *arena, const struct folder *folder, const char *name,
                                            int64_t wall_us, const char **migration, const char **file,
                                            const char **content, struct status *status)
{
    (void)folder;
    *content = "";
    return name_with_time(arena, name, wall_us, '_', ".up.sql", migration, file, status);
}

/* ---- the ledger ---- */

/* Every file up to the version is applied, says the ledger: it cannot say otherwise. */
static bool golang_migrate_read(struct ledger_reading *reading)
{
    struct arena *const arena = reading->arena;
    struct buffer sql = {.arena = arena};
    bool found = false;
    ledger_putf(&sql, reading->ledger, "SELECT version, dirty FROM %t ORDER BY version DESC LIMIT 1");
    PG_RESULT(result) = pg_query(reading->session, buffer_string(&sql), 0, NULL, reading->status);
    if (result == NULL) {
        return false;
    }
    reading->entries.items = arena_array(arena, reading->files->count + 1, sizeof *reading->entries.items);
    if (PQntuples(result) == 0) {
        return true;
    }
    const char *const version = arena_strdup(arena, pg_field(result, 0, 0));
    const bool dirty = pg_field_bool(result, 0, 1);
    const long long number = strtoll(version, NULL, 10);
    const struct ledger_entry entry = {
        .started_at = NO_TIME, .finished_at = NO_TIME, .rolled_back_at = NO_TIME, .duration_ms = -1};
    for (size_t i = 0; i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        const long long own = strtoll(file->version, NULL, 10);
        if (own <= number) {
            struct ledger_entry *const added = &reading->entries.items[reading->entries.count++];
            *added = entry;
            added->name = file->name;
            added->key = file->key;
            added->state = own == number && dirty ? ENTRY_FAILED : ENTRY_APPLIED;
            found = found || own == number;
        }
    }
    if (!found && number >= 0) {
        struct ledger_entry *const added = &reading->entries.items[reading->entries.count++];
        *added = entry;
        added->name = version;
        added->state = dirty ? ENTRY_FAILED : ENTRY_APPLIED;
    }
    return true;
}

static void golang_migrate_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t (version bigint not null primary key, dirty boolean not null);");
}

static void put_version(struct buffer *sql, const struct ledger *ledger, const char *version, bool dirty)
{
    ledger_putf(sql, ledger, "TRUNCATE %t;");
    if (version != NULL) {
        ledger_putf(sql, ledger, "INSERT INTO %t (version, dirty) VALUES (%r, %r);", version, dirty ? "true" : "false");
    }
}

static void golang_migrate_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_version(sql, ledger, record->key, false);
}

static void golang_migrate_start(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_version(sql, ledger, record->key, true);
}

static void golang_migrate_forget(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_version(sql, ledger, record->before == NULL ? NULL : record->before->version, false);
}

/* CRC-32 of schema, table and database, times a constant, modulo 2^32 (database/util.go). Opened by a URL, as its CLI
 * does, the database is the URL's path with its slash; WithInstance has none. */
static size_t golang_migrate_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    for (size_t i = 0; i < 2; i++) {
        uint32_t crc = crc32_add(0, text_of(ledger->schema));
        crc = crc32_add(crc, (struct text){"", 1});
        crc = crc32_add(crc, text_of(ledger->table));
        crc = crc32_add(crc, (struct text){"", 1});
        crc = crc32_add(crc, text_of(i == 0 ? "/" : ""));
        keys[i] = (int64_t)(uint32_t)(crc32_add(crc, text_of(database)) * UINT32_C(1486364155));
    }
    return 2;
}

const struct framework framework_golang_migrate = {
    .id = "golang-migrate",
    .display_name = "golang-migrate",
    .tool = "migrate up",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "schema_migrations", .columns = "version:int8 dirty:bool", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "db/migrations", "db/migration", "internal/db/migrations",
                                           "database/migrations", NULL},
    .hooks.recognise = golang_migrate_recognise,

    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "migrate never runs it: its ledger knows only the last version.",
            .missing_blocks = true,
            .missing_note = "migrate stops at it (\"no migration found for version\").",
        },
    .ledger.failed_entry_blocks = true,
    .ledger.failed_note = "migrate says \"Dirty database version\", until `migrate force`",
    .ledger.records_in_order = true,
    .hooks.list = golang_migrate_list,
    .hooks.read_ledger = golang_migrate_read,
    .hooks.advisory_locks = golang_migrate_locks,
    .hooks.put_create = golang_migrate_create,
    .hooks.put_record = golang_migrate_record,
    .hooks.put_start = golang_migrate_start,
    .hooks.put_forget = golang_migrate_forget,
    .hooks.put_mark_rolled_back = golang_migrate_forget,
    .hooks.create_migration = golang_migrate_create_migration,
};
