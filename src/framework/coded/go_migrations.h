/*
 * Migrations that are values in a program of Go, each with an ID: gormigrate's and xormigrate's.
 */
#ifndef FRAMEWORK_CODED_GO_MIGRATIONS_H
#define FRAMEWORK_CODED_GO_MIGRATIONS_H

#include "framework/core/framework.h"

/* Lists each `ID: "…"` of the folder's files that has a `Migrate:` behind it. One whose ID is computed makes the whole
 * unrecordable: nobody knows its state. */
bool go_migrations_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status);

/* Of .folder: no name of a file says anything. */
#define GO_FILES FILES({.pattern = "*_test.go", .passed_over = true}, {.pattern = "*.go", .is_code = true})

/* What stands behind the word that is the library's own in a file with a migration. */
#define GO_MIGRATES " : Migrate:|MigrateSession: : ID:"

#endif
