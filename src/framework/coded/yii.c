/*
 * Yii 2: classes in PHP, recorded by their names with their namespaces. Facts read in its source (2.0:
 * framework/console/controllers/BaseMigrateController.php, MigrateController.php); nothing was measured. Which database
 * its command uses is written in the project's configuration, so it is not started here.
 */
#include "framework/coded/code.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define DAY_DIGITS  6
#define TIME_DIGITS 12

/* Reads "240101_120000" behind the m of "m240101_120000_users"; false if a digit or nothing follows it. */
static bool read_time(const char *name, char time[TIME_DIGITS + 1])
{
    const char *c = name + 1;
    size_t size = 0;
    while (size < TIME_DIGITS && isdigit((unsigned char)*c) != 0) {
        time[size++] = *c++;
        c += size == DAY_DIGITS && *c == '_' ? 1 : 0;
    }
    time[size] = '\0';
    return size == TIME_DIGITS && *c != '\0' && isdigit((unsigned char)*c) == 0;
}

/* The name in "namespace app\migrations;"; empty: there is none. */
static struct text namespace_of(struct text source)
{
    static const char word[] = "namespace ";
    struct text rest = text_without_mark(source);
    for (struct text line; text_next_line(&rest, &line);) {
        if (text_starts_with(line, word)) {
            return text_trim(text_slice(line, strlen(word), text_find(line, ";", 0)));
        }
    }
    return (struct text){0};
}

static bool yii_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                       const char **warning)
{
    struct status unread = {.arena = arena};
    struct file_start start = {.size = 0};
    char time[TIME_DIGITS + 1];
    (void)folder;
    (void)warning;
    if (!read_time(file->name, time)) {
        return false;
    }
    file_read_start(arena, file->path, 4096, &start, &unread);
    const struct text namespace = namespace_of(start.content);
    file->version = arena_strdup(arena, time);
    file->key = namespace.size == 0 ? file->name
                                    : arena_printf(arena, "%.*s\\%s", (int)namespace.size, namespace.data, file->name);
    return true;
}

static int yii_compare(const struct migration_file *a, const struct migration_file *b)
{
    const int order = strcmp(a->version, b->version);
    return order != 0 ? order : strcmp(a->key, b->key);
}

/* ['app\migrations'] and ['console\migrations'] are the usual folders. */
static bool is_usual_namespace(struct text behind, struct text content)
{
    static const char *const usual[] = {"'app\\migrations'", "\"app\\\\migrations\"", "'console\\migrations'",
                                        "'app\\\\migrations'", "'console\\\\migrations'"};
    const struct text list = text_slice(behind, 0, text_find(behind, "]", 0));
    (void)content;
    size_t i = 0;
    while (i < sizeof usual / sizeof usual[0] && text_find(list, usual[i], 0) == SIZE_MAX) {
        i++;
    }
    return i < sizeof usual / sizeof usual[0] && text_find(list, "\\", text_find(list, "migrations", 0)) == SIZE_MAX;
}

/* '@app/migrations' and '@console/migrations' are the usual folders; what another alias stands for is not known, and of
 * several each has migrations. */
static bool is_usual_path(struct text behind, struct text content)
{
    const struct text line = text_slice(behind, 0, text_find(behind, "\n", 0));
    const size_t list = text_find(line, "[", 0);
    const struct text value = list == SIZE_MAX ? line : text_slice(behind, list, text_find(behind, "]", list));
    size_t aliases = 0;
    size_t usual = 0;
    (void)content;
    for (size_t at = 0; (at = text_find(value, "@", at)) != SIZE_MAX; at++) {
        const struct text alias = text_slice(value, at, value.size);
        const bool is_one =
            text_starts_with(alias, "@app/migrations'") || text_starts_with(alias, "@app/migrations\"") ||
            text_starts_with(alias, "@console/migrations'") || text_starts_with(alias, "@console/migrations\"");
        aliases++;
        usual += is_one ? 1 : 0;
    }
    return aliases == usual && usual < 2;
}

#define BASE "'m000000_000000_base'"

const struct framework framework_yii = {
    .id = "yii",
    .display_name = "Yii",
    .tool = "php yii migrate",
    .ledger =
        {
            .shapes =
                SHAPES({.table = "migration", .columns = "version:varchar apply_time:int4", .only_columns = true},
                       {.table = "migration", .columns = "version:varchar apply_time:int8", .only_columns = true}),
            .read = "SELECT pg_catalog.btrim(version, pg_catalog.chr(92)) AS key, pg_catalog.to_timestamp(apply_time) "
                    "AS applied_at FROM {ledger} WHERE version OPERATOR(pg_catalog.<>) "
                    "" BASE " ORDER BY apply_time, version",
            .create = "CREATE TABLE {ledger} (\"version\" varchar(180) NOT NULL PRIMARY KEY, \"apply_time\" bigint);"
                      "INSERT INTO {ledger} (\"version\", \"apply_time\") VALUES (" BASE ", pg_catalog.date_part("
                      "'epoch', pg_catalog.clock_timestamp())::pg_catalog.int8);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (\"version\", \"apply_time\") VALUES ({key}, pg_catalog.date_part('epoch', "
                      "pg_catalog.clock_timestamp())::pg_catalog.int8);",
        },
    .folder =
        {
            .places = WORDS("migrations", "console/migrations", "src/migrations"),
            .sure_by = WORDS("*.php: yii\\db\\Migration", "{m|M}*.php & composer.json: yiisoft/yii2"),
            .files = FILES({.pattern = "{m|M}*.{php|PHP}", .is_code = true}),
            .key = KEY_OF_HOOK,
        },
    .mentions =
        MENTIONS({.files = "*.php", .words = "migrationTable", .beside = "migrationPath|controllerMap|yii"},
                 {.files = "*.php", .words = "tablePrefix", .beside = "yii\\db\\Connection", .part = MENTION_PREFIX},
                 {.files = "*.php", .words = "migrationPath", .beside = "controllerMap", .part = MENTION_PATH},
                 {.files = "*.php",
                  .words = "migrationPath",
                  .beside = "controllerMap",
                  .part = MENTION_FOLDER,
                  .is_usual = is_usual_path},
                 {.files = "*.php",
                  .words = "migrationNamespaces",
                  .beside = "controllerMap",
                  .part = MENTION_FOLDER,
                  .is_usual = is_usual_namespace},
                 {.words = "--migrationPath|-p", .beside = "yii migrate", .part = MENTION_PATH},
                 {.words = "--migrationTable|-t", .beside = "yii migrate"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "yii runs it, after those that are applied already.",
            .missing_note = "yii says nothing of it.",
        },
    .hooks = {.accept = yii_accept, .compare = yii_compare},
};
