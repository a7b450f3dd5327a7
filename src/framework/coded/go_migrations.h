/*
 * Migrations that are values in a Go program, each with an ID: gormigrate's and xormigrate's.
 */
#ifndef FRAMEWORK_CODED_GO_MIGRATIONS_H
#define FRAMEWORK_CODED_GO_MIGRATIONS_H

#include "framework/core/framework.h"

/* Lists each `ID: "…"` in the folder's files that is followed by a `Migrate:`, in the order in which the program runs
 * them (go_order.h). If an ID is computed the folder is unrecordable: no states are known. */
bool go_migrations_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status);

/* For .folder: file names mean nothing. */
#define GO_FILES FILES({.pattern = "*_test.go", .passed_over = true}, {.pattern = "*.go", .is_code = true})

/* What must follow the library's word in a file with a migration. */
#define GO_MIGRATES " : Migrate:|MigrateSession: : ID:"

#endif
