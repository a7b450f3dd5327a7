/*
 * Evolve (.NET): files named like Flyway's, with a checksum; a row for each, by version or, for repeatable ones, by
 * name. Facts read in its source (3.2: Migration/, Metadata/, Dialect/PostgreSQL/); nothing was measured.
 */
#include "framework/core/framework.h"

#include "base/search.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/mention.h"
#include "framework/core/reading.h"

#include <ctype.h>
#include <string.h>

/* ---- files ---- */

/* "1.3.1" for "V1_3_1__Add_users.sql". */
static bool evolve_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    const char *const base = path_name(file->filename);
    const char *const separator = strstr(base, "__");
    (void)folder;
    file->repeatable = base[0] == 'R' || base[0] == 'r';
    file->key = file->name = base;
    if (file->repeatable) {
        return true;
    }
    char *const version = arena_strndup(arena, base + 1, (size_t)(separator - base - 1));
    for (char *c = version; *c != '\0'; c++) {
        *c = *c == '_' ? '.' : *c;
        if (isdigit((unsigned char)*c) == 0 && *c != '.') {
            *warning = arena_printf(arena, "%s is left out: \"%s\" is not a version.", file->filename, version);
            return false;
        }
    }
    file->key = file->version = version;
    return true;
}

/* Part by part, as numbers. */
static int compare_versions(const char *a, const char *b)
{
    struct text x = text_of(a);
    struct text y = text_of(b);
    int order = 0;
    while (order == 0 && x.size > 0 && y.size > 0) {
        const struct text left = leading_digits(x);
        const struct text right = leading_digits(y);
        order = number_compare(left, right);
        x = text_slice(x, left.size + 1, x.size);
        y = text_slice(y, right.size + 1, y.size);
    }
    return order != 0 ? order : (int)(x.size > 0) - (int)(y.size > 0);
}

/* Repeatable ones come last, by name. */
static int evolve_compare(const struct migration_file *a, const struct migration_file *b)
{
    return a->repeatable != b->repeatable ? (int)a->repeatable - (int)b->repeatable
           : a->repeatable                ? strcmp(a->name, b->name)
                                          : compare_versions(a->version, b->version);
}

static const char *sum_of(struct arena *arena, struct text content)
{
    char *const sum = arena_strdup(arena, digest_hex_of(arena, "MD5", content));
    for (char *c = sum; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return sum;
}

/* MD5 in capital letters, whatever the line endings are. */
static const char *evolve_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                   struct text content)
{
    struct buffer plain = {.arena = arena};
    (void)folder;
    (void)file;
    content = text_without_mark(content);
    for (size_t at; (at = text_find(content, "\r\n", 0)) != SIZE_MAX;) {
        buffer_add(&plain, text_slice(content, 0, at));
        content = text_slice(content, at + 1, content.size);
    }
    buffer_add(&plain, content);
    return sum_of(arena, buffer_text(&plain));
}

/* Before 1.8 it was that of the bytes. */
static bool evolve_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                    const char *stored, struct text content)
{
    (void)folder;
    (void)file;
    return strcmp(stored, sum_of(arena, content)) == 0;
}

/* Its markers may be anywhere in the first line. Values of placeholders are in code. */
static bool evolve_script(const struct script_request *request)
{
    const struct text first = text_slice(request->content, 0, text_find(request->content, "\n", 0));
    const char *const head = arena_strndup(request->arena, first.data, first.size);
    request->script->no_transaction = strcasestr(head, "evolve-tx-off") != NULL;
    if (strcasestr(head, "evolve-repeat-always") != NULL) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s says evolve-repeat-always, which only Evolve itself follows: run it with evolve.",
                           request->file->filename);
    }
    return text_find(request->content, "${", 0) == SIZE_MAX ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION,
                       "%s has a placeholder (${…}), whose value only the program that runs Evolve knows: run it with "
                       "that.",
                       request->file->filename);
}

/* ---- settings in its program ---- */

extern const struct framework framework_evolve;

/* What the program may set (IEvolveConfiguration.cs), and what it is otherwise. */
static const struct {
    const char *name;
    const char *usual; /* NULL: any value matters */
} settings[] = {
    {"StartVersion", NULL},
    {"TargetVersion", NULL},
    {"MigrationLoader", NULL},
    {"SkipNextMigrations", "false"},
    {"TransactionMode", "TransactionKind.CommitEach"},
    {"SqlMigrationPrefix", "\"V\""},
    {"SqlRepeatableMigrationPrefix", "\"R\""},
    {"SqlMigrationSeparator", "\"__\""},
    {"SqlMigrationSuffix", "\".sql\""},
    {"PlaceholderPrefix", "\"${\""},
    {"PlaceholderSuffix", "\"}\""},
    {"Encoding", "Encoding.UTF8"},
};

