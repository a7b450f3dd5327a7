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
    const struct text value = text_quoted_behind(source, word);
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

#define HEAD 16384 /* bytes of a program in front of its class */

/* What the attributes of a class say. */
struct attributes {
    const char *id;   /* of [Migration("20260105100000_CreateUsers")]; NULL: none that is written out */
    bool is_computed; /* there is one that says its id in another way */
    bool is_wide;     /* a file is in UTF-16, which is not read */
    bool has_context; /* [DbContext(typeof(…))] */
    bool is_derived;  /* from a class that is not EF's Migration itself, which may have attributes */
    bool is_model;    /* the model of the last migration: each context has one, and it is no migration */
};

static char before(struct text source, size_t at)
{
    while (at > 0 && isspace((unsigned char)source.data[at - 1]) != 0) {
        at--;
    }
    return at == 0 ? '\0' : source.data[at - 1];
}

/* The offset behind the "(" of an attribute: [Migration(…)], [MigrationAttribute (…)], [A, Migration(…)]; SIZE_MAX: the
 * source has none. */
static size_t find_attribute(struct arena *arena, struct text source, const char *name)
{
    const char *const words[] = {name, arena_printf(arena, "%sAttribute", name)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t at = 0; (at = text_find(source, words[i], at)) != SIZE_MAX; at++) {
            const size_t open = code_skip_blanks(source, at + strlen(words[i]));
            if (open < source.size && source.data[open] == '(' && strchr("[,.", before(source, at)) != NULL) {
                return open + 1;
            }
        }
    }
    return SIZE_MAX;
}

/* The id at this offset: a text ("…", @"…", """…"""), or a constant of the same file (Id, CreateUsers.Id), maybe with
 * the name of its parameter (id: "…"). */
static const char *id_at(struct arena *arena, struct text source, size_t at)
{
    struct text said = text_trim(text_slice(source, at, source.size));
    said = text_starts_with(said, "id:") ? text_trim(text_slice(said, strlen("id:"), said.size)) : said;
    said = text_starts_with(said, "@\"") ? text_slice(said, 1, said.size) : said;
    said = text_starts_with(said, "\"\"\"") ? text_slice(said, 2, said.size) : said;
    struct text name = code_word(said, 0);
    while (name.size > 0 && name.data + name.size < said.data + said.size && name.data[name.size] == '.') {
        name = code_word(said, (size_t)(name.data - said.data) + name.size + 1);
    }
    const size_t end = text_starts_with(said, "\"") ? text_find(said, "\"", 1) : SIZE_MAX;
    if (end != SIZE_MAX) {
        const size_t behind = code_skip_blanks(said, end + 1);
        return behind < said.size && said.data[behind] == '+' ? NULL : arena_strndup(arena, said.data + 1, end - 1);
    }
    return name.size == 0 || text_is(name, "nameof")
               ? NULL
               : quoted_behind(arena, source, arena_printf(arena, "const string %.*s =", (int)name.size, name.data));
}

/* Adds what a program of the class says. */
static void read_attributes(struct arena *arena, const char *path, struct attributes *attributes)
{
    struct status unread = {.arena = arena};
    struct file_start start;
    if (file_look(path, NULL) != FILE_REGULAR || !file_read_start(arena, path, HEAD, &start, &unread)) {
        return;
    }
    const size_t at = find_attribute(arena, start.content, "Migration");
    const char *const id = at == SIZE_MAX ? NULL : id_at(arena, start.content, at);
    attributes->id =
        attributes->id == NULL && id != NULL && id[0] != '\0' && name_is_recordable(id) ? id : attributes->id;
    attributes->is_computed = attributes->is_computed || (at != SIZE_MAX && id == NULL);
    attributes->is_wide =
        attributes->is_wide || (start.content.size > 0 && memchr(start.content.data, '\0', start.content.size) != NULL);
    attributes->has_context = attributes->has_context || find_attribute(arena, start.content, "DbContext") != SIZE_MAX;
    for (size_t colon = 0; (colon = text_find(start.content, ":", colon)) != SIZE_MAX; colon++) {
        const struct text base = code_word(start.content, code_skip_blanks(start.content, colon + 1));
        attributes->is_derived =
            attributes->is_derived || (base.size > strlen("Migration") && text_find(base, "Migration", 0) != SIZE_MAX);
        attributes->is_model = attributes->is_model || text_is(base, "ModelSnapshot");
    }
}

