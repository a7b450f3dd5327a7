/*
 * Entity Framework Core with Npgsql: classes in C#, recorded by their ids (20260105100000_CreateUsers) with the version
 * of EF that ran them. Facts read in EF Core's HistoryRepository and in Npgsql.EntityFrameworkCore.PostgreSQL 9.
 */
#include "base/search.h"
#include "base/sorting.h"
#include "framework/coded/code.h"
#include "framework/core/reading.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* ---- the version of EF ---- */

/* The text between the quotes after a word; NULL if there is none. */
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

/* <PackageReference Include="Microsoft.EntityFrameworkCore.Design" Version="9.0.1" /> in the project file. */
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

/* The version in the migration's model is the one that made it, which may be older than the one that runs it. */
static const char *product_version(struct arena *arena, const struct folder *folder, const struct migration_file *file)
{
    const char *const project = path_join(arena, folder->root, folder->base);
    const char *const version = version_of_project(arena, project);
    const int stem = (int)(strlen(file->path) - strlen(".cs"));
    const char *const model = arena_printf(arena, "%.*s.Designer.cs", stem, file->path);
    return version != NULL ? version : quoted_in(arena, model, "\"ProductVersion\"", ",");
}

/* ---- ids ---- */

#define HEAD 4096 /* bytes of a program in front of its class */

/* The id in [Migration("20260105100000_CreateUsers")] of a program; NULL: it has none that is written out. */
static const char *id_in(struct arena *arena, const char *path)
{
    static const char word[] = "[Migration(";
    struct status unread = {.arena = arena};
    struct file_start start;
    if (file_look(path, NULL) != FILE_REGULAR || !file_read_start(arena, path, HEAD, &start, &unread)) {
        return NULL;
    }
    const size_t at = text_find(start.content, word, 0);
    const struct text said = text_trim(
        text_slice(start.content, at == SIZE_MAX ? start.content.size : at + strlen(word), start.content.size));
    const size_t end = text_starts_with(said, "\"") ? text_find(said, "\"", 1) : SIZE_MAX;
    const char *const id = end == SIZE_MAX ? NULL : arena_strndup(arena, said.data + 1, end - 1);
    return id != NULL && name_is_recordable(id) ? id : NULL;
}

/* EF knows a migration by its attribute (MigrationsAssembly.cs), which is in the model beside it, or in its own file if
 * a person wrote it. What the file is called does not matter. */
static bool efcore_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    const int stem = (int)(strlen(file->path) - strlen(".cs"));
    const char *const of_model = id_in(arena, arena_printf(arena, "%.*s.Designer.cs", stem, file->path));
    const char *const id = of_model != NULL ? of_model : id_in(arena, file->path);
    (void)folder;
    file->name = id != NULL ? id : file->name;
    if (id != NULL || file->version == NULL) {
        return id != NULL;
    }
    const bool has_model = file_look(arena_printf(arena, "%.*s.Designer.cs", stem, file->path), NULL) == FILE_REGULAR;
    if (!has_model) {
        *warning =
            arena_printf(arena, "%s is left out: EF passes over a class without [Migration(\"…\")].", file->filename);
    }
    return has_model;
}

/* ---- the ledger ---- */

/* A plug-in writes the names of the columns in snake case, so rows are read as JSON. */
#define ID "coalesce(item OPERATOR(pg_catalog.->>) 'MigrationId', item OPERATOR(pg_catalog.->>) 'migration_id')"
#define PRODUCT                                                                                                        \
    "coalesce(item OPERATOR(pg_catalog.->>) 'ProductVersion', item OPERATOR(pg_catalog.->>) 'product_version')"

static const char *version_word(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return product_version(arena, record->folder, record->file);
}

/* A file's key in small letters. */
struct small_key {
    const char *small;
    const char *key;
};

