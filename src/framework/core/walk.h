/*
 * A bounded walk through a project, for what neither its workspace files nor the usual places tell: directories that
 * are packages of their own, and directories that have what only migrations have.
 */
#ifndef FRAMEWORK_CORE_WALK_H
#define FRAMEWORK_CORE_WALK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* What Liquibase's root is called; a list of what is new in a release, too: the content decides. */
#define CHANGELOGS "*{changelog|liquibase}*.{xml|yaml|yml|json|sql}"

/* A directory that may be a folder of migrations; paths are relative to the project. */
struct walked_folder {
    const char *base; /* the nearest package that it is in, "" for the project itself */
    const char *path;
};

struct walk {
    const char **packages; /* directories with a manifest, or with the configuration of a framework */
    size_t package_count;
    size_t package_capacity;
    struct walked_folder *folders;
    size_t folder_count;
    size_t folder_capacity;
    bool is_cut; /* the project is larger than what is walked through */
};

/* Walks through what is in the project, the nearest directories first. Links are not followed; directories of
 * dependencies, of what is built, of tests, fixtures and examples are not entered. */
void walk_project(struct arena *arena, const char *root, struct walk *walk);

/* Does a walk go into the directory `name` of the one at this path? */
bool walk_enters(const char *path, const char *name);

#endif
