/*
 * bun (Go): numbered files, also in directories below, recorded by their numbers, with a batch number for each run; a
 * row of a second table is its lock. Read in uptrace/bun migrate/ (042b10a, 0e5e868); nothing was measured.
 */
#include "framework/core/script.h"

#include <string.h>

/* "create_users" of "1_create_users.tx.up.sql" has small letters, digits, "_" and "-" up to the first dot (fnameRE of
 * migrations.go). */
static bool bun_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                       const char **warning)
{
    const char *const words = strchr(path_name(file->filename), '_') + 1;
    const size_t size = strspn(words, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    (void)folder;
    if (size == 0 || words[size] != '.') {
        *warning = arena_printf(
            arena, "%s is left out: bun stops at it, names have small letters, digits, _ and - alone.", file->filename);
        return false;
    }
    return true;
}

static bool is_template(struct text content)
{
    for (size_t at = 0; (at = text_find(content, "{{", at)) != SIZE_MAX;) {
        at += 2;
        const bool trims = at < content.size && content.data[at] == '-';
        if (text_starts_with(text_trim(text_slice(content, at + (trims ? 1 : 0), content.size)), ".")) {
            return true;
        }
    }
    return false;
}

static bool is_directive(struct text line)
{
    return text_starts_with(line, "--bun:");
}

/* What its lines are sent as (newSQLMigrationFunc of migration.go). */
static bool bun_script(const struct script_request *request)
{
    static const char split[] = "--bun:split";
    const struct text content = request->content;
    size_t behind = 0;
    for (size_t at; (at = script_find_line(content, behind, is_directive, &behind)) != SIZE_MAX;) {
        struct text rest = text_slice(content, at, content.size);
        struct text line;
        if (text_next_line(&rest, &line) && !text_is(line, split)) {
            return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                               "%s, line %u: bun knows no directive but %s, and stops at it.", request->file->filename,
                               text_position(content, at).line, split);
        }
    }
    return !is_template(content) ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION,
                       "%s is a template ({{.…}}), which only a program with bun's WithTemplateData fills in: run it "
                       "with that.",
                       request->file->filename);
}

/* Runs PL/pgSQL statements unless there is no table of locks: a program may give it another name. */
#define ON_LOCKS(statements)                                                                                           \
    "DO {'BEGIN IF pg_catalog.to_regclass({'{ledger:bun_migration_locks}'}) IS NOT NULL THEN "                         \
    "{guard:bun_migration_locks}" statements " END IF; END'};"

static const char *group_text(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return arena_printf(arena, "%lld", (long long)record->batch);
}

const struct framework framework_bun = {
    .id = "bun",
    .display_name = "bun",
    .tool = "bun db migrate",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "bun_migrations",
                .columns = "id:int8 name:varchar group_id:int8 migrated_at:timestamptz",
                .by_shape = true,
            }),
            .read = "SELECT name AS key, migrated_at AS applied_at, group_id AS batch FROM {ledger} ORDER BY id",
            .create =
                "CREATE TABLE {ledger} (\"id\" bigserial NOT NULL, \"name\" varchar, \"group_id\" bigint, "
                "\"migrated_at\" timestamp with time zone NOT NULL DEFAULT current_timestamp, PRIMARY KEY (\"id\"));"
                "CREATE TABLE IF NOT EXISTS {ledger:bun_migration_locks} (\"id\" bigserial NOT NULL, "
                "\"table_name\" varchar, PRIMARY KEY (\"id\"), UNIQUE (\"table_name\"));",
            .lock =
                ON_LOCKS("INSERT INTO {ledger:bun_migration_locks} (table_name) VALUES ({table}) ON CONFLICT DO "
                         "NOTHING; IF NOT FOUND THEN RAISE 'bun has its lock: a row of bun_migration_locks' USING "
                         "ERRCODE = '55P03', HINT = 'Is it running? A run that died leaves the row: bun db unlock.'; "
                         "END IF;"),
            .unlock =
                ON_LOCKS("DELETE FROM {ledger:bun_migration_locks} WHERE table_name OPERATOR(pg_catalog.=) {table};"),
            .held = "SELECT 'bun has its lock, a row of bun_migration_locks, and a run waits for that. A run that died "
                    "leaves the row: bun db unlock.' FROM {ledger:bun_migration_locks} WHERE table_name "
                    "OPERATOR(pg_catalog.=) {table};",
            /* One group for all of a run: db rollback takes back the last group (Migrator.Migrate, migrator.go). */
            .record = "INSERT INTO {ledger} (name, group_id) VALUES ({key}, {group}::bigint);",
            .words = (const struct ledger_word[]){{.name = "group", .text = group_text}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations", "cmd/bun/migrations", "db/migrations"),
            .sure_by = WORDS("go.mod: github.com/uptrace/bun & {number:1-14}_*.tx.up.sql",
                             "go.mod: github.com/uptrace/bun & {number:1-14}_*.up.sql: --bun:split",
                             "go.mod: github.com/uptrace/bun & {number:1-14}_*.go: "
                             "Migrations.Register|Migrations.MustRegister|.Register(func(ctx"),
            .doubted_by = WORDS("go.mod: github.com/uptrace/bun & {number:1-14}_*.up.sql"), /* or golang-migrate's */
            .likely_by = WORDS("{number:1-14}_*.tx.up.sql", "{number:1-14}_*.up.sql: --bun:split"),
            .files = FILES(
                {.pattern = "{number:1-14}_*.tx.up.sql"}, {.pattern = "{number:1-14}_*.up.sql", .no_transaction = true},
                {.pattern = "{number:1-14}_*.down.sql", .is_down = true}, /* getOrCreateMigration of migrations.go */
                {.pattern = "*.{up|down}.sql",
                 .passed_over = true,
                 .warning = "is left out: bun stops at it, names begin with up to 14 digits and an underscore."},
                {.pattern = "*_test.go", .passed_over = true}, {.pattern = "{number:1-14}_*.go", .is_code = true}),
            .marks = {.drops_returns = true},
            .recursive = true,
            .order = ORDER_OF_KEYS,
            .key = KEY_NUMBER_AS_WRITTEN,
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.tx.up.sql", "SET statement_timeout = 0;\n\n--bun:split\n\nSELECT 1\n"},
        },
    .mentions = MENTIONS({.words = "?search_path|&search_path", .beside = "postgres", .part = MENTION_SCHEMA},
                         {.files = "*.go", .words = "WithTableName(", .beside = "uptrace/bun/migrate"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "bun runs it, after those that are applied already.",
            .missing_note = "bun says nothing of it.",
        },
    .hooks = {.accept = bun_accept, .script = bun_script},
};
