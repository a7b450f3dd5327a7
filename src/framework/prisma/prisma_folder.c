/*
 * The folder of migrations, searched as by Prisma: prisma.config.* first, then package.json's "prisma.schema", then the
 * usual places. A directory is a migration, and its name is the migration's name.
 */
#include "framework/prisma/prisma_folder.h"

#include "framework/coded/code.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"

#include <string.h>

#define CONFIG_LIMIT ((size_t)1024 * 1024)

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

/* Where a schema is in a project or package; its migrations are next to it. */
static const char *const schema_places[] = {"prisma/schema.prisma", "prisma/schema", "schema.prisma", NULL};
static const char *const folder_places[] = {"prisma/migrations", "prisma/schema/migrations", NULL};

/* ---- finding ---- */

/* A search in one package. */
struct search {
    struct arena *arena;
    struct folder package; /* its path is not known yet */
    struct folder_list *folders;
};

/* What is at a path in the package. */
static enum file_kind look(const struct search *search, const char *path)
{
    return folder_look(search->arena, &search->package, path);
}

static void add(const struct search *search, const char *path, enum confidence confidence, const char *evidence)
{
    struct folder folder = search->package;
    folder.path = path_join(search->arena, folder.base, path);
    folder.evidence = path_join(search->arena, folder.base, evidence);
    folder.confidence = confidence;
    layout_add(search->arena, search->folders, &folder);
}

/* "migrations" next to a schema file, or next to the files of a schema folder. */
static const char *beside_schema(const struct search *search, const char *schema)
{
    if (look(search, schema) == FILE_DIRECTORY) {
        return path_join(search->arena, schema, "migrations");
    }
    const char *const slash = strrchr(schema, '/');
    return slash == NULL ? "migrations" : arena_printf(search->arena, "%.*s/migrations", (int)(slash - schema), schema);
}

/* Paths in .config/prisma.ts are relative to its directory. */
static const char *beside(const struct search *search, const char *file, const char *path)
{
    static const char directory[] = ".config/";
    if (!text_starts_with(text_of(file), directory)) {
        return path;
    }
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    return strncmp(path, "../", 3) == 0 ? path + 3 : arena_printf(search->arena, "%s%s", directory, path);
}

static void note_computed(struct search *search, const char *file, struct text content, const char *const path[])
{
    if (path != NULL) {
        unread_folder(search->arena, &search->package, (struct source_file){file, content},
                      property_unread(content, path),
                      path[1] == NULL ? path[0] : arena_printf(search->arena, "%s.%s", path[0], path[1]));
    }
}

/* Adds the folder that a configuration file names, if that can be read without executing it. */
static bool add_said(struct search *search, const char *file, const char *const migrations[],
                     const char *const schema[])
{
    struct text content;
    if (!folder_read(search->arena, &search->package, file, &content)) {
        return false;
    }
    const char *path = migrations == NULL ? NULL : code_path(search->arena, content, migrations);
    if (path == NULL) {
        note_computed(search, file, content, migrations);
    }
    if (path == NULL && search->package.unread == NULL) {
        const char *const said = code_path(search->arena, content, schema);
        if (said == NULL) {
            note_computed(search, file, content, schema);
        }
        path = said == NULL ? NULL : beside_schema(search, said);
    }
    if (path == NULL && migrations != NULL && search->package.unread == NULL) {
        code_note_elsewhere(search->arena, &search->package, &(const struct source_file){file, content},
                            WORDS("schema", "migrations", "datasource", "engine", "experimental", "earlyAccess"), 1);
    }
    const bool is_computed = search->package.unread != NULL;
    if (path == NULL && !is_computed) {
        return false;
    }
    search->package.configured = true;
    search->package.is_named = path != NULL;
    add(search, path == NULL ? folder_places[0] : beside(search, file, path), CONFIDENCE_CERTAIN, file);
    return true;
}

