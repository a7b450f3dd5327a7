/*
 * postgres-migrations: files numbered from 1 without gaps, each recorded with the SHA-1 of its name and content. Facts
 * seen with postgres-migrations 5.3.0, which is a library: the folder is said in code.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_DIGITS 9 /* of an id that is an int for certain */

/* ---- the folder ---- */

/* ^(-?\d+)[-_]?(.*).(sql|js)$ without regard to case: "002_create-posts.sql" is 2, "create-posts"; "2.sql" is "2.sql".
 */
static bool postgres_migrations_accept(struct arena *arena, const char *name, struct migration_file *file,
                                       const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    const char *const ending = strrchr(name, '.');
    const bool is_code = ending != NULL && strcasecmp(ending, ".js") == 0;
    if (ending == NULL || (!is_code && strcasecmp(ending, ".sql") != 0)) {
        return false;
    }
    if (digits.size == 0 || digits.size > MOST_DIGITS) {
        *warning = arena_printf(arena, "%s does not begin with a number: postgres-migrations stops at it.", name);
        return false;
    }
    const char *const behind = name + digits.size;
    const char *const title = behind + (behind[0] == '-' || behind[0] == '_' ? 1 : 0);
    file->name = arena_strndup(arena, name, (size_t)(ending - name));
    file->key = file->version = arena_printf(arena, "%ld", strtol(name, NULL, 10));
    file->own = title == ending ? name : arena_strndup(arena, title, (size_t)(ending - title));
    file->is_code = is_code;
    return true;
}

static bool postgres_migrations_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                                     struct status *status)
{
    const struct listing_rule rule = {.accept = postgres_migrations_accept, .compare = listing_by_version};
    return listing_read(arena, folder, &rule, files, status);
}

static bool postgres_migrations_check_folder(struct arena *arena, const struct folder *folder,
                                             const struct migration_files *files, struct status *status)
{
    (void)arena;
    for (size_t i = 0; i < files->count; i++) {
        if (strtoul(files->items[i].version, NULL, 10) != i + 1) {
            return status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "The files of postgres-migrations are numbered from 1 without gaps, and number %zu is missing "
                "or twice in %s.",
                i + 1, folder->path);
        }
    }
    return true;
}

static bool postgres_migrations_recognise(struct arena *arena, struct folder *folder)
{
    if (!folder_depends_on(arena, folder, "postgres-migrations")) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = path_join(arena, folder->base, "package.json depends on postgres-migrations");
    return true;
}

/* SHA-1 of the file's name and its SQL. That of a program is not known without running it: its ledger, which wants one,
 * then refuses the row. */
static const char *postgres_migrations_checksum(struct arena *arena, const struct folder *folder,
                                                const struct migration_file *file, struct text content)
{
    struct buffer both = {.arena = arena};
    (void)folder;
    if (file->is_code) {
        return NULL;
    }
    buffer_puts(&both, file->filename);
    buffer_add(&both, content);
    return digest_hex_of(arena, "SHA1", buffer_text(&both));
}

static bool postgres_migrations_script(struct arena *arena, const struct project *project, const struct folder *folder,
                                       const struct migration_file *file, struct text content,
                                       struct migration_script *script, struct status *status)
{
    (void)arena;
    (void)project;
    (void)folder;
    (void)file;
    (void)status;
    script->sql = content;
    script->no_transaction = text_find(content, "-- postgres-migrations disable-transaction", 0) != SIZE_MAX;
    return true;
}

/* ---- the ledger ---- */

/* Row 0 is the migration that makes the table. */
static bool postgres_migrations_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT id::text AS key, id || '_' || name AS name, hash AS checksum, "
                                     "executed_at::timestamptz AS applied_at FROM %t WHERE id <> 0 ORDER BY id");
}

static void postgres_migrations_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(
        sql, ledger,
        "CREATE TABLE %t (id integer PRIMARY KEY, name varchar(100) UNIQUE NOT NULL, hash varchar(40) NOT NULL, "
        "executed_at timestamp DEFAULT current_timestamp);INSERT INTO %t (id, name, hash) VALUES "
        "(0, 'create-migrations-table', 'e18db593bcde2aca2a408c4d1100f6abba2195df');");
}

static void postgres_migrations_record(struct buffer *sql, const struct ledger *ledger,
                                       const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (id, name, hash) VALUES (%r, %s, %s);", record->key,
                (const char *)record->file->own, record->checksum);
}

static size_t postgres_migrations_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = INT64_C(-8525285245963000605);
    return 1;
}

const struct framework framework_postgres_migrations = {
    .id = "postgres-migrations",
    .display_name = "postgres-migrations",
    .tool = "your call of migrate()",
    .sent_unwrapped = SENT_WHOLE,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "migrations",
                .columns = "id:int4 name:varchar hash:varchar executed_at:timestamp",
                .only_columns = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "src/migrations", "db/migrations", "sql", NULL},
    .hooks.recognise = postgres_migrations_recognise,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "postgres-migrations wants consecutive numbers.",
            .edited_blocks = true,
            .edited_note = "postgres-migrations stops at it (\"Hashes don't match\").",
            .missing_blocks = true,
            .missing_note = "postgres-migrations wants consecutive numbers.",
        },
    .ledger.records_in_order = true,
    .hooks.list = postgres_migrations_list,
    .hooks.check_folder = postgres_migrations_check_folder,
    .hooks.script = postgres_migrations_script,
    .hooks.checksum = postgres_migrations_checksum,
    .hooks.read_ledger = postgres_migrations_read,
    .hooks.advisory_locks = postgres_migrations_locks,
    .hooks.put_create = postgres_migrations_create,
    .hooks.put_record = postgres_migrations_record,
};
