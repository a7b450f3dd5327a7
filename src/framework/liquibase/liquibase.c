/*
 * Liquibase: changesets, in formatted SQL or as SQL in XML, YAML and JSON, each a migration "path::id::author",
 * recorded in databasechangelog. A changeset that is not SQL, or has preconditions, is left to Liquibase itself. Facts
 * measured with 4.28.0.
 */
#include "base/word_set.h"
#include "framework/core/ledger.h"
#include "framework/core/reading.h"
#include "framework/core/template.h"
#include "framework/core/walk.h"
#include "framework/liquibase/liquibase_changelog.h"
#include "framework/liquibase/liquibase_layout.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

#define LOCK_TABLE "databasechangeloglock"

/* ---- changesets ---- */

static bool liquibase_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                           struct status *status)
{
    *files = (struct migration_files){0};
    if (folder->settings == NULL) { /* Liquibase was asked for, but there is no changelog */
        return true;
    }
    const struct liquibase_settings *const settings = folder->settings;
    const char *const root = path_join(arena, path_join(arena, folder->root, settings->search), settings->root);
    if (folder->unread != NULL && file_look(root, NULL) != FILE_REGULAR) { /* it is not clear which one is meant */
        return true;
    }
    return liquibase_changelog_read(arena, folder, settings, files, status);
}

/* The text comes from the listing, because its checksum was made from it. */
static bool liquibase_script(const struct script_request *request)
{
    const struct liquibase_migration *const migration = request->file->own;
    struct migration_script *const script = request->script;
    const char *torn;
    script->sql = liquibase_sql_of(request->arena, &migration->changeset, &script->parts.lines, &torn);
    script->no_transaction = migration->changeset.alone;
    return torn == NULL ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s, %s", request->file->filename, torn);
}

/* A checksum from an older Liquibase is compared by its rule (8); those before that are replaced silently. "any" and
 * "1:any" among the accepted ones accept every checksum. */
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

extern const struct framework framework_liquibase;

/* The keys of changesets that this configuration leaves out, with the number 1: each has run under another one. If two
 * changesets have one key, for two databases, the row belongs to the one that is not left out. */
static struct word_set left_out(struct arena *arena, const struct migration_files *files)
{
    const struct liquibase_migration *const any = files->count == 0 ? NULL : files->items[0].own;
    struct word_set out = {0};
    for (size_t i = 0; any != NULL && i < any->left_out->count; i++) {
        word_set_put(arena, &out, any->left_out->keys[i], 1);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (word_set_has(&out, files->items[i].key)) {
            word_set_put(arena, &out, files->items[i].key, 0);
        }
    }
    return out;
}

static const char *passed_key(const struct migration_file *file)
{
    return ((const struct liquibase_migration *)file->own)->passed_key;
}

/* How many changesets have a key, as their own or as their passed one; of the keys that are passed. */
static struct word_set count_passed_keys(struct arena *arena, const struct migration_files *files)
{
    struct word_set counts = {0};
    for (size_t i = 0; i < files->count; i++) {
        const char *const key = passed_key(&files->items[i]);
        if (key != NULL) {
            word_set_count(arena, &counts, key);
        }
    }
    for (size_t i = 0; i < files->count; i++) {
        const char *const key = files->items[i].key;
        if (word_set_has(&counts, key)) {
            word_set_count(arena, &counts, key);
        }
    }
    return counts;
}

/* Since 4.32 a changeset that has not run before has the logicalFilePath of a changelog around its own
 * (DatabaseChangeLog.include): its row is found by that, unless it could be another's. */
