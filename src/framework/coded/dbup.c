/*
 * DbUp (.NET): SQL files that a program takes from its own resources or from a folder, recorded by the names that they
 * have there ("Shop.Scripts.0001_users.sql"). Facts read in dbup-core and dbup-postgresql (6); nothing was measured.
 * Only the program knows its variables and transactions, so it runs the files itself.
 */
#include "base/search.h"
#include "base/sorting.h"
#include "framework/core/file_index.h"
#include "framework/core/file_rules.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/package.h"
#include "framework/core/reading.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* ---- names ---- */

/* "Scripts.v1_0.0001.sql" for Scripts/v1-0/0001.sql, the name that the compiler gives a resource; for a file in a
 * folder, directories keep their names. */
static const char *dotted(struct arena *arena, const char *path, bool is_resource)
{
    struct buffer name = {.arena = arena};
    for (const char *rest = path; *rest != '\0';) {
        const size_t size = strcspn(rest, "/");
        const bool is_directory = rest[size] == '/';
        buffer_puts(&name, is_resource && is_directory && isdigit((unsigned char)rest[0]) != 0 ? "_" : "");
        for (size_t i = 0; i < size; i++) {
            buffer_putc(&name, is_resource && is_directory && strchr("- ()", rest[i]) != NULL ? '_' : rest[i]);
        }
        buffer_puts(&name, is_directory ? "." : "");
        rest += size + (is_directory ? 1 : 0);
    }
    return buffer_string(&name);
}

/* The prefix of the names of resources, with its dot: the project's RootNamespace, or the name of the project; "" if
 * files are not resources. */
static const char *prefix_in(struct arena *arena, const struct folder *folder)
{
    static const char open[] = "<RootNamespace>";
    const struct words names = folder_matching(arena, folder, "*.{cs|fs|vb}proj");
    const char *const name = names.count == 0 ? NULL : names.items[0];
    struct text content;
    if (name == NULL || !folder_read(arena, folder, name, &content) ||
        text_find(content, "EmbeddedResource", 0) == SIZE_MAX) {
        return "";
    }
    const size_t at = text_find(content, open, 0);
    const size_t end = at == SIZE_MAX ? SIZE_MAX : text_find(content, "<", at + 1);
    const struct text said = end == SIZE_MAX ? text_slice(text_of(name), 0, strlen(name) - strlen(".csproj"))
                                             : text_trim(text_slice(content, at + strlen(open), end));
    const char *const inside = path_below(folder->base, folder->path);
    const bool is_own = inside[0] == '\0' || strcmp(inside, ".") == 0;
    return arena_printf(arena, "%.*s.%s", (int)said.size, said.data,
                        is_own ? "" : dotted(arena, arena_printf(arena, "%s/", inside), true));
}

/* What a package says about its scripts: folder->settings while they are listed. */
struct package {
    const char *prefix;   /* of the names of resources */
    struct text programs; /* all of them, one behind the other */
};

static struct text programs_of(struct arena *arena, const struct folder *folder)
{
    const struct words names = folder_matching(arena, folder, "*.{cs|fs|vb}");
    struct buffer all = {.arena = arena};
    for (size_t i = 0; i < names.count; i++) {
        struct text content;
        if (folder_read(arena, folder, names.items[i], &content)) {
            buffer_add(&all, content);
            buffer_putc(&all, '\n');
        }
    }
    return buffer_text(&all);
}

/* Does a program of the package contain this word? */
static bool program_has(const struct package *package, const char *word)
{
    return text_find(package->programs, word, 0) != SIZE_MAX;
}

/* Does its program take the files of this folder, and no others? By default it does not look into subdirectories
 * (FileSystemScriptOptions.cs). Where the path is computed, or the program names the subdirectory as well, that cannot
 * be known, and the file counts. */
static bool is_below_its_folder(struct arena *arena, const struct folder *folder, const char *filename)
{
    const char *const own = arena_printf(arena, "%s\"", path_name(folder->path));
    const char *const below = arena_strndup(arena, filename, strcspn(filename, "/"));
    const struct package *const package = folder->settings;
    return strchr(filename, '/') != NULL && program_has(package, "WithScriptsFromFileSystem") &&
           program_has(package, own) && !program_has(package, "IncludeSubDirectories") && !program_has(package, below);
}

