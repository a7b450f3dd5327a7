/*
 * The changelogs of a project: the root, what it includes, and all changesets in order.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGELOG_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGELOG_H

#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/liquibase/liquibase_change.h"
#include "framework/liquibase/liquibase_tree.h"

/* From the project's configuration, or where its root changelog was found. */
struct liquibase_settings {
    const char *search; /* the directory that changelog names are relative to, itself relative to the project: "" */
    const char *root;   /* "db/changelog/db.changelog-master.yaml" */
    const char *contexts;
    const char *labels;
    const char *lock_table;
    const char *default_schema; /* NULL: not given */
    const char
        *missing_property; /* what becomes of a property without a value: PRESERVE, EMPTY, ERROR; NULL: the first */
    const struct config_pair *parameters; /* of several for one name the first counts; a computed value is NULL */
    size_t parameter_count;
    bool is_of_application; /* contexts to parameters are from the files of Spring, Quarkus or Micronaut */
};

/* The `own` of a migration. */
struct liquibase_migration {
    struct liquibase_changeset changeset;
    const char *passed_key; /* with the logicalFilePath of a changelog around its own; NULL: the same */
    const struct liquibase_left_out *left_out; /* shared by all migrations of a folder */
};

/* Changesets that are not run, because of another database or context. The ledger may contain them nevertheless. */
struct liquibase_left_out {
    const char **keys;
    size_t count;
    size_t capacity;
};

bool liquibase_changelog_read(struct arena *arena, const struct folder *folder,
                              const struct liquibase_settings *settings, struct migration_files *files,
                              struct status *status);

/* Does an expression of contexts or labels ("test and !prod", "a, b") match these words, which are separated by commas?
 * True for an empty expression, and if there are no words. */
bool liquibase_holds(const char *expression, const char *words);

/* A path as in the ledger: without "classpath:", "./" and "..", with slashes. NULL: it leads out of the project. */
const char *liquibase_path(struct arena *arena, const char *directory, const char *path);

#endif
