/*
 * Liquibase: changesets, of formatted SQL or of SQL in XML, YAML and JSON, each a migration "path::id::author",
 * recorded in databasechangelog. What is no SQL, or has preconditions, is left to Liquibase itself. Facts seen
 * with 4.28.0.
 */
#include "framework/core/ledger.h"
#include "framework/liquibase/liquibase_changelog.h"
#include "framework/liquibase/liquibase_layout.h"

#include <stdlib.h>
#include <string.h>

#define LOCK_TABLE "databasechangeloglock"

/* ---- changesets ---- */

static bool liquibase_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                           struct status *status)
{
    *files = (struct migration_files){0};
    return liquibase_changelog_read(arena, folder, folder->settings, files, status);
}

/* The text is that of the listing, which its checksum was made of. */
static bool liquibase_script(struct arena *arena, const struct project *project, const struct folder *folder,
                             const struct migration_file *file, struct text content, struct migration_script *script,
                             struct status *status)
{
    const struct liquibase_migration *const migration = file->own;
    (void)project;
    (void)folder;
    (void)content;
    (void)status;
    script->sql = liquibase_sql_of(arena, &migration->changeset);
    script->no_transaction = migration->changeset.alone;
    return true;
}

/* A checksum of an older Liquibase is compared by its rule (8), or is replaced without a word (those before). "any" and
 * "1:any" among the accepted ones accept every other. */
static bool liquibase_checksum_matches(struct arena *arena, const struct folder *folder,
                                       const struct migration_file *file, const char *stored, struct text content)
{
    const struct liquibase_migration *const migration = file->own;
    const struct liquibase_changeset *const changeset = &migration->changeset;
    (void)folder;
    (void)content;
    for (size_t i = 0; i < changeset->valid_sum_count; i++) {
        const struct text sum = text_of(changeset->valid_sums[i]);
        if (text_is(sum, stored) || text_is_nocase(sum, "any") || text_is_nocase(sum, "1:any")) {
            return true;
        }
    }
    return strncmp(stored, "8:", 2) == 0   ? strcmp(liquibase_sum(arena, changeset, 8), stored) == 0
           : strncmp(stored, "9:", 2) == 0 ? false
                                           : strlen(stored) > 1 && stored[1] == ':' && stored[0] < '8';
}

/* ---- the ledger ---- */

static bool is_kept(const struct migration_files *files, const char *key)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* Of two changesets with one key, for two databases, the one that is kept has the row. */
static bool is_left_out(const struct migration_files *files, const char *key)
{
    const struct liquibase_migration *const any = files->count == 0 ? NULL : files->items[0].own;
    for (size_t i = 0; any != NULL && i < any->left_out->count; i++) {
        if (strcmp(any->left_out->keys[i], key) == 0) {
            return !is_kept(files, key);
        }
    }
    return false;
}

/* Paths are compared as DatabaseChangeLog.normalizePath does. A changeset that this configuration leaves out has run
 * under another one. */
static bool liquibase_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_rows(reading,
                          "SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.replace(filename, "
                          "'\\', '/'), '^(classpath:)?/*(\\./+)*', ''), '/(\\./|/)+', '/', 'g') || '::' || id || '::' "
                          "|| author AS key, md5sum AS checksum, dateexecuted::timestamptz AS applied_at "
                          "FROM %t ORDER BY orderexecuted, dateexecuted")) {
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (!is_left_out(reading->files, entries->items[i].key)) {
            entries->items[kept++] = entries->items[i];
        }
    }
    entries->count = kept;
    return true;
}

static const char *lock_table(const struct ledger *ledger)
{
    const struct liquibase_settings *const settings = ledger->folder == NULL ? NULL : ledger->folder->settings;
    return settings == NULL || settings->lock_table == NULL ? LOCK_TABLE : settings->lock_table;
}

static void liquibase_create(struct buffer *sql, const struct ledger *ledger)
{
    const char *const lock = lock_table(ledger);
    ledger_putf(sql, ledger,
                "CREATE TABLE IF NOT EXISTS %S.%i (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL, LOCKGRANTED TIMESTAMP "
                "WITHOUT TIME ZONE, LOCKEDBY VARCHAR(255), CONSTRAINT %i PRIMARY KEY (ID));"
                "INSERT INTO %S.%i (ID, LOCKED) SELECT 1, FALSE WHERE NOT EXISTS (SELECT FROM %S.%i WHERE ID = 1);"
                "CREATE TABLE %t (ID VARCHAR(255) NOT NULL, AUTHOR VARCHAR(255) NOT NULL, FILENAME VARCHAR(255) NOT "
                "NULL, DATEEXECUTED TIMESTAMP WITHOUT TIME ZONE NOT NULL, ORDEREXECUTED INTEGER NOT NULL, EXECTYPE "
                "VARCHAR(10) NOT NULL, MD5SUM VARCHAR(35), DESCRIPTION VARCHAR(255), COMMENTS VARCHAR(255), TAG "
                "VARCHAR(255), LIQUIBASE VARCHAR(20), CONTEXTS VARCHAR(255), LABELS VARCHAR(255), DEPLOYMENT_ID "
                "VARCHAR(10));",
                lock, arena_printf(sql->arena, "%s_pkey", lock), lock, lock);
}

