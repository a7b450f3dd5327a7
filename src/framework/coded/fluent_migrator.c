/*
 * FluentMigrator (.NET): classes in C#, recorded by the version in their attribute. Facts read in its source (7:
 * VersionLoader.cs, MigrationAttribute.cs, TimestampedMigrationAttribute.cs, PostgresQuoter.cs); nothing was measured.
 * Classes are searched, not parsed: a version counts only if it is written out.
 */
#include "framework/coded/code.h"
#include "framework/core/file_rules.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TIMESTAMPED "TimestampedMigration"
#define LONGEST     19   /* digits of a version */
#define MOST_HEAD   2048 /* bytes between an attribute and the name of its class */
#define LEAST_PARTS 5    /* of a time: year, month, day, hour, minute */
#define MOST_PARTS  6

/* ---- attributes ---- */

/* Reads a number, 2024_01_01L; false if there is anything else in front of the next "," or ")". */
static bool read_number(struct text source, size_t *at, char digits[LONGEST + 1])
{
    size_t size = 0;
    size_t i = code_skip_blanks(source, *at);
    for (; i < source.size && size < LONGEST && (isdigit((unsigned char)source.data[i]) != 0 || source.data[i] == '_');
         i++) {
        if (source.data[i] != '_') {
            digits[size++] = source.data[i];
        }
    }
    digits[size] = '\0';
    i += i < source.size && strchr("Ll", source.data[i]) != NULL ? 1 : 0;
    i = code_skip_blanks(source, i);
    *at = i + 1;
    return size > 0 && i < source.size && strchr(",)", source.data[i]) != NULL;
}

/* 20240101120000 for (2024, 1, 1, 12, 0); NULL: computed. */
static const char *read_time(struct arena *arena, struct text source, size_t at)
{
    unsigned long parts[MOST_PARTS] = {0};
    char digits[LONGEST + 1];
    size_t count = 0;
    while (count < MOST_PARTS && read_number(source, &at, digits) && strlen(digits) <= 4) {
        parts[count++] = strtoul(digits, NULL, 10);
        if (source.data[at - 1] == ')') {
            break;
        }
    }
    return count < LEAST_PARTS ? NULL
                               : arena_printf(arena, "%04lu%02lu%02lu%02lu%02lu%02lu", parts[0], parts[1], parts[2],
                                              parts[3], parts[4], parts[5]);
}

/* The version in an attribute whose parenthesis opened in front of this offset; NULL: computed. */
static const char *read_version(struct arena *arena, struct text source, size_t at, bool is_time)
{
    static const char name[] = "version:";
    char digits[LONGEST + 1];
    at = code_skip_blanks(source, at);
    at += text_starts_with(text_slice(source, at, source.size), name) ? strlen(name) : 0;
    if (is_time) {
        return read_time(arena, source, at);
    }
    return read_number(source, &at, digits) ? arena_strdup(arena, digits + strspn(digits, "0")) : NULL;
}

/* The next attribute of a migration; *behind is the offset after its parenthesis. SIZE_MAX: there is none. */
static size_t next_attribute(struct text source, size_t from, size_t *behind, bool *is_time)
{
    static const char word[] = "Migration(";
    for (size_t at = from; (at = text_find(source, word, at)) != SIZE_MAX; at++) {
        const size_t more = strlen(TIMESTAMPED) - strlen("Migration");
        *is_time = at >= more && text_starts_with(text_slice(source, at - more, source.size), TIMESTAMPED);
        size_t before = *is_time ? at - more : at;
        while (before > 0 && isspace((unsigned char)source.data[before - 1]) != 0) {
            before--;
        }
        if (before > 0 && strchr("[,", source.data[before - 1]) != NULL) {
            *behind = at + strlen(word);
            return at;
        }
    }
    return SIZE_MAX;
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '.';
}

static bool is_commented(struct text source, size_t at)
{
    const struct text line = text_slice(source, at > 200 ? at - 200 : 0, at);
    size_t start = line.size;
    while (start > 0 && line.data[start - 1] != '\n') {
        start--;
    }
    return text_starts_with(text_trim(text_slice(line, start, line.size)), "//");
}

/* What is near an attribute: its end, and the head of its class. */
static struct text near_of(struct text source, size_t behind)
{
    return text_slice(source, behind, behind + MOST_HEAD);
}

/* The description in the attribute; else the name of the class. */
static const char *title_of(struct arena *arena, struct text near, const char *class)
{
    const size_t open = text_find(near, "\"", 0);
    const size_t close =
        open == SIZE_MAX || open > text_find(near, ")", 0) ? SIZE_MAX : text_find(near, "\"", open + 1);
    return close == SIZE_MAX ? class : arena_strndup(arena, near.data + open + 1, close - open - 1);
}

/* ---- files ---- */

static void add(struct arena *arena, const struct migration_file *found, const char *version, const char *class,
                struct migration_files *files)
{
    struct migration_file *const file = listing_add(arena, files);
    *file = *found;
    file->key = file->version = version[0] == '\0' ? "0" : version;
    file->name = arena_printf(arena, "%s_%s", file->version, class);
}

