/*
 * postgres-migrations: files numbered from 1 without gaps, each recorded with the SHA-1 of its name and content. Facts
 * measured with postgres-migrations 5.3.0, which is a library: the folder is named in code.
 */
#include "base/word_set.h"
#include "framework/core/file_checksum.h"
#include "framework/core/framework.h"

/* "002_create-posts.sql" is "create-posts"; "2.sql" is "2.sql". */
static bool postgres_migrations_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                                       const char **warning)
{
    (void)arena;
    (void)folder;
    (void)warning;
    file->title = file->title[0] == '\0' ? file->filename : file->title;
    return true;
}

/* The column of these names is unique, and takes 100 characters: it stops at the row of the second file, or of the one
 * with a longer name. */
#define LONGEST_NAME 100

static bool postgres_migrations_check(struct arena *arena, const struct folder *folder,
                                      const struct migration_files *files, struct status *status)
{
    struct word_set names = {0};
    for (size_t i = 0; i < files->count; i++) {
        const struct migration_file *const file = &files->items[i];
        const int other = word_set_number(&names, file->title);
        word_set_put(arena, &names, file->title, (int)i + 1);
        if (other > 0) {
            return status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "%s and %s in %s have the same name \"%s\" after the number, and the tracking table takes "
                "each name once: postgres-migrations stops at the second one. Give it another name.",
                files->items[other - 1].filename, file->filename, folder->path, file->title);
        }
        if (text_characters(text_of(file->title)) > LONGEST_NAME) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "The name of %s in %s has more than %d characters after the number, which the tracking "
                               "table cannot store: give it a shorter one.",
                               file->filename, folder->path, LONGEST_NAME);
        }
    }
    return true;
}

/* SHA-1 of the file's name and its SQL. For a program it is not known without running it: then its ledger, which
 * requires one, refuses the row. */
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

static bool postgres_migrations_file_checksum(struct arena *arena, const struct folder *folder,
                                              const struct migration_file *file, const char **checksum,
                                              struct status *status)
{
    const struct file_checksum how = {.digest = "SHA1", .before = file->filename};
    (void)folder;
    return file_checksum(arena, &how, file->path, checksum, status);
}

/* ^(-?\d+)[-_]?(.*).(sql|js)$ ignoring case; a number of nine digits always fits an int. */
#define NUMBERED   "{number:1-9}{-|_|}{title}"
#define SQL        ".{sql|SQL|Sql}"
#define JAVASCRIPT ".{js|JS|Js}"
#define STOPS      "does not begin with a number as postgres-migrations needs it, which stops at it."

const struct framework framework_postgres_migrations = {
    .id = "postgres-migrations",
    .display_name = "postgres-migrations",
    .tool = "your call of migrate()",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "migrations",
                .columns = "id:int4 name:varchar hash:varchar executed_at:timestamp",
                .only_columns = true,
            }),
            .records_in_order = true,
            /* Row 0 is the migration that makes the table. */
            .read = "SELECT id::pg_catalog.text AS key, pg_catalog.concat(id, '_', name) AS name, hash AS checksum, "
                    "executed_at::timestamp with time zone AS applied_at FROM {ledger} "
                    "WHERE id OPERATOR(pg_catalog.<>) 0 ORDER BY id",
            .create =
                "CREATE TABLE {ledger} (id integer PRIMARY KEY, name varchar(100) UNIQUE NOT NULL, hash varchar(40) "
                "NOT NULL, executed_at timestamp DEFAULT current_timestamp);"
                "INSERT INTO {ledger} (id, name, hash) VALUES "
                "(0, 'create-migrations-table', 'e18db593bcde2aca2a408c4d1100f6abba2195df');",
            .record = "INSERT INTO {ledger} (id, name, hash) VALUES ({key}, {title}, {checksum});",
            .advisory_locks = KEYS(INT64_C(-8525285245963000605)),
        },
    .folder =
        {
            .places = WORDS("migrations", "src/migrations", "db/migrations", "sql"),
            .sure_by = WORDS("package.json: postgres-migrations"),
            .files = FILES({.pattern = NUMBERED SQL}, {.pattern = NUMBERED JAVASCRIPT, .is_code = true},
                           {.pattern = "*" SQL, .passed_over = true, .warning = STOPS},
                           {.pattern = "*" JAVASCRIPT, .passed_over = true, .warning = STOPS}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .numbered_from_one = true,
            .makes = {"{next:3}_{slug}.sql", ""},
            .alone = {ALONE_ANYWHERE, "-- postgres-migrations disable-transaction"},
        },
    .mentions = MENTIONS({.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "migrate(",
                          .beside = "'postgres-migrations'|\"postgres-migrations\"",
                          .part = MENTION_PATH,
                          .argument = 1},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "loadMigrationFiles(",
                          .beside = "'postgres-migrations'|\"postgres-migrations\"",
                          .part = MENTION_PATH}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "postgres-migrations requires consecutive numbers.",
            .edited_blocks = true,
            .edited_note = "postgres-migrations stops at it (\"Hashes don't match\").",
            .missing_blocks = true,
            .missing_note = "postgres-migrations requires consecutive numbers.",
        },
    .hooks = {.accept = postgres_migrations_accept,
              .check_folder = postgres_migrations_check,
              .checksum = postgres_migrations_checksum,
              .file_checksum = postgres_migrations_file_checksum},
};
