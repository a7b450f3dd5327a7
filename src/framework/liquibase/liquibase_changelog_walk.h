/*
 * Internals shared by the files that walk through changelogs.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGELOG_WALK_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGELOG_WALK_H

#include "framework/liquibase/liquibase_changelog.h"
#include "framework/liquibase/liquibase_changeset.h"

struct liquibase_walk {
    struct arena *arena;
    const char *directory; /* names are relative to it */
    const struct liquibase_settings *settings;
    struct migration_files *files;
    struct status *status;
    struct liquibase_property *properties;
    size_t property_count;
    size_t property_capacity;
    struct liquibase_left_out *left_out;
    size_t file_count;
    int depth;
    size_t delegated; /* number of changesets that only Liquibase can run; the first of them */
    const struct liquibase_migration *first_delegated;
    const char *first_always;
};

/* The changelog being read. */
struct liquibase_log {
    const char *path; /* for paths relative to it */
    struct file_stamp stamp;
    struct liquibase_around around;
    const char *logical;          /* its own logicalFilePath, or that of the nearest changelog around it; NULL: none */
    const char *included_logical; /* what the includes say of it */
    bool is_ignored;
    struct liquibase_walk *walk;
};

/* ---- files ---- */

/* The path in a node's `name`, as in the ledger; resolved relative to its changelog if the node says so. NULL: none, or
 * it leads out of the project. */
const char *liquibase_log_path(const struct liquibase_log *log, const struct tree_node *node, const char *name);

/* Reads a text file of the project. */
bool liquibase_file_read(struct liquibase_walk *walk, const char *path, struct text *content, struct status *status);

/* By its ending; JSON is YAML. */
bool liquibase_is_yaml(const char *path);

/* Has it the ending of a changelog: of one of these, of XML or of SQL? */
bool liquibase_may_be_log(const char *path);

/* Reads a changelog by its extension; *is_log is false if the file is none. */
bool liquibase_tree_read(struct liquibase_walk *walk, const char *path, struct tree_node *root, bool *is_log);

/* ---- properties ---- */

void liquibase_property_add(struct liquibase_walk *walk, struct liquibase_property property);

/* Takes the values of a node `property`: one, or those of a file. */
bool liquibase_property_read(struct liquibase_log *log, const struct tree_node *node);

/* Removes the properties that are local to a changelog, which has been read; `before` is the number of all at its
 * beginning. */
void liquibase_properties_drop(struct liquibase_walk *walk, size_t before);

#endif
