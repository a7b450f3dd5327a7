/*
 * sea-orm: programs in Rust, recorded by the names of their files. Read in the source of sea-orm-migration 1.1; its CLI
 * was not run.
 */
#include "framework/coded/code.h"
#include "framework/core/file_index.h"
#include "framework/core/file_rules.h"

#include <stdint.h>
#include <string.h>

/* ---- names ---- */

/* DeriveMigrationName takes the file's name; a program may also give a name itself, fn name(&self) -> &str { "x" }. */
static bool sea_orm_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                           const char **warning)
{
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    struct text source = {0};
    (void)folder;
    file_read(reading, file->path, MIGRATION_FILE_LIMIT, &source, &unread);
    const struct text named = code_behind(code_behind(source, "MigrationName for"), "fn name(");
    const size_t open = text_find(named, "{", 0);
    const struct text body = text_trim(text_slice(named, open == SIZE_MAX ? named.size : open + 1, named.size));
    const size_t end = text_starts_with(body, "\"") ? text_find(body, "\"", 1) : SIZE_MAX;
    const char *const name = end == SIZE_MAX ? NULL : arena_strndup(arena, body.data + 1, end - 1);
    if (name != NULL && name_is_recordable(name)) {
        file->name = name;
    } else if (body.size > 0) {
        *warning =
            arena_printf(arena,
                         "%s computes its name, which cannot be read without running it: it may be recorded under "
                         "another one than the file's.",
                         file->filename);
    }
    arena_free(reading);
    return true;
}

/* ---- the list in code ---- */

#define MOST_PATH 500 /* bytes of a module's path */

/* What is between the brackets of `fn migrations() … { vec![ … ] }`; empty if there is anything else in the function.
 */
static struct text list_in(struct text source)
{
    static const char vec[] = "vec![";
    const struct text function = code_behind(source, "fn migrations(");
    const size_t open = text_find(function, "{", 0);
    const struct text body =
        text_trim(text_slice(function, open == SIZE_MAX ? function.size : open + 1, function.size));
    const size_t close = text_starts_with(body, vec) ? text_find(body, "]", 0) : SIZE_MAX;
    const struct text behind = text_trim(text_slice(body, close == SIZE_MAX ? body.size : close + 1, body.size));
    return text_starts_with(behind, "}") ? text_slice(body, strlen(vec), close) : (struct text){0};
}

/* The list of the migrator: in lib.rs of the folder, in mod.rs, or in the module's file beside the folder. */
static struct text find_list(struct arena *arena, const struct folder *folder)
{
    const char *const path = path_join(arena, folder->root, folder->path);
    const char *const places[] = {path_join(arena, path, "lib.rs"), path_join(arena, path, "mod.rs"),
                                  path_join(arena, path, "migrator.rs"), arena_printf(arena, "%s.rs", path)};
    struct text list = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places && list.size == 0; i++) {
        struct status unread = {.arena = arena};
        struct text source;
        if (file_look(places[i], NULL) == FILE_REGULAR &&
            file_read(arena, places[i], MIGRATION_FILE_LIMIT, &source, &unread)) {
            list = list_in(source);
        }
    }
    return list;
}

/* An entry of the list, "Box::new(own::m20260105_000001_users::Migration)". */
struct listed {
    struct text list;
    size_t at;   /* where the next one is looked for */
    size_t line; /* the start of the line there */
    size_t seen; /* up to where lines were looked for */
};

/* The next entry's module, "m20260105_000001_users"; empty: there are no more. */
static struct text next_module(struct listed *listed)
{
    static const char call[] = "Box::new(";
    const struct text list = listed->list;
    while ((listed->at = text_find(list, call, listed->at)) != SIZE_MAX) {
        const size_t start = listed->at + strlen(call);
        const struct text near = text_slice(list, start, start + MOST_PATH);
        const struct text path = text_slice(near, 0, text_find(near, ")", 0));
        for (; listed->seen < listed->at; listed->seen++) {
            listed->line = list.data[listed->seen] == '\n' ? listed->seen + 1 : listed->line;
        }
        listed->at = start;
        size_t module = 0;
        size_t end = SIZE_MAX;
        for (size_t at = 0; (at = text_find(path, "::", at)) != SIZE_MAX; at += 2) {
            module = end == SIZE_MAX ? 0 : end + 2;
            end = at;
        }
        if (end != SIZE_MAX && !text_starts_with(text_trim(text_slice(list, listed->line, start)), "//")) {
            return text_trim(text_slice(path, module, end));
        }
    }
    return (struct text){0};
}

