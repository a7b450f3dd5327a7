/*
 * yoyo: SQL files or programs with dependencies, recorded with a hash of their names. Facts measured with yoyo 8.2.
 */
#include "base/search.h"
#include "base/sorting.h"
#include "base/words.h"
#include "framework/core/configuration.h"
#include "framework/core/file_rules.h"
#include "framework/core/listing.h"
#include "framework/core/order.h"
#include "framework/core/package.h"
#include "framework/core/script.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

#define LONGEST_NAME 255         /* of a file */
#define MOST_DEPENDS (64 * 1024) /* bytes of a file in which names are looked for */
#define HERE         "%(here)s/" /* the directory of yoyo.ini */

/* ---- the folder ---- */

/* What follows "-- name:" of a line; returns false if it is another one. */
static bool is_directive(struct text line, const char *name, struct text *value)
{
    const struct text comment = text_trim(text_slice(line, strlen("--"), line.size));
    const struct text rest = text_trim(text_slice(comment, strlen(name), comment.size));
    *value = text_trim(text_slice(rest, 1, rest.size));
    return text_starts_with(line, "--") && text_starts_with(comment, name) && text_starts_with(rest, ":");
}

/* The next directive of this name at the head of a file: in front of its first statement are comments and empty lines
 * (parse_metadata_from_sql_comments of migrations.py). */
static bool next_directive(struct text *rest, const char *name, struct text *value)
{
    for (struct text line; text_next_line(rest, &line);) {
        const struct text said = text_trim(line);
        if (said.size > 0 && !text_starts_with(said, "--")) {
            return false;
        }
        if (is_directive(said, name, value)) {
            return true;
        }
    }
    return false;
}

/* The value of __depends__ in a program, up to its closing bracket; empty if there is none. */
static struct text depends_of_program(struct text content)
{
    static const char word[] = "__depends__";
    const struct text source = text_without_mark(content);
    struct text rest = source;
    for (struct text line; text_next_line(&rest, &line);) {
        const size_t start = (size_t)(line.data - source.data);
        const size_t equals = text_starts_with(line, word) ? text_find(line, "=", 0) : SIZE_MAX;
        if (equals == SIZE_MAX) {
            continue;
        }
        const struct text value = text_trim(text_slice(line, equals + 1, line.size));
        const bool has_bracket = value.size > 0 && strchr("{[(", value.data[0]) != NULL;
        const char close[] = {(char)(!has_bracket ? '\n' : value.data[0] == '(' ? ')' : value.data[0] + 2), '\0'};
        const struct text near = text_slice(source, start + equals + 1, start + equals + 1 + MOST_DEPENDS);
        return text_slice(near, 0, text_find(near, close, 0));
    }
    return (struct text){0};
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct migration_file *const *)a)->name, (*(const struct migration_file *const *)b)->name);
}

static bool is_before_name(const void *item, const void *key)
{
    const struct text own = text_of((*(const struct migration_file *const *)item)->name);
    const struct text *const name = key;
    const int order = memcmp(own.data, name->data, own.size < name->size ? own.size : name->size);
    return order < 0 || (order == 0 && own.size < name->size);
}

/* Notes what the migration with this number needs. The line names it in words, and a name may contain blanks. */
static void note_needed(const struct migration_files *files, const struct migration_file *const *sorted,
                        struct text depends, size_t number, struct order *order)
{
    for (size_t at = 0; at < depends.size; at++) {
        if (at > 0 && strchr(" \t\n\"'{,[(", depends.data[at - 1]) == NULL) {
            continue;
        }
        for (size_t end = at + 1; end <= depends.size && end - at <= LONGEST_NAME; end++) {
            if (end < depends.size && strchr(" \t\n\"'},])", depends.data[end]) == NULL) {
                continue;
            }
            const struct text name = text_slice(depends, at, end);
            for (size_t i = search_first(sorted, files->count, sizeof sorted[0], is_before_name, &name);
                 i < files->count && text_is(name, sorted[i]->name); i++) {
                const size_t needed = (size_t)(sorted[i] - files->items);
                if (needed != number) {
                    order_needs(order, number, needed);
                }
            }
        }
    }
}

/* The same for all that its file says. */
static void note_all_needed(const struct migration_files *files, const struct migration_file *const *sorted,
                            struct text content, size_t number, struct order *order)
{
    if (files->items[number].is_code) {
        note_needed(files, sorted, depends_of_program(content), number, order);
        return;
    }
    struct text rest = text_slice(text_without_mark(content), 0, MOST_DEPENDS);
    for (struct text value; next_directive(&rest, "depends", &value);) {
        note_needed(files, sorted, value, number, order);
    }
}

/* Those that it depends on first; else by name. */
static bool sort(struct arena *arena, struct migration_files *files, struct status *status)
{
    struct order *const order = order_new(arena, files->count);
    const struct migration_file **const sorted =
        arena_array(arena, files->count + 1, sizeof(const struct migration_file *));
    for (size_t i = 0; i < files->count; i++) {
        sorted[i] = &files->items[i];
    }
    sort_items(sorted, files->count, sizeof(const struct migration_file *), by_name);
    for (size_t i = 0; i < files->count; i++) {
        struct text content;
        if (!file_read(arena, files->items[i].path, MIGRATION_FILE_LIMIT, &content, status)) {
            return false;
        }
        note_all_needed(files, sorted, content, i, order);
    }
    order_files(order, files);
    return true;
}

