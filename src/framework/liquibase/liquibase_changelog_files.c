/*
 * The files of changelogs: their names as in the ledger, and their content. No name with ".." is used to read anything
 * outside of the project.
 */
#include "base/bounds.h"
#include "framework/liquibase/liquibase_changelog_walk.h"
#include "framework/liquibase/liquibase_sql.h"

#include <string.h>

/* ---- paths ---- */

const char *liquibase_path(struct arena *arena, const char *directory, const char *path)
{
    struct buffer parts = {.arena = arena};
    size_t starts[64];
    size_t depth = 0;
    char *rest;
    path += strncmp(path, "classpath*:", 11) == 0 ? 11 : strncmp(path, "classpath:", 10) == 0 ? 10 : 0;
    char *const joined = arena_printf(arena, "%s/%s", directory, path);
    for (char *part = strtok_r(joined, "/\\", &rest); part != NULL; part = strtok_r(NULL, "/\\", &rest)) {
        if (strcmp(part, "..") == 0) {
            if (depth == 0) {
                return NULL;
            }
            parts.size = starts[--depth];
        } else if (strcmp(part, ".") != 0) {
            if (depth == sizeof starts / sizeof starts[0]) {
                return NULL;
            }
            starts[depth++] = parts.size;
            buffer_puts(&parts, parts.size == 0 ? "" : "/");
            buffer_puts(&parts, part);
        }
    }
    return arena_strndup(arena, parts.data == NULL ? "" : parts.data, parts.size);
}

const char *liquibase_log_path(const struct liquibase_log *log, const struct tree_node *node, const char *name)
{
    struct arena *const arena = log->walk->arena;
    const char *const path = liquibase_value(arena, node, name, &log->around);
    const bool is_relative = liquibase_bool(arena, node, "relativeToChangelogFile", false, &log->around);
    return path == NULL ? NULL : liquibase_path(arena, is_relative ? path_above(arena, log->path) : "", path);
}

/* ---- content ---- */

bool liquibase_file_read(struct liquibase_walk *walk, const char *path, struct text *content, struct status *status)
{
    if (bounds_is_settings(path)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s has settings of this machine and is no part of a changelog; it was not read.", path);
    }
    if (!file_read(walk->arena, path_join(walk->arena, walk->directory, path), MIGRATION_FILE_LIMIT, content, status)) {
        return false;
    }
    if (!text_is_legible(*content)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s is not UTF-8 text; save the file as UTF-8.", path);
    }
    *content = text_without_mark(*content);
    return true;
}

static bool has_ending(const char *path, const char *ending)
{
    return strlen(path) > strlen(ending) && text_ends_with_nocase(text_of(path), ending);
}

bool liquibase_is_yaml(const char *path)
{
    return has_ending(path, ".yaml") || has_ending(path, ".yml") || has_ending(path, ".json");
}

bool liquibase_may_be_log(const char *path)
{
    return has_ending(path, ".sql") || has_ending(path, ".xml") || liquibase_is_yaml(path);
}

/* A script that is not a changelog is one changeset. */
static void take_raw(struct arena *arena, struct text content, struct tree_node *root)
{
    struct tree_node *const log = tree_add(arena, root, "databaseChangeLog", (struct text){NULL, 0}, 1);
    struct tree_node *const changeset = tree_add(arena, log, "changeSet", (struct text){NULL, 0}, 1);
    tree_add(arena, changeset, "id", text_of("raw"), 1);
    tree_add(arena, changeset, "author", text_of("includeAll"), 1);
    struct tree_node *const sql = tree_add(arena, changeset, "sql", content, 1);
    tree_add(arena, sql, "raw", text_of("true"), 1);
    tree_add(arena, sql, "splitStatements", text_of("false"), 1);
}

bool liquibase_tree_read(struct liquibase_walk *walk, const char *path, struct tree_node *root, bool *is_log)
{
    struct text content;
    const bool is_sql = has_ending(path, ".sql");
    const bool is_xml = has_ending(path, ".xml");
    *is_log = liquibase_may_be_log(path);
    if (!*is_log) {
        return true;
    }
    if (!liquibase_file_read(walk, path, &content, walk->status)) {
        return false;
    }
    if (is_sql && !liquibase_sql_is_formatted(content)) {
        take_raw(walk->arena, content, root);
        return true;
    }
    return is_sql   ? liquibase_sql_read(walk->arena, path, content, root, walk->status)
           : is_xml ? tree_read_xml(walk->arena, path, content, root, walk->status)
                    : tree_read_yaml(walk->arena, path, content, root, walk->status);
}
