/*
 * Ecto: modules in Elixir, recorded by the numbers of their files. Facts measured with ecto_sql 3.11.3. Other
 * frameworks also call their ledger schema_migrations, but only Ecto has these columns.
 */
#include "framework/coded/code.h"
#include "framework/coded/ecto_lock.h"

#include <stdint.h>
#include <string.h>

/* Each repository has a folder of its own in priv, "repo" for App.Repo and "main_repo" for App.MainRepo: the folder is
 * the only one, unless the configuration or the usual name says another. */
static void look_at_repositories(struct arena *arena, struct folder *folder)
{
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    const char *const priv = path_join(arena, folder->base, "priv");
    const char *const own = folder->path != NULL ? folder->path : path_join(arena, priv, "repo/migrations");
    const bool is_there = file_look(path_join(arena, folder->root, own), NULL) == FILE_DIRECTORY;
    const char *only = NULL;
    size_t count = 0;
    directory_list(arena, path_join(arena, folder->root, priv), &list, &unread);
    for (size_t i = 0; i < list.count; i++) {
        const char *const other = path_join(arena, path_join(arena, priv, list.entries[i].name), "migrations");
        if (list.entries[i].is_directory && strcmp(other, own) != 0 &&
            file_look(path_join(arena, folder->root, other), NULL) == FILE_DIRECTORY) {
            only = other;
            count++;
        }
    }
    if (is_there && only != NULL) {
        folder->note = arena_printf(arena,
                                    "%s has migrations of another repository, which are not looked at here: say "
                                    "--migrations %s, with the URL of its database.",
                                    only, only);
    } else if (!is_there && folder->path == NULL && count == 1) {
        folder->path = only;
    }
}

/* Another repository may keep the tracking table, and its database need not be this one (migration_repo of
 * Ecto.Migration.SchemaMigration). */
static void note_repository(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    const size_t behind = code_find_word(file->content, "migration_repo", 0);
    const size_t at = behind == SIZE_MAX ? 0 : code_skip_blanks(file->content, behind);
    if (behind != SIZE_MAX && at < file->content.size && file->content.data[at] == ':') {
        unread_ledger_because(arena, folder, *file, behind,
                              "has migration_repo: the tracking table is in the database of that repository");
    }
}

static bool ecto_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    struct text config;
    if (code_config(arena, folder, WORDS("mix.exs"), &source) == NULL ||
        !code_has(source, WORDS(":ecto_sql", ":phoenix_ecto"))) {
        return false;
    }
    if (!folder_read(arena, folder, ECTO_CONFIG, &config)) {
        config = (struct text){0};
    } else {
        folder->ledger.table = code_string(arena, config, "migration_source");
        const char *const priv = code_string(arena, code_behind(config, "Repo,"), "priv");
        folder->path = priv == NULL ? NULL : path_join(arena, folder->base, path_join(arena, priv, "migrations"));
        note_repository(arena, folder, &(const struct source_file){ECTO_CONFIG, config});
    }
    look_at_repositories(arena, folder);
    ecto_lock_configure(arena, folder, config);
    return true;
}

/* Ecto.Migrator.run(Repo, [{1, A}], :up) and run(Repo, migrations(), :up) get modules, which are in no folder. */
static bool gives_modules(struct text behind, struct text content)
{
    (void)content;
    const size_t comma = text_find(behind, ",", 0);
    const struct text rest = text_trim(text_slice(behind, comma == SIZE_MAX ? behind.size : comma + 1, behind.size));
    const struct text argument = text_trim(text_slice(rest, 0, text_find(rest, ",", 0)));
    return text_starts_with(argument, "[") || text_ends_with(argument, "()");
}

const struct framework framework_ecto = {
    .id = "ecto",
    .display_name = "Ecto",
    .tool = "mix ecto.migrate",
    .ledger =
        {
            .shapes = SHAPES({.table = "schema_migrations",
                              .columns = "version:int8 inserted_at:timestamp",
                              .only_columns = true,
                              .optional = "inserted_at"}),
            .read =
                "SELECT version::pg_catalog.text AS key, inserted_at AT TIME ZONE 'UTC' AS applied_at FROM {ledger} "
                "ORDER BY inserted_at, version",
            .create = "CREATE TABLE {ledger} (\"version\" bigint, \"inserted_at\" timestamp(0), PRIMARY KEY "
                      "(\"version\"));",
            /* Held by its migrator, on a second connection, while a migration runs; or an advisory lock is. The table
             * is where --prefix says: migration_default_prefix is for what migrations make (__prefix__ of
             * migration.ex). */
            .lock = "LOCK TABLE {ledger} IN SHARE UPDATE EXCLUSIVE MODE;",
            .record = "INSERT INTO {ledger} (version, inserted_at) VALUES ({key}, pg_catalog.date_trunc('second', "
                      "{utc}));",
        },
    .folder =
        {
            .places = WORDS("priv/repo/migrations"),
            .sure_by = WORDS("*.exs: use Ecto.Migration"),
            /* Integer.parse of migrator.ex, which takes a sign. */
            .files = FILES({.pattern = "{integer}_{title}.exs", .is_code = true},
                           {.pattern = "{integer}_*.ex",
                            .passed_over = true,
                            .warning = "is left out: ecto passes over migrations that end in .ex instead of .exs."}),
            /* It searches with Path.wildcard, which leaves out what is hidden. */
            .recursive = true,
            .without_hidden = true,
            .order = ORDER_OF_NUMBERS,
            .key = KEY_NUMBER,
            /* ensure_no_duplication! of migrator.ex; what is applied may have the same name. */
            .titles_note = "ecto stops at that (\"migration name … is duplicated\")",
        },
    .mentions = MENTIONS({.words = "--prefix", .beside = "ecto.migrate", .part = MENTION_SCHEMA},
                         {.words = "--migrations-path", .beside = "ecto.migrate", .part = MENTION_PATH},
                         {.files = "*.{ex|exs}",
                          .words = "Ecto.Migrator.run(",
                          .beside = "Ecto",
                          .part = MENTION_PATH,
                          .argument = 1,
                          .is_usual = gives_modules},
                         {.files = "*.{ex|exs}", .words = "migration_source"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "ecto.migrate runs it, with a warning; with --strict-version-order it stops.",
            .missing_note = "ecto.migrate goes on, and ecto.migrations shows it as \"** FILE NOT FOUND **\".",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("mix"),
            .run = WORDS("ecto.migrate"),
            .run_to = WORDS("ecto.migrate", "--to", "{version}"),
        },
    .hooks = {.configure = ecto_configure, .advisory_locks = ecto_locks},
};
