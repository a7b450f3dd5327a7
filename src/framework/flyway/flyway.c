/*
 * Flyway: its ledger flyway_schema_history, checksums and lock. Facts measured with flyway-core 9.22.3; the same in the
 * source of 13.0.
 */
#include "base/search.h"
#include "base/word_set.h"
#include "framework/core/entry_index.h"
#include "framework/core/ledger.h"
#include "framework/core/script_data.h"
#include "framework/flyway/flyway_callbacks.h"
#include "framework/flyway/flyway_checksum.h"
#include "framework/flyway/flyway_code.h"
#include "framework/flyway/flyway_configure.h"
#include "framework/flyway/flyway_files.h"
#include "framework/flyway/flyway_fill.h"
#include "framework/flyway/flyway_mixed.h"
#include "framework/flyway/flyway_names.h"
#include "pg/query.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

#define DESCRIPTION_LIMIT 200 /* bytes; its column has as many characters */

static bool flyway_script(const struct script_request *request)
{
    const struct flyway_settings *const settings = flyway_settings_of(request->folder);
    const struct flyway_conf conf = flyway_conf_of(request->arena, request->file->path, settings);
    request->script->no_transaction = conf.is_alone;
    /* Placeholders are also replaced in the data of COPY (PostgreSQLParser.java, readCopyData). */
    return flyway_check_conf(request) && flyway_fill(request) && script_take_data(request, DATA_TO_MARK) &&
           flyway_check_mixed(request) && flyway_wrap(request);
}

static bool flyway_is_below_baseline(const struct folder *folder, const struct migration_file *file)
{
    return !file->repeatable && flyway_compare_versions(file->version, flyway_settings_of(folder)->baseline) <= 0;
}

/* ---- the ledger ---- */

static struct ledger_entry *add_entry(struct ledger_reading *reading, const char *name, const char *key)
{
    struct ledger_entry *const entry = &reading->entries.items[reading->entries.count++];
    *entry = ledger_entry_of(name, key);
    return entry;
}

/* The rows that were read. */
struct rows {
    struct ledger_reading *reading;
    struct word_set numbers; /* of the last entry of each key, from 1 */
    const char *baseline;    /* the newest version of a baseline; NULL: there is none */
};

/* The last entry of this key was undone, or is deleted (MigrationInfoServiceImpl.java, markAsDeleted). */
static void undo(struct rows *rows, const char *key)
{
    const int number = word_set_number(&rows->numbers, key);
    if (number > 0) {
        rows->reading->entries.items[number - 1].state = ENTRY_ROLLED_BACK;
    }
}

/* Versioned files come first, by version. */
static bool is_before_version(const void *item, const void *version)
{
    const struct migration_file *const file = item;
    return !file->repeatable && flyway_compare_versions(file->version, version) < 0;
}

/* The first file of the version, or the count of all. */
static size_t find_version(const struct migration_files *files, const char *version)
{
    return search_first(files->items, files->count, sizeof files->items[0], is_before_version, version);
}

/* Longer descriptions are cut when they are recorded, and a class may have its own description. */
static bool is_described(const struct migration_file *file, const char *description)
{
    const char *const own = ((const struct flyway_name *)file->own)->description;
    return file->is_code || strlen(own) > DESCRIPTION_LIMIT || strcmp(own, description) == 0 ||
           (own[0] == '\0' && strcmp(description, "<< no description >>") == 0);
}

/* Flyway compares the description as it does the checksum (CoreErrorCode.DESCRIPTION_MISMATCH): it stops at a versioned
 * file that was renamed. NULL: it is the file that was applied, or there is no file. */
static const char *renamed_from(const struct ledger_reading *reading, const char *version, const char *description)
{
    const struct migration_files *const files = reading->files;
    bool is_there = false;
    if (version == NULL || description == NULL) {
        return NULL;
    }
    for (size_t i = find_version(files, version); i < files->count && !files->items[i].repeatable &&
                                                  flyway_compare_versions(files->items[i].version, version) == 0;
         i++) {
        if (is_described(&files->items[i], description)) {
            return NULL;
        }
        is_there = true;
    }
    return !is_there
               ? NULL
               : arena_printf(
                     reading->arena,
                     "It was applied with the description \"%s\": its file seems to have been renamed. Give it "
                     "its old name: flyway stops at it (\"Migration description mismatch\"), until `flyway repair`.",
                     description);
}

