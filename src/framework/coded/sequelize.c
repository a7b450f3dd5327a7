/*
 * Sequelize: sequelize-cli, and umzug with SequelizeStorage: programs recorded by their file names in "SequelizeMeta".
 * Facts seen with sequelize 6.37.8, sequelize-cli 6.6.5 and umzug 3.8.3.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/properties.h"

/* ---- the folder ---- */

static const char *const endings[] = {".js", ".cjs", ".ts", ".cts", NULL};

static bool sequelize_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    return code_stem(arena, name, endings) != NULL;
}

static bool sequelize_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                           struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = sequelize_accept}, files, status);
}

/* The connections' settings; their names are common, so that they must speak of a dialect. */
static bool read_connections(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {
        "config/config.js",     "config/config.json",     "config/config.cjs",      "config/database.js",
        "src/config/config.js", "src/config/config.json", "src/config/database.js", NULL};
    struct text source;
    if (code_config(arena, folder, names, &source) == NULL ||
        !code_has(source, (const char *const[]){"dialect", NULL})) {
        return false;
    }
    folder->ledger.table = property_string(arena, source, (const char *const[]){"migrationStorageTableName", NULL});
    folder->ledger.schema = property_string(arena, source, (const char *const[]){"migrationStorageTableSchema", NULL});
    return true;
}

static bool sequelize_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    const bool connects = read_connections(arena, folder);
    const char *const name = code_config(arena, folder, (const char *const[]){".sequelizerc", NULL}, &source);
    if (name != NULL) {
        folder->path = code_directory(arena, folder, name, source, "migrations-path");
    }
    return connects || name != NULL;
}

static bool uses_sequelize(const char *name, bool is_directory, struct text head)
{
    (void)name;
    return !is_directory && code_has(head, (const char *const[]){"queryInterface", "equelize", NULL});
}

static bool sequelize_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, "sequelize", uses_sequelize);
}

/* ---- the ledger ---- */

static bool sequelize_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT name AS key FROM %t ORDER BY name");
}

static void sequelize_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t (\"name\" varchar(255) NOT NULL, PRIMARY KEY (\"name\"));");
}

/* With the setting `timestamps` there are two more columns, NOT NULL and without a default: a record made of JSON fills
 * in what is there. */
static void sequelize_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t SELECT * FROM pg_catalog.jsonb_populate_record(NULL::%t, "
                "pg_catalog.jsonb_build_object('name', %s::text, "
                "'createdAt', pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()), "
                "'updatedAt', pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp())));",
                record->name);
}

const struct framework framework_sequelize = {
    .id = "sequelize",
    .display_name = "Sequelize",
    .tool = "sequelize-cli db:migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "SequelizeMeta", .columns = "name:varchar", .only_columns = true},
            {
                .table = "SequelizeMeta",
                .columns = "name:varchar createdAt:timestamptz updatedAt:timestamptz",
                .only_columns = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "db/migrations", "src/migrations", "src/db/migrations",
                                           "database/migrations", "src/database/migrations", NULL},
    .hooks.configure = sequelize_configure,
    .hooks.recognise = sequelize_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sequelize-cli runs it, behind those that are applied already.",
            .missing_note = "sequelize-cli says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/sequelize-cli", "node_modules/.bin/sequelize", NULL},
            .run = (const char *const[]){"db:migrate", NULL},
            .run_to = (const char *const[]){"db:migrate", "--to", "{name}", NULL},
            .run_one = (const char *const[]){"db:migrate", "--name", "{name}", NULL},
        },
    .hooks.list = sequelize_list,
    .hooks.read_ledger = sequelize_read,
    .hooks.put_create = sequelize_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = sequelize_record,
};
