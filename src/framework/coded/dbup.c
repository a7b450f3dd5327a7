/*
 * DbUp (.NET): SQL files that a program takes from its own resources or from a folder, recorded by the names that they
 * have there ("Shop.Scripts.0001_users.sql"). Facts read in dbup-core and dbup-postgresql (6); nothing measured. The
 * program alone knows its variables and transactions, so it runs them.
 */
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/package.h"
#include "framework/core/reading.h"

#include <ctype.h>
#include <string.h>

/* ---- names ---- */

/* "Scripts.v1_0.0001.sql" of Scripts/v1-0/0001.sql, as the compiler makes it of a resource; a file of a folder keeps
 * what its directories are called. */
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

/* What stands in front of the names of resources, with its dot: the project's RootNamespace, or what the project is
 * called; "" where files are no resources. */
static const char *prefix_in(struct arena *arena, const struct folder *folder)
{
    static const char open[] = "<RootNamespace>";
    const char *const name = folder_matching(arena, folder, "*.{cs|fs|vb}proj", 0);
    const size_t base = folder->base[0] == '\0' ? 0 : strlen(folder->base) + 1;
    struct text content;
    if (name == NULL || !folder_read(arena, folder, name, &content) ||
        text_find(content, "EmbeddedResource", 0) == SIZE_MAX) {
        return "";
    }
    const size_t at = text_find(content, open, 0);
    const size_t end = at == SIZE_MAX ? SIZE_MAX : text_find(content, "<", at + 1);
    const struct text said = end == SIZE_MAX ? text_slice(text_of(name), 0, strlen(name) - strlen(".csproj"))
                                             : text_trim(text_slice(content, at + strlen(open), end));
    return arena_printf(arena, "%.*s.%s", (int)said.size, said.data,
                        dotted(arena, arena_printf(arena, "%s/", folder->path + base), true));
}

/* It is read for each file, and goes again each time. */
static const char *prefix_of(struct arena *arena, const struct folder *folder)
{
    struct arena *const reading = arena_new(0);
    const char *const prefix = arena_strdup(arena, prefix_in(reading, folder));
    arena_free(reading);
    return prefix;
}

static bool dbup_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                        const char **warning)
{
    (void)warning;
    const char *const prefix = prefix_of(arena, folder);
    file->key = arena_printf(arena, "%s%s", prefix, dotted(arena, file->filename, prefix[0] != '\0'));
    return true;
}

/* ---- the ledger ---- */

extern const struct framework framework_dbup;

/* What a file may be called in a row. */
struct own_names {
    const char *resource;
    const char *path;
};

static bool is_end_of(struct text row, const char *own)
{
    const size_t size = strlen(own);
    return text_ends_with(row, own) && (row.size == size || row.data[row.size - size - 1] == '.');
}

static const struct own_names *names_of(struct arena *arena, const struct migration_files *files)
{
    struct own_names *const names = arena_array(arena, files->count + 1, sizeof *names);
    for (size_t i = 0; i < files->count; i++) {
        names[i].resource = dotted(arena, files->items[i].filename, true);
        names[i].path = dotted(arena, files->items[i].filename, false);
    }
    return names;
}

/* Which file has this row as its own, and how many bytes of it stand in front of the file's name; NULL: none. */
static const struct migration_file *file_of(const struct migration_files *files, const struct own_names *names,
                                            struct text row, size_t *front)
{
    for (size_t i = 0; i < files->count; i++) {
        const bool is_resource = is_end_of(row, names[i].resource);
        if (is_resource || is_end_of(row, names[i].path)) {
            *front = row.size - strlen(is_resource ? names[i].resource : names[i].path);
            return &files->items[i];
        }
    }
    return NULL;
}

static bool has_own_row(const struct ledger_reading *reading)
{
    for (size_t i = 0; i < reading->entries.count; i++) {
        for (size_t j = 0; j < reading->files->count; j++) {
            if (strcmp(ledger_entry_key(&reading->entries.items[i]), reading->files->items[j].key) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Do all rows that could be of the files have the same in front? Else they are of several programs. */
static bool is_of_one_program(struct ledger_reading *reading, const struct own_names *names)
{
    const char *first = NULL;
    size_t first_size = 0;
    size_t front;
    for (size_t i = 0; i < reading->entries.count; i++) {
        const char *const row = ledger_entry_key(&reading->entries.items[i]);
        if (file_of(reading->files, names, text_of(row), &front) == NULL) {
            continue;
        }
        if (first != NULL && (first_size != front || strncmp(first, row, front) != 0)) {
            ledger_warn(reading, arena_printf(reading->arena,
                                              "Rows of several programs are in the tracking table (\"%.*s\" and "
                                              "\"%.*s\" in front of the same files): which of them is this project's "
                                              "cannot be known, and none is taken for it.",
                                              (int)first_size, first, (int)front, row));
            return false;
        }
        first = row;
        first_size = front;
    }
    return true;
}

/* A program may have given its scripts other names in front: the file counts whose own name is the end of the row's,
 * where no row has the whole name, and no other program's has the same end. */
static bool dbup_read(struct ledger_reading *reading)
{
    if (!ledger_read_facts(reading, &framework_dbup.ledger)) {
        return false;
    }
    const struct own_names *const names = names_of(reading->arena, reading->files);
    if (has_own_row(reading) || !is_of_one_program(reading, names)) {
        return true;
    }
    for (size_t i = 0; i < reading->entries.count; i++) {
        struct ledger_entry *const entry = &reading->entries.items[i];
        size_t front;
        const struct migration_file *const file =
            file_of(reading->files, names, text_of(ledger_entry_key(entry)), &front);
        entry->key = file != NULL ? file->key : entry->key;
    }
    return true;
}

/* What stands in front of a migration's own name. */
static const char *prefix_word(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    const char *const own = dotted(arena, record->file->filename, true); /* as long as the other one, or a "_" longer */
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
            /* Under another name its program would run the script again. */
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
            .files = FILES({.pattern = "*.{sql|psql}", .is_code = true}),
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
    .hooks = {.accept = dbup_accept, .read_ledger = dbup_read},
};