static void read_row(struct rows *rows, const PGresult *result, int row)
{
    struct ledger_reading *const reading = rows->reading;
    struct arena *const arena = reading->arena;
    const char *const version = arena_strdup(arena, pg_field(result, row, 0));
    const char *const description = arena_strdup(arena, pg_field(result, row, 1));
    const char *const type = pg_field_copy(arena, result, row, 2);
    const char *const script = arena_strdup(arena, pg_field(result, row, 3));
    const char *const key = version == NULL && description == NULL ? NULL : flyway_key(arena, version, description);
    if (key == NULL) {
        ledger_warn(reading, "The tracking table has rows that name no migration; they are passed over.");
        return;
    }
    if (strcmp(type, "SCHEMA") == 0) {
        return;
    }
    const bool is_done = pg_field_bool(result, row, 7);
    if (strcmp(type, "DELETE") == 0 || strncmp(type, "UNDO", 4) == 0) {
        undo(rows, is_done ? key : NULL);
        return;
    }
    if (strstr(type, "BASELINE") != NULL && version != NULL) {
        const bool is_newer = rows->baseline == NULL || flyway_compare_versions(version, rows->baseline) > 0;
        rows->baseline = is_newer ? version : rows->baseline;
        return;
    }
    struct ledger_entry *const entry = add_entry(reading, script == NULL ? key : script, key);
    word_set_put(arena, &rows->numbers, key, (int)reading->entries.count);
    entry->checksum = arena_strdup(arena, pg_field(result, row, 4));
    entry->changed = renamed_from(reading, version, description);
    /* It compares the sum of a script with what the row has, also with nothing (MigrationInfoImpl.java, validate;
     * ResolvedMigrationImpl.java, checksumMatches): a repeatable one runs again. */
    if (entry->changed == NULL && entry->checksum == NULL && strcmp(type, "SQL") == 0) {
        entry->changed = "Its row has no checksum: flyway stops at it (\"Migration checksum mismatch\"), until `flyway "
                         "repair`.";
    }
    entry->finished_at = entry->started_at = pg_field_us(result, row, 5);
    entry->started_at = NO_TIME;
    entry->duration_ms = pg_field_int(result, row, 6, -1);
    entry->state = is_done ? ENTRY_APPLIED : ENTRY_FAILED;
}

/* The version of the newest file; "": there is none. */
static const char *newest_of(const struct migration_files *files)
{
    size_t end = files->count;
    while (end > 0 && files->items[end - 1].repeatable) {
        end--;
    }
    return end == 0 ? "" : files->items[end - 1].version;
}

/* Rows without a file at which Flyway does not stop: by default those above the newest file ("future"), which a newer
 * version of the project wrote (MigrationInfoImpl.java, getState and validate). */
static void note_missing(const struct ledger_reading *reading)
{
    const struct flyway_settings *const settings =
        reading->folder == NULL ? &flyway_usual : flyway_settings_of(reading->folder);
    const char *const newest = newest_of(reading->files);
    for (size_t i = 0; i < reading->entries.count; i++) {
        struct ledger_entry *const entry = &reading->entries.items[i];
        const bool is_repeatable = strncmp(entry->key, "R:", 2) == 0;
        const bool is_future = !is_repeatable && flyway_compare_versions(entry->key, newest) > 0;
        const bool goes_on = is_future       ? settings->ignores_future
                             : is_repeatable ? settings->ignores_missing_repeatable
                                             : settings->ignores_missing;
        entry->missing_note = !goes_on ? NULL
                              : is_future
                                  ? "flyway goes on: its file may be of a newer version of the project."
                                  : "flyway goes on: its configuration says that a missing file is not an error.";
    }
}

