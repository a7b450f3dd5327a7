/*
 * The folder of migrations, searched as by Prisma: its configuration file first, then package.json's "prisma.schema",
 * then the usual places (prisma_schema.c knows what follows from a schema). A directory is a migration, and its name is
 * the migration's name. What the CLIs of 6.19.3 and 7.10.1 find was asked of them.
 */
#include "framework/prisma/prisma_folder.h"

#include "base/prisma_names.h"
#include "framework/coded/code.h"
#include "framework/core/inner_path.h"
#include "framework/core/listing.h"
#include "framework/core/locale_order.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"
#include "framework/prisma/prisma_schema.h"

#include <string.h>

#define CONFIG_LIMIT ((size_t)1024 * 1024)

static const char *const config_names[] = {PRISMA_CONFIG_NAMES, NULL};
static const char *const config_endings[] = {PRISMA_CONFIG_ENDINGS, NULL};
static const char *const schema_places[] = {PRISMA_SCHEMAS, NULL};
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

/* A path in a configuration file, which is relative to that file's directory. */
static const char *beside(const struct search *search, const char *file, const char *path)
{
    return strchr(file, '/') == NULL || path[0] == '/'
               ? path
               : plain_path(search->arena, path_join(search->arena, path_above(search->arena, file), path));
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
        path = said == NULL ? NULL : prisma_beside_schema(search->arena, &search->package, beside(search, file, said));
    } else if (path != NULL) {
        path = beside(search, file, path);
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
    add(search, path == NULL ? folder_places[0] : path, CONFIDENCE_CERTAIN, file);
    return true;
}

/* The configuration file that Prisma takes: the first. */
static const char *config_file(const struct search *search)
{
    for (size_t i = 0; config_names[i] != NULL; i++) {
        for (size_t k = 0; config_endings[k] != NULL; k++) {
            const char *const file = arena_printf(search->arena, "%s.%s", config_names[i], config_endings[k]);
            if (look(search, file) == FILE_REGULAR) {
                return file;
            }
        }
    }
    return NULL;
}

/* What the scripts of package.json pass to each prisma migrate; NULL: nothing, or different things. */
static const char *told(const struct search *search, const char *flag)
{
    const struct mention mention = {.words = flag, .beside = "prisma migrate"};
    const char *const value = code_flag(search->arena, &search->package, &mention, "prisma migrate");
    return value == NULL ? NULL : plain_path(search->arena, value);
}

