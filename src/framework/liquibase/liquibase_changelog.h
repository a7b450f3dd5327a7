/*
 * The changelogs of a project: the root, what it includes, and the changesets in all of them, in their order.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGELOG_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGELOG_H

#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/liquibase/liquibase_change.h"
#include "framework/liquibase/liquibase_tree.h"

/* What the project's configuration says, or where its root changelog was found. */
struct liquibase_settings {
    const char *search; /* what the names of changelogs are relative to, itself relative to the project: "" */
    const char *root;   /* "db/changelog/db.changelog-master.yaml" */
    const char *contexts;
    const char *labels;
    const char *lock_table;
    const char *default_schema; /* NULL: none is said */
    const struct config_pair *parameters;
    size_t parameter_count;
};

/* A migration's `own`. */
struct liquibase_migration {
    struct liquibase_changeset changeset;
    const struct liquibase_left_out *left_out; /* the same for all of a folder */
};

/* Changesets that are not run: for another database, or another context. The ledger may know them all the same. */
struct liquibase_left_out {
    const char **keys;
    size_t count;
    size_t capacity;
};

bool liquibase_changelog_read(struct arena *arena, const struct folder *folder,
                              const struct liquibase_settings *settings, struct migration_files *files,
                              struct status *status);

/* Does an expression of contexts or labels ("test and !prod", "a, b") hold for these, separated by commas? An empty one
 * holds, and so does every one where there are none. */
bool liquibase_holds(const char *expression, const char *words);

/* A path as the ledger has it: without "classpath:", "./" and "..", with slashes. NULL: it leads outside. */
const char *liquibase_path(struct arena *arena, const char *directory, const char *path);

#endif
