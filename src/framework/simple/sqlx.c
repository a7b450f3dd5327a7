/*
 * sqlx: numbered files, each recorded with its SHA-384. Facts measured with sqlx 0.8.3; sqlx.toml read in the source of
 * 0.9 (sqlx-core/src/config/migrate.rs).
 */
#include "base/toml.h"
#include "framework/core/configuration.h"
#include "framework/core/file_checksum.h"
#include "framework/core/package.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <string.h>

extern const struct framework framework_sqlx;

/* ---- the folder ---- */

/* The characters that sums leave out, one behind the other; NULL: none. */
static const char *ignored_of(struct arena *arena, struct folder *folder, struct source_file file)
{
    static const char key[] = "ignored-chars";
    struct status refused = {.arena = arena};
    struct toml toml;
    struct buffer chars = {.arena = arena};
    if (!toml_read(arena, file.name, file.content, &toml, &refused)) {
        unread_folder_because(arena, folder, file, text_find(file.content, key, 0),
                              "has ignored-chars in TOML that cannot be read");
        return NULL;
    }
    const struct toml_entry *const entry = toml_find(&toml, "migrate", key);
    for (size_t i = 0; entry != NULL && i < entry->item_count; i++) {
        buffer_puts(&chars, entry->items[i]);
    }
    return chars.size == 0 ? NULL : buffer_string(&chars);
}

static bool sqlx_configure(struct arena *arena, struct folder *folder)
{
    struct source_file file = {.name = framework_sqlx.folder.configuration->files[0]};
    const bool is_said = configuration_read(arena, framework_sqlx.folder.configuration, folder);
    if (folder_read(arena, folder, file.name, &file.content)) {
        folder->settings = ignored_of(arena, folder, file);
        folder->note =
            config_list(arena, file.content, "migrate", "create-schemas", ",").count == 0
                ? NULL
                : arena_printf(
                      arena,
                      "%s has create-schemas, which sqlx makes before it runs: only that of the tracking table "
                      "is made here, make the others yourself.",
                      path_join(arena, folder->base, file.name));
        folder->evidence = path_join(arena, folder->base, file.name);
    }
    return is_said || folder->settings != NULL || folder->unread != NULL || folder->note != NULL;
}

/* The description in the ledger, next to the number: the rest of the name, with every underscore turned into a
 * space. */
static bool sqlx_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                        const char **warning)
{
    char *const words = arena_strdup(arena, file->title);
    (void)folder;
    (void)warning;
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    file->title = words;
    return true;
}

/* ---- the sums ---- */

/* How many bytes of the text the first of these characters has that it begins with; 0: it begins with none. */
static size_t ignored_size(const char *ignored, struct text rest)
{
    while (*ignored != '\0') {
        size_t size = 1;
        while (((unsigned char)ignored[size] & 0xC0) == 0x80) { /* UTF-8 */
            size++;
        }
        if (size <= rest.size && memcmp(ignored, rest.data, size) == 0) {
            return size;
        }
        ignored += size;
    }
    return 0;
}

static const char *sqlx_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                 struct text content)
{
    const char *const ignored = folder->settings;
    struct buffer rest = {.arena = arena};
    (void)file;
    if (ignored == NULL) {
        return digest_hex_of(arena, "SHA384", content);
    }
    buffer_reserve(&rest, content.size);
    for (size_t i = 0; i < content.size;) {
        const size_t size = ignored_size(ignored, text_slice(content, i, content.size));
        if (size == 0) {
            buffer_putc(&rest, content.data[i]);
        }
        i += size == 0 ? 1 : size;
    }
    return digest_hex_of(arena, "SHA384", buffer_text(&rest));
}

static bool sqlx_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                               const char **checksum, struct status *status)
{
    const char *const ignored = folder->settings;
    const struct file_checksum how = {.digest = "SHA384", .without = ignored};
    struct text content;
    bool has_wide = false; /* a character of several bytes, which may stand on both sides of a piece's end */
    for (const char *c = ignored; c != NULL && *c != '\0'; c++) {
        has_wide = has_wide || (unsigned char)*c >= 0x80;
    }
    if (!has_wide) {
        return file_checksum(arena, &how, file->path, checksum, status);
    }
    const bool is_read = file_read(arena, file->path, MIGRATION_FILE_LIMIT, &content, status);
    *checksum = is_read ? sqlx_checksum(arena, folder, file, content) : NULL;
    return is_read;
}