/* The value that a property gets behind this offset; empty: it gets none. */
static struct text value_at(struct text content, size_t at)
{
    const struct text rest = text_trim(text_slice(content, at, content.size));
    if (!text_starts_with(rest, "=") || text_starts_with(rest, "==") || text_starts_with(rest, "=>")) {
        return (struct text){0};
    }
    size_t end = 1;
    bool is_quoted = false;
    while (end < rest.size && rest.data[end] != '\n' && (is_quoted || strchr(",;}", rest.data[end]) == NULL)) {
        is_quoted = rest.data[end] == '"' ? !is_quoted : is_quoted;
        end++;
    }
    return text_trim(text_slice(rest, 1, end));
}

/* OutOfOrder counts here as there; what else decides which files run, and how, is a question. */
static void evolve_take(struct arena *arena, struct folder *folder, const struct source_file *file,
                        const struct mentioned *mentioned)
{
    const struct text value = value_at(file->content, mentioned->at + strlen(mentioned->word));
    if (strcmp(mentioned->word, "OutOfOrder") == 0 && text_is(value, "true")) {
        struct habits *const habits = arena_alloc(arena, sizeof *habits);
        *habits = framework_evolve.habits;
        habits->late = LATE_RUNS;
        habits->late_note = "evolve runs it: its program says OutOfOrder.";
        folder->habits = habits;
    }
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const char *const usual = settings[i].usual;
        if (value.size > 0 && strcmp(settings[i].name, mentioned->word) == 0 &&
            (usual == NULL || !text_is(value, usual))) {
            unread_folder_because(
                arena, folder, *file, mentioned->at,
                arena_printf(arena, "sets %s, which only the program that runs Evolve follows", mentioned->word));
        }
    }
}

/* ---- the ledger ---- */

static bool is_before_version(const void *item, const void *version)
{
    return compare_versions(((const struct migration_file *)item)->version, version) < 0;
}

/* The key of the file with this version, which may be written in another way: 1 is 001 (MigrationVersion.cs). The first
 * `versioned` files have versions. */
static const char *own_key(const struct migration_files *files, size_t versioned, const char *key)
{
    const size_t i = search_first(files->items, versioned, sizeof *files->items, is_before_version, key);
    return isdigit((unsigned char)key[0]) != 0 && i < versioned && compare_versions(files->items[i].version, key) == 0
               ? files->items[i].key
               : key;
}

/* Everything below the version at which it begins counts as applied. */
static bool evolve_read(struct ledger_reading *reading)
{
    static const char start[] = "start ";
    struct ledger_entries *const entries = &reading->entries;
    const struct migration_files *const files = reading->files;
    const char *begins = NULL;
    if (!ledger_read_facts(reading, &framework_evolve.ledger)) {
        return false;
    }
    struct ledger_entry *const all = arena_array(reading->arena, entries->count + files->count + 1, sizeof *all);
    size_t count = 0;
    size_t versioned = files->count;
    while (versioned > 0 && files->items[versioned - 1].repeatable) {
        versioned--;
    }
    for (size_t i = 0; i < entries->count; i++) {
        const char *const key = ledger_entry_key(&entries->items[i]);
        begins = strncmp(key, start, strlen(start)) == 0 ? key + strlen(start) : begins;
        if (strncmp(key, start, strlen(start)) != 0) {
            all[count] = entries->items[i];
            all[count++].key = own_key(files, versioned, key);
        }
    }
    for (size_t i = 0; begins != NULL && i < files->count; i++) {
        const struct migration_file *const file = &files->items[i];
        if (!file->repeatable && compare_versions(file->version, begins) < 0) {
            all[count] = ledger_entry_of(file->name, file->key);
            all[count++].baseline = true;
        }
    }
    entries->items = all;
    entries->count = count;
    return true;
}

/* The text after the separator, with blanks: "Add users". */
static const char *description_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    const char *const start = strstr(record->file->name, "__");
    (void)ledger;
    char *const text = arena_strndup(arena, start + 2, strlen(start) - 2 - strlen(".sql"));
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return text;
}

static const char *type_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return record->file->repeatable ? "4" : "0";
}

#define VERSIONED  "{V|v}*__*.{sql|SQL}"
#define REPEATABLE "{R|r}__*.{sql|SQL}"

