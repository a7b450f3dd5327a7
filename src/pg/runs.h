/*
 * What a dump must know about runs: whether one is going on in its database, and whether a run, or anybody, waits for
 * the dump. Neither waits for the other: the dump waits until no run is going on, and if a run needs its locks it stops
 * and starts anew afterwards. For backups and branches.
 */
#ifndef PG_RUNS_H
#define PG_RUNS_H

#include "pg/session.h"

struct run_watch {
    const char *application; /* of the dump's sessions; borrowed */
    bool has_run;            /* a run was going on at the last look */
    bool gives_way;          /* somebody has waited for the dump for too long: it must stop */
    int64_t next_look;       /* clock_ms, like the next two; 0: now */
    int64_t blocked_since;   /* 0: nobody waits for the dump */
    int64_t run_since;       /* 0: no run */
};

/* Looks, on a session of the dump's database, and updates all members. Returns false if that failed; then only
 * next_look has changed. */
bool run_watch_look(struct run_watch *watch, struct pg_session *session, struct status *status);

/* Call it before a new attempt of the dump: nobody has waited for it yet. */
void run_watch_anew(struct run_watch *watch);

#endif
