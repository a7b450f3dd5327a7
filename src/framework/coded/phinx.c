/*
 * Phinx, and CakePHP's Migrations, which are based on it: classes in PHP, recorded by the numbers of their files. Facts
 * read in Phinx 0.16.
 */
#include "framework/coded/code.h"
#include "framework/core/configuration.h"
#include "framework/core/evidence.h"
#include "framework/core/mention.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <ctype.h>
#include <string.h>

/* ---- the folder ---- */

/* An environment may have a table of its own. */
static void note_environments(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    static const struct mention own = {.words = "migration_table"};
    struct mentioned said;
    for (size_t at = 0; mention_next(arena, &own, file, &at, &said);) {
        if (said.kind == MENTION_LITERAL && folder->ledger.table == NULL && strcmp(said.value, "phinxlog") != 0) {
            unread_ledger_because(arena, folder, *file, said.at,
                                  arena_printf(arena, "names %s for one environment", said.value));
        } else {
            mention_take_one(arena, folder, file, &own, &said);
        }
    }
}

static bool phinx_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"phinx.php", "phinx.yml", "phinx.yaml", "phinx.json", NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL) {
        return false;
    }
    if (text_ends_with(text_of(name), "ml")) {
        const char *const path = config_yaml(arena, source, WORDS("paths", "migrations"));
        folder->path = code_directory_at(arena, folder, name, path);
        if (config_yaml_list(arena, source, WORDS("paths", "migrations")).count > 1) {
            unread_folder_because(arena, folder, (struct source_file){name, source},
                                  text_find(source, "migrations:", 0),
                                  "names several folders, and only one can be read at a time");
        }
        configuration_set_table(arena, folder,
                                config_yaml(arena, source, WORDS("environments", "default_migration_table")));
    } else {
        folder->path = code_directory(arena, folder, name, code_behind(source, "paths"), "migrations");
        configuration_set_table(arena, folder, code_string(arena, source, "default_migration_table"));
    }
    note_environments(arena, folder, &(const struct source_file){name, source});
    return true;
}

#define CAKE_CLASS "use Migrations\\"

static bool is_cake_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".php") && text_find(head, CAKE_CLASS, 0) != SIZE_MAX;
}

static const struct delegate cake_delegate = {
    .programs = WORDS("bin/cake"),
    .run = WORDS("migrations", "migrate"),
    .run_to = WORDS("migrations", "migrate", "--target", "{version}"),
};

static bool phinx_recognise(struct arena *arena, struct folder *folder)
{
    if (!evidence_find(arena, folder)) {
        return false;
    }
    if (!folder->configured && folder_any(arena, folder, is_cake_migration) != NULL) {
        folder->delegate = &cake_delegate;
    }
    return true;
}

/* ---- the ledger ---- */

/* "CreateUsers" for 20260105100000_create_users; a file with only digits in its name has the class V20260105100000. */
static const char *class_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    struct buffer class = {.arena = arena};
    const char *const stem = record->file->name;
    (void)ledger;
    const char *const words = stem + strspn(stem, "0123456789");
    if (words[0] == '\0') {
        return arena_printf(arena, "V%s", stem);
    }
    for (const char *c = words; *c != '\0'; c++) {
        if (*c != '_') {
            buffer_putc(&class, c == words || c[-1] == '_' ? (char)toupper((unsigned char)*c) : *c);
        }
    }
    return buffer_string(&class);
}

const struct framework framework_phinx = {
    .id = "phinx",
    .display_name = "Phinx",
    .tool = "phinx migrate",
    .ledger =
        {
            .shapes = SHAPES({
                .table = "phinxlog",
                .columns =
                    "version:int8 migration_name:varchar start_time:timestamp end_time:timestamp breakpoint:bool",
                .optional = "migration_name breakpoint",
                .only_columns = true,
                .by_shape = true,
            }),
            /* Its times come from PHP without a zone: UTC, unless php.ini says otherwise. */
            .read =
                "SELECT version::pg_catalog.text AS key, coalesce(version::pg_catalog.text OPERATOR(pg_catalog.||) '_' "
                "OPERATOR(pg_catalog.||) migration_name, version::pg_catalog.text) AS name, "
                "pg_catalog.timezone('UTC', start_time) AS started_at, pg_catalog.timezone('UTC', end_time) AS "
                "applied_at FROM {ledger} ORDER BY start_time, version",
            .create =
                "CREATE TABLE {ledger} (\"version\" BIGINT NOT NULL, \"migration_name\" CHARACTER VARYING (100) "
                "NULL, \"start_time\" TIMESTAMP NULL, \"end_time\" TIMESTAMP NULL, \"breakpoint\" BOOLEAN NOT NULL "
                "DEFAULT FALSE, CONSTRAINT {identifier:*_pkey} PRIMARY KEY (\"version\"));",
            .lock = LOCK_LEDGER,
            /* The same as `phinx migrate --fake`: both times are the same second. */
            .record = "INSERT INTO {ledger} (version, migration_name, start_time, end_time, breakpoint) SELECT {key}, "
                      "pg_catalog.substr({class}, 1, 100), clock, clock, false FROM {utc:s} AS clock;",
            .words = (const struct ledger_word[]){{.name = "class", .text = class_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("db/migrations", "migrations", "database/migrations", "config/Migrations"),
            .sure_by = WORDS("*.php: Phinx\\Migration\\|" CAKE_CLASS),
            .files =
                FILES({.pattern = "{number:14}*.php", .is_code = true}, {.pattern = "{number}_*.php", .is_code = true}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
        },
    .mentions = MENTIONS(
        {.words = "-c|--configuration", .beside = "phinx", .part = MENTION_PATH},

        {.files = "phinx.php phinx.json phinx.yml phinx.yaml", .words = "default_migration_table|migration_table"},
        {.files = "phinx.php phinx.json phinx.yml phinx.yaml", .words = "schema", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "phinx runs it, after those that are applied already.",
            .missing_note = "phinx goes on, and its status shows it as missing (exit 2).",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("vendor/bin/phinx"),
            .run = WORDS("migrate", "--no-interaction"),
            .run_to = WORDS("migrate", "--no-interaction", "--target", "{version}"),
        },
    .hooks = {.configure = phinx_configure, .recognise = phinx_recognise},
};
