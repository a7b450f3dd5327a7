/*
 * Which database a folder of migrations is for, if its path says so: "migrations/mysql", "util/SqliteMigrations".
 */
#ifndef FRAMEWORK_CORE_DIALECT_H
#define FRAMEWORK_CORE_DIALECT_H

#include "framework/core/folder.h"

/* "MySQL" for "migrations/mysql"; NULL if the path names no database, or PostgreSQL. */
const char *dialect_of_path(const char *path);

/* Removes folders for other databases if the project has suitable ones; if it has none, each is marked so that a person
 * must confirm it. */
void dialect_leave_others(struct arena *arena, struct folder_list *folders);

#endif
