/*
 * How folders of migrations are found: in the place that the project's configuration says, else in the framework's
 * usual places, in the project itself and in the packages of a monorepo. A place alone proves nothing: each folder is
 * looked into.
 */
#ifndef FRAMEWORK_CORE_LAYOUT_H
#define FRAMEWORK_CORE_LAYOUT_H

#include "framework/core/framework.h"

struct layout {
    /* Relative to the project or package, in order; "." is the package itself. The first is where a project without any
     * gets its first one. NULL-terminated. */
    const char *const *places;

    /* Reads the configuration in folder->root/folder->base. True where one of this framework is there: then evidence is
     * set (the file's name), and what it says: path (relative to root: path_join(base, …)), ledger, settings. NULL: it
     * has none that we read. A value that is computed is not found, which is the truth. */
    bool (*configure)(struct arena *arena, struct folder *folder);

    /* Looks into folder->root/folder->path, a directory that exists. False: not one of ours. Else sets confidence (that
     * of configure is CERTAIN unless it says other, and the surer one counts), and evidence where configure did not. */
    bool (*recognise)(struct arena *arena, struct folder *folder);

    /* A configured folder counts although it does not exist yet, or is empty. */
    bool counts_before_it_exists;

    /* Instead of all above, for one package: appends what it finds (layout_add). */
    bool (*find)(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                 struct status *status);
};

/* Finds the folders of all frameworks, the surest first. */
bool folders_find(struct arena *arena, const struct project *project, struct folder_list *folders,
                  struct status *status);

/* Appends a folder unless the framework has it already. A leading "./" goes. */
void layout_add(struct arena *arena, struct folder_list *folders, const struct folder *folder);

/* ---- for configure and recognise ---- */

/* What is at base/name in the project. */
enum file_kind folder_look(struct arena *arena, const struct folder *folder, const char *name);

/* Reads base/name of the project; false where there is none or it cannot be read. */
bool folder_read(struct arena *arena, const struct folder *folder, const char *name, struct text *content);

/* The first of these files of the package that is there ("knexfile.js", …), NULL-terminated; NULL: none. */
const char *folder_first_file(struct arena *arena, const struct folder *folder, const char *const *names);

/* True where package.json of the package, or of the project, names this dependency. */
bool folder_depends_on(struct arena *arena, const struct folder *folder, const char *package);

/* The name of the first entry of the folder itself for which test is true, looking into at most 50 (a file's first 4 kB
 * are in `head`, which is empty for a directory); NULL: none. */
typedef bool entry_test(const char *name, bool is_directory, struct text head);
const char *folder_any(struct arena *arena, const struct folder *folder, entry_test *test);

#endif
