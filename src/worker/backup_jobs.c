/*
 * A job has its own arena and knows its row by id: the call that started it has ended by then.
 */
#include "worker/backup_jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "rpc/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MOST_AT_ONCE 4
#define MOST_WAITING 16
#define LOOK_S       10
#define STEP_MS      30000

struct backup_jobs {
    const struct backups *backups;
    const struct branches *branches;
    struct lane *lane;
    atomic_uint under_way;
    pthread_t looker;
    bool has_looker;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    bool stopping;
};

struct job {
    struct lane_job lane;
    struct backup_jobs *jobs;
    struct arena *arena;
    struct backup_job what;
};

/* ---- the work ---- */

static struct backup_call call_of(const struct backup_jobs *jobs, struct arena *arena, struct status *status)
{
    *status = (struct status){.arena = arena};
    return (struct backup_call){jobs->backups, arena, status, deadline_in(STEP_MS)};
}

static void read_one(const struct backup_call *call, int64_t id)
{
    struct backup_row row;
    if (!backup_get(call, id, &row)) {
        return;
    }
    const bool ok = backup_read(call, &row);
    const struct status outcome = *call->status;
    struct status status = {.arena = call->arena};
    const struct backup_call end = {call->backups, call->arena, &status, deadline_in(STEP_MS)};
    /* The file is not what was written: the backup is no longer valid. A missing program proves nothing. */
    backup_end(&end, &row,
               &(struct backup_outcome){
                   .verified = ok ? "read" : NULL,
                   .message = ok ? "" : outcome.message,
                   .is_damaged = !ok && (outcome.code == STATUS_DATA_LOSS || outcome.code == STATUS_NOT_FOUND)});
}

/* The verification that the schedule requests after a backup. */
static void verify_scheduled(struct backup_jobs *jobs, const struct backup_call *call, int64_t id)
{
    struct backup_schedule schedule;
    struct backup_row row;
    const struct backup_job try_it = {.task = BACKUP_TRY, .id = id, .label = "", .created_by = "schedule"};
    if (!backup_schedule_get(call, &schedule) || strcmp(schedule.verify, "none") == 0 ||
        !backup_verify_begin(call, id, &row)) {
        return;
    }
    if (strcmp(schedule.verify, "restored") == 0) {
        backup_restore_job(call, jobs->branches, &try_it);
    } else {
        read_one(call, id);
    }
}

static void make_one(struct backup_jobs *jobs, const struct backup_call *call, int64_t id)
{
    struct backup_row row;
    if (!backup_get(call, id, &row)) {
        return;
    }
    backup_make(call, &row);
    if (strcmp(row.kind, "scheduled") == 0 && strcmp(row.state, "completed") == 0) {
        struct status status;
        const struct backup_call again = call_of(jobs, call->arena, &status);
        verify_scheduled(jobs, &again, id);
    }
}

static void run_job(struct lane_job *lane_job)
{
    struct job *const job = (struct job *)lane_job;
    struct backup_jobs *const jobs = job->jobs;
    struct status status;
    const struct backup_call call = call_of(jobs, job->arena, &status);
    switch (job->what.task) {
    case BACKUP_MAKE:
        make_one(jobs, &call, job->what.id);
        break;
    case BACKUP_READ:
        read_one(&call, job->what.id);
        break;
    default:
        backup_restore_job(&call, jobs->branches, &job->what);
    }
    arena_free(job->arena);
    free(job);
    atomic_fetch_sub(&jobs->under_way, 1);
}

static bool start(struct backup_jobs *jobs, const struct backup_job *what)
{
    struct job *const job = memory_alloc(sizeof *job);
    struct arena *const arena = arena_new(0);
    *job = (struct job){.lane = {.run = run_job}, .jobs = jobs, .arena = arena, .what = *what};
    job->what.label = arena_strdup(arena, what->label == NULL ? "" : what->label);
    job->what.created_by = arena_strdup(arena, what->created_by == NULL ? "" : what->created_by);
    atomic_fetch_add(&jobs->under_way, 1);
    if (lane_add(jobs->lane, &job->lane) == LANE_ADDED) {
        return true;
    }
    atomic_fetch_sub(&jobs->under_way, 1);
    arena_free(arena);
    free(job);
    return false;
}

bool backup_jobs_add(struct backup_jobs *jobs, const struct backup_call *call, const struct backup_job *job)
{
    struct backup_row row;
    if (start(jobs, job)) {
        return true;
    }
    if (job->task == BACKUP_MAKE) {
        backup_take_back(call, job->id);
    } else if (backup_get(call, job->id, &row)) {
        backup_end(call, &row,
                   &(struct backup_outcome){.restore_state = job->task == BACKUP_RESTORE ? "failed" : NULL,
                                            .message = "Too much was under way."});
    }
    return status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                       "Too many backups are being made, verified and restored; try again when one has ended.");
}

/* ---- due backups ---- */

static void look(struct backup_jobs *jobs)
{
    struct arena *const arena = arena_new(0);
    struct status status;
    struct backup_row row;
    bool due = false;
    const struct backup_call call = call_of(jobs, arena, &status);
    if (!backup_sweep(&call) || !backup_schedule_take(&call, &due, &row)) {
        log_warn("backups", "problem=%s",
                 log_quoted(status.message == NULL ? "" : status.message, (char[LOG_QUOTED_SIZE]){0}));
    } else if (due) {
        start(jobs, &(struct backup_job){.task = BACKUP_MAKE, .id = row.id});
    }
    arena_free(arena);
}

/* With jitter, so that workers that started together do not query together. */
static void pause_looking(struct backup_jobs *jobs)
{
    const int64_t until = clock_ms() + (LOOK_S - 2 + random() % 5) * 1000;
    while (!jobs->stopping && thread_wait(&jobs->news, &jobs->mutex, until)) {
    }
}

static void *keep_looking(void *data)
{
    struct backup_jobs *const jobs = data;
    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->stopping) {
        pthread_mutex_unlock(&jobs->mutex);
        look(jobs);
        pthread_mutex_lock(&jobs->mutex);
        pause_looking(jobs);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

struct backup_jobs *backup_jobs_new(const struct backups *backups, const struct branches *branches)
{
    struct backup_jobs *const jobs = memory_alloc(sizeof *jobs);
    jobs->backups = backups;
    jobs->branches = branches;
    jobs->lane = lane_new(MOST_AT_ONCE, MOST_WAITING);
    pthread_mutex_init(&jobs->mutex, NULL);
    thread_condition(&jobs->news);
    jobs->has_looker = backups->folder != NULL && backups->conninfo != NULL &&
                       pthread_create(&jobs->looker, NULL, keep_looking, jobs) == 0;
    return jobs;
}

bool backup_jobs_are_idle(struct backup_jobs *jobs)
{
    return atomic_load(&jobs->under_way) == 0;
}

void backup_jobs_free(struct backup_jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    pthread_mutex_lock(&jobs->mutex);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->news);
    pthread_mutex_unlock(&jobs->mutex);
    if (jobs->has_looker) {
        pthread_join(jobs->looker, NULL);
    }
    lane_free(jobs->lane);
    pthread_cond_destroy(&jobs->news);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs);
}