/* The offset of an attribute of the project's own that gives a version, [OurMigration(…)]; SIZE_MAX: there is none. */
static size_t own_attribute(struct text source)
{
    static const char word[] = "Migration(";
    for (size_t at = 0; (at = text_find(source, word, at)) != SIZE_MAX; at++) {
        size_t start = at;
        while (start > 0 && at - start < MOST_HEAD && is_of_name(source.data[start - 1])) {
            start--;
        }
        const struct text name = text_slice(source, start, at + strlen("Migration"));
        const bool is_known = text_is(name, "Migration") || text_is(name, TIMESTAMPED);
        size_t before = start;
        while (before > 0 && isspace((unsigned char)source.data[before - 1]) != 0) {
            before--;
        }
        if (!is_known && before > 0 && strchr("[,", source.data[before - 1]) != NULL && !is_commented(source, start)) {
            return start;
        }
    }
    return SIZE_MAX;
}

/* Notes what keeps the folder's migrations from being known. */
static void note_unread(struct arena *arena, const char *path, struct text source, size_t at,
                        struct migration_files *files)
{
    if (at != SIZE_MAX && files->unrecordable == NULL) {
        files->unrecordable = arena_printf(
            arena, "%s, line %u, computes the version of a migration, which cannot be read without running it.", path,
            text_position(source, at).line);
    }
}

/* The migrations of one file. */
static void read_file(struct arena *arena, const struct folder *folder, const struct migration_file *found,
                      struct text source, struct migration_files *files)
{
    const char *const path = path_join(arena, folder->path, found->filename);
    size_t behind;
    bool is_time;
    for (size_t at = 0; (at = next_attribute(source, at, &behind, &is_time)) != SIZE_MAX; at = behind) {
        if (is_commented(source, at)) {
            continue;
        }
        const char *const version = read_version(arena, source, behind, is_time);
        const struct text near = near_of(source, behind);
        const size_t word = code_find_word(near, "class", 0);
        const struct text class = code_word(near, word == SIZE_MAX ? near.size : code_skip_blanks(near, word));
        const char *const name = arena_strndup(arena, class.size == 0 ? "" : class.data, class.size);
        if (version != NULL && name_is_recordable(name)) {
            add(arena, found, version, name, files);
            files->items[files->count - 1].title = title_of(arena, near, name);
        } else {
            note_unread(arena, path, source, at, files);
        }
    }
    note_unread(arena, path, source, own_attribute(source), files);
    if (text_find(source, "[Tags(", 0) != SIZE_MAX) {
        listing_warn(arena, files,
                     arena_printf(arena, "%s has [Tags(…)]: FluentMigrator runs it only if it is told these tags.",
                                  found->filename));
    }
}

static bool fluent_migrator_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                                 struct status *status)
{
    const struct listing_rule rule = {.compare = listing_by_version};
    if (!files_list_inside(arena, folder, read_file, files, status)) {
        return false;
    }
    listing_sort(arena, &rule, files);
    listing_warn_duplicates(arena, files);
    return true;
}

const struct framework framework_fluent_migrator = {
    .id = "fluent-migrator",
    .display_name = "FluentMigrator",
    .tool = "start the program that calls FluentMigrator's MigrateUp(), or dotnet fm migrate",
    .ledger =
        {
            .shapes = SHAPES({.table = "VersionInfo",
                              .columns = "Version:int8 AppliedOn:timestamp Description:varchar",
                              .only_columns = true,
                              .by_shape = true}),
            .schema = "public", /* PostgresQuoter.QuoteSchemaName, whatever the search path is */
            .read = "SELECT \"Version\"::pg_catalog.text AS key, \"AppliedOn\" AT TIME ZONE 'UTC' AS applied_at FROM "
                    "{ledger} ORDER BY \"AppliedOn\", \"Version\"",
            .create = "CREATE TABLE {ledger} (\"Version\" bigint NOT NULL);"
                      "CREATE UNIQUE INDEX \"UC_Version\" ON {ledger} (\"Version\" ASC);"
                      "ALTER TABLE {ledger} ADD \"AppliedOn\" timestamp;"
                      "ALTER TABLE {ledger} ADD \"Description\" varchar(1024);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (\"Version\", \"AppliedOn\", \"Description\") VALUES ({key}, {utc}, "
                      "{title});",
        },
    .folder =
        {
            .places = WORDS("Migrations", "Data/Migrations", "Database/Migrations", "Infrastructure/Migrations",
                            "src/Migrations"),
            .sure_by = WORDS("*.cs: using FluentMigrator", "~*.csproj: FluentMigrator & *.cs: [Migration("),
            .files = FILES({.pattern = "*.cs", .is_code = true}),
            .recursive = true,
        },
    .mentions = MENTIONS(
        {.files = "*.cs", .words = "TableName", .beside = "VersionTableMetaData"},
        {.files = "*.cs", .words = "SchemaName", .beside = "VersionTableMetaData", .part = MENTION_SCHEMA},
        {.files = "*.cs", .words = "DefaultConventionSet(", .beside = "FluentMigrator", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "FluentMigrator runs it, after those that are applied already.",
            .missing_note = "FluentMigrator says nothing of it.",
        },
    .hooks = {.list = fluent_migrator_list},
};
