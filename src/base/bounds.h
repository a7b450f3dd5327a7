/*
 * The bounds of a project: while it is read, neither symbolic links nor paths in its files lead out of it. So nobody
 * who can only write into the project can show, compare or run other files that the worker's user may read (another
 * project, a mounted secret).
 *
 * Between bounds_enter and bounds_leave every file and folder that this thread opens through base/files.h is checked,
 * by what was opened and not by its name.
 */
#ifndef BASE_BOUNDS_H
#define BASE_BOUNDS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>

struct bounds {
    struct arena *arena; /* for the note */
    const char *root;    /* the project; NULL: no restriction */
    const char *also;    /* a folder that the operator has named; NULL: none */
    const char *note;    /* result: the first path that was left out, a sentence naming the link and its destination,
                            without a final period; NULL: none */
    int error;           /* why root cannot be examined although it may exist; 0: it can; set by bounds_enter */
    char *real[3];       /* real paths of root, also, and the releases' shared folder; set by bounds_enter */
    bool is_part;        /* `real` is owned by the outer bounds */
    struct bounds *outer;
};

/* The folder that releases of Capistrano, Deployer and Mina share through links, for their .env and the like:
 * "/srv/app/shared" for a project in "/srv/app/releases/7"; it is within the project's bounds. root: a real path. Free
 * the result; NULL: there is none. */
char *bounds_shared(const char *root);

/* Applies bounds to this thread, in place of those in force. The caller sets arena, root and also (borrowed) and keeps
 * `bounds` until bounds_leave. */
void bounds_enter(struct bounds *bounds);

/* As bounds_enter; but if bounds of the same project are in force, their real paths count, which are not looked up
 * again (bounds_enter_part). */
void bounds_enter_again(struct bounds *bounds);

/* Applies the same bounds with a separate note, for a part of the reading. Does nothing if no bounds are in force. */
void bounds_enter_part(struct bounds *part, struct arena *arena);

/* Restores the bounds that were in force before. Notes, if there is no other note, that the project is not the same one
 * any more or could not be examined. */
void bounds_leave(struct bounds *bounds);

/* Is it a file of the settings of one machine (.env, .env.local, .envrc, those in .git), by its name? It may hold
 * passwords, and is no script, although it is in the project. */
bool bounds_is_settings(const char *path);

/* Is this open file, opened by this path, within the bounds? If not, notes it and fails with FAILED_PRECONDITION
 * (status may be NULL). So it does for a file of settings that was opened by another name. True if no bounds are in
 * force. */
bool bounds_hold(int fd, const char *path, struct status *status);

/* Call it for a path that could not be opened or does not exist: notes a link that leads nowhere, in a circle, or out
 * of the sandbox. Does not change errno. */
void bounds_missed(const char *path);

/* Notes the words again, for a reader of cached results. NULL: nothing. */
void bounds_note(const char *words);

/* Why this path must not be read, in the words of a note; NULL: it is within, or no bounds are in force. */
const char *bounds_why_not(struct arena *arena, const char *path);

#endif