/* ---- what runs behind the migrations ---- */

/* A script in this directory that yoyo runs after each run that applied something, in a transaction of its own
 * (run_post_apply of backends/base.py); a program is left to yoyo. */
static void add_post_apply(struct arena *arena, const struct folder *folder, const char *path,
                           struct migration_files *files)
{
    if (text_ends_with(text_of(path), ".py")) {
        files->needs_tool =
            arena_printf(arena, "there is %s, which yoyo runs after each run that applied something", path);
        return;
    }
    files->around =
        arena_grow(arena, files->around, files->around_count, &files->around_capacity, sizeof *files->around);
    struct around_script *const one = &files->around[files->around_count++];
    *one = (struct around_script){.when = AROUND_AFTER_APPLIED};
    one->file.name = one->file.filename = path;
    one->file.path = path_join(arena, folder->root, path);
    listing_warn(arena, files,
                 arena_printf(arena,
                              "A run that applied something also runs %s, as yoyo does. A plan does not show "
                              "what it locks.",
                              path));
}

static void find_post_apply(struct arena *arena, const struct folder *folder, const char *directory,
                            struct migration_files *files)
{
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    directory_list(arena, path_join(arena, folder->root, directory), &list, &unread);
    for (size_t i = 0; i < list.count; i++) {
        const struct text name = text_of(list.entries[i].name);
        const bool is_script =
            (text_ends_with(name, ".sql") && !text_ends_with(name, ".rollback.sql")) || text_ends_with(name, ".py");
        if (!list.entries[i].is_directory && is_script && text_starts_with(name, "post-apply")) {
            add_post_apply(arena, folder, path_join(arena, directory, name.data), files);
        }
    }
}

static bool yoyo_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    if (!files_list(arena, folder, files, status) || !sort(arena, files, status)) {
        return false;
    }
    find_post_apply(arena, folder, folder->path, files);
    for (const char *const *other = folder->others; other != NULL && *other != NULL; other++) {
        find_post_apply(arena, folder, *other, files);
    }
    return true;
}

/* ---- its settings ---- */

/* Sources are directories, of which those that do not exist are passed over; one may also be a pattern of them, or in a
 * package of Python. */
static void take_sources(struct arena *arena, struct folder *folder, const struct source_file *file,
                         const struct words *sources)
{
    struct words paths = {0};
    for (size_t i = 0; i < sources->count; i++) {
        const char *const said = sources->items[i];
        const size_t here = strncmp(said, HERE, strlen(HERE)) == 0 ? strlen(HERE) : 0;
        const char *const path = path_join(arena, folder->base, said + here);
        if (strpbrk(said + here, "*?[:%") != NULL) {
            unread_folder(arena, folder, *file, text_find(file->content, "sources", 0), "sources");
        } else if (file_look(path_join(arena, folder->root, path), NULL) == FILE_DIRECTORY) {
            words_add(arena, &paths, path);
        }
    }
    folder->path = paths.count > 0      ? paths.items[0]
                   : sources->count > 0 ? path_join(arena, folder->base, sources->items[0])
                                        : NULL;
    folder->others = paths.count < 2 ? NULL : words_list(arena, &paths) + 1;
}

/* An option that another file may give: yoyo reads the files that %include and %inherit name as well. What this file
 * says itself comes before what it inherits (config.py). */
static void note_included(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    const bool says_all = config_value(arena, file->content, "DEFAULT", "sources") != NULL &&
                          config_value(arena, file->content, "DEFAULT", "migration_table") != NULL;
    const char *const words[] = {"%include", says_all ? NULL : "%inherit", NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        unread_folder_because(arena, folder, *file, text_find(file->content, words[i], 0),
                              "takes settings from another file, which is not read here");
    }
}

/* Its database can only be said in an argument, where everybody can read it, or in its configuration. */
static const struct delegate yoyo_delegate = {
    .programs = WORDS(".venv/bin/yoyo", "venv/bin/yoyo", "yoyo"),
    .run = WORDS("apply", "--batch"),
    .left_lock = "yoyo break-lock",
};

static bool yoyo_configure(struct arena *arena, struct folder *folder)
{
    const struct configuration configuration = {.files = WORDS("yoyo.ini"), .table = "DEFAULT.migration_table"};
    struct source_file file = {.name = "yoyo.ini"};
    if (!configuration_read(arena, &configuration, folder) || !folder_read(arena, folder, file.name, &file.content)) {
        return false;
    }
    const struct words sources = config_list(arena, file.content, "DEFAULT", "sources", " \t\n");
    take_sources(arena, folder, &file, &sources);
    note_included(arena, folder, &file);
    const bool has_database = config_value(arena, file.content, "DEFAULT", "database") != NULL ||
                              text_find(file.content, "%inherit", 0) != SIZE_MAX ||
                              text_find(file.content, "%include", 0) != SIZE_MAX;
    folder->delegate = has_database ? &yoyo_delegate : NULL;
    return true;
}

