/*
 * Entity Framework Core with Npgsql: classes in C#, recorded by their ids (20260105100000_CreateUsers) with the version
 * of EF that ran them. Facts read in EF Core's HistoryRepository and in Npgsql.EntityFrameworkCore.PostgreSQL 9.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"

#include <string.h>

#define ID_DIGITS 14

/* ---- the folder ---- */

/* The id is the file's name without its ending; a model for the designer stands beside it. */
static bool efcore_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    file->name = code_stem(arena, name, (const char *const[]){".cs", NULL});
    return file->name != NULL && leading_digits(text_of(name)).size == ID_DIGITS && name[ID_DIGITS] == '_' &&
           !text_ends_with(text_of(file->name), ".Designer");
}

static bool efcore_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    const struct listing_rule rule = {.accept = efcore_accept, .compare = listing_by_name};
    return listing_read(arena, folder, &rule, files, status);
}

static bool is_model(const char *name, bool is_directory, struct text head)
{
    (void)head;
    const struct text text = text_of(name);
    return !is_directory && (text_ends_with(text, "ModelSnapshot.cs") || text_ends_with(text, ".Designer.cs"));
}

static bool efcore_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, is_model);
}

/* ---- the version of EF ---- */

/* What stands between the quotes behind a word; NULL where there is none. */
static const char *quoted_behind(struct arena *arena, struct text source, const char *word)
{
    const size_t at = text_find(source, word, 0);
    const size_t start = at == SIZE_MAX ? SIZE_MAX : text_find(source, "\"", at + strlen(word));
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(source, "\"", start + 1);
    const struct text value = end == SIZE_MAX ? (struct text){NULL, 0} : text_slice(source, start + 1, end);
    return value.size == 0 || value.size > 32 || !text_is_utf8(value, NULL)
               ? NULL
               : arena_strndup(arena, value.data, value.size);
}

static const char *quoted_in(struct arena *arena, const char *path, const char *from, const char *word)
{
    struct status unread = {.arena = arena};
    struct text source;
    return file_read(arena, path, MIGRATION_FILE_LIMIT, &source, &unread)
               ? quoted_behind(arena, code_behind(source, from), word)
               : NULL;
}

/* <PackageReference Include="Microsoft.EntityFrameworkCore.Design" Version="9.0.1" /> of the project file. */
static const char *version_of_project(struct arena *arena, const char *directory)
{
    static const char package[] = "Include=\"Microsoft.EntityFrameworkCore";
    struct status unread = {.arena = arena};
    struct file_list list;
    const char *version = NULL;
    if (!directory_list(arena, directory, &list, &unread)) {
        return NULL;
    }
    for (size_t i = 0; version == NULL && i < list.count; i++) {
        const char *const name = list.entries[i].name;
        if (text_ends_with(text_of(name), ".csproj")) {
            version = quoted_in(arena, path_join(arena, directory, name), package, "Version=");
        }
    }
    return version;
}

/* That of the migration's model is the one that made it, which may be older than the one that runs it. */
static const char *product_version(struct arena *arena, const struct folder *folder, const struct migration_file *file)
{
    const char *const project = path_join(arena, folder->root, folder->base);
    const char *const version = version_of_project(arena, project);
    const int stem = (int)(strlen(file->path) - strlen(".cs"));
    const char *const model = arena_printf(arena, "%.*s.Designer.cs", stem, file->path);
    return version != NULL ? version : quoted_in(arena, model, "\"ProductVersion\"", ",");
}

/* ---- the ledger ---- */

/* A plug-in writes the names of the columns in snake case: rows are read as JSON. */
#define ID      "coalesce(item->>'MigrationId', item->>'migration_id')"
#define PRODUCT "coalesce(item->>'ProductVersion', item->>'product_version')"

static bool efcore_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT " ID " AS key FROM (SELECT pg_catalog.to_jsonb(t) AS item FROM %t AS t) AS "
                            "items ORDER BY " ID " COLLATE \"C\"");
}

static void efcore_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"MigrationId\" character varying(150) NOT NULL, "
                "\"ProductVersion\" character varying(32) NOT NULL, CONSTRAINT %i PRIMARY KEY (\"MigrationId\"));",
                arena_printf(sql->arena, "PK_%s", ledger->table));
}

/* Without names of columns: see reading. Where no file says the version, it is that of the last row. */
static void efcore_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t SELECT %s, coalesce(%s, (SELECT " PRODUCT
                " FROM (SELECT pg_catalog.to_jsonb(t) AS item "
                "FROM %t AS t) AS items ORDER BY " ID " COLLATE \"C\" DESC LIMIT 1), 'unknown');",
                record->name, product_version(sql->arena, record->folder, record->file));
}

const struct framework framework_efcore = {
    .id = "efcore",
    .display_name = "EF Core",
    .tool = "dotnet ef database update",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "__EFMigrationsHistory",
                .columns = "MigrationId:varchar ProductVersion:varchar",
                .only_columns = true,
            },
            {
                .table = "__EFMigrationsHistory",
                .columns = "migration_id:varchar product_version:varchar",
                .only_columns = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"Migrations", "Data/Migrations", "Infrastructure/Migrations",
                                           "Persistence/Migrations", "src/Migrations", NULL},
    .hooks.recognise = efcore_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "dotnet ef runs it, behind those that are applied already.",
            .missing_note = "dotnet ef says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"dotnet", NULL},
            .run = (const char *const[]){"ef", "database", "update", NULL},
            .run_to = (const char *const[]){"ef", "database", "update", "{name}", NULL},
            .environment = (const char *const[]){"ConnectionStrings__DefaultConnection=Host={host};Port={port};"
                                                 "Database={database};Username={user};Password={password}",
                                                 NULL},
        },
    .hooks.list = efcore_list,
    .hooks.read_ledger = efcore_read,
    .hooks.put_create = efcore_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = efcore_record,
};