/* Others see the row only where our transaction has ended, when it is free again; who tries meanwhile waits for it. */
static void liquibase_lock(struct buffer *sql, const struct ledger *ledger)
{
    struct buffer body = {.arena = sql->arena};
    const char *const lock = lock_table(ledger);
    ledger_putf(&body, ledger,
                "DECLARE holder text; BEGIN UPDATE %S.%i SET locked = true, lockgranted = now(), lockedby = 'Truss' "
                "WHERE id = 1 AND NOT locked; IF NOT FOUND THEN SELECT concat(lockedby, ' since ', lockgranted) INTO "
                "holder FROM %S.%i WHERE id = 1 AND locked; IF FOUND THEN RAISE EXCEPTION USING ERRCODE = '55P03', "
                "MESSAGE = 'Liquibase''s lock is held by ' || holder || '; if that run is dead, liquibase "
                "release-locks frees it'; END IF; END IF; END",
                lock, lock);
    ledger_putf(sql, ledger, "DO %s;", buffer_string(&body));
}

static void liquibase_unlock(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "UPDATE %S.%i SET locked = false, lockgranted = NULL, lockedby = NULL WHERE id = 1 AND lockedby = "
                "'Truss';",
                lock_table(ledger));
}

/* One number for each run of ours, which has a connection of its own, as it is for each of theirs: the end of a time in
 * milliseconds. */
#define DEPLOYMENT                                                                                                     \
    "(SELECT pg_catalog.right((pg_catalog.date_part('epoch', backend_start) * 1000)::bigint::text, 10) "               \
    "FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()))"

/* One that ran before keeps its row: RERAN. */
static void liquibase_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct liquibase_migration *const migration = record->file->own;
    const struct liquibase_changeset *const set = &migration->changeset;
    if (record->file->repeatable) {
        ledger_putf(
            sql, ledger,
            "UPDATE %t SET dateexecuted = pg_catalog.now(), orderexecuted = (SELECT max(orderexecuted) + 1 FROM "
            "%t), md5sum = %s, exectype = 'RERAN', deployment_id = " DEPLOYMENT
            ", comments = %s, contexts = %s, labels = %s WHERE id = %s AND author = %s AND filename = %s;",
            record->checksum, set->comments, set->contexts, set->labels, set->id, set->author, set->path);
    }
    ledger_putf(sql, ledger,
                "INSERT INTO %t (id, author, filename, dateexecuted, orderexecuted, md5sum, description, comments, "
                "exectype, contexts, labels, liquibase, deployment_id) SELECT %s, %s, %s, pg_catalog.now(), "
                "coalesce(max(orderexecuted), 0) + 1, %s, %s, %s, 'EXECUTED', %s, %s, %s, " DEPLOYMENT
                " FROM %t HAVING NOT EXISTS (SELECT FROM %t WHERE id = %s AND author = %s AND filename = %s);",
                set->id, set->author, set->path, record->checksum, set->description, set->comments, set->contexts,
                set->labels, "Truss " TRUSS_VERSION, set->id, set->author, set->path);
}

const struct framework framework_liquibase = {
    .id = "liquibase",
    .display_name = "Liquibase",
    .tool = "liquibase update",
    .sent = SENT_BY_JDBC,
    .sent_unwrapped = SENT_EACH,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "databasechangelog",
                .columns = "id:varchar author:varchar filename:varchar dateexecuted:timestamp orderexecuted:int4 "
                           "exectype:varchar md5sum:varchar description:varchar comments:varchar tag:varchar "
                           "liquibase:varchar contexts:varchar labels:varchar deployment_id:varchar",
                .optional = "description comments tag liquibase contexts labels deployment_id",
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){NULL},
    .hooks.find = liquibase_find,
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "liquibase runs it, behind those that are applied already.",
            .edited_blocks = true,
            .edited_note = "liquibase stops at it (\"Validation Failed: … check sum\"), until its validCheckSum says "
                           "otherwise or `liquibase clear-checksums`.",
            .missing_note = "liquibase goes on without a word; `liquibase unexpected-changesets` lists it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/liquibase", "liquibase", NULL},
            .run = (const char *const[]){"update", NULL},
        },
    .hooks.list = liquibase_list,
    .hooks.script = liquibase_script,
    .hooks.checksum_matches = liquibase_checksum_matches,
    .hooks.read_ledger = liquibase_read,
    .hooks.put_create = liquibase_create,
    .hooks.put_lock = liquibase_lock,
    .hooks.put_unlock = liquibase_unlock,
    .hooks.put_record = liquibase_record,
};
