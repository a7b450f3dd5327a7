/*
 * The bounds of a project: while it is read no link, and no path that its own files name, leads out of it. What the
 * worker's user may read besides (another project, a secret that is mounted somewhere) is shown, compared and run by
 * nobody who can only write into the project.
 *
 * Between bounds_enter and bounds_leave every file and folder that this thread opens through base/files.h is held
 * against them, by what was opened and not by its name.
 */
#ifndef BASE_BOUNDS_H
#define BASE_BOUNDS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>

struct bounds {
    struct arena *arena; /* of the note */
    const char *root;    /* the project; NULL: nothing is held */
    const char *also;    /* a folder that the operator has named; NULL: none */
    const char *note;    /* set: what was left out first, a sentence that names the link and where it leads without its
                            full stop; NULL: nothing was */
    char *real[3];       /* of root, also, and what releases share, as links lead there now; bounds_enter's */
    bool is_part;        /* they are the outer one's */
    struct bounds *outer;
};

/* Releases of Capistrano, Deployer and Mina have their .env and the like in common, by links: "/srv/app/shared" of a
 * project in "/srv/app/releases/7", which is within its bounds. root: where links lead; allocated. NULL where there is
 * none. */
char *bounds_shared(const char *root);

/* Holds what this thread opens against them, in the place of those that are in force. The caller sets arena, root and
 * also, all borrowed, and keeps it until bounds_leave. */
void bounds_enter(struct bounds *bounds);

/* The same bounds with a note of its own, for a part of the reading. Where none are in force there are none. */
void bounds_enter_part(struct bounds *part, struct arena *arena);

/* Those that were in force before are so again. */
void bounds_leave(struct bounds *bounds);

/* Is what is open here, by this path, within? Else FAILED_PRECONDITION (status may be NULL), and it is noted. True
 * where no bounds are in force. */
bool bounds_hold(int fd, const char *path, struct status *status);

/* To be told of a path that could not be opened, or where nothing is: a link that leads nowhere, in a circle, or out to
 * where the sandbox ends, is noted. Leaves errno as it is. */
void bounds_missed(const char *path);

/* Notes that again, for who reads what was left out before. NULL: nothing was. */
void bounds_note(const char *words);

/* Why this path must not be read, as a note says it; NULL: it is within, or no bounds are in force. */
const char *bounds_why_not(struct arena *arena, const char *path);

#endif
