/*
 * Branches that are made, or made anew, behind the answer of the call that asked for them. How far one is stands in the
 * memory of the worker that makes it: while a database is copied, nobody can ask it for its own rows.
 */
#ifndef WORKER_BRANCH_JOBS_H
#define WORKER_BRANCH_JOBS_H

#include "branch/branch.h"

struct branch_jobs;

/* The branches are borrowed. */
struct branch_jobs *branch_jobs_new(const struct branches *branches);

enum branch_job_kind { BRANCH_JOB_CREATE, BRANCH_JOB_RESET, BRANCH_JOB_GOLDEN };

struct branch_job {
    enum branch_job_kind kind;
    int64_t id; /* of the branch that is reset */
    struct branch_new what;
};

/* Begins one, and answers when its row is there (*row, in the call's arena) or it is known why it cannot be made. Where
 * a key has given an earlier one, *row is that. */
bool branch_jobs_start(struct branch_jobs *jobs, const struct branch_call *call, const struct branch_job *wish,
                       struct branch_row *row);

/* One that is being made by this worker, as it was when it began, with the time since then; *phase: what is done now.
 */
bool branch_jobs_find(struct branch_jobs *jobs, struct arena *arena, int64_t id, struct branch_row *row,
                      const char **phase);

#define BRANCH_EVENTS 32

/* What begins with it: "waiting", "copying", … (branch/branch.h). */
struct branch_event {
    const char *phase; /* borrowed for ever */
    int64_t at;        /* wall clock, microseconds */
};

/* News of one that is waited for. */
struct branch_wait {
    int64_t id;
    uint32_t after; /* the number of the event that is known */
    int64_t until;  /* clock_ms */
};

struct branch_news {
    struct branch_event events[BRANCH_EVENTS]; /* number after + 1 is the first */
    size_t count;
    bool is_under_way;
    struct branch_row row; /* of one that is under way, as of branch_jobs_find */
    const char *phase;
    struct words warnings; /* of the making of one that has ended */
    bool has_failed;       /* then status says why */
    struct status status;
};

/* Waits for an event of one that this worker makes, or for its end. Of what it made lately it still has the events;
 * false where it has none of this id. What is given lives in the arena. */
bool branch_jobs_wait(struct branch_jobs *jobs, struct arena *arena, const struct branch_wait *wait,
                      struct branch_news *news);

/* Waits so long; false where the worker is stopping. */
bool branch_jobs_pause(struct branch_jobs *jobs, uint32_t ms);

/* Has it end, soon; what there is of it is undone. False where this worker makes none of this id. */
bool branch_jobs_cancel(struct branch_jobs *jobs, int64_t id);

bool branch_jobs_are_idle(struct branch_jobs *jobs);

/* Cancels all, and waits for their ends up to so long; false where one still goes on. */
bool branch_jobs_stop(struct branch_jobs *jobs, uint32_t grace_ms);
void branch_jobs_free(struct branch_jobs *jobs);

#endif