const struct framework framework_evolve = {
    .id = "evolve",
    .display_name = "Evolve",
    .tool = "evolve migrate postgresql",
    .drops_mark = true,
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_WHOLE, /* one command, whose statements Npgsql sends with one Sync */
    .ledger =
        {
            .shapes = SHAPES({
                .table = "changelog",
                .columns = "id:int4 type:int2 version:varchar description:varchar name:varchar checksum:varchar "
                           "installed_by:varchar installed_on:timestamp success:bool",
                .by_shape = true,
            }),
            /* Failed migrations are tried again; schemas that it made have rows too. A row of type 3 is where it
             * begins: what is below does not concern it. For a repeatable one, the last row counts. */
            .read = "SELECT * FROM (SELECT DISTINCT ON (1) CASE WHEN type OPERATOR(pg_catalog.=) 3 THEN 'start ' "
                    "OPERATOR(pg_catalog.||) version ELSE coalesce(version, name) END AS key, name, "
                    "id::pg_catalog.text AS id, checksum, "
                    "installed_on::timestamptz AS applied_at FROM {ledger} WHERE success AND type "
                    "OPERATOR(pg_catalog.=) ANY ('{{0,3,4}') ORDER BY 1, {ledger}.id DESC) AS rows ORDER BY "
                    "applied_at, id",
            .create = "CREATE TABLE {ledger} (id SERIAL PRIMARY KEY NOT NULL, type SMALLINT, version VARCHAR(50), "
                      "description VARCHAR(200) NOT NULL, name VARCHAR(300) NOT NULL, checksum VARCHAR(32), "
                      "installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT now(), success "
                      "BOOLEAN NOT NULL);",
            .record = "INSERT INTO {ledger} (type, version, description, name, checksum, installed_by, success) VALUES "
                      "({type}, {version}, {description}, {name}, {checksum}, current_user, true);",
            .words = (const struct ledger_word[]){{.name = "description", .text = description_of},
                                                  {.name = "type", .text = type_of},
                                                  {0}},
            .advisory_locks = KEYS(12345),
        },
    .folder =
        {
            .places = WORDS("db/migrations", "Migrations", "migrations", "db", "Sql_Scripts"),
            .sure_by = WORDS("~*.csproj: \"Evolve\" & " VERSIONED, "~*.fsproj: \"Evolve\" & " VERSIONED),
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = VERSIONED}, {.pattern = REPEATABLE}),
            .recursive = true,
            .without_hidden = true, /* GetNotHiddenFilesRecursive of FileMigrationLoader.cs */
            .whole_names = true,
            .key = KEY_OF_HOOK,
            .makes = {"V{utc:%Y%m%d%H%M%S}__{slug}.sql", ""},
        },
    .mentions = MENTIONS(
        {.files = "*.cs", .words = "MetadataTableName", .beside = "EvolveDb|Evolve("},
        {.files = "*.cs", .words = "MetadataTableSchema", .beside = "EvolveDb|Evolve(", .part = MENTION_SCHEMA},
        {.files = "*.cs", .words = "Schemas", .beside = "EvolveDb|Evolve(", .part = MENTION_SCHEMA},
        {.files = "*.cs", .words = "Locations", .beside = "EvolveDb|Evolve(", .part = MENTION_PATH},
        {.files = "*.cs",
         .words = "OutOfOrder|StartVersion|TargetVersion|MigrationLoader|SkipNextMigrations|TransactionMode|"
                  "SqlMigrationPrefix|SqlRepeatableMigrationPrefix|SqlMigrationSeparator|SqlMigrationSuffix|"
                  "PlaceholderPrefix|PlaceholderSuffix|Encoding",
         .beside = "EvolveDb|Evolve(",
         .part = MENTION_SETTING,
         .take = evolve_take},
        {.words = "-l|--location", .beside = "evolve", .part = MENTION_PATH},
        {.words = "-s|--schema", .beside = "evolve", .part = MENTION_SCHEMA},
        {.words = "--metadata-table", .beside = "evolve"},
        {.words = "--metadata-table-schema", .beside = "evolve", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "evolve stops at it (\"Out of order pending migration found\"), unless it is told OutOfOrder.",
            .edited_blocks = true,
            .edited_note = "evolve stops at it (\"invalid checksum for migration\"), until `evolve repair`.",
            .missing_note = "evolve says nothing of it.",
            .missing_counts = true, /* Evolve.cs: against the last version of the table */
        },
    .hooks = {.accept = evolve_accept,
              .compare = evolve_compare,
              .script = evolve_script,
              .checksum = evolve_checksum,
              .checksum_matches = evolve_checksum_matches,
              .read_ledger = evolve_read},
};
