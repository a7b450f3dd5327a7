/*
 * Checks repeatedly, on a session of its own, whether work on a backup may continue, and whether somebody waits for it.
 */
#ifndef BACKUP_WATCH_H
#define BACKUP_WATCH_H

#include "backup/rows.h"
#include "pg/runs.h"

enum watch_end {
    WATCH_GOES_ON,
    WATCH_CANCELLED, /* cancelled by a user */
    WATCH_LOST,      /* the row is gone, or another worker's */
    WATCH_STOPPING,  /* the worker is ending */
    WATCH_GIVES_WAY, /* a run, or another session, waits for it */
};

struct backup_watch {
    const struct backup_call *call;
    struct pg_session *session; /* NULL: not opened yet */
    struct arena *scratch;
    struct backup_progress progress; /* to be recorded */
    enum watch_end end;
    bool yields; /* checks whether somebody waits */
    struct run_watch runs;
    int64_t next_tell; /* clock_ms */
};

void backup_watch_begin(struct backup_watch *watch, const struct backup_call *call, int64_t id, const char *state);
void backup_watch_end(struct backup_watch *watch);

/* May the work continue? If not, `end` says why. Cheap: asks the server only when it is time. Is a backup_goes_on, with
 * the watch as `data`. */
bool backup_watch_look(void *data);

/* Waits until no run is going on, recording that. Returns false if the work must end, or it takes too long: `end` says
 * why. */
bool backup_watch_wait(struct backup_watch *watch);

/* Fills the status of the work according to `end`. */
bool backup_watch_fail(const struct backup_watch *watch, struct status *status);

#endif