/* The name of the partial class in a program; NULL: there is none. */
static const char *partial_class(struct arena *arena, const char *path)
{
    struct status unread = {.arena = arena};
    struct file_start start;
    if (file_look(path, NULL) != FILE_REGULAR || !file_read_start(arena, path, HEAD, &start, &unread)) {
        return NULL;
    }
    const size_t partial = code_find_word(start.content, "partial", 0);
    const size_t class = partial == SIZE_MAX ? SIZE_MAX : code_skip_blanks(start.content, partial);
    const struct text word = class == SIZE_MAX ? (struct text){0} : code_word(start.content, class);
    if (!text_is(word, "class")) {
        return NULL;
    }
    const struct text name = code_word(start.content, code_skip_blanks(start.content, class + word.size));
    return name.size == 0 ? NULL : arena_strndup(arena, name.data, name.size);
}

/* What the other files of a partial class say: Init.Data.cs beside Init.cs and its model. They have the class in their
 * names. */
static struct attributes other_parts(struct arena *arena, const struct migration_file *file)
{
    struct attributes attributes = {0};
    struct status unread = {.arena = arena};
    struct file_list list;
    const char *const directory = path_above(arena, file->path);
    const char *const class = partial_class(arena, file->path);
    if (class == NULL || !directory_list(arena, directory, &list, &unread)) {
        return attributes;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        const char *const path = path_join(arena, directory, name);
        if (text_ends_with(text_of(name), ".cs") && strstr(name, class) != NULL && strcmp(path, file->path) != 0) {
            const char *const its = partial_class(arena, path);
            if (its != NULL && strcmp(its, class) == 0) {
                read_attributes(arena, path, &attributes);
            }
        }
    }
    return attributes;
}

/* EF knows a migration by its attributes (MigrationsAssembly.cs), which are in the model beside it, or in its own file
 * if a person wrote it. What the file is called does not matter. */
static bool efcore_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    const int stem = (int)(strlen(file->path) - strlen(".cs"));
    struct attributes attributes = {0};
    (void)folder;
    read_attributes(arena, arena_printf(arena, "%.*s.Designer.cs", stem, file->path), &attributes);
    read_attributes(arena, file->path, &attributes);
    if (attributes.id == NULL || (!attributes.has_context && !attributes.is_derived)) {
        const struct attributes others = other_parts(arena, file);
        if (attributes.id == NULL && others.id != NULL) {
            return false; /* a part of the class that another file is listed for */
        }
        attributes.has_context = attributes.has_context || others.has_context;
        attributes.is_derived = attributes.is_derived || others.is_derived;
    }
    if (attributes.id == NULL && (attributes.is_computed || (attributes.is_wide && file->version != NULL))) {
        *warning = arena_printf(arena,
                                "%s has an id in its [Migration(…)] that cannot be read without compiling it: it is "
                                "listed with the name of its file.",
                                file->filename);
        return true;
    }
    if (attributes.id == NULL) {
        *warning = attributes.is_model || (file->version == NULL && !attributes.has_context)
                       ? NULL
                       : arena_printf(arena, "%s is left out: EF passes over a class without [Migration(\"…\")].",
                                      file->filename);
        return false;
    }
    file->name = attributes.id;
    if (!attributes.has_context && !attributes.is_derived) {
        *warning =
            arena_printf(arena, "%s is left out: EF passes over a class without [DbContext(…)].", file->filename);
        return false;
    }
    return true;
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
            .likely_by = WORDS("*.cs: MigrationBuilder"), /* without models EF passes over them: that is told */
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
