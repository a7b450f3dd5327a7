/*
 * yoyo: files of SQL or programs with dependencies, recorded with a hash of their names. Facts seen with yoyo 8.2.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/script.h"
#include "framework/formats/config.h"

#include <string.h>

#define HEAD_LIMIT ((size_t)8 * 1024 * 1024)

/* ---- the folder ---- */

static bool yoyo_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const bool is_sql = text_ends_with(text_of(name), ".sql") && !text_ends_with(text_of(name), ".rollback.sql");
    (void)warning;
    if ((!is_sql && !text_ends_with(text_of(name), ".py")) || text_starts_with(text_of(name), "post-apply") ||
        name[0] == '_') {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - (is_sql ? strlen(".sql") : strlen(".py")));
    file->is_code = !is_sql;
    return true;
}

/* The line of the head that says what it depends on; empty where there is none. */
static struct text depends_of(struct text content, bool is_code)
{
    for (struct text line; text_next_line(&content, &line);) {
        struct text rest;
        if (is_code ? text_starts_with(line, "__depends__") : line_is_comment(line, "depends:", false, &rest)) {
            return is_code ? line : rest;
        }
    }
    return (struct text){0};
}

/* Is the name a word of the line? */
static bool names(struct text depends, const char *name)
{
    const size_t size = strlen(name);
    for (size_t at = text_find(depends, name, 0); at != SIZE_MAX; at = text_find(depends, name, at + 1)) {
        const char before = at == 0 ? ' ' : depends.data[at - 1];
        const char behind = at + size >= depends.size ? ' ' : depends.data[at + size];
        if (strchr(" \"'{,[(", before) != NULL && strchr(" \"'},])", behind) != NULL) {
            return true;
        }
    }
    return false;
}

/* Those that it depends on first; else by name. */
static bool sort(struct arena *arena, struct migration_files *files, struct status *status)
{
    struct text *const depends = arena_array(arena, files->count, sizeof *depends);
    bool *const done = arena_array(arena, files->count, sizeof *done);
    struct migration_file *const sorted = arena_array(arena, files->count, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct text content;
        if (!file_read(arena, files->items[i].path, HEAD_LIMIT, &content, status)) {
            return false;
        }
        depends[i] = depends_of(content, files->items[i].is_code);
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < files->count && !moved; i++) {
            bool ready = !done[i];
            for (size_t j = 0; ready && j < files->count; j++) {
                ready = done[j] || j == i || depends[i].size == 0 || !names(depends[i], files->items[j].name);
            }
            if (ready) {
                sorted[count++] = files->items[i];
                done[i] = moved = true;
            }
        }
    }
    for (size_t i = 0; i < files->count; i++) {
        if (!done[i]) {
            sorted[count++] = files->items[i];
        }
    }
    files->items = sorted;
    return true;
}

static bool yoyo_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = yoyo_accept}, files, status) &&
           sort(arena, files, status);
}

static bool yoyo_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "yoyo.ini", &content)) {
        return false;
    }
    const char *const sources = config_value(arena, content, "DEFAULT", "sources");
    if (sources != NULL) {
        folder->path = path_join(arena, folder->base, arena_strndup(arena, sources, strcspn(sources, " ,\n")));
    }
    folder->ledger.table = config_value(arena, content, "DEFAULT", "migration_table");
    folder->evidence = path_join(arena, folder->base, "yoyo.ini");
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool is_yoyo(const char *name, bool is_directory, struct text head)
{
    return !is_directory &&
           ((text_ends_with(text_of(name), ".py") && text_find(head, "from yoyo import", 0) != SIZE_MAX) ||
            (text_ends_with(text_of(name), ".sql") && text_starts_with(head, "-- depends:")));
}

static bool yoyo_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_yoyo);
    if (name == NULL) {
        return folder->evidence != NULL;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = folder->evidence != NULL ? folder->evidence : path_join(arena, folder->path, name);
    return true;
}

static bool yoyo_script(struct arena *arena, const struct project *project, const struct folder *folder,
                        const struct migration_file *file, struct text content, struct migration_script *script,
                        struct status *status)
{
    struct text rest = content;
    (void)arena;
    (void)project;
    (void)folder;
    (void)file;
    (void)status;
    script->sql = content;
    for (struct text line; text_next_line(&rest, &line) && text_starts_with(line, "--");) {
        struct text value;
        script->no_transaction = script->no_transaction || (line_is_comment(line, "transactional:", false, &value) &&
                                                            text_is_nocase(value, "false"));
    }
    return true;
}

/* ---- the ledger ---- */

static bool yoyo_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT migration_id AS key, applied_at_utc AT TIME ZONE 'UTC' AS applied_at FROM %t "
                            "ORDER BY applied_at_utc");
}

