/*
 * What the files that walk through changelogs share; nothing for others.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_WALK_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_WALK_H

#include "framework/liquibase/liquibase_changelog.h"
#include "framework/liquibase/liquibase_changeset.h"

struct liquibase_walk {
    struct arena *arena;
    const char *directory; /* what the names are relative to */
    const struct liquibase_settings *settings;
    struct migration_files *files;
    struct status *status;
    struct liquibase_property *properties;
    size_t property_count;
    size_t property_capacity;
    struct liquibase_left_out *left_out;
    size_t file_count;
    int depth;
    size_t delegated; /* changesets that only Liquibase can run, and the first of them */
    const struct liquibase_migration *first_delegated;
    const char *first_always;
};

/* The changelog that is being read. */
struct liquibase_log {
    const char *path; /* to find what is relative to it */
    struct file_stamp stamp;
    struct liquibase_around around;
    bool is_ignored;
    struct liquibase_walk *walk;
};

/* ---- files ---- */

/* What a node's `name` says, relative to its changelog where it says so, as the ledger has paths. NULL: nothing, or it
 * leads outside. */
const char *liquibase_log_path(const struct liquibase_log *log, const struct tree_node *node, const char *name);

/* Reads a text file of the project. */
bool liquibase_file_read(struct liquibase_walk *walk, const char *path, struct text *content, struct status *status);

/* Reads a changelog by its ending; *is_log is false for a file that is none. */
bool liquibase_tree_read(struct liquibase_walk *walk, const char *path, struct tree_node *root, bool *is_log);

/* ---- properties ---- */

void liquibase_property_add(struct liquibase_walk *walk, const char *name, const char *value);

/* Takes the values of a node `property`: one, or those of a file. */
bool liquibase_property_read(struct liquibase_log *log, const struct tree_node *node);

/* Forgets those that hold only in the changelog of this node, which is read; `before` were there when it began. */
void liquibase_properties_drop(struct liquibase_walk *walk, const struct tree_node *node, size_t before);

#endif