/* Puts the files into the order of the list; what is not in it is left out, as by sea-orm. */
static void take_listed(struct arena *arena, const struct folder *folder, struct text list,
                        struct migration_files *files)
{
    struct migration_files stems = {0};
    struct migration_files taken = {.warnings = files->warnings, .warning_count = files->warning_count};
    for (size_t i = 0; i < files->count; i++) {
        struct migration_file *const one = listing_add(arena, &stems);
        *one = files->items[i];
        one->key = arena_strndup(arena, one->filename, strlen(one->filename) - strlen(".rs"));
    }
    struct file_index index = file_index_of(arena, &stems);
    bool *const is_listed = arena_array(arena, files->count + 1, sizeof *is_listed);
    struct listed listed = {.list = list};
    for (struct text module; (module = next_module(&listed)).size > 0;) {
        const struct migration_file *const one =
            file_index_find(&index, arena_strndup(arena, module.data, module.size));
        if (one != NULL && !is_listed[one - stems.items]) {
            is_listed[one - stems.items] = true;
            *listing_add(arena, &taken) = files->items[one - stems.items];
        } else if (one == NULL) {
            listing_warn(arena, &taken,
                         arena_printf(arena, "The migrator of %s has %.*s, which is in no file here.", folder->path,
                                      (int)module.size, module.data));
        }
    }
    for (size_t i = 0; taken.count > 0 && i < files->count; i++) {
        if (!is_listed[i]) {
            listing_warn(arena, &taken,
                         arena_printf(arena, "%s is left out: the migrator's list in code does not have it.",
                                      files->items[i].filename));
        }
    }
    taken.unrecordable = files->unrecordable;
    *files = taken.count > 0 ? taken : *files;
}

static bool sea_orm_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    if (!files_list(arena, folder, files, status)) {
        return false;
    }
    const struct text list = find_list(arena, folder);
    if (list.size > 0) {
        take_listed(arena, folder, list, files);
    }
    return true;
}

const struct framework framework_sea_orm = {
    .id = "sea-orm",
    .display_name = "SeaORM",
    .tool = "sea-orm-cli migrate up",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "seaql_migrations", .columns = "version:varchar applied_at:int8", .only_columns = true}),
            .read = "SELECT version AS key, pg_catalog.to_timestamp(applied_at) AS applied_at FROM {ledger} ORDER BY "
                    "version",
            .create =
                "CREATE TABLE {ledger} ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL "
                ");",
            .lock = LOCK_LEDGER,
            .record =
                "INSERT INTO {ledger} (\"version\", \"applied_at\") VALUES ({name}, pg_catalog.date_part('epoch', "
                "pg_catalog.clock_timestamp())::pg_catalog.int8);",
        },
    .folder =
        {
            .places = WORDS("migration/src", "migrations/src", "src/migration", "src/migrator"),
            .sure_by = WORDS("m{number}_*.rs: sea_orm_migration"),
            /* "m20260105_100000_create_users.rs" */
            .files = FILES({.pattern = "m{number}_*.rs", .is_code = true}),
        },
    .mentions =
        MENTIONS({.files = "*.rs", .words = "fn migration_table_name", .beside = "sea_orm_migration|SeaRc|Iden"},
                 {.words = "MIGRATION_DIR", .part = MENTION_PATH},
                 {.words = "-d|--migration-dir", .beside = "sea-orm", .part = MENTION_PATH, .not_of = "generate"},
                 {.words = "-s|DATABASE_SCHEMA|--database-schema",
                  .beside = "sea-orm|sea_orm|DATABASE_SCHEMA",
                  .part = MENTION_SCHEMA,
                  .not_of = "generate"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sea-orm runs it, in the order of its list in code.",
            .missing_blocks = true,
            .missing_note = "sea-orm stops at it (\"Migration file is missing\").",
        },
    .delegate =
        &(const struct delegate){
            .is_atomic = true,
            .programs = WORDS("sea-orm-cli"),
            .run = WORDS("migrate", "up"),
        },
    .hooks = {.accept = sea_orm_accept, .list = sea_orm_list},
};
