/*
 * Each database of an application has a folder of its name; application.conf says where they are, for all of them or
 * for one.
 */
#include "framework/core/evidence.h"
#include "framework/core/layout.h"
#include "framework/core/unread.h"
#include "framework/formats/hocon.h"
#include "framework/play/play.h"

#include <stdint.h>
#include <string.h>

extern const struct framework framework_play;

/* What one database of the application is told. */
struct reading {
    struct arena *arena;
    struct source_file file; /* application.conf; no content: there is none */
    const char *database;
};

static struct hocon_value value_at(const struct reading *reading, const char *format)
{
    return hocon_find(reading->arena, reading->file.content, arena_printf(reading->arena, "%s", format));
}

/* The setting of this database, else that of all. */
static struct hocon_value setting(const struct reading *reading, const char *key)
{
    struct arena *const arena = reading->arena;
    const struct hocon_value own =
        value_at(reading, arena_printf(arena, "play.evolutions.db.%s.%s", reading->database, key));
    return own.kind != HOCON_NONE ? own : value_at(reading, arena_printf(arena, "play.evolutions.%s", key));
}

/* Is the database another server's? */
static bool is_of_others(const struct reading *reading)
{
    static const char *const keys[] = {"db.%s.url", "db.%s.driver", "slick.dbs.%s.db.url", "slick.dbs.%s.db.driver",
                                       "slick.dbs.%s.profile"};
    static const char *const others[] = {"mysql",     "mariadb", "sqlserver", "oracle", "jdbc:h2", "org.h2",
                                         "H2Profile", "sqlite",  "hsqldb",    "derby",  "MySQL",   NULL};
    bool is = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *const stop = strstr(keys[i], "%s");
        const struct hocon_value value =
            value_at(reading, arena_printf(reading->arena, "%.*s%s%s", (int)(stop - keys[i]), keys[i],
                                           reading->database, stop + strlen("%s")));
        for (size_t j = 0; value.kind == HOCON_PLAIN && others[j] != NULL; j++) {
            is = is || strstr(value.text, others[j]) != NULL;
        }
        if (value.kind == HOCON_PLAIN && strstr(value.text, "ostgres") != NULL) {
            return false;
        }
    }
    return is;
}

/* "conf/evolutions" for "evolutions"; a path with a point in front is the project's. */
static const char *directory_of(const struct reading *reading, const char *conf)
{
    const struct hocon_value path = setting(reading, "path");
    const char *const said = path.kind == HOCON_PLAIN ? path.text : "evolutions";
    return said[0] == '.' ? said : path_join(reading->arena, conf, said);
}

static void read_settings(const struct reading *reading, struct folder *folder)
{
    struct arena *const arena = reading->arena;
    struct play_settings *const settings = arena_alloc(arena, sizeof *settings);
    const struct hocon_value path = setting(reading, "path");
    const struct hocon_value schema = setting(reading, "schema");
    const struct hocon_value table = setting(reading, "metaTable");
    const struct hocon_value prefix = setting(reading, "substitutions.prefix");
    const struct hocon_value enabled = setting(reading, "enabled");
    settings->prefix = prefix.kind == HOCON_PLAIN && prefix.text[0] != '\0' ? prefix.text : PLAY_PREFIX;
    folder->settings = settings;
    folder->ledger.schema = schema.kind == HOCON_PLAIN && schema.text[0] != '\0' ? schema.text : NULL;
    folder->ledger.table = table.kind == HOCON_PLAIN && table.text[0] != '\0' ? table.text : NULL;
    if (path.kind == HOCON_COMPUTED) {
        unread_folder(arena, folder, reading->file, path.at, "path");
    }
    if (schema.kind == HOCON_COMPUTED) {
        unread_ledger(arena, folder, reading->file, schema.at, "schema");
    }
    if (table.kind == HOCON_COMPUTED) {
        unread_ledger(arena, folder, reading->file, table.at, "metaTable");
    }
    if (enabled.kind == HOCON_PLAIN && strcmp(enabled.text, "false") == 0) {
        unread_folder_because(arena, folder, reading->file, enabled.at,
                              "says that evolutions are not enabled: Play runs none");
    }
}

/* Adds the folder of a database if it has evolutions. */
static void add(struct reading *reading, const struct folder *package, const char *path, struct folder_list *folders)
{
    struct folder folder = *package;
    const char *const slash = strrchr(path, '/');
    const char *const whole = path_join(reading->arena, folder.root, path);
    folder.path = path;
    reading->database = slash == NULL ? path : slash + 1;
    layout_note_unreadable(folders, path, whole);
    if (file_look(whole, NULL) == FILE_DIRECTORY && evidence_find(reading->arena, &folder) && !is_of_others(reading)) {
        folder.configured = reading->file.content.size > 0;
        read_settings(reading, &folder);
        layout_add(reading->arena, folders, &folder);
    }
}

bool play_find(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
               struct status *status)
{
    static const char *const places[] = {"conf", "src/main/resources"};
    const struct folder package = {.framework = &framework_play, .root = project->root, .base = base};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct reading reading = {.arena = arena, .database = "default"};
        struct file_list list;
        reading.file.name = path_join(arena, places[i], "application.conf");
        folder_read(arena, &package, reading.file.name, &reading.file.content);
        if (project->migrations != NULL) {
            add(&reading, &package, project->migrations, folders);
            continue;
        }
        const char *const above = path_join(arena, base, directory_of(&reading, places[i]));
        const char *const whole = path_join(arena, project->root, above);
        if (file_look(whole, NULL) != FILE_DIRECTORY) {
            continue;
        }
        if (!directory_list(arena, whole, &list, status)) {
            return false;
        }
        for (size_t j = 0; j < list.count; j++) {
            if (list.entries[j].is_directory) {
                add(&reading, &package, path_join(arena, above, list.entries[j].name), folders);
            }
        }
    }
    return true;
}
