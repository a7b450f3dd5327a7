/*
 * truss-history: what git remembers of a file or a folder of a project, told to the worker. A process of its own, so
 * that a repository that somebody has made to hang, to fill the memory or to crash a reader does that to nobody else,
 * and so that the worker does not carry libgit2. It reads the repository's objects and nothing else: no filter, hook,
 * driver or program of the repository is ever started.
 *
 * Its output is a sequence of records. Each is fields that end with NUL; the first is the record's name:
 *
 *   repository HEAD SHALLOW         the commit of HEAD ("" where there is none yet); "1" for a shallow clone
 *   commit ID SECONDS AUTHOR SUBJECT WHERE FIRST
 *                                   one that changed what was asked for, the newest first. WHERE: "head", or "other"
 * for one that HEAD does not come from. FIRST: "1" where its parents are not in this clone deleted PATH TO … which took
 * this file away; TO: where it went, "" where it is gone file PATH PLACE SIZE            … and as it left it, with SIZE
 * bytes behind the record. PATH is relative to what was asked for ("" for a file itself), PLACE to the repository gone
 * PATH                       … has not this file of the version before state                           the commit's
 * version is told whole end WHY COMMITS                 "all", "commits", "bytes", "time" or "missing" (objects that
 * this clone has not) error WHY WORDS                 instead of all that: "none", "outside", "owner", "format" or
 * "failed"
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "base/status.h"
#include "base/text.h"

#include <git2.h>

#include <stdint.h>

#define HISTORY_PATHS 4 /* names that a file may have had */

/* What is told at most. */
struct history_limits {
    size_t commits;
    uint64_t bytes; /* of all files together */
    uint64_t file;  /* of one; larger ones are left out */
    int64_t deadline;
};

/* Where the repository is, and what of it is asked for. */
struct history_place {
    struct arena *arena;
    const char *root;    /* of the project: who wrote that may have written the repository, too */
    const char *path;    /* what is asked for, absolute; it need not be there any more */
    const char *workdir; /* set: the folder that .git is in */
    const char *inside;  /* set: the path relative to that; "" for all of it */
    const char *why;     /* set where it fails: the word of an error record */
    struct status *status;
};

/* Finds the repository that the path is in, and holds it against the rule that nothing outside of the project is read
 * because the project says so. False: there is none, or it is not to be read; why and status say it. */
bool history_find(struct history_place *place);

/* Tells every version of place->inside, from HEAD and then from every other reference. False where that cannot begin.
 */
bool history_tell(git_repository *repository, const struct history_place *place, bool is_folder,
                  const struct history_limits *limits);

/* Tells a record of these fields; the last is NULL. */
void history_record(const char *const *fields);

#endif