/* ---- the ledger ---- */

#define PUT_ROW(success, time)                                                                                         \
    "INSERT INTO {ledger} (version, description, success, checksum, execution_time) VALUES ({key}, {title}, " success  \
    ", pg_catalog.decode({checksum}, 'hex'), " time ");"
#define FORGET "DELETE FROM {ledger} WHERE version OPERATOR(pg_catalog.=) {key} AND NOT success;"

const struct framework framework_sqlx = {
    .id = "sqlx",
    .display_name = "sqlx",
    .tool = "sqlx migrate run",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "_sqlx_migrations",
                .columns = "version:int8 description:text installed_on:timestamptz success:bool checksum:bytea "
                           "execution_time:int8",
                .by_shape = true,
            }),
            .failed_entry_blocks = true,
            .failed_note = "sqlx says that the migration is dirty",
            .read = "SELECT version::pg_catalog.text AS key, pg_catalog.concat(version, ' ', description) AS name, "
                    "pg_catalog.encode(checksum, 'hex') AS checksum, installed_on AS applied_at, "
                    "CASE WHEN success THEN NULL ELSE 'failed' END AS state, CASE WHEN execution_time "
                    "OPERATOR(pg_catalog.>=) 0 THEN execution_time OPERATOR(pg_catalog./) 1000000 END AS duration_ms "
                    "FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version BIGINT PRIMARY KEY, description pg_catalog.text NOT NULL, "
                      "installed_on timestamp with time zone NOT NULL DEFAULT pg_catalog.now(), success BOOLEAN NOT "
                      "NULL, checksum pg_catalog.bytea NOT NULL, execution_time BIGINT NOT NULL);",
            .record = PUT_ROW("true", "{took:ns}"),
            .start = PUT_ROW("false", "-1"),
            .forget = FORGET,
            .finish = "UPDATE {ledger} SET success = true, checksum = pg_catalog.decode({checksum}, 'hex'), "
                      "execution_time = (extract(epoch FROM {clock} OPERATOR(pg_catalog.-) installed_on) "
                      "OPERATOR(pg_catalog.*) 1000000000)::bigint WHERE version OPERATOR(pg_catalog.=) {key};",
            .mark_applied = FORGET PUT_ROW("true", "0"),
            .mark_rolled_back = FORGET,
            .database_lock = 0x3d32ad9e,
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations"),
            .configuration = /* of sqlx 0.9 */
            &(const struct configuration){.files = WORDS("sqlx.toml"),
                                          .directory = "migrate.migrations-dir",
                                          .table = "migrate.table-name",
                                          .table_has_schema = true,
                                          .is_of_others = true},
            .sure_by = WORDS("Cargo.toml: sqlx & {number}_*.sql"),
            /* parts[0].parse::<i64>() of migrate/source.rs, which takes a sign. */
            .files = FILES({.pattern = "{integer}_*.down.sql", .passed_over = true},
                           {.pattern = "{integer}_{title}.up.sql"}, {.pattern = "{integer}_{title}.sql"},
                           {.pattern = "*_*.sql",
                            .passed_over = true,
                            .warning = "does not begin with a number: sqlx stops at it."}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .alone = {ALONE_START, "-- no-transaction"},
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.sql", "-- Add migration script here\n"},
        },
    .mentions = MENTIONS({.words = "--source", .beside = "sqlx", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "migrate!(", .beside = "sqlx", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "Path::new(", .beside = "Migrator::new(", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "dangerous_set_table_name(", .beside = "sqlx"},
                         {.files = "sqlx.toml", .words = "table-name"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sqlx runs it, after those that are applied already.",
            .edited_blocks = true,
            .edited_note = "sqlx stops at it (\"was previously applied but has been modified\").",
            .missing_blocks = true,
            .missing_note = "sqlx stops at it (\"was previously applied but is missing\").",
        },
    .hooks = {.configure = sqlx_configure,
              .accept = sqlx_accept,
              .checksum = sqlx_checksum,
              .file_checksum = sqlx_file_checksum},
};
