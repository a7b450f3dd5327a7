/*
 * truss-history: tells the worker what git knows about a file or folder of a project. It is a separate process, so that
 * a malicious repository can make only it hang, run out of memory or crash, and so that the worker does not need
 * libgit2. It reads only the repository's objects: no filter, hook, driver or program of the repository is ever
 * started.
 *
 * Its output is a sequence of records. Each consists of fields ended by NUL; the first is the record's name:
 *
 *     repository HEAD SHALLOW
 *                 the commit of HEAD ("": none yet); "1" for a shallow clone
 *     commit ID SECONDS AUTHOR SUBJECT WHERE FIRST
 *                 a commit that changed what was asked for, newest first.
 *                 WHERE: "head", or "other" if it is no ancestor of HEAD.
 *                 FIRST: "1" if its parents are not in this clone
 *     deleted PATH TO
 *                 the commit removed this file; TO: its new name, "" if it is gone
 *     file PATH PLACE SIZE
 *                 a file as the commit left it; SIZE bytes follow the record. PATH is relative
 *                 to what was asked for ("" for a file itself), PLACE to the repository
 *     gone PATH   this file of the previous version is no longer there
 *     state       the commit's version is complete
 *     end WHY COMMITS
 *                 "all", "commits", "bytes", "time" or "missing" (objects missing in this clone)
 *     error WHY WORDS
 *                 instead of all that: "none", "outside", "owner", "format" or "failed"
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "base/status.h"
#include "base/text.h"

#include <git2.h>

#include <stdint.h>

#define HISTORY_PATHS 4 /* names that a file may have had */

/* Limits of the output. */
struct history_limits {
    size_t commits;
    uint64_t bytes; /* of all files together */
    uint64_t file;  /* of one file; larger ones are left out */
    int64_t deadline;
};

/* The repository, and what of it is asked for. */
struct history_place {
    struct arena *arena;
    const char *root;    /* of the project, whose author may also have made the repository */
    const char *path;    /* what is asked for, absolute; it need not exist any more */
    const char *workdir; /* result: the folder that contains .git */
    const char *inside;  /* result: the path relative to that; "" for everything */
    const char *why;     /* result on failure: WHY of an error record */
    struct status *status;
};

/* Finds the repository of the path, and checks that nothing outside of the project would be read because the project
 * says so. Fails if there is none or it may not be read; sets why and status. */
bool history_find(struct history_place *place);

/* Reports every version of place->inside, from HEAD and then from all other references. */
void history_tell(git_repository *repository, const struct history_place *place, bool is_folder,
                  const struct history_limits *limits);

/* Writes a record; the list of fields is ended by NULL. */
void history_record(const char *const *fields);

#endif