/* Flyway compares rows with files only above the baseline (MigrationInfoImpl.java, validate). */
static void note_below_baseline(struct ledger_reading *reading, const char *baseline)
{
    for (size_t i = 0; i < reading->entries.count; i++) {
        struct ledger_entry *const entry = &reading->entries.items[i];
        if (strncmp(entry->key, "R:", 2) != 0 && flyway_compare_versions(entry->key, baseline) <= 0) {
            entry->changed = NULL;
            entry->edited_note = "flyway goes on: it is not above the baseline.";
        }
    }
}

static bool flyway_read(struct ledger_reading *reading)
{
    struct buffer sql = {.arena = reading->arena};
    struct rows rows = {.reading = reading};
    ledger_putf(&sql, reading->ledger,
                "SELECT version, description, type, script, checksum, "
                "(extract(epoch FROM installed_on::timestamptz) * 1000000)::bigint, execution_time, success "
                "FROM %t ORDER BY installed_rank");
    PG_RESULT(result) = pg_query(reading->session, buffer_string(&sql), 0, NULL, reading->status);
    if (result == NULL) {
        return false;
    }
    reading->entries.items =
        arena_array(reading->arena, (size_t)PQntuples(result) + reading->files->count, sizeof *reading->entries.items);
    for (int row = 0; row < PQntuples(result); row++) {
        read_row(&rows, result, row);
    }
    const char *const baseline = rows.baseline;
    note_missing(reading);
    if (baseline != NULL) {
        note_below_baseline(reading, baseline);
    }
    struct entry_index index = entry_index_of(reading->arena, &reading->entries);
    for (size_t i = 0; baseline != NULL && i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        const bool recorded = file->repeatable || flyway_compare_versions(file->version, baseline) > 0 ||
                              entry_index_last(&index, file->key) != NULL;
        if (!recorded) {
            add_entry(reading, file->name, file->key)->baseline = true;
        }
    }
    return true;
}

/* 77431708279161 plus Java's hash of "schema"."table" (PostgreSQLConnection.java); its transaction lock has the same
 * key. */
static size_t flyway_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    uint32_t hash = 0;
    const char *const parts[] = {"\"", ledger->schema, "\".\"", ledger->table, "\""};
    (void)database;
    for (size_t i = 0; i < 5; i++) {
        for (const char *c = parts[i]; *c != '\0'; c++) {
            hash = hash * 31 + (unsigned char)*c;
        }
    }
    keys[0] = INT64_C(77431708279161) + (int32_t)hash;
    return 1;
}

/* ---- writing ---- */

/* Without a file nothing is known of it. */
static const struct flyway_name *name_of(const struct ledger_record *record)
{
    static const struct flyway_name unknown = {0};
    return record->file == NULL ? &unknown : record->file->own;
}

static const char *version_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return name_of(record)->version;
}

/* Cut as by AbbreviationUtils.java. */
static const char *description_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    const char *const description = name_of(record)->description;
    const struct text said = text_of(description == NULL ? "" : description);
    const size_t end = text_byte_of_character(said, DESCRIPTION_LIMIT - 2);
    (void)ledger;
    return text_characters(said) <= DESCRIPTION_LIMIT ? description
                                                      : arena_printf(arena, "%.*s...", (int)end, said.data);
}

static const char *script_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return name_of(record)->script;
}

static const char *type_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return name_of(record)->is_script ? "SCRIPT" : record->file->is_code ? "JDBC" : "SQL";
}

/* The script of a row whose file is gone. */
static const char *missing_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return record->file == NULL ? record->name : NULL;
}

/* The user named in its configuration; NULL: the user of the connection. */
static const char *installer_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct flyway_settings *const settings = record->folder->settings;
    (void)arena;
    (void)ledger;
    return settings == NULL ? NULL : settings->installed_by;
}

/* Its default schema, which has its table, comes before the connection's search path (PostgreSQLConnection.java,
 * changeCurrentSchemaTo), even if it is public: unqualified names are created there. */
