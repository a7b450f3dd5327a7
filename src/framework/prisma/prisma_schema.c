/*
 * Where Prisma's versions look for migrations if the schema is a folder (read in their CLIs): up to 6.5 beside the
 * folder, 6.6 to 6.19 beside the file that has the datasource, from 7.0 in the folder.
 */
#include "framework/prisma/prisma_schema.h"

#include "base/bounds.h"
#include "framework/core/inner_path.h"
#include "framework/core/listing.h"
#include "framework/formats/properties.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ANY_MINOR     999
#define MOST_LEVELS   8   /* of folders in a schema folder that are searched */
#define MOST_SEARCHED 500 /* files */

/* ---- the version ---- */

/* The number that a version or a range begins with: 6019 for "6.19.3" and "~6.19", 6999 for "^6.2" and "6", unknown for
 * "latest" and ">=6". */
static int version_of(const char *said)
{
    const bool is_open = said[0] == '^';
    said += strspn(said, "^~=v ");
    if (isdigit((unsigned char)said[0]) == 0) {
        return PRISMA_UNKNOWN;
    }
    char *end;
    const long major = strtol(said, &end, 10);
    const bool has_minor = end[0] == '.' && isdigit((unsigned char)end[1]) != 0;
    const long minor = has_minor && !is_open ? strtol(end + 1, NULL, 10) : ANY_MINOR;
    return major > ANY_MINOR || minor > ANY_MINOR ? PRISMA_UNKNOWN : (int)(major * 1000 + minor);
}

static const char *version_said(struct arena *arena, const struct folder *folder)
{
    static const char *const kinds[] = {"devDependencies", "dependencies"};
    static const char *const names[] = {"prisma", "@prisma/client"};
    struct text content;
    if (folder_read(arena, folder, "node_modules/prisma/package.json", &content)) {
        return property_string(arena, content, (const char *const[]){"version", NULL});
    }
    if (!folder_read(arena, folder, "package.json", &content)) {
        return NULL;
    }
    for (size_t i = 0; i < 4; i++) {
        const char *const said =
            property_string(arena, content, (const char *const[]){kinds[i % 2], names[i / 2], NULL});
        if (said != NULL) {
            return said;
        }
    }
    return NULL;
}

int prisma_version(struct arena *arena, const struct folder *folder)
{
    /* What is installed may be a link that leads out of the project: that is no news for the user. */
    struct bounds reading;
    struct folder project = *folder;
    project.base = "";
    project.probe = NULL;
    bounds_enter_part(&reading, arena);
    const char *said = version_said(arena, folder);
    said = said == NULL && folder->base[0] != '\0' ? version_said(arena, &project) : said;
    bounds_leave(&reading);
    return said == NULL ? PRISMA_UNKNOWN : version_of(said);
}

bool prisma_is_before(int version, int other)
{
    return version != PRISMA_UNKNOWN && version < other;
}

/* ---- the datasource ---- */

/* A search through a schema folder. */
struct datasource_search {
    struct arena *arena;
    const struct folder *package;
    size_t left; /* entries that may still be looked at */
};

static bool has_datasource(struct text schema)
{
    for (struct text line; text_next_line(&schema, &line);) {
        static const char word[] = "datasource";
        line = text_trim(line);
        if (text_starts_with(line, word) && line.size > strlen(word) &&
            isspace((unsigned char)line.data[strlen(word)]) != 0) {
            return true;
        }
    }
    return false;
}

static bool is_schema_file(const char *name)
{
    static const char ending[] = ".prisma";
    return strlen(name) > strlen(ending) && text_ends_with(text_of(name), ending);
}

/* The directory of the file with the datasource, at or below this one; NULL: none was found. */
static const char *datasource_directory(struct datasource_search *search, const char *directory, size_t levels)
{
    struct arena *const arena = search->arena;
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    const char *const package = path_join(arena, search->package->root, search->package->base);
    if (levels == 0 || !directory_list(arena, path_join(arena, package, directory), &list, &unread)) {
        return NULL;
    }
    for (size_t i = 0; i < list.count && search->left > 0; i++) {
        const struct file_entry *const entry = &list.entries[i];
        const char *const path = path_join(arena, directory, entry->name);
        struct text content;
        search->left--; /* of the directories below, too */
        if (entry->is_directory) {
            const char *const found = datasource_directory(search, path, levels - 1);
            if (found != NULL) {
                return found;
            }
        } else if (is_schema_file(entry->name) && folder_read(arena, search->package, path, &content) &&
                   has_datasource(content)) {
            return directory;
        }
    }
    return NULL;
}

/* ---- the folder ---- */

/* "db" for "db/schema" and "db/schema/", "" for "schema". */
static const char *parent_of(struct arena *arena, const char *path)
{
    return path_above(arena, plain_path(arena, path));
}

static const char *migrations_in(struct arena *arena, const char *directory)
{
    return directory[0] == '\0' ? "migrations" : path_join(arena, directory, "migrations");
}

const char *prisma_beside_schema(struct arena *arena, const struct folder *package, const char *schema)
{
    if (folder_look(arena, package, schema) != FILE_DIRECTORY) {
        return migrations_in(arena, parent_of(arena, schema));
    }
    struct datasource_search search = {arena, package, MOST_SEARCHED};
    const char *const datasource = datasource_directory(&search, schema, MOST_LEVELS);
    const char *const in_folder = migrations_in(arena, schema);
    const char *const at_datasource = datasource == NULL ? in_folder : migrations_in(arena, datasource);
    const char *const beside = migrations_in(arena, parent_of(arena, schema));
    const int version = prisma_version(arena, package);
    const char *const places[] = {
        prisma_is_before(version, PRISMA_WITH_OWN_LISTING) ? beside
        : version >= PRISMA_BESIDE_SCHEMA                  ? in_folder
                                                           : at_datasource,
        at_datasource,
        in_folder,
        beside,
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (folder_look(arena, package, places[i]) == FILE_DIRECTORY) {
            return places[i];
        }
    }
    return places[0];
}
