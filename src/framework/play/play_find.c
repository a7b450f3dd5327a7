/*
 * Each database of an application has a folder of its name; application.conf says where they are, for all of them or
 * for one.
 */
#include "framework/core/evidence.h"
#include "framework/core/inner_path.h"
#include "framework/core/layout.h"
#include "framework/core/unread.h"
#include "framework/formats/hocon.h"
#include "framework/play/play.h"

#include <stdint.h>
#include <string.h>

extern const struct framework framework_play;

#define MOST_INCLUDED 20
#define MOST_NESTING  5 /* of files that include others, maybe themselves */

/* A file that application.conf includes, or application.json beside it. */
struct included {
    struct source_file file;
    const char *path; /* of the object in which its values count; "": the whole */
    size_t at;        /* where in application.conf */
};

/* What one database of the application is told. */
struct reading {
    struct arena *arena;
    const struct folder *package;
    const char *conf;        /* the directory of application.conf */
    struct source_file file; /* application.conf; no content: there is none */
    struct included included[MOST_INCLUDED];
    size_t included_count;
    const char *database;
};

/* A value, and the file that has it. */
struct found {
    struct hocon_value value;
    struct source_file file;
};

/* A value of an included file, whose paths begin in the object that includes it. */
static struct hocon_value value_in(const struct reading *reading, const struct included *one, const char *path)
{
    const size_t size = strlen(one->path);
    const bool is_in = size == 0 || (strncmp(path, one->path, size) == 0 && path[size] == '.');
    return is_in ? hocon_find(reading->arena, one->file.content, path + size + (size == 0 ? 0 : 1))
                 : (struct hocon_value){0};
}

/* What stands later counts. */
static struct found value_at(const struct reading *reading, const char *path)
{
    struct found found = {hocon_find(reading->arena, reading->file.content, path), reading->file};
    size_t at = found.value.at;
    for (size_t i = 0; i < reading->included_count; i++) {
        const struct included *const one = &reading->included[i];
        const struct hocon_value value = value_in(reading, one, path);
        if (value.kind != HOCON_NONE && (found.value.kind == HOCON_NONE || one->at >= at)) {
            found = (struct found){value, one->file};
            at = one->at;
        }
    }
    return found;
}

/* The setting of this database, else that of all. */
static struct found setting(const struct reading *reading, const char *key)
{
    struct arena *const arena = reading->arena;
    const struct found own = value_at(reading, arena_printf(arena, "play.evolutions.db.%s.%s", reading->database, key));
    return own.value.kind != HOCON_NONE ? own : value_at(reading, arena_printf(arena, "play.evolutions.%s", key));
}

/* ---- included files ---- */

/* Reads the file that is included by this name: beside the one that includes it, or in the directory of resources. One
 * that is not there is none, as in HOCON. */
static bool read_included(const struct reading *reading, const char *directory, const char *name,
                          struct source_file *file)
{
    static const char *const ends[] = {"", ".conf", ".json"};
    const char *const directories[] = {directory, reading->conf, ""};
    for (size_t i = 0; i < sizeof directories / sizeof directories[0] * 3; i++) {
        const char *const whole = arena_printf(reading->arena, "%s%s", name, ends[i % 3]);
        file->name = inner_path(reading->arena, path_join(reading->arena, directories[i / 3], whole));
        if (file->name != NULL && folder_read(reading->arena, reading->package, file->name, &file->content)) {
            return true;
        }
    }
    return false;
}

