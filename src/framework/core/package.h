/*
 * Reads the files of a package and of a folder in it, for code that searches for migrations there.
 */
#ifndef FRAMEWORK_CORE_PACKAGE_H
#define FRAMEWORK_CORE_PACKAGE_H

#include "base/words.h"
#include "framework/core/framework.h"

/* Makes the cache of what a search has read of a package, so that nothing is read twice. project: the cache of the
 * project itself, NULL for it. */
struct probe *probe_new(struct arena *arena, const char *root, const char *base, struct probe *project);

/* The kind of the file base/name in the project. */
enum file_kind folder_look(struct arena *arena, const struct folder *folder, const char *name);

/* Reads base/name of the project; false if it does not exist or cannot be read. */
bool folder_read(struct arena *arena, const struct folder *folder, const char *name, struct text *content);

/* The first of these files of the package that exists ("knexfile.js", …; NULL-terminated); NULL: none. */
const char *folder_first_file(struct arena *arena, const struct folder *folder, const char *const *names);

/* The names of the files of the package that fit the pattern (pattern.h), sorted; none if it cannot be listed. */
struct words folder_matching(struct arena *arena, const struct folder *folder, const char *pattern);

/* Does package.json of the package, or of the project, name this dependency? */
bool folder_depends_on(struct arena *arena, const struct folder *folder, const char *package);

/* The name of the first entry of the folder for which the test is true, of at most 50 that are examined; NULL: none.
 * `head`: a file's first 4 kB; empty for a directory. */
typedef bool entry_test(const char *name, bool is_directory, struct text head);
const char *folder_any(struct arena *arena, const struct folder *folder, entry_test *test);

/* The same with data for the test. */
typedef bool entry_search(const char *name, bool is_directory, struct text head, const void *data);
const char *folder_find(struct arena *arena, const struct folder *folder, entry_search *search, const void *data);

bool folder_is_empty(struct arena *arena, const struct folder *folder);

#endif
