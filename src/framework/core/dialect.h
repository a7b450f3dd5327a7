/*
 * Which server a folder of migrations is for, where its path says so: "migrations/mysql", "util/SqliteMigrations".
 */
#ifndef FRAMEWORK_CORE_DIALECT_H
#define FRAMEWORK_CORE_DIALECT_H

#include "framework/core/folder.h"

/* "MySQL" of "migrations/mysql"; NULL where the path names no server, or PostgreSQL. */
const char *dialect_of_path(const char *path);

/* Leaves out the folders that are another server's, where the project has others; where it has none, each is marked as
 * one of which a person has to say that it is meant. */
void dialect_leave_others(struct arena *arena, struct folder_list *folders);

#endif