/* Adds what a file includes. within: the file itself, as it is included; its `at` is SIZE_MAX for application.conf. */
static void add_included(struct reading *reading, const struct included *within, int nesting)
{
    struct arena *const arena = reading->arena;
    const char *const slash = strrchr(within->file.name, '/');
    const size_t size = slash == NULL ? 0 : (size_t)(slash - within->file.name);
    char *const directory = arena_strndup(arena, within->file.name, size);
    struct hocon_include includes[MOST_INCLUDED];
    const size_t count =
        nesting == MOST_NESTING ? 0 : hocon_includes(arena, within->file.content, includes, MOST_INCLUDED);
    for (size_t i = 0; i < count && reading->included_count < MOST_INCLUDED; i++) {
        struct included one = {.at = within->at == SIZE_MAX ? includes[i].at : within->at};
        const bool is_deeper = within->path[0] != '\0' && includes[i].path[0] != '\0';
        one.path = is_deeper                 ? arena_printf(arena, "%s.%s", within->path, includes[i].path)
                   : within->path[0] != '\0' ? within->path
                                             : includes[i].path;
        if (read_included(reading, directory, includes[i].name, &one.file)) {
            add_included(reading, &one, nesting + 1);
            if (reading->included_count < MOST_INCLUDED) {
                reading->included[reading->included_count++] = one;
            }
        }
    }
}

/* application.json, whose values count where application.conf says nothing (ConfigFactory.defaultApplication). */
static void add_json(struct reading *reading)
{
    struct included json = {.path = "", .at = 0};
    json.file.name = path_join(reading->arena, reading->conf, "application.json");
    if (folder_read(reading->arena, reading->package, json.file.name, &json.file.content)) {
        reading->included[reading->included_count++] = json;
    }
}

/* ---- databases ---- */

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
                                           reading->database, stop + strlen("%s")))
                .value;
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
    const struct hocon_value path = setting(reading, "path").value;
    const char *const said = path.kind == HOCON_PLAIN ? path.text : "evolutions";
    return said[0] == '.' ? said : path_join(reading->arena, conf, said);
}

static void read_settings(const struct reading *reading, struct folder *folder)
{
    struct arena *const arena = reading->arena;
    struct play_settings *const settings = arena_alloc(arena, sizeof *settings);
    const struct found path = setting(reading, "path");
    const struct found schema = setting(reading, "schema");
    const struct found table = setting(reading, "metaTable");
    const struct found prefix = setting(reading, "substitutions.prefix");
    const struct found enabled = setting(reading, "enabled");
    settings->prefix =
        prefix.value.kind == HOCON_PLAIN && prefix.value.text[0] != '\0' ? prefix.value.text : PLAY_PREFIX;
    folder->settings = settings;
    folder->ledger.schema = schema.value.kind == HOCON_PLAIN && schema.value.text[0] != '\0' ? schema.value.text : NULL;
    folder->ledger.table = table.value.kind == HOCON_PLAIN && table.value.text[0] != '\0' ? table.value.text : NULL;
    if (path.value.kind == HOCON_COMPUTED) {
        unread_folder(arena, folder, path.file, path.value.at, "path");
    }
    if (schema.value.kind == HOCON_COMPUTED) {
        unread_ledger(arena, folder, schema.file, schema.value.at, "schema");
    }
    if (table.value.kind == HOCON_COMPUTED) {
        unread_ledger(arena, folder, table.file, table.value.at, "metaTable");
    }
    if (enabled.value.kind == HOCON_PLAIN && strcmp(enabled.value.text, "false") == 0) {
        unread_folder_because(arena, folder, enabled.file, enabled.value.at,
                              "says that evolutions are not enabled: Play runs none");
    }
}

/* Adds the folder of a database if it has evolutions. */
static void add(struct reading *reading, const struct folder *package, const char *path, struct folder_list *folders)
{
    struct folder folder = *package;
    const char *const whole = path_join(reading->arena, folder.root, path);
    folder.path = path;
    reading->database = path_name(path);
    layout_note_unreadable(folders, path, whole);
    if (file_look(whole, NULL) == FILE_DIRECTORY && evidence_find(reading->arena, &folder) && !is_of_others(reading)) {
        folder.configured = reading->file.content.size > 0 || reading->included_count > 0;
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
        struct reading reading = {.arena = arena, .package = &package, .conf = places[i], .database = "default"};
        struct file_list list;
        reading.file.name = path_join(arena, places[i], "application.conf");
        folder_read(arena, &package, reading.file.name, &reading.file.content);
        add_json(&reading);
        add_included(&reading, &(const struct included){reading.file, "", SIZE_MAX}, 0);
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
