/*
 * What is in a package of a project and in a folder of it, for those that look for migrations there.
 */
#ifndef FRAMEWORK_CORE_PACKAGE_H
#define FRAMEWORK_CORE_PACKAGE_H

#include "framework/core/framework.h"

/* What a search has read of a package, so that nothing is read twice; project: that of the project itself, NULL for it.
 */
struct probe *probe_new(struct arena *arena, const char *root, const char *base, struct probe *project);

/* What is at base/name in the project. */
enum file_kind folder_look(struct arena *arena, const struct folder *folder, const char *name);

/* Reads base/name of the project; false where there is none or it cannot be read. */
bool folder_read(struct arena *arena, const struct folder *folder, const char *name, struct text *content);

/* The first of these files of the package that is there ("knexfile.js", …), NULL-terminated; NULL: none. */
const char *folder_first_file(struct arena *arena, const struct folder *folder, const char *const *names);

/* The file of the package, of those whose name fits the pattern (pattern.h), with this number; NULL: there are fewer.
 */
const char *folder_matching(struct arena *arena, const struct folder *folder, const char *pattern, size_t number);

/* True where package.json of the package, or of the project, names this dependency. */
bool folder_depends_on(struct arena *arena, const struct folder *folder, const char *package);

/* The name of the first entry of the folder itself for which test is true, looking into at most 50 (a file's first 4 kB
 * are in `head`, which is empty for a directory); NULL: none. */
typedef bool entry_test(const char *name, bool is_directory, struct text head);
const char *folder_any(struct arena *arena, const struct folder *folder, entry_test *test);

/* The same with data for the test. */
typedef bool entry_search(const char *name, bool is_directory, struct text head, const void *data);
const char *folder_find(struct arena *arena, const struct folder *folder, entry_search *search, const void *data);

bool folder_is_empty(struct arena *arena, const struct folder *folder);

#endif