/* Directories come in the order in which they are given, which those with equal names keep. */
static int yoyo_compare(const struct migration_file *a, const struct migration_file *b)
{
    (void)a;
    (void)b;
    return 0;
}

static bool yoyo_script(const struct script_request *request)
{
    struct text rest = text_without_mark(request->content);
    for (struct text value; next_directive(&rest, "transactional", &value);) {
        request->script->no_transaction = request->script->no_transaction || text_is_nocase(value, "false");
    }
    return true;
}

/* ---- the ledger ---- */

static const char *hash_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return sha256_hex_of(arena, text_of(record->name));
}

#define NOW_UTC "pg_catalog.timezone('UTC', pg_catalog.now())"
#define PUT_ROWS(operation)                                                                                            \
    "{guard:_yoyo_log}INSERT INTO {ledger:_yoyo_log} (id, migration_hash, migration_id, operation, username, "         \
    "hostname, comment, "                                                                                              \
    "created_at_utc) VALUES ({id}, {hash}, {name}, '" operation "', current_user, 'truss', NULL, {utc});"              \
    "INSERT INTO {ledger} (migration_hash, migration_id, applied_at_utc) VALUES ({hash}, {name}, {utc});"

const struct framework framework_yoyo = {
    .id = "yoyo",
    .display_name = "yoyo",
    .tool = "yoyo apply --database URL",
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "_yoyo_migration",
                .columns = "migration_hash:varchar migration_id:varchar applied_at_utc:timestamp",
                .by_shape = true,
            }),
            .read =
                "SELECT migration_id AS key, pg_catalog.timezone('UTC', applied_at_utc) AS applied_at FROM {ledger} "
                "ORDER BY applied_at_utc",
            .create =
                "CREATE TABLE {ledger:_yoyo_log} ( id VARCHAR(36), migration_hash VARCHAR(64), migration_id "
                "VARCHAR(255), operation VARCHAR(10), username VARCHAR(255), hostname VARCHAR(255), comment "
                "VARCHAR(255), created_at_utc TIMESTAMP, PRIMARY KEY (id));"
                "CREATE TABLE {ledger} ( migration_hash VARCHAR(64), migration_id VARCHAR(255), applied_at_utc "
                "TIMESTAMP, PRIMARY KEY (migration_hash));"
                "CREATE TABLE {ledger:_yoyo_version} (version INT NOT NULL PRIMARY KEY, installed_at_utc TIMESTAMP);"
                "INSERT INTO {ledger:_yoyo_version} VALUES (2, " NOW_UTC ");"
                "CREATE TABLE IF NOT EXISTS {ledger:yoyo_lock} (locked INT DEFAULT 1, ctime TIMESTAMP, pid INT NOT "
                "NULL, PRIMARY KEY (locked));",
            /* Its lock is a row: ours is gone at the end of the transaction. */
            .lock =
                "{guard:yoyo_lock}DO {'BEGIN INSERT INTO {ledger:yoyo_lock} (locked, ctime, pid) VALUES (1, " NOW_UTC
                ", pg_catalog.pg_backend_pid()) ON CONFLICT DO NOTHING; IF NOT FOUND THEN RAISE 'yoyo has its lock' "
                "USING ERRCODE = '55P03', HINT = 'Is a yoyo running? One that was killed leaves it: yoyo break-lock.'; "
                "END IF; END'};",
            .unlock = "DELETE FROM {ledger:yoyo_lock};",
            .held = "SELECT pg_catalog.format('yoyo has its lock since %s (UTC, its process %s), and a run waits for "
                    "that. One that was killed leaves it: yoyo break-lock.', ctime, pid) FROM {ledger:yoyo_lock};",
            .record = PUT_ROWS("apply"),
            .mark_applied = PUT_ROWS("mark"),
            .words = (const struct ledger_word[]){{.name = "hash", .text = hash_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations"),
            .sure_by = WORDS("configured", "*.py: from yoyo import", "*.sql: -- depends:"),
            .files = FILES({.pattern = "{post-apply|_tmp_yoyonew}*", .passed_over = true},
                           {.pattern = "*.rollback.sql", .passed_over = true}, {.pattern = "*.sql"},
                           {.pattern = "*.py", .is_code = true}),
        },
    .mentions = MENTIONS({.words = "--migration-table", .beside = "yoyo"},
                         {.files = "*.py", .words = "migration_table", .beside = "yoyo"},
                         {.files = "*.py", .words = "read_migrations(", .beside = "yoyo", .part = MENTION_PATH},
                         {.files = "*.py", .words = "get_backend(", .beside = "yoyo", .argument = 1}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "yoyo runs it, after those that are applied already.",
            .missing_note = "yoyo says nothing of it.",
        },
    .hooks = {.configure = yoyo_configure, .list = yoyo_list, .compare = yoyo_compare, .script = yoyo_script},
};