static struct ledger beside(const struct ledger *ledger, const char *table)
{
    return (struct ledger){.schema = ledger->schema, .table = table};
}

static void yoyo_create(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger log = beside(ledger, "_yoyo_log");
    const struct ledger version = beside(ledger, "_yoyo_version");
    const struct ledger lock = beside(ledger, "yoyo_lock");
    ledger_putf(sql, &log,
                "CREATE TABLE %t ( id VARCHAR(36), migration_hash VARCHAR(64), migration_id VARCHAR(255), operation "
                "VARCHAR(10), "
                "username VARCHAR(255), hostname VARCHAR(255), comment VARCHAR(255), created_at_utc TIMESTAMP, PRIMARY "
                "KEY (id));");
    ledger_putf(sql, ledger,
                "CREATE TABLE %t ( migration_hash VARCHAR(64), migration_id VARCHAR(255), applied_at_utc TIMESTAMP, "
                "PRIMARY KEY (migration_hash));");
    ledger_putf(sql, &version,
                "CREATE TABLE %t (version INT NOT NULL PRIMARY KEY, installed_at_utc TIMESTAMP);"
                "INSERT INTO %t VALUES (2, pg_catalog.timezone('UTC', pg_catalog.now()));");
    ledger_putf(sql, &lock,
                "CREATE TABLE IF NOT EXISTS %t (locked INT DEFAULT 1, ctime TIMESTAMP, pid INT NOT NULL, PRIMARY KEY "
                "(locked));");
}

/* Its lock is a row: ours goes with the transaction. */
static void yoyo_lock(struct buffer *sql, const struct ledger *ledger)
{
    struct buffer insert = {.arena = sql->arena};
    const struct ledger lock = beside(ledger, "yoyo_lock");
    ledger_putf(
        &insert, &lock,
        "BEGIN INSERT INTO %t (locked, ctime, pid) VALUES (1, pg_catalog.timezone('UTC', pg_catalog.now()), "
        "pg_catalog.pg_backend_pid()) ON CONFLICT DO NOTHING; IF NOT FOUND THEN RAISE 'yoyo has its lock' USING "
        "ERRCODE = '55P03', HINT = 'Is a yoyo running? One that was killed leaves it: yoyo break-lock.'; END IF; END");
    buffer_puts(sql, "DO ");
    pg_quote_literal(sql, buffer_text(&insert));
    buffer_putc(sql, ';');
}

static void yoyo_unlock(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger lock = beside(ledger, "yoyo_lock");
    ledger_putf(sql, &lock, "DELETE FROM %t;");
}

static void put_rows(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record,
                     const char *operation)
{
    const struct ledger log = beside(ledger, "_yoyo_log");
    const char *const hash = sha256_hex_of(sql->arena, text_of(record->name));
    ledger_putf(
        sql, &log,
        "INSERT INTO %t (id, migration_hash, migration_id, operation, username, hostname, comment, created_at_utc) "
        "VALUES "
        "(%s, %s, %s, %s, current_user, 'truss', NULL, pg_catalog.timezone('UTC', pg_catalog.clock_timestamp()));",
        record->id, hash, record->name, operation);
    ledger_putf(sql, ledger,
                "INSERT INTO %t (migration_hash, migration_id, applied_at_utc) VALUES (%s, %s, "
                "pg_catalog.timezone('UTC', pg_catalog.clock_timestamp()));",
                hash, record->name);
}

static void yoyo_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_rows(sql, ledger, record, "apply");
}

static void yoyo_mark_applied(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_rows(sql, ledger, record, "mark");
}

const struct framework framework_yoyo = {
    .id = "yoyo",
    .display_name = "yoyo",
    .tool = "yoyo apply",
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_EACH,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "_yoyo_migration",
                .columns = "migration_hash:varchar migration_id:varchar applied_at_utc:timestamp",
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", NULL},
    .hooks.configure = yoyo_configure,
    .hooks.recognise = yoyo_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "yoyo runs it, behind those that are applied already.",
            .missing_note = "yoyo says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){".venv/bin/yoyo", "venv/bin/yoyo", "yoyo", NULL},
            .run = (const char *const[]){"apply", "--batch", NULL},
            .left_lock = "yoyo break-lock",
        },
    .hooks.list = yoyo_list,
    .hooks.script = yoyo_script,
    .hooks.read_ledger = yoyo_read,
    .hooks.put_create = yoyo_create,
    .hooks.put_lock = yoyo_lock,
    .hooks.put_unlock = yoyo_unlock,
    .hooks.put_record = yoyo_record,
    .hooks.put_mark_applied = yoyo_mark_applied,
};
