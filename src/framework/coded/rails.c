/*
 * Ruby on Rails: ActiveRecord's migrations, recorded by their numbers in schema_migrations, beside which it keeps
 * ar_internal_metadata. Facts seen with Rails 6.1.7. dbmate's ledger has the same columns.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"

/* ---- the folder ---- */

/* "20260105100000_create_users.rb"; 001 is recorded as 1. */
static bool rails_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    return code_accept_numbered(arena, name, ".rb", file, warning);
}

static bool rails_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    const struct listing_rule rule = {.accept = rails_accept, .compare = listing_by_version, .recursive = true};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool rails_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    return code_config(arena, folder, (const char *const[]){"config/application.rb", NULL}, &source) != NULL &&
           code_has(source, (const char *const[]){"Rails::Application", NULL});
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".rb") &&
           code_has(head, (const char *const[]){"ActiveRecord::Migration", NULL});
}

static bool rails_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, is_migration);
}

/* ---- the ledger ---- */

#define METADATA "ar_internal_metadata"

/* It compares versions as numbers. */
static bool rails_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT CASE WHEN version ~ '^[0-9]+$' THEN "
                            "coalesce(nullif(pg_catalog.ltrim(version, '0'), ''), '0') ELSE version END AS key FROM %t "
                            "ORDER BY pg_catalog.length(version), version COLLATE \"C\"");
}

/* Its row, `environment`, is written at the end of a run of Rails, and only then. */
static void rails_create(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger metadata = {.schema = ledger->schema, .table = METADATA};
    ledger_putf(sql, ledger, "CREATE TABLE %t (\"version\" character varying NOT NULL PRIMARY KEY);");
    ledger_putf(sql, &metadata,
                "CREATE TABLE IF NOT EXISTS %t (\"key\" character varying NOT NULL PRIMARY KEY, "
                "\"value\" character varying, \"created_at\" timestamp(6) NOT NULL, "
                "\"updated_at\" timestamp(6) NOT NULL);");
}

static size_t rails_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    keys[0] = INT64_C(2053462845) * crc32_add(0, text_of(database));
    return 1;
}

static void rails_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (version) VALUES (%s);", record->key);
}

const struct framework framework_rails = {
    .id = "rails",
    .display_name = "Ruby on Rails",
    .tool = "rails db:migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "schema_migrations", .columns = "version:varchar", .only_columns = true, .with = METADATA},
            /* Rails 4, or one whose metadata is elsewhere; as well dbmate's. */
            {.table = "schema_migrations", .columns = "version:varchar", .only_columns = true, .without = METADATA},
            {0},
        },
    .folder.places = (const char *const[]){"db/migrate", NULL},
    .hooks.configure = rails_configure,
    .hooks.recognise = rails_recognise,
    .folder.counts_before_it_exists = true,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "rails runs it, behind those that are applied already.",
            .missing_note = "rails goes on, and db:migrate:status shows it as \"NO FILE\".",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"bin/rails", "bin/rake", "rake", NULL},
            .run = (const char *const[]){"db:migrate", NULL},
            .run_to = (const char *const[]){"db:migrate", "VERSION={version}", NULL},
            .run_one = (const char *const[]){"db:migrate:up", "VERSION={version}", NULL},
        },
    .hooks.list = rails_list,
    .hooks.read_ledger = rails_read,
    .hooks.put_create = rails_create,
    .hooks.advisory_locks = rails_locks,
    .hooks.put_record = rails_record,
};
