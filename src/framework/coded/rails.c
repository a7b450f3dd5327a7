/*
 * Ruby on Rails: ActiveRecord's migrations, recorded by their numbers in schema_migrations; ar_internal_metadata
 * belongs to it. Facts measured with Rails 6.1.7. dbmate's ledger has the same columns.
 */
#include "base/word_set.h"
#include "framework/coded/code.h"
#include "framework/coded/rails_databases.h"
#include "framework/coded/rails_paths.h"
#include "framework/core/file_rules.h"
#include "framework/core/unread.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* An application of Rails without a database has neither of these: it may be the views and assets of a server in
 * another language. */
static bool has_database(struct arena *arena, const struct folder *folder)
{
    return folder_look(arena, folder, "config/database.yml") == FILE_REGULAR ||
           folder_look(arena, folder, "db") == FILE_DIRECTORY;
}

#define STOPS "has a name at which rails stops (IllegalMigrationNameError)."

/* It stops at a name with capital letters or signs (MigrationFilenameRegexp of migration.rb). */
static bool rails_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                         const char **warning)
{
    const char *const base = path_name(file->filename);
    const size_t digits = leading_digits(text_of(base)).size;
    (void)folder;
    if (strspn(base + digits, "_.abcdefghijklmnopqrstuvwxyz0123456789") < strlen(base + digits)) {
        *warning = arena_printf(arena, "%s " STOPS, file->filename);
    }
    return true;
}

/* "AddUsers" for 20240101000000_add_users.rb and for …_add_users.blog.rb, as String#camelize makes it of the name. */
static const char *class_of(struct arena *arena, const char *filename)
{
    struct buffer class = {.arena = arena};
    const char *const base = path_name(filename);
    bool is_start = true;
    for (const char *c = base + leading_digits(text_of(base)).size; *c != '\0' && *c != '.'; c++) {
        if (*c != '_') {
            buffer_putc(&class, is_start ? (char)toupper((unsigned char)*c) : *c);
        }
        is_start = *c == '_';
    }
    return buffer_string(&class);
}

/* Rails runs nothing if two files have the same class, whatever their numbers are (Migrator#validate). */
static bool rails_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    struct word_set classes = {0};
    const bool ok = files_list(arena, folder, files, status);
    for (size_t i = 0; ok && i < files->count && files->stops_tool == NULL; i++) {
        const char *const class = class_of(arena, files->items[i].filename);
        const int other = word_set_number(&classes, class);
        word_set_put(arena, &classes, class, (int)i + 1);
        if (other > 0) {
            files->stops_tool =
                arena_printf(arena,
                             "%s and %s have the same name %s: rails stops at that (DuplicateMigrationNameError). "
                             "Rename one of them, and its class.",
                             files->items[other - 1].filename, files->items[i].filename, class);
            listing_warn(arena, files, files->stops_tool);
        }
    }
    return ok;
}

static bool rails_configure(struct arena *arena, struct folder *folder)
{
    static const char name[] = "config/application.rb";
    struct text source;
    if (code_config(arena, folder, WORDS(name), &source) == NULL || !code_has(source, WORDS("Rails::Application")) ||
        !rails_has_record(source) || !has_database(arena, folder)) {
        return false;
    }
    rails_read_paths(arena, folder, &(const struct source_file){name, source});
    rails_read_databases(arena, folder);
    return true;
}

#define METADATA "ar_internal_metadata"

const struct framework framework_rails = {
    .id = "rails",
    .display_name = "Ruby on Rails",
    .tool = "rails db:migrate",
    .ledger =
        {
            /* Without the metadata table: Rails 4, or its metadata is elsewhere; dbmate's looks the same. */
            .shapes = SHAPES(
                {.table = "schema_migrations", .columns = "version:varchar", .only_columns = true, .with = METADATA},
                {.table = "schema_migrations",
                 .columns = "version:varchar",
                 .only_columns = true,
                 .without = METADATA}),
            /* It compares versions as numbers. */
            .read = "SELECT CASE WHEN version OPERATOR(pg_catalog.~) '^[0-9]+$' THEN "
                    "coalesce(nullif(pg_catalog.ltrim(version, '0'), ''), '0') ELSE version END AS key FROM {ledger} "
                    "ORDER BY pg_catalog.length(version), version COLLATE pg_catalog.\"C\"",
            /* The row `environment` of the metadata is written at the end of a run by Rails, and only then. */
            .create =
                "CREATE TABLE {ledger} (\"version\" character varying NOT NULL PRIMARY KEY);"
                "CREATE TABLE IF NOT EXISTS {schema}." METADATA " (\"key\" character varying NOT NULL PRIMARY KEY, "
                "\"value\" character varying, \"created_at\" timestamp(6) NOT NULL, "
                "\"updated_at\" timestamp(6) NOT NULL);",
            .record = "INSERT INTO {ledger} (version) VALUES ({key});",
            .database_lock = INT64_C(2053462845),
        },
    .folder =
        {
            .places = WORDS("db/migrate"),
            .counts_before_it_exists = true,
            .sure_by = WORDS("*.rb: ActiveRecord::Migration"),
            /* "20260105100000_create_users.rb"; 001 is recorded as 1. */
            .files = FILES({.pattern = "{number}_{title}.rb", .is_code = true},
                           {.pattern = "{number}*_*.rb", .passed_over = true, .warning = STOPS}),
            /* It searches with Dir.glob. */
            .recursive = true,
            .without_hidden = true,
            .without_links = "rails",
            .order = ORDER_OF_NUMBERS,
            .key = KEY_NUMBER,
            .has_any_number = true,
        },
    .mentions = MENTIONS({.files = "config/application.rb config/environments/*.rb config/initializers/*.rb",
                          .words = "schema_migrations_table_name"},
                         {.files = "config/application.rb config/environments/*.rb config/initializers/*.rb",
                          .words = "table_name_prefix",
                          .part = MENTION_PREFIX},
                         {.files = "config/application.rb config/environments/*.rb config/initializers/*.rb",
                          .words = "table_name_suffix",
                          .part = MENTION_SUFFIX},
                         {.files = "config/environments/*.rb config/initializers/*.rb",
                          .words = "config.paths[\"db/migrate\"]|config.paths['db/migrate']|"
                                   "config.paths.add \"db/migrate\"|config.paths.add 'db/migrate'",
                          .part = MENTION_ELSEWHERE},
                         {.files = "*engine.rb *railtie.rb config/initializers/*.rb lib/tasks/*.rake",
                          .words = "app.config.paths[\"db/migrate\"]|app.config.paths['db/migrate']|"
                                   "ActiveRecord::Migrator.migrations_paths",
                          .part = MENTION_ELSEWHERE},
                         {.files = "config/database.yml", .words = "schema_search_path", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "rails runs it, after those that are applied already.",
            .missing_note = "rails goes on, and db:migrate:status shows it as \"NO FILE\".",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("bin/rails", "bin/rake", "rake"),
            .run = WORDS("db:migrate"),
            .run_to = WORDS("db:migrate", "VERSION={version}"),
            .run_one = WORDS("db:migrate:up", "VERSION={version}"),
        },
    .hooks = {.configure = rails_configure, .accept = rails_accept, .list = rails_list},
};