static struct session_path search_path_of(const struct ledger *ledger)
{
    return (struct session_path){PATH_IN_FRONT, ledger->schema};
}

#define INSERT(took, success)                                                                                          \
    "INSERT INTO {ledger} (installed_rank, version, description, type, script, checksum, installed_by, "               \
    "execution_time, success) SELECT coalesce(pg_catalog.max(installed_rank), 0) OPERATOR(pg_catalog.+) 1, "           \
    "{said_version}, {description}, {type}, {script}, {checksum}, coalesce({installer}, current_user), " took          \
    ", " success " FROM {ledger};"
#define UNFINISHED                                                                                                     \
    " WHERE NOT success AND (version OPERATOR(pg_catalog.=) {said_version} OR (version IS NULL AND {said_version} IS " \
    "NULL)) AND description OPERATOR(pg_catalog.=) {description};"
#define FORGET "DELETE FROM {ledger}" UNFINISHED
/* The row of a file that is gone is known by its script only. */
#define FORGET_MISSING "DELETE FROM {ledger} WHERE NOT success AND script OPERATOR(pg_catalog.=) {missing};"

const struct framework framework_flyway = {
    .id = "flyway",
    .display_name = "Flyway",
    .tool = "flyway migrate",
    .drops_mark = true,
    .sent = SENT_BY_JDBC,
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "flyway_schema_history",
                .columns = "installed_rank:int4 version:varchar description:varchar type:varchar script:varchar "
                           "checksum:int4 installed_by:varchar installed_on:timestamp execution_time:int4 success:bool",
                .by_shape = true,
            }),
            .failed_entry_blocks = true,
            .failed_note = "flyway stops there, until `flyway repair`",
            .needs_baseline = true,
            .baseline_note = "flyway's \"Found non-empty schema(s)\", unless baselineOnMigrate is set",
            .create =
                "CREATE TABLE {ledger} (\"installed_rank\" INT NOT NULL, \"version\" VARCHAR(50), \"description\" "
                "VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL, \"script\" VARCHAR(1000) NOT NULL, \"checksum\" "
                "INTEGER, \"installed_by\" VARCHAR(100) NOT NULL, \"installed_on\" TIMESTAMP NOT NULL DEFAULT now(), "
                "\"execution_time\" INTEGER NOT NULL, \"success\" BOOLEAN NOT NULL);"
                "ALTER TABLE {ledger} ADD CONSTRAINT {identifier:*_pk} PRIMARY KEY (\"installed_rank\");"
                "CREATE INDEX {identifier:*_s_idx} ON {ledger} (\"success\");",
            .path = search_path_of,
            .kept = "SELECT FROM {ledger} WHERE success AND script OPERATOR(pg_catalog.=) {script} AND "
                    "coalesce(checksum::pg_catalog.text, '') OPERATOR(pg_catalog.=) coalesce({checksum}, '')",
            .record = INSERT("{took:ms}", "true"),
            .start = INSERT("0", "false"),
            .forget = FORGET,
            .finish = "UPDATE {ledger} SET success = true, checksum = {checksum}, execution_time = (extract(epoch FROM "
                      "{clock} OPERATOR(pg_catalog.-) installed_on::pg_catalog.timestamptz) OPERATOR(pg_catalog.*) "
                      "1000)::int" UNFINISHED,
            .mark_applied = INSERT("0", "true"),
            .mark_rolled_back = FORGET FORGET_MISSING,
            .words = (const struct ledger_word[]){{.name = "said_version", .text = version_of},
                                                  {.name = "description", .text = description_of},
                                                  {.name = "script", .text = script_of},
                                                  {.name = "type", .text = type_of},
                                                  {.name = "installer", .text = installer_of},
                                                  {.name = "missing", .text = missing_of},
                                                  {0}},
        },
    .folder = {.places = WORDS("sql", "src/main/resources/db/migration", "db/migration", "flyway/sql", "migrations",
                               "src/main/java/db/migration")},
    .mentions = MENTIONS(
        {.files = "*.{properties|yml|yaml|toml|conf}",
         .words = "currentSchema",
         .beside = "jdbc:postgresql",
         .part = MENTION_SCHEMA},

        {.words = "-locations|FLYWAY_LOCATIONS|SPRING_FLYWAY_LOCATIONS",
         .beside = "flyway|FLYWAY",
         .part = MENTION_PATH},
        {.words = "-configFiles|-configFile|FLYWAY_CONFIG_FILES", .beside = "flyway|FLYWAY", .part = MENTION_PATH},
        {.files = "*.{java|kt|groovy|scala}", .words = "locations(", .beside = "Flyway", .part = MENTION_PATH},

        {.words = "FLYWAY_TABLE|-table|SPRING_FLYWAY_TABLE", .beside = "flyway|FLYWAY"},
        {.words = "FLYWAY_DEFAULT_SCHEMA|-defaultSchema|FLYWAY_SCHEMAS|-schemas|SPRING_FLYWAY_DEFAULT_SCHEMA",
         .beside = "flyway|FLYWAY",
         .part = MENTION_SCHEMA},
        {.files = "*.{properties|yml|yaml}", .words = "spring.flyway.table|quarkus.flyway.table|flyway.table"},
        {.files = "*.{properties|yml|yaml}",
         .words =
             "spring.flyway.default-schema|spring.flyway.schemas|quarkus.flyway.default-schema|quarkus.flyway.schemas",
         .part = MENTION_SCHEMA},
        {.files = "*.{java|kt|scala|groovy}",
         .words = ".table(",
         .beside = "flywaydb|Flyway.configure",
         .on = FLYWAY_CLASSES},
        {.files = "*.{java|kt|scala|groovy}",
         .words = ".defaultSchema(|.schemas(",
         .beside = "flywaydb|Flyway.configure",
         .on = FLYWAY_CLASSES,
         .part = MENTION_SCHEMA},

        {.files = "*.{java|kt|scala|groovy}",
         .words = FLYWAY_CALLS,
         .beside = "flywaydb|Flyway.configure",
         .on = FLYWAY_CLASSES,
         .part = MENTION_SETTING,
         .take = flyway_take_call},
        {.files = "*.{java|kt|scala|groovy}",
         .words = FLYWAY_BEANS,
         .beside = "@Component|@Bean|@Service|@Configuration",
         .part = MENTION_SETTING,
         .take = flyway_take_bean},
        {.files = "*.{java|kt|scala|groovy}",
         .words = FLYWAY_STRATEGIES,
         .beside = "@Bean",
         .not_of = "import ",
         .part = MENTION_SETTING,
         .take = flyway_take_strategy},
        {.words = FLYWAY_FLAGS, .beside = "flyway|FLYWAY", .part = MENTION_SETTING, .take = flyway_take_flag}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "flyway stops at it (\"Detected resolved migration not applied to database\") unless "
                         "outOfOrder is set.",
            .edited_blocks = true,
            .edited_note = "flyway stops at it (\"Migration checksum mismatch\"), until `flyway repair`.",
            .missing_blocks = true,
            .missing_note = "flyway stops at it (\"Detected applied migration not resolved locally\").",
            .missing_counts = true, /* getState of MigrationInfoImpl.java: against lastApplied of all rows */
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("flyway"),
            .run = WORDS("migrate"),
            .run_to = WORDS("migrate", "-target={version}"),
            .environment = WORDS("FLYWAY_URL={jdbc_url}", "FLYWAY_USER={user}", "FLYWAY_PASSWORD={password}"),
        },
    .hooks = {.configure = flyway_configure,
              .recognise = flyway_recognise,
              .list = flyway_list,
              .script = flyway_script,
              .checksum = flyway_checksum,
              .file_checksum = flyway_file_checksum,
              .checksum_matches = flyway_checksum_matches,
              .is_below_baseline = flyway_is_below_baseline,
              .read_ledger = flyway_read,
              .advisory_locks = flyway_locks},
};
