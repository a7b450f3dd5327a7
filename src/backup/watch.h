/*
 * Whether work on a backup may go on, and who waits for it: asked again and again while it goes on, over a session of
 * its own.
 */
#ifndef BACKUP_WATCH_H
#define BACKUP_WATCH_H

#include "backup/rows.h"
#include "pg/runs.h"

enum watch_end {
    WATCH_GOES_ON,
    WATCH_CANCELLED, /* somebody said so */
    WATCH_LOST,      /* the row is another worker's, or gone */
    WATCH_STOPPING,  /* the worker ends */
    WATCH_GIVES_WAY, /* a run, or somebody else, waits for it */
};

struct backup_watch {
    const struct backup_call *call;
    struct pg_session *session; /* NULL: to be opened */
    struct arena *scratch;
    struct backup_progress progress; /* what is told */
    enum watch_end end;
    bool yields; /* looks for who waits */
    struct run_watch runs;
    int64_t next_tell; /* clock_ms */
};

void backup_watch_begin(struct backup_watch *watch, const struct backup_call *call, int64_t id, const char *state);
void backup_watch_end(struct backup_watch *watch);

/* True where it goes on; else `end` says why. Cheap: asks the server where it is time. A backup_goes_on: `data` is the
 * watch. */
bool backup_watch_look(void *data);

/* Waits until no run is going on, telling so. False where it does not go on, or that takes too long: `end` says. */
bool backup_watch_wait(struct backup_watch *watch);

/* What `end` means, as the status of what was under way. */
bool backup_watch_fail(const struct backup_watch *watch, struct status *status);

#endif
