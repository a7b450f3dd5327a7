/*
 * The folder of migrations, found as Prisma finds it: prisma.config.* first, then package.json's "prisma.schema", then
 * the usual places, then those of a monorepo's packages. A directory is a migration, its name is the migration's name.
 */
#include "framework/prisma_folder.h"

#include "framework/properties.h"

#include <ctype.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_LIMIT  ((size_t)1024 * 1024)
#define MOST_WARNINGS 20
#define NAME_LIMIT    200 /* characters of a migration's name behind its time stamp, Prisma's own limit */

static const char *const config_files[] = {
    "prisma.config.ts",
    "prisma.config.js",
    "prisma.config.mts",
    "prisma.config.mjs",
    "prisma.config.cts",
    "prisma.config.cjs",
    ".config/prisma.ts",
    ".config/prisma.js",
    ".config/prisma.mts",
    ".config/prisma.mjs",
    NULL,
};

/* Directories of a project that hold packages of a monorepo, and then any directory of the project itself. */
static const char *const package_parents[] = {"packages", "apps", "services", "libs", "", NULL};

/* Where a schema is in a project or package, and so where its migrations are beside it. */
static const char *const schema_places[] = {"prisma/schema.prisma", "prisma/schema", "schema.prisma", NULL};
static const char *const folder_places[] = {"prisma/migrations", "prisma/schema/migrations", NULL};

/* ---- finding ---- */

static void add_folder(struct arena *arena, const struct project *project, struct folder_list *folders,
                       const char *path, bool configured)
{
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->items[i].path, path) == 0) {
            return;
        }
    }
    folders->items = arena_grow(arena, folders->items, folders->count, &folders->capacity, sizeof *folders->items);
    folders->items[folders->count++] = (struct folder){
        .framework = framework_find("prisma"),
        .root = project->root,
        .path = path,
        .configured = configured,
    };
}

static enum file_kind look(struct arena *arena, const struct project *project, const char *path)
{
    return file_look(path_join(arena, project->root, path), NULL);
}

/* "migrations" beside a schema file, or beside the files of a schema folder. */
static const char *beside_schema(struct arena *arena, const struct project *project, const char *schema)
{
    if (look(arena, project, schema) == FILE_DIRECTORY) {
        return path_join(arena, schema, "migrations");
    }
    const char *const slash = strrchr(schema, '/');
    return slash == NULL ? "migrations" : arena_printf(arena, "%.*s/migrations", (int)(slash - schema), schema);
}

/* What a configuration file says of the folder; NULL where it says nothing that can be read without executing it. */
static const char *configured_path(struct arena *arena, const struct project *project, const char *file,
                                   const char *const migrations[], const char *const schema[])
{
    struct status unread = {.arena = arena};
    struct text content;
    const char *const path = path_join(arena, project->root, file);
    if (file_look(path, NULL) != FILE_REGULAR || !file_read(arena, path, CONFIG_LIMIT, &content, &unread)) {
        return NULL;
    }
    const char *const folder = migrations == NULL ? NULL : property_string(arena, content, migrations);
    if (folder != NULL) {
        return folder;
    }
    const char *const schema_path = property_string(arena, content, schema);
    return schema_path == NULL ? NULL : beside_schema(arena, project, schema_path);
}

static void add_configured(struct arena *arena, const struct project *project, struct folder_list *folders)
{
    static const char *const migrations_path[] = {"migrations", "path", NULL};
    static const char *const schema[] = {"schema", NULL};
    static const char *const package_schema[] = {"prisma", "schema", NULL};
    for (size_t i = 0; config_files[i] != NULL; i++) {
        const char *const path = configured_path(arena, project, config_files[i], migrations_path, schema);
        if (path != NULL) {
            add_folder(arena, project, folders, path, true);
            return;
        }
    }
    const char *const path = configured_path(arena, project, "package.json", NULL, package_schema);
    if (path != NULL) {
        add_folder(arena, project, folders, path, true);
    }
}

