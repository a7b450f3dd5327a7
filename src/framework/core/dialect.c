/*
 * A part of a path that names a database means it, alone ("h2") or in a longer name ("SqliteMigrations").
 */
#include "framework/core/dialect.h"

#include "framework/core/framework.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define LONGEST_PART 255
#define MOST_READ    65536 /* bytes of a file that may say it */

static const struct {
    const char *word; /* in lower case */
    bool is_whole;    /* too short to be searched in a longer name */
    const char *server;
} known_servers[] = {
    {"mysql", false, "MySQL"},
    {"mariadb", false, "MariaDB"},
    {"sqlite", false, "SQLite"},
    {"hsqldb", false, "HSQLDB"},
    {"sqlserver", false, "SQL Server"},
    {"mssql", false, "SQL Server"},
    {"clickhouse", false, "ClickHouse"},
    {"cockroach", false, "CockroachDB"},
    {"mongo", false, "MongoDB"},
    {"oracle", true, "Oracle"},
    {"h2", true, "H2"},
    {"db2", true, "Db2"},
    {"derby", true, "Derby"},
    {"spanner", true, "Spanner"},
};

/* The database in one part of a path. */
static const char *server_of(const char *part)
{
    if (strstr(part, "postgres") != NULL || strstr(part, "pgsql") != NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof known_servers / sizeof known_servers[0]; i++) {
        if (known_servers[i].is_whole ? strcmp(part, known_servers[i].word) == 0
                                      : strstr(part, known_servers[i].word) != NULL) {
            return known_servers[i].server;
        }
    }
    return NULL;
}

const char *dialect_of_path(const char *path)
{
    const char *server = NULL;
    while (server == NULL && *path != '\0') {
        char part[LONGEST_PART + 1] = {0};
        const size_t size = strcspn(path, "/");
        for (size_t i = 0; i < size && i < LONGEST_PART; i++) {
            part[i] = (char)tolower((unsigned char)path[i]);
        }
        server = server_of(part);
        path += size + (path[size] == '/' ? 1 : 0);
    }
    return server;
}

/* ---- in files ---- */

/* Framework files that name the database. */
static const struct {
    const char *framework;
    const char *file;  /* in the folder, or in its package */
    const char *block; /* must precede the key; NULL: nothing */
    bool is_of_package;
    bool is_of_own; /* also for the project's own folder; not for Prisma's lock file, which Prisma itself checks (P3019)
                     */
    const char *key;    /* precedes the quoted word */
    const char *server; /* implied by the key alone; NULL: the quoted word */
} markers[] = {
    {"prisma", "migration_lock.toml", NULL, false, false, "provider =", NULL},
    {"prisma", "prisma/schema.prisma", "datasource ", true, true, "provider", NULL},
    {"drizzle", "meta/_journal.json", NULL, false, true, "\"dialect\":", NULL},
    {"liquibase", "pom.xml", NULL, true, false, "liquibase-mongodb", "MongoDB"},
    {"liquibase", "build.gradle", NULL, true, false, "liquibase-mongodb", "MongoDB"},
};

static const char *server_of_files(struct arena *arena, const struct folder *folder, bool is_own)
{
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        struct status unread = {.arena = arena};
        struct file_start start;
        const char *const place = markers[i].is_of_package ? folder->base : folder->path;
        const char *const path = path_join(arena, path_join(arena, folder->root, place), markers[i].file);
        if (strcmp(folder->framework->id, markers[i].framework) != 0 || (is_own && !markers[i].is_of_own) ||
            !file_read_start(arena, path, MOST_READ, &start, &unread)) {
            continue;
        }
        const size_t block = markers[i].block == NULL ? 0 : text_find(start.content, markers[i].block, 0);
        start.content = text_slice(start.content, block, start.content.size);
        const struct text quoted = text_quoted_behind(start.content, markers[i].key);
        const struct text word = markers[i].server == NULL                                 ? quoted
                                 : text_find(start.content, markers[i].key, 0) != SIZE_MAX ? text_of(markers[i].server)
                                                                                           : (struct text){NULL, 0};
        if (word.size > 0 && !text_starts_with(word, "postgres") && !text_is(word, "pg")) {
            return arena_strndup(arena, word.data, word.size);
        }
    }
    return NULL;
}

static const char *server_of_folder(struct arena *arena, const struct folder *folder)
{
    const char *const server = dialect_of_path(folder->path);
    return server != NULL ? server : server_of_files(arena, folder, folder->base[0] == '\0' && !folder->is_walked);
}

void dialect_leave_others(struct arena *arena, struct folder_list *folders)
{
    size_t others = 0;
    const char **const servers = arena_array(arena, folders->count + 1, sizeof *servers);
    for (size_t i = 0; i < folders->count; i++) {
        servers[i] = server_of_folder(arena, &folders->items[i]);
        others += servers[i] != NULL ? 1 : 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < folders->count; i++) {
        struct folder folder = folders->items[i];
        const bool is_own = folder.base[0] == '\0' && !folder.is_walked;
        if (servers[i] != NULL && is_own && strcmp(folder.framework->id, "prisma") == 0 && folder.outside == NULL) {
            folder.outside = arena_printf(
                arena,
                "The folder %s is for %s, as its name or the schema's provider says: it cannot run in PostgreSQL",
                folder.path, servers[i]);
        } else if (servers[i] != NULL && folder.unread == NULL) {
            folder.unread =
                arena_printf(arena, "The folder %s is for %s, as its name or its files say", folder.path, servers[i]);
        }
        if (servers[i] == NULL || others == folders->count) {
            folders->items[kept++] = folder;
        }
    }
    folders->count = kept;
}
