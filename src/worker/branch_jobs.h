/*
 * Makes and resets branches in the background, after the call that asked for it was answered. The progress of one is
 * only in the memory of the worker that makes it: while a database is being copied, nobody can connect to it to read
 * its rows.
 */
#ifndef WORKER_BRANCH_JOBS_H
#define WORKER_BRANCH_JOBS_H

#include "branch/branch.h"

struct branch_jobs;

/* Makes the jobs; borrows the branches. */
struct branch_jobs *branch_jobs_new(const struct branches *branches);

enum branch_job_kind { BRANCH_JOB_CREATE, BRANCH_JOB_RESET, BRANCH_JOB_GOLDEN };

struct branch_job {
    enum branch_job_kind kind;
    int64_t id; /* of the branch that is reset */
    struct branch_new what;
};

/* Starts a job, and returns when its row exists (*row, in the call's arena) or it is known why it cannot be made. If a
 * job with the same idempotency key exists, *row is that one's. */
bool branch_jobs_start(struct branch_jobs *jobs, const struct branch_call *call, const struct branch_job *wish,
                       struct branch_row *row);

/* Finds a branch that this worker is making: *row is its row from the beginning, with the time since then; *phase is
 * the current phase. */
bool branch_jobs_find(struct branch_jobs *jobs, struct arena *arena, int64_t id, struct branch_row *row,
                      const char **phase);

#define BRANCH_EVENTS 32

/* The start of a phase: "waiting", "copying", … (branch/branch.h). */
struct branch_event {
    const char *phase; /* borrowed for ever */
    int64_t at;        /* wall clock, microseconds */
};

/* What to wait for. */
struct branch_wait {
    int64_t id;
    uint32_t after; /* the number of the last known event */
    int64_t until;  /* clock_ms */
};

struct branch_news {
    struct branch_event events[BRANCH_EVENTS]; /* the first has the number after + 1 */
    size_t count;
    bool is_under_way;
    struct branch_row row; /* while it is under way, as from branch_jobs_find */
    const char *phase;
    struct words warnings; /* after it has ended */
    bool has_failed;       /* then status says why */
    struct status status;
};

/* Waits for an event of a branch that this worker makes, or for its end. The events of recent branches are kept.
 * Returns false if this worker knows none with this id. Results live in the arena. */
bool branch_jobs_wait(struct branch_jobs *jobs, struct arena *arena, const struct branch_wait *wait,
                      struct branch_news *news);

/* Waits `ms`; returns false if the worker is stopping. */
bool branch_jobs_pause(struct branch_jobs *jobs, uint32_t ms);

/* Cancels the making of a branch, which is undone soon after. Returns false if this worker makes none with this id. */
bool branch_jobs_cancel(struct branch_jobs *jobs, int64_t id);

/* Is nothing under way? */
bool branch_jobs_are_idle(struct branch_jobs *jobs);

/* Cancels all and waits for their ends, up to grace_ms; false if one is still running. */
bool branch_jobs_stop(struct branch_jobs *jobs, uint32_t grace_ms);

/* Call it after all have ended. */
void branch_jobs_free(struct branch_jobs *jobs);

#endif