/* By default it takes files that end in .sql (StandardExtensions.cs, FileSystemScriptOptions.cs). */
static bool dbup_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                        const char **warning)
{
    const struct package *const package = folder->settings;
    const char *const prefix = package->prefix;
    if (text_ends_with(text_of(file->filename), ".psql") && !program_has(package, "psql")) {
        *warning =
            arena_printf(arena, "%s is left out: DbUp reads files that end in .sql, unless its program says others.",
                         file->filename);
        return false;
    }
    if (prefix[0] == '\0' && is_below_its_folder(arena, folder, file->filename)) {
        *warning = arena_printf(arena,
                                "%s is left out: DbUp reads subdirectories only with IncludeSubDirectories, which its "
                                "program does not set.",
                                file->filename);
        return false;
    }
    file->key = arena_printf(arena, "%s%s", prefix, dotted(arena, file->filename, prefix[0] != '\0'));
    return true;
}

/* The package is read once, and not for each file. */
static bool dbup_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    const struct package package = {.prefix = prefix_in(arena, folder), .programs = programs_of(arena, folder)};
    struct folder own = *folder;
    own.settings = &package;
    return files_list(arena, &own, files, status);
}

/* ---- the ledger ---- */

extern const struct framework framework_dbup;

/* The names that a file may have in a row: as a resource, and as a file of a folder. */
struct own_name {
    const char *name;
    const struct migration_file *file;
};

/* The names of all files, sorted; equal names in the order of the files. */
struct own_names {
    struct own_name *items;
    size_t count;
    size_t longest; /* bytes */
};

static int by_name(const void *a, const void *b)
{
    const struct own_name *const x = a;
    const struct own_name *const y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->file > y->file) - (x->file < y->file);
}

static bool is_before_name(const void *item, const void *name)
{
    return strcmp(((const struct own_name *)item)->name, name) < 0;
}

static struct own_names names_of(struct arena *arena, const struct migration_files *files)
{
    struct own_names names = {.items = arena_array(arena, 2 * files->count + 1, sizeof *names.items)};
    for (size_t i = 0; i < 2 * files->count; i++) {
        const struct migration_file *const file = &files->items[i / 2];
        const char *const name = dotted(arena, file->filename, i % 2 == 0);
        names.items[names.count++] = (struct own_name){name, file};
        names.longest = strlen(name) > names.longest ? strlen(name) : names.longest;
    }
    sort_items(names.items, names.count, sizeof *names.items, by_name);
    return names;
}

/* The file to whose own name this row belongs, and how many bytes of the row come before the file's name; NULL: none.
 * The longest name counts. */
static const struct migration_file *file_of(const struct own_names *names, const char *row, size_t *front)
{
    const size_t size = strlen(row);
    for (size_t at = size > names->longest ? size - names->longest : 0; at < size; at++) {
        if (at > 0 && row[at - 1] != '.') {
            continue;
        }
        const size_t first = search_first(names->items, names->count, sizeof *names->items, is_before_name, row + at);
        if (first < names->count && strcmp(names->items[first].name, row + at) == 0) {
            *front = at;
            return names->items[first].file;
        }
    }
    return NULL;
}

static bool has_own_row(const struct ledger_reading *reading)
{
    struct file_index index = file_index_of(reading->arena, reading->files);
    size_t i = 0;
    while (i < reading->entries.count &&
           file_index_find(&index, ledger_entry_key(&reading->entries.items[i])) == NULL) {
        i++;
    }
    return i < reading->entries.count;
}

/* Do all rows that could belong to the files have the same prefix? If not, they belong to several programs. */
static bool is_of_one_program(struct ledger_reading *reading, const struct own_names *names)
{
    const char *first = NULL;
    size_t first_size = 0;
    size_t front;
    for (size_t i = 0; i < reading->entries.count; i++) {
        const char *const row = ledger_entry_key(&reading->entries.items[i]);
        if (file_of(names, row, &front) == NULL) {
            continue;
        }
        if (first != NULL && (first_size != front || strncmp(first, row, front) != 0)) {
            ledger_warn(
                reading,
                arena_printf(reading->arena,
                             "The tracking table has rows of several programs (\"%.*s\" and \"%.*s\" before the same "
                             "file names). It cannot be known which are this project's, so none are taken for it.",
                             (int)first_size, first, (int)front, row));
            return false;
        }
        first = row;
        first_size = front;
    }
    return true;
}