static const char *small(struct arena *arena, const char *key)
{
    char *const copy = arena_strdup(arena, key);
    for (char *c = copy; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return copy;
}

static int by_small(const void *a, const void *b)
{
    return strcmp(((const struct small_key *)a)->small, ((const struct small_key *)b)->small);
}

static bool is_before_small(const void *item, const void *key)
{
    return strcmp(((const struct small_key *)item)->small, key) < 0;
}

extern const struct framework framework_efcore;

/* It ignores the case of ids (PopulateMigrations of Migrator.cs). */
static bool efcore_read(struct ledger_reading *reading)
{
    const struct migration_files *const files = reading->files;
    struct small_key *const keys = arena_array(reading->arena, files->count + 1, sizeof *keys);
    if (!ledger_read_facts(reading, &framework_efcore.ledger)) {
        return false;
    }
    for (size_t i = 0; i < files->count; i++) {
        const char *const key = migration_file_key(&files->items[i]);
        keys[i] = (struct small_key){small(reading->arena, key), key};
    }
    sort_items(keys, files->count, sizeof *keys, by_small);
    for (size_t i = 0; i < reading->entries.count; i++) {
        struct ledger_entry *const entry = &reading->entries.items[i];
        const char *const wanted = small(reading->arena, ledger_entry_key(entry));
        const size_t at = search_first(keys, files->count, sizeof *keys, is_before_small, wanted);
        entry->key = at < files->count && strcmp(keys[at].small, wanted) == 0 ? keys[at].key : entry->key;
    }
    return true;
}

const struct framework framework_efcore = {
    .id = "efcore",
    .display_name = "EF Core",
    .tool = "dotnet ef database update",
    .ledger =
        {
            .shapes = SHAPES(
                {
                    .table = "__EFMigrationsHistory",
                    .columns = "MigrationId:varchar ProductVersion:varchar",
                    .only_columns = true,
                },
                {
                    .table = "__EFMigrationsHistory",
                    .columns = "migration_id:varchar product_version:varchar",
                    .only_columns = true,
                }),
            .words = (const struct ledger_word[]){{.name = "product", .text = version_word}, {0}},
            .read = "SELECT " ID " AS key FROM (SELECT pg_catalog.to_jsonb(t) AS item FROM {ledger} AS t) AS items "
                    "ORDER BY " ID " COLLATE pg_catalog.\"C\"",
            .create = "CREATE TABLE {ledger} (\"MigrationId\" character varying(150) NOT NULL, \"ProductVersion\" "
                      "character varying(32) NOT NULL, CONSTRAINT {identifier:PK_*} PRIMARY KEY (\"MigrationId\"));",
            .lock = LOCK_LEDGER,
            /* Without names of columns, for the same reason as in reading. If no file says the version, that of the
             * last row is used. */
            .record = "INSERT INTO {ledger} SELECT {name}, coalesce({product}, (SELECT " PRODUCT " FROM (SELECT "
                      "pg_catalog.to_jsonb(t) AS item FROM {ledger} AS t) AS items ORDER BY " ID
                      " COLLATE pg_catalog.\"C\" DESC LIMIT 1), 'unknown');",
        },
    .folder =
        {
            .places = WORDS("Migrations", "Data/Migrations", "Infrastructure/Migrations", "Persistence/Migrations",
                            "src/Migrations"),
            .sure_by = WORDS("*ModelSnapshot.cs", "*.Designer.cs"),
            .files =
                FILES({.pattern = "*.Designer.cs", .passed_over = true},
                      {.pattern = "{number:14}_{title}.cs", .is_code = true}, {.pattern = "*.cs", .is_code = true}),
            .order = ORDER_OF_KEYS,
        },
    .mentions = MENTIONS({.files = "*.cs", .words = "MigrationsHistoryTable("},
                         {.files = "*.cs", .words = "MigrationsHistoryTable(", .part = MENTION_SCHEMA, .argument = 1}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "dotnet ef runs it, after those that are applied already.",
            .missing_note = "dotnet ef says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("dotnet"),
            .run = WORDS("ef", "database", "update"),
            .run_to = WORDS("ef", "database", "update", "{name}"),
            .environment = WORDS("ConnectionStrings__DefaultConnection=Host={ado:host};Port={ado:port};"
                                 "Database={ado:database};Username={ado:user};Password={ado:password}"),
        },
    .hooks = {.accept = efcore_accept, .read_ledger = efcore_read},
};