/* The usual places below `base`; a schema says where the folder will be although it is not there yet. */
static void add_usual(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders)
{
    const size_t before = folders->count;
    for (size_t i = 0; folder_places[i] != NULL; i++) {
        const char *const path = path_join(arena, base, folder_places[i]);
        if (look(arena, project, path) == FILE_DIRECTORY) {
            add_folder(arena, project, folders, path, false);
        }
    }
    for (size_t i = 0; folders->count == before && schema_places[i] != NULL; i++) {
        const char *const schema = path_join(arena, base, schema_places[i]);
        const bool is_directory = look(arena, project, schema) == FILE_DIRECTORY;
        if (is_directory) {
            add_folder(arena, project, folders, path_join(arena, base, "prisma/migrations"), false);
        } else if (look(arena, project, schema) == FILE_REGULAR) {
            add_folder(arena, project, folders, beside_schema(arena, project, schema), false);
        }
    }
}

/* prisma/ in each package of a monorepo. */
static void add_packages(struct arena *arena, const struct project *project, struct folder_list *folders)
{
    for (size_t i = 0; package_parents[i] != NULL; i++) {
        struct status unread = {.arena = arena};
        struct file_list packages;
        if (!directory_list(arena, path_join(arena, project->root, package_parents[i]), &packages, &unread)) {
            continue;
        }
        for (size_t j = 0; j < packages.count; j++) {
            const char *const name = packages.entries[j].name;
            if (packages.entries[j].is_directory && name[0] != '.' && strcmp(name, "node_modules") != 0 &&
                strcmp(name, "prisma") != 0) {
                add_usual(arena, project, path_join(arena, package_parents[i], name), folders);
            }
        }
    }
}

/* A migrations folder that stands alone tells by its lock file or by its directories with a script in each. */
static bool looks_like_migrations(struct arena *arena, const struct project *project, const char *path)
{
    struct status unread = {.arena = arena};
    struct file_list list;
    if (!directory_list(arena, path_join(arena, project->root, path), &list, &unread)) {
        return false;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const inner = path_join(arena, path, list.entries[i].name);
        if (strcmp(list.entries[i].name, "migration_lock.toml") == 0 ||
            (list.entries[i].is_directory &&
             look(arena, project, path_join(arena, inner, PRISMA_SCRIPT)) == FILE_REGULAR)) {
            return true;
        }
    }
    return false;
}

bool prisma_find_folders(struct arena *arena, const struct project *project, struct folder_list *folders,
                         struct status *status)
{
    if (project->migrations != NULL) {
        if (look(arena, project, project->migrations) != FILE_DIRECTORY) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "The migrations folder %s does not exist in the project; check --migrations.",
                               project->migrations);
        }
        add_folder(arena, project, folders, project->migrations, true);
        return true;
    }
    add_configured(arena, project, folders);
    if (folders->count > 0) {
        return true;
    }
    add_usual(arena, project, "", folders);
    if (folders->count == 0 && looks_like_migrations(arena, project, "migrations")) {
        add_folder(arena, project, folders, "migrations", false);
    }
    if (folders->count == 0) {
        add_packages(arena, project, folders);
    }
    return true;
}

/* ---- listing ---- */

static void warn(struct arena *arena, struct migration_files *files, const char *warning)
{
    if (files->warnings == NULL) {
        files->warnings = arena_array(arena, MOST_WARNINGS, sizeof *files->warnings);
    }
    if (files->warning_count < MOST_WARNINGS) {
        files->warnings[files->warning_count++] = warning;
    }
}

/* A name with its bytes that are not printable ASCII as \xNN. */
static const char *printable(struct arena *arena, const char *name)
{
    struct buffer out = {.arena = arena};
    for (const char *c = name; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte >= 0x7F) {
            buffer_printf(&out, "\\x%02x", byte);
        } else {
            buffer_putc(&out, *c);
        }
    }
    return buffer_string(&out);
}

/* The ledger is varchar(255) of UTF-8: another name could be neither recorded nor answered. */
static bool is_recordable(const char *name)
{
    return text_is_utf8(text_of(name), NULL) && path_is_component(text_of(name));
}