static bool add_configured(struct search *search)
{
    static const char *const migrations_path[] = {"migrations", "path", NULL};
    static const char *const schema[] = {"schema", NULL};
    static const char *const package_schema[] = {"prisma", "schema", NULL};
    for (size_t i = 0; config_files[i] != NULL; i++) {
        if (add_said(search, config_files[i], migrations_path, schema)) {
            return true;
        }
    }
    return add_said(search, "package.json", NULL, package_schema);
}

/* The script of a directory that has one, and no snapshot of drizzle-kit next to it; NULL: there is none. */
static const char *telling_script(const struct search *search, const char *path, bool *is_empty)
{
    struct arena *const arena = search->arena;
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    const char *const package = path_join(arena, search->package.root, search->package.base);
    const bool is_listed = directory_list(arena, path_join(arena, package, path), &list, &unread);
    *is_empty = list.count == 0;
    for (size_t i = 0; is_listed && i < list.count; i++) {
        const char *const inner = path_join(arena, path, list.entries[i].name);
        const char *const script = path_join(arena, inner, PRISMA_SCRIPT);
        if (list.entries[i].is_directory && name_is_recordable(list.entries[i].name) &&
            look(search, script) == FILE_REGULAR &&
            look(search, path_join(arena, inner, "snapshot.json")) == FILE_NONE) {
            return script;
        }
    }
    return NULL;
}

/* A folder without a configuration must look like one of Prisma: by its lock file, or by its content. */
static void add_alone(const struct search *search, const char *path, bool may_be_empty)
{
    const char *const lock = path_join(search->arena, path, "migration_lock.toml");
    bool is_empty = false;
    if (look(search, lock) == FILE_REGULAR) {
        add(search, path, CONFIDENCE_CERTAIN, lock);
        return;
    }
    const char *const script = telling_script(search, path, &is_empty);
    if (script != NULL) {
        add(search, path, CONFIDENCE_LIKELY, script);
    } else if (is_empty && may_be_empty) {
        add(search, path, CONFIDENCE_LOW, path);
    }
}

/* The usual places; a schema shows where the folder will be, even if it does not exist yet. */
static bool add_usual(const struct search *search)
{
    const size_t before = search->folders->count;
    const char *schema = NULL;
    for (size_t i = 0; schema == NULL && schema_places[i] != NULL; i++) {
        schema = look(search, schema_places[i]) == FILE_NONE ? NULL : schema_places[i];
    }
    for (size_t i = 0; folder_places[i] != NULL; i++) {
        if (look(search, folder_places[i]) == FILE_DIRECTORY) {
            add(search, folder_places[i], schema == NULL ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN,
                schema == NULL ? folder_places[i] : schema);
        }
    }
    if (search->folders->count == before && schema != NULL) {
        const bool is_folder = look(search, schema) == FILE_DIRECTORY;
        add(search, is_folder ? "prisma/migrations" : beside_schema(search, schema),
            is_folder ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN, schema);
    }
    return search->folders->count > before;
}

bool prisma_find(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                 struct status *status)
{
    struct search search = {
        .arena = arena,
        .package = {.framework = framework_find(text_of("prisma")), .root = project->root, .base = base},
        .folders = folders,
    };
    (void)status;
    if (project->migrations != NULL) {
        add_alone(&search, project->migrations, true);
    } else if (!add_configured(&search) && !add_usual(&search)) {
        add_alone(&search, "migrations", false);
    }
    return true;
}

/* ---- listing ---- */

static bool accept_any(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)arena;
    (void)name;
    (void)file;
    (void)warning;
    return true;
}

bool prisma_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    static const struct listing_rule rule = {
        .accept = accept_any, .directories = true, .script = PRISMA_SCRIPT, .without_links = "prisma"};
    return listing_read(arena, folder, &rule, files, status);
}

/* ---- fitness ---- */

/* The value of `provider = "…"` in migration_lock.toml; NULL if there is none. */
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