static void know_passed_paths(struct arena *arena, const struct migration_files *files, struct ledger_entries *entries)
{
    const struct word_set counts = count_passed_keys(arena, files);
    struct word_set recorded = {0};
    struct word_set known = {0}; /* the number of the file, from 1 */
    if (counts.count == 0) {
        return; /* usually none is passed */
    }
    for (size_t i = 0; i < entries->count; i++) {
        word_set_add(arena, &recorded, entries->items[i].key);
    }
    for (size_t i = 0; i < files->count; i++) {
        const struct migration_file *const file = &files->items[i];
        const char *const passed = passed_key(file);
        if (!file->repeatable && word_set_has(&recorded, passed) && !word_set_has(&recorded, file->key) &&
            word_set_number(&counts, passed) == 1) {
            word_set_put(arena, &known, passed, (int)i + 1);
        }
    }
    for (size_t i = 0; i < entries->count; i++) {
        const int number = word_set_number(&known, entries->items[i].key);
        entries->items[i].key = number > 0 ? files->items[number - 1].key : entries->items[i].key;
    }
}

static bool liquibase_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_facts(reading, &framework_liquibase.ledger)) {
        return false;
    }
    know_passed_paths(reading->arena, reading->files, entries);
    const struct word_set out = left_out(reading->arena, reading->files);
    for (size_t i = 0; i < entries->count; i++) {
        if (word_set_number(&out, entries->items[i].key) == 0) {
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

static void put_lock_key(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)record;
    pg_quote_identifier(sql, arena_printf(sql->arena, "%s_pkey", lock_table(ledger)));
}

/* One number for each run of Truss, which has a connection of its own, as Liquibase has one for each of its runs: the
 * end of a time in milliseconds. */
#define DEPLOYMENT                                                                                                     \
    "(SELECT pg_catalog.right((pg_catalog.date_part('epoch', backend_start) OPERATOR(pg_catalog.*) "                   \
    "1000)::bigint::pg_catalog.text, 10) "                                                                             \
    "FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()))"

#define OF_CHANGESET                                                                                                   \
    " WHERE id OPERATOR(pg_catalog.=) {set_id} AND author OPERATOR(pg_catalog.=) {author} AND filename "               \
    "OPERATOR(pg_catalog.=) {path}"

/* A changeset that ran before keeps its row: RERAN. */
static void put_again(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    static const char again[] =
        "UPDATE {ledger} SET dateexecuted = pg_catalog.now(), orderexecuted = (SELECT pg_catalog.max(orderexecuted) "
        "OPERATOR(pg_catalog.+) 1 FROM {ledger}), md5sum = {checksum}, exectype = 'RERAN', deployment_id = " DEPLOYMENT
        ", comments = {comments}, contexts = {contexts}, labels = {labels}" OF_CHANGESET ";";
    if (record->file->repeatable) {
        template_put(sql, again, framework_liquibase.ledger.words, ledger, record);
    }
}

/* Looks through all rows. */
static void put_unless_there(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    if (!record->is_new) {
        template_put(sql, " WHERE NOT EXISTS (SELECT FROM {ledger}" OF_CHANGESET ")", framework_liquibase.ledger.words,
                     ledger, record);
    }
}

/* What a changeset says about itself. */
#define SAID(word, member)                                                                                             \
    static const char *word##_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record) \
    {                                                                                                                  \
        const struct liquibase_migration *const migration = record->file->own;                                         \
        (void)arena;                                                                                                   \
        (void)ledger;                                                                                                  \
        return migration->changeset.member;                                                                            \
    }
SAID(id, id)
SAID(author, author)
SAID(path, path)
SAID(description, description)
SAID(comments, comments)
SAID(contexts, contexts)
SAID(labels, labels)

static const struct ledger_word words[] = {
    {.name = "lock_table", .table = lock_table}, {.name = "lock_key", .sql = put_lock_key},
    {.name = "again", .sql = put_again},         {.name = "unless_there", .sql = put_unless_there},
    {.name = "set_id", .text = id_of},           {.name = "author", .text = author_of},
    {.name = "path", .text = path_of},           {.name = "description", .text = description_of},
    {.name = "comments", .text = comments_of},   {.name = "contexts", .text = contexts_of},
    {.name = "labels", .text = labels_of},       {0},
};

/* Code that passes on settings of the application which Spring has read (JHipster's LiquibaseConfiguration):
 * "(liquibaseProperties.getDefaultSchema())". */
static bool is_of_spring(struct text behind, struct text content)
{
    const struct text argument = text_slice(behind, 0, text_find(behind, ")", 0));
    return text_find(argument, "roperties.get", 0) != SIZE_MAX && memchr(argument.data, '"', argument.size) == NULL &&
           text_find(content, "LiquibaseProperties", 0) != SIZE_MAX;
}

const struct framework framework_liquibase = {
    .id = "liquibase",
    .display_name = "Liquibase",
    .tool = "liquibase update",
    .drops_mark = true,
    .sent = SENT_BY_JDBC,
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .folds_names = true,
            .shapes = SHAPES({
                .table = "databasechangelog",
                .columns = "id:varchar author:varchar filename:varchar dateexecuted:timestamp orderexecuted:int4 "
                           "exectype:varchar md5sum:varchar description:varchar comments:varchar tag:varchar "
                           "liquibase:varchar contexts:varchar labels:varchar deployment_id:varchar",
                .optional = "description comments tag liquibase contexts labels deployment_id",
                .by_shape = true,
            }),
            /* Paths are compared as in DatabaseChangeLog.normalizePath. */
            .read = "SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.replace(filename, "
                    "'\\', '/'), '^(classpath:)?/*(\\./+)*', ''), '/(\\./|/)+', '/', 'g') || '::' || id || '::' "
                    "|| author AS key, md5sum AS checksum, dateexecuted::timestamptz AS applied_at "
                    "FROM {ledger} ORDER BY orderexecuted, dateexecuted",
            .create =
                "CREATE TABLE IF NOT EXISTS {ledger:lock_table} (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL, "
                "LOCKGRANTED TIMESTAMP WITHOUT TIME ZONE, LOCKEDBY VARCHAR(255), CONSTRAINT {lock_key} PRIMARY KEY "
                "(ID));{guard:lock_table}INSERT INTO {ledger:lock_table} (ID, LOCKED) SELECT 1, FALSE WHERE NOT EXISTS "
                "(SELECT FROM {ledger:lock_table} WHERE ID = 1);"
                "CREATE TABLE {ledger} (ID VARCHAR(255) NOT NULL, AUTHOR VARCHAR(255) NOT NULL, FILENAME VARCHAR(255) "
                "NOT NULL, DATEEXECUTED TIMESTAMP WITHOUT TIME ZONE NOT NULL, ORDEREXECUTED INTEGER NOT NULL, EXECTYPE "
                "VARCHAR(10) NOT NULL, MD5SUM VARCHAR(35), DESCRIPTION VARCHAR(255), COMMENTS VARCHAR(255), TAG "
                "VARCHAR(255), LIQUIBASE VARCHAR(20), CONTEXTS VARCHAR(255), LABELS VARCHAR(255), DEPLOYMENT_ID "
                "VARCHAR(10));",
            /* Others see the row only after our transaction has ended, when it is free again; who tries meanwhile waits
             * for it. */
            .lock = "{guard:lock_table}DO {'DECLARE holder pg_catalog.text; BEGIN UPDATE {ledger:lock_table} SET "
                    "locked = true, lockgranted = pg_catalog.now(), lockedby = 'Truss' WHERE id OPERATOR(pg_catalog.=) "
                    "1 AND NOT locked; IF NOT FOUND THEN SELECT pg_catalog.concat(lockedby, ' since ', lockgranted) "
                    "INTO holder FROM {ledger:lock_table} WHERE id OPERATOR(pg_catalog.=) 1 AND locked; IF FOUND THEN "
                    "RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = pg_catalog.concat('Liquibase''s lock is held "
                    "by ', holder, '; if that run is dead, liquibase release-locks frees it'); END IF; END IF; END'};",
            .unlock = "UPDATE {ledger:lock_table} SET locked = false, lockgranted = NULL, lockedby = NULL WHERE id "
                      "OPERATOR(pg_catalog.=) 1 AND lockedby OPERATOR(pg_catalog.=) 'Truss';",
            .held =
                "SELECT pg_catalog.format('Liquibase''s lock is held by %s since %s: a run waits for it. If that run "
                "is dead, liquibase release-locks frees it.', lockedby, lockgranted) FROM {ledger:lock_table} "
                "WHERE id OPERATOR(pg_catalog.=) 1 AND locked;",
            /* The default schema comes first (DatabaseUtils.initializeDatabase); liquibaseSchemaName is only for its
             * own tables. */
            .path = ledger_path_of_scripts,
            .record =
                "{again}INSERT INTO {ledger} (id, author, filename, dateexecuted, orderexecuted, md5sum, description, "
                "comments, exectype, contexts, labels, liquibase, deployment_id) SELECT {set_id}, {author}, {path}, "
                "pg_catalog.now(), {next:orderexecuted}, {checksum}, {description}, {comments}, 'EXECUTED', "
                "{contexts}, {labels}, {truss}, " DEPLOYMENT "{unless_there};",
            .words = words,
        },
    .folder = {.places = WORDS(NULL), .lock = CHANGELOGS},
    .mentions = MENTIONS(
        {.files = "*.{properties|yml|yaml}",
         .words = "currentSchema",
         .beside = "jdbc:postgresql",
         .part = MENTION_SCRIPT_SCHEMA},
        {.files = "pom.xml", .words = "<databaseChangeLogTableName>"},
        {.files = "pom.xml", .words = "<changelogSchemaName>", .beside = "liquibase", .part = MENTION_SCHEMA},
        {.files = "pom.xml", .words = "<defaultSchemaName>", .beside = "liquibase", .part = MENTION_SCRIPT_SCHEMA},

        {.files = "*.{properties|yml|yaml}",
         .words = "database-change-log-table|databaseChangeLogTable|quarkus.liquibase.database-change-log-table-name"},
        {.files = "*.{properties|yml|yaml}",
         .words = "spring.liquibase.liquibase-schema|quarkus.liquibase.liquibase-schema-name",
         .part = MENTION_SCHEMA},
        {.words = "LIQUIBASE_DATABASE_CHANGELOG_TABLE_NAME|--database-changelog-table-name|--"
                  "databaseChangeLogTableName|--database-change-log-table-name",
         .beside = "liquibase|LIQUIBASE"},
        {.words = "LIQUIBASE_LIQUIBASE_SCHEMA_NAME|--liquibase-schema-name|--liquibaseSchemaName",
         .beside = "liquibase|LIQUIBASE",
         .part = MENTION_SCHEMA},
        {.words = "LIQUIBASE_COMMAND_DEFAULT_SCHEMA_NAME|--default-schema-name|--defaultSchemaName",
         .beside = "liquibase|LIQUIBASE",
         .part = MENTION_SCRIPT_SCHEMA},
        {.files = "*.{java|kt|scala|groovy}",
         .words = "setDatabaseChangeLogTable(|setDatabaseChangeLogTableName(",
         .beside = "iquibase",
         .is_usual = is_of_spring},
        {.files = "*.{java|kt|scala|groovy}",
         .words = "setLiquibaseSchema(|setLiquibaseSchemaName(",
         .beside = "iquibase",
         .part = MENTION_SCHEMA,
         .is_usual = is_of_spring},
        {.files = "*.{java|kt|scala|groovy}",
         .words = "setDefaultSchema(",
         .beside = "iquibase",
         .part = MENTION_SCRIPT_SCHEMA,
         .is_usual = is_of_spring}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "liquibase runs it, after those that are applied already.",
            .edited_blocks = true,
            .edited_note = "liquibase stops at it (\"Validation Failed: … check sum\"), until its validCheckSum says "
                           "otherwise or `liquibase clear-checksums`.",
            .missing_note = "liquibase goes on without a word; `liquibase unexpected-changesets` lists it.",
        },
    .delegate =
        &(const struct delegate){.programs = WORDS("node_modules/.bin/liquibase", "liquibase"), .run = WORDS("update")},
    .hooks = {.find = liquibase_find,
              .list = liquibase_list,
              .script = liquibase_script,
              .script_is_listed = true,
              .checksum_matches = liquibase_checksum_matches,
              .read_ledger = liquibase_read},
};
