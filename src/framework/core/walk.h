/*
 * A bounded walk through a project that finds what neither its workspace files nor the usual places tell: directories
 * that are packages of their own, and directories with typical migration files.
 */
#ifndef FRAMEWORK_CORE_WALK_H
#define FRAMEWORK_CORE_WALK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Usual names of Liquibase's root changelog. Release notes have such names, too: the content decides. */
#define CHANGELOGS "*{changelog|liquibase}*.{xml|yaml|yml|json|sql}"

/* A directory that may be a folder of migrations; paths are relative to the project. */
struct walked_folder {
    const char *base; /* its nearest package, "" for the project itself */
    const char *path;
};

struct walk {
    const char **packages; /* directories with a manifest, or with a framework's configuration */
    size_t package_count;
    size_t package_capacity;
    struct walked_folder *folders;
    size_t folder_count;
    size_t folder_capacity;
    bool is_cut; /* the project has more names, packages or folders than the walk covers */
};

/* Walks breadth-first. Does not follow links, and does not enter directories of dependencies, build results, tests,
 * fixtures and examples. */
void walk_project(struct arena *arena, const char *root, struct walk *walk);

/* Does the walk enter the directory `name` of the one at this path? */
bool walk_enters(const char *path, const char *name);

/* Is a path of the project in a directory of dependencies, build results, tests, fixtures or examples, whether or not a
 * workspace file names it? */
bool walk_is_aside(struct arena *arena, const char *path);

#endif