/* A program may have given its scripts another prefix. Then the file counts whose own name is the end of the row's
 * name, if no row has the whole name and no other program's row has the same end. */
static bool dbup_read(struct ledger_reading *reading)
{
    if (!ledger_read_facts(reading, &framework_dbup.ledger)) {
        return false;
    }
    const struct own_names names = names_of(reading->arena, reading->files);
    if (has_own_row(reading) || !is_of_one_program(reading, &names)) {
        return true;
    }
    for (size_t i = 0; i < reading->entries.count; i++) {
        struct ledger_entry *const entry = &reading->entries.items[i];
        size_t front;
        const struct migration_file *const file = file_of(&names, ledger_entry_key(entry), &front);
        entry->key = file != NULL ? file->key : entry->key;
    }
    return true;
}

/* The text before a migration's own name. */
static const char *prefix_word(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    const char *const own =
        dotted(arena, record->file->filename, true); /* as long as the other one, or longer by one "_" */
    (void)ledger;
    return text_ends_with(text_of(record->key), own)
               ? arena_strndup(arena, record->key, strlen(record->key) - strlen(own))
               : "";
}

const struct framework framework_dbup = {
    .id = "dbup",
    .display_name = "DbUp",
    .tool = "start the program that calls DbUp's PerformUpgrade()",
    .ledger =
        {
            .shapes = SHAPES({.table = "schemaversions",
                              .columns = "schemaversionsid:int4 scriptname:varchar applied:timestamp",
                              .only_columns = true,
                              .by_shape = true}),
            .read = "SELECT scriptname AS key, applied::timestamptz AS applied_at FROM {ledger} ORDER BY "
                    "schemaversionsid",
            .create = "CREATE TABLE {ledger} (schemaversionsid serial NOT NULL, scriptname character varying(255) NOT "
                      "NULL, applied timestamp without time zone NOT NULL, CONSTRAINT {identifier:PK_*_Id} PRIMARY KEY "
                      "(schemaversionsid));",
            .lock = LOCK_LEDGER,
            /* Under another name, its program would run the script again. */
            .record = "DO {'BEGIN IF EXISTS (SELECT FROM {ledger}) AND NOT EXISTS (SELECT FROM {ledger} WHERE "
                      "pg_catalog.starts_with(scriptname, {prefix})) THEN RAISE EXCEPTION USING MESSAGE = "
                      "pg_catalog.concat('The rows of DbUp do not begin with \"', {prefix}, '\": its program gives the "
                      "scripts another name, which is not known here.'); END IF; END'};"
                      "INSERT INTO {ledger} (scriptname, applied) VALUES ({key}, pg_catalog.now());",
            .words = (const struct ledger_word[]){{.name = "prefix", .text = prefix_word}, {0}},
        },
    .folder =
        {
            .places = WORDS("Scripts", "Migrations", "scripts", "migrations", "SqlScripts", "Sql", "Database/Scripts",
                            "Database/Migrations", "db", "DbScripts"),
            .sure_by = WORDS("~*.{cs|fs|vb}proj: dbup-postgresql|DbUp-PostgreSQL|dbup-PostgreSQL|DbUp-Postgresql & "
                             "*.{sql|psql}"),
            .files = FILES({.pattern = "*.{sql|SQL|Sql|psql}", .is_code = true}),
            .recursive = true,
            .whole_names = true,
            .key = KEY_OF_HOOK,
        },
    .mentions = MENTIONS({.files = "*.{cs|fs|vb}", .words = "JournalToPostgresqlTable(", .argument = 1},
                         {.files = "*.{cs|fs|vb}", .words = "JournalToPostgresqlTable(", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "DbUp runs it, in the order of the names.",
            .missing_note = "DbUp says nothing of it.",
        },
    .hooks = {.list = dbup_list, .accept = dbup_accept, .read_ledger = dbup_read},
};