bool prisma_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    struct file_list list;
    const char *const root = path_join(arena, folder->root, folder->path);
    *files = (struct migration_files){0};
    if (file_look(root, NULL) == FILE_NONE) {
        return true; /* a project before its first migration */
    }
    if (!directory_list(arena, root, &list, status)) {
        return false;
    }
    const int directory = directory_open(root);
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        if (!list.entries[i].is_directory) {
            continue;
        }
        if (!is_recordable(name)) {
            warn(arena, files,
                 arena_printf(arena, "The directory %s is left out: its name is not UTF-8 or has control characters.",
                              printable(arena, name)));
            continue;
        }
        struct migration_file file = {
            .name = name,
            .filename = path_join(arena, name, PRISMA_SCRIPT),
        };
        file.path = path_join(arena, root, file.filename);
        file.missing = file_look_at(directory, file.filename, &file.stamp) != FILE_REGULAR;
        files->items = arena_grow(arena, files->items, files->count, &files->capacity, sizeof *files->items);
        files->items[files->count++] = file;
    }
    close(directory);
    return true;
}

/* ---- fitness ---- */

/* The value of `provider = "…"` in migration_lock.toml; NULL where there is none. */
static const char *lock_provider(struct arena *arena, struct text content)
{
    for (struct text line; text_next_line(&content, &line);) {
        line = text_trim(line);
        if (!text_starts_with(line, "provider")) {
            continue;
        }
        struct text value = text_trim(text_slice(line, strlen("provider"), line.size));
        if (!text_starts_with(value, "=")) {
            continue;
        }
        value = text_trim(text_slice(value, 1, value.size));
        if (value.size > 1 && (value.data[0] == '"' || value.data[0] == '\'')) {
            const size_t end = text_find(value, (const char[]){value.data[0], '\0'}, 1);
            value = text_slice(value, 1, end);
        }
        return arena_strndup(arena, value.data, value.size);
    }
    return NULL;
}

bool prisma_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status)
{
    const char *const root = path_join(arena, folder->root, folder->path);
    const char *const lock = path_join(arena, root, "migration_lock.toml");
    struct text content;
    if (file_look(lock, NULL) == FILE_REGULAR) {
        if (!file_read(arena, lock, CONFIG_LIMIT, &content, status)) {
            return false;
        }
        const char *const provider = lock_provider(arena, content);
        if (provider != NULL && strcmp(provider, "postgresql") != 0) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s/migration_lock.toml says that these migrations are for \"%s\", not for postgresql "
                               "(Prisma's P3019).",
                               folder->path, provider);
        }
    }
    for (size_t i = 0; i < files->count; i++) {
        if (files->items[i].missing) {
            status_fail(status, STATUS_FAILED_PRECONDITION,
                        "The migration directory %s/%s has no " PRISMA_SCRIPT
                        ": restore the script, or delete the directory (Prisma's P3015).",
                        folder->path, files->items[i].name);
            status->migration = files->items[i].name;
            return false;
        }
    }
    return files->warning_count == 0 ||
           status_fail(status, STATUS_FAILED_PRECONDITION, "%s Rename it before you run.", files->warnings[0]);
}

/* ---- a new migration ---- */

bool prisma_create_migration(struct arena *arena, const char *name, int64_t wall_us, const char **migration,
                             const char **file, struct status *status)
{
    struct buffer slug = {.arena = arena};
    for (const char *c = name; *c != '\0' && slug.size < NAME_LIMIT; c++) {
        const bool word = isalnum((unsigned char)*c) != 0;
        if (word) {
            buffer_putc(&slug, (char)tolower((unsigned char)*c));
        } else if (slug.size > 0 && slug.data[slug.size - 1] != '_') {
            buffer_putc(&slug, '_');
        }
    }
    while (slug.size > 0 && slug.data[slug.size - 1] == '_') {
        slug.data[--slug.size] = '\0';
    }
    if (slug.size == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "A migration's name needs at least one letter or digit, for example \"add_users\".");
    }
    char time[16];
    const time_t seconds = (time_t)(wall_us / 1000000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(time, sizeof time, "%Y%m%d%H%M%S", &parts);
    *migration = arena_printf(arena, "%s_%s", time, buffer_string(&slug));
    *file = arena_printf(arena, "%s/" PRISMA_SCRIPT, *migration);
    return true;
}
