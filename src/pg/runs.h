/*
 * What a dump has to know of runs: whether one is going on in its database, and whether one, or anybody, waits for the
 * dump. A dump and a run never wait for each other: the dump waits until no run is going on, and gives way, to begin
 * anew behind it. For backups and branches.
 */
#ifndef PG_RUNS_H
#define PG_RUNS_H

#include "pg/session.h"

struct run_watch {
    const char *application; /* of the dump's sessions; borrowed */
    bool has_run;            /* one was going on at the last look */
    bool gives_way;          /* somebody has waited for the dump for long enough */
    int64_t next_look;       /* clock_ms, as the others; 0: now */
    int64_t blocked_since;   /* 0: nobody waits */
    int64_t run_since;       /* 0: no run */
};

/* Asks over a session of the dump's database, and sets all of it. False where it could not be asked: then nothing but
 * next_look has changed. */
bool run_watch_look(struct run_watch *watch, struct pg_session *session, struct status *status);

/* A new try of the dump begins: nobody has waited for it yet. */
void run_watch_anew(struct run_watch *watch);

#endif