/* Since 7.0 "prisma.schema" of package.json is not read. */
static bool add_configured(struct search *search)
{
    static const char *const migrations_path[] = {"migrations", "path", NULL};
    static const char *const schema[] = {"schema", NULL};
    static const char *const package_schema[] = {"prisma", "schema", NULL};
    static const char *const nothing[] = {"", NULL};
    const char *const config = told(search, "--config");
    const char *const file = config != NULL ? config : config_file(search);
    const char *const given = told(search, "--schema");
    if (given != NULL) { /* counts more than what a configuration says of the schema */
        if (file != NULL && add_said(search, file, migrations_path, nothing)) {
            return true;
        }
        search->package.configured = search->package.is_named = true;
        add(search, prisma_beside_schema(search->arena, &search->package, given), CONFIDENCE_CERTAIN, "package.json");
        return true;
    }
    return (file != NULL && add_said(search, file, migrations_path, schema)) ||
           (prisma_version(search->arena, &search->package) < PRISMA_BESIDE_SCHEMA &&
            add_said(search, "package.json", NULL, package_schema));
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

/* The schema that Prisma takes where nothing says one; NULL: none. */
static const char *usual_schema(const struct search *search)
{
    for (size_t i = 0; schema_places[i] != NULL; i++) {
        if (look(search, schema_places[i]) == FILE_REGULAR) {
            return schema_places[i];
        }
    }
    return NULL;
}

/* The usual places; a schema shows where the folder is, even if it does not exist yet. */
static bool add_usual(const struct search *search)
{
    const size_t before = search->folders->count;
    const char *const schema = usual_schema(search);
    const char *const place = schema == NULL ? NULL : prisma_beside_schema(search->arena, &search->package, schema);
    if (place != NULL && look(search, place) == FILE_DIRECTORY) {
        add(search, place, CONFIDENCE_CERTAIN, schema);
        return true;
    }
    for (size_t i = 0; folder_places[i] != NULL; i++) {
        if (look(search, folder_places[i]) == FILE_DIRECTORY) {
            add(search, folder_places[i], schema == NULL ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN,
                schema == NULL ? folder_places[i] : schema);
        }
    }
    if (search->folders->count == before && schema != NULL) {
        add(search, place, CONFIDENCE_CERTAIN, schema);
    } else if (search->folders->count == before && look(search, "prisma/schema") == FILE_DIRECTORY) {
        add(search, folder_places[0], CONFIDENCE_LIKELY, "prisma/schema");
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

static bool is_in_locale_order(const struct migration_files *files)
{
    for (size_t i = 1; i < files->count; i++) {
        if (listing_by_locale(&files->items[i - 1], &files->items[i]) > 0) {
            return false;
        }
    }
    return true;
}

/* Since 6.6 the CLI lists the folder itself, in the order of localeCompare; before, its engine did, by the bytes. Which
 * version it is, is only asked where that makes a difference. */
bool prisma_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    static const struct listing_rule by_bytes = {
        .accept = accept_any, .directories = true, .script = PRISMA_SCRIPT, .without_links = "prisma"};
    static const struct listing_rule by_locale = {.compare = listing_by_locale};
    if (!listing_read(arena, folder, &by_bytes, files, status)) {
        return false;
    }
    if (!is_in_locale_order(files) && !prisma_is_before(prisma_version(arena, folder), PRISMA_WITH_OWN_LISTING)) {
        listing_sort(arena, &by_locale, files);
    }
    return true;
}

/* ---- fitness ---- */

/* The provider in migration_lock.toml, as the engine reads it: no TOML, but the first line that begins with "provider",
 * without `provider = ` and without quotes around the rest. So `provider="postgresql"` is no PostgreSQL, and an
 * indented line is none. NULL: there is no such line, an error as well. Asked of 6.19.3, in which case it said P3019.
 */
static const char *lock_provider(struct arena *arena, struct text content)
{
    for (struct text line; text_next_line(&content, &line);) {
        if (!text_starts_with(line, "provider")) {
            continue;
        }
        while (text_starts_with(line, "provider = ")) {
            line = text_slice(line, strlen("provider = "), line.size);
        }
        while (line.size > 0 && line.data[0] == '"') {
            line = text_slice(line, 1, line.size);
        }
        while (line.size > 0 && line.data[line.size - 1] == '"') {
            line = text_slice(line, 0, line.size - 1);
        }
        return arena_strndup(arena, line.data, line.size);
    }
    return NULL;
}

static bool check_lock(struct arena *arena, const struct folder *folder, struct status *status)
{
    const char *const lock = path_join(arena, path_join(arena, folder->root, folder->path), "migration_lock.toml");
    struct text content;
    if (file_look(lock, NULL) != FILE_REGULAR) {
        return true;
    }
    if (!file_read(arena, lock, CONFIG_LIMIT, &content, status)) {
        return false;
    }
    const char *const provider = lock_provider(arena, content);
    if (provider != NULL && strcmp(provider, "postgresql") == 0) {
        return true;
    }
    if (provider == NULL || strstr(provider, "postgres") != NULL) {
        return status_fail(
            status, STATUS_FAILED_PRECONDITION,
            "%s/migration_lock.toml has no line provider = \"postgresql\". Prisma reads only a line that "
            "is written exactly so, without blanks or a comment around it, and stops (Prisma's P3019).",
            folder->path);
    }
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       "%s/migration_lock.toml says that these migrations are for \"%s\", not for postgresql "
                       "(Prisma's P3019).",
                       folder->path, provider);
}

bool prisma_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status)
{
    if (!check_lock(arena, folder, status)) {
        return false;
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
