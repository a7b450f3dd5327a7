/*
 * A job has its own arena. Its caller waits until its row exists; the two communicate through `starting`, with the
 * mutex held, and the result is copied into the caller's arena.
 */
#include "worker/branch_jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "rpc/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_AT_ONCE 4
#define MOST_WAITING 16
#define LONGEST_MS   (12 * 3600 * 1000)
#define KEPT         32 /* ended jobs that are remembered for later calls */

/* The call that waits for a job to begin. */
struct starting {
    const struct branch_call *call;
    struct branch_row *row;
    bool is_over;
    bool ok;
};

struct story {
    int64_t id;
    size_t count;
    struct branch_event events[BRANCH_EVENTS];
};

/* A job that has ended. */
struct told {
    struct story story;
    struct arena *arena;  /* for the following members */
    struct status status; /* OK: the branch was made */
    struct words warnings;
};

struct job {
    struct lane_job lane; /* first, so that a lane's job is the job */
    struct job *next;
    struct branch_jobs *jobs;
    struct arena *arena;
    struct branch_job wish;
    struct branch_row row; /* as it began; id 0: not yet */
    struct story story;
    int64_t started;
    atomic_bool is_cancelled;
    struct starting *starting; /* NULL: the caller no longer waits */
};

struct branch_jobs {
    const struct branches *branches;
    struct lane *lane;
    pthread_mutex_t mutex;
    pthread_cond_t news; /* on CLOCK_MONOTONIC */
    struct job *first;
    size_t count;
    struct told told[KEPT];
    size_t told_count; /* number of all ended jobs so far; the newest is before this index */
    bool is_stopping;
};

struct branch_jobs *branch_jobs_new(const struct branches *branches)
{
    struct branch_jobs *const jobs = memory_alloc(sizeof *jobs);
    jobs->branches = branches;
    jobs->lane = lane_new(MOST_AT_ONCE, MOST_WAITING);
    pthread_mutex_init(&jobs->mutex, NULL);
    thread_condition(&jobs->news);
    return jobs;
}

/* ---- rows ---- */

static void copy_words(struct arena *arena, struct words *to, const struct words *from)
{
    for (size_t i = 0; i < from->count; i++) {
        words_add(arena, to, arena_strdup(arena, from->items[i]));
    }
}

static struct branch_row copy_row(struct arena *arena, const struct branch_row *row)
{
    struct branch_row copy = *row;
    const char **const texts[] = {&copy.token, &copy.parent,   &copy.branch, &copy.label,      &copy.status,
                                  &copy.kind,  &copy.strategy, &copy.source, &copy.created_by, &copy.last_error};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = arena_strdup(arena, *texts[i] == NULL ? "" : *texts[i]);
    }
    copy.work = NULL;
    copy.reset_key = copy.reset_request = NULL;
    copy.warnings = (struct words){0};
    copy_words(arena, &copy.warnings, &row->warnings);
    return copy;
}

/* With the mutex held: gives the caller its answer. */
static void tell_caller(struct job *job, bool ok, const struct branch_row *row, const struct status *status)
{
    struct starting *const starting = job->starting;
    if (starting == NULL) {
        return;
    }
    starting->ok = ok;
    if (ok) {
        *starting->row = copy_row(starting->call->arena, row);
    } else {
        *starting->call->status = status_keep(starting->call->status->arena, status);
    }
    starting->is_over = true;
    job->starting = NULL;
    pthread_cond_broadcast(&job->jobs->news);
}

/* ---- on the job's thread ---- */

static void begun(void *data, const struct branch_row *row)
{
    struct job *const job = data;
    pthread_mutex_lock(&job->jobs->mutex);
    job->row = copy_row(job->arena, row);
    job->row.status = "creating";
    job->story.id = row->id;
    tell_caller(job, true, &job->row, NULL);
    pthread_mutex_unlock(&job->jobs->mutex);
}

static void set_phase(void *data, const char *phase)
{
    struct job *const job = data;
    struct story *const story = &job->story;
    pthread_mutex_lock(&job->jobs->mutex);
    const bool is_news = story->count == 0 || strcmp(story->events[story->count - 1].phase, phase) != 0;
    if (is_news && story->count < BRANCH_EVENTS) {
        story->events[story->count++] = (struct branch_event){phase, clock_wall_us()};
        pthread_cond_broadcast(&job->jobs->news);
    }
    pthread_mutex_unlock(&job->jobs->mutex);
}

static bool goes_on(void *data)
{
    return !atomic_load(&((struct job *)data)->is_cancelled);
}

/* With the mutex held: removes earlier jobs of a branch, which is now being reset. */
static void forget(struct branch_jobs *jobs, int64_t id)
{
    for (size_t i = 0; i < KEPT; i++) {
        jobs->told[i].story.id = jobs->told[i].story.id == id ? 0 : jobs->told[i].story.id;
    }
}

/* With the mutex held. */
static void remember(struct job *job, bool ok, const struct branch_row *row, const struct status *status)
{
    struct branch_jobs *const jobs = job->jobs;
    if (job->story.id == 0) {
        return; /* its row was never known */
    }
    forget(jobs, job->story.id);
    struct told *const told = &jobs->told[jobs->told_count++ % KEPT];
    arena_free(told->arena);
    *told = (struct told){.story = job->story, .arena = arena_new(0)};
    if (ok) {
        copy_words(told->arena, &told->warnings, &row->warnings);
    } else {
        told->status = status_keep(told->arena, status);
    }
}

static void leave(struct job *job)
{
    struct branch_jobs *const jobs = job->jobs;
    for (struct job **link = &jobs->first; *link != NULL; link = &(*link)->next) {
        if (*link == job) {
            *link = job->next;
            break;
        }
    }
    jobs->count--;
    pthread_cond_broadcast(&jobs->news);
}

static bool work(const struct branch_job *wish, const struct branch_call *call, struct branch_row *row)
{
    switch (wish->kind) {
    case BRANCH_JOB_RESET:
        return branch_reset(call, wish->id, &wish->what, row);
    case BRANCH_JOB_GOLDEN:
        return branch_refresh_golden(call, &wish->what, row);
    default:
        return branch_create(call, &wish->what, row);
    }
}

static void make(struct lane_job *lane_job)
{
    struct job *const job = (struct job *)lane_job;
    struct branch_jobs *const jobs = job->jobs;
    struct status status = {.arena = job->arena};
    struct branch_row row;
    const struct branch_watching watching = {job, begun, set_phase, goes_on};
    const struct branch_call call = {jobs->branches, job->arena, &status, deadline_in(LONGEST_MS), &watching};
    const bool ok = work(&job->wish, &call, &row);
    log_info("branch made behind its answer", "ok=%s branch=%s problem=%s", ok ? "true" : "false", ok ? row.branch : "",
             log_quoted(ok ? "" : status.message, (char[LOG_QUOTED_SIZE]){0}));
    pthread_mutex_lock(&jobs->mutex);
    tell_caller(job, ok, &row, &status);
    remember(job, ok, &row, &status);
    leave(job);
    pthread_mutex_unlock(&jobs->mutex);
    arena_free(job->arena);
    free(job);
}

/* ---- used by calls ---- */

static struct job *job_new(struct branch_jobs *jobs, const struct branch_job *wish, struct starting *starting)
{
    struct job *const job = memory_alloc(sizeof *job);
    struct arena *const arena = arena_new(0);
    *job = (struct job){.lane = {.run = make},
                        .jobs = jobs,
                        .arena = arena,
                        .wish = *wish,
                        .started = clock_ms(),
                        .starting = starting};
    struct branch_new *const what = &job->wish.what;
    const char **const texts[] = {&what->label,   &what->parent, &what->created_by, &what->key,
                                  &what->request, &what->source, &what->on_busy};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = arena_strdup(arena, *texts[i]);
    }
    return job;
}

bool branch_jobs_start(struct branch_jobs *jobs, const struct branch_call *call, const struct branch_job *wish,
                       struct branch_row *row)
{
    struct starting starting = {.call = call, .row = row};
    struct job *const job = job_new(jobs, wish, &starting);
    pthread_mutex_lock(&jobs->mutex);
    job->next = jobs->first;
    jobs->first = job;
    jobs->count++;
    if (lane_add(jobs->lane, &job->lane) != LANE_ADDED) {
        leave(job);
        pthread_mutex_unlock(&jobs->mutex);
        arena_free(job->arena);
        free(job);
        return status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                           "Too many branches are being made; try again when one is ready.");
    }
    while (!starting.is_over && !deadline_passed(call->deadline)) {
        thread_wait(&jobs->news, &jobs->mutex, call->deadline);
    }
    if (!starting.is_over) { /* the job has not answered, so it still exists */
        job->starting = NULL;
        atomic_store(&job->is_cancelled, true);
        status_fail(call->status, STATUS_DEADLINE_EXCEEDED,
                    "It could not be begun in the time of this call, and is not made.");
    }
    pthread_mutex_unlock(&jobs->mutex);
    return starting.is_over && starting.ok;
}

/* With the mutex held. */
static struct job *find(const struct branch_jobs *jobs, int64_t id)
{
    struct job *job = jobs->first;
    while (job != NULL && job->row.id != id) {
        job = job->next;
    }
    return id == 0 ? NULL : job;
}

/* With the mutex held. */
static void describe(const struct job *job, struct arena *arena, struct branch_row *row, const char **phase)
{
    const struct story *const story = &job->story;
    *row = copy_row(arena, &job->row);
    row->duration_ms = (uint32_t)(clock_ms() - job->started);
    *phase = story->count == 0 ? "waiting" : story->events[story->count - 1].phase;
}

bool branch_jobs_find(struct branch_jobs *jobs, struct arena *arena, int64_t id, struct branch_row *row,
                      const char **phase)
{
    pthread_mutex_lock(&jobs->mutex);
    const struct job *const job = find(jobs, id);
    if (job != NULL) {
        describe(job, arena, row, phase);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return job != NULL;
}

/* With the mutex held. */
static const struct told *find_told(const struct branch_jobs *jobs, int64_t id)
{
    const struct told *found = NULL;
    for (size_t i = 0; i < KEPT; i++) {
        found = id != 0 && jobs->told[i].story.id == id ? &jobs->told[i] : found;
    }
    return found;
}

static void put_events(const struct story *story, uint32_t after, struct branch_news *news)
{
    for (size_t i = after; i < story->count; i++) {
        news->events[news->count++] = story->events[i];
    }
}

bool branch_jobs_wait(struct branch_jobs *jobs, struct arena *arena, const struct branch_wait *wait,
                      struct branch_news *news)
{
    *news = (struct branch_news){.status.arena = arena};
    pthread_mutex_lock(&jobs->mutex);
    const struct job *job;
    while ((job = find(jobs, wait->id)) != NULL && job->story.count <= wait->after && !jobs->is_stopping &&
           !deadline_passed(wait->until)) {
        thread_wait(&jobs->news, &jobs->mutex, wait->until);
    }
    const struct told *const told = job == NULL ? find_told(jobs, wait->id) : NULL;
    if (job != NULL) {
        news->is_under_way = true;
        describe(job, arena, &news->row, &news->phase);
        put_events(&job->story, wait->after, news);
    } else if (told != NULL) {
        news->has_failed = told->status.code != STATUS_OK;
        copy_words(arena, &news->warnings, &told->warnings);
        put_events(&told->story, wait->after, news);
        if (news->has_failed) {
            news->status = status_keep(arena, &told->status);
        }
    }
    pthread_mutex_unlock(&jobs->mutex);
    return job != NULL || told != NULL;
}

bool branch_jobs_pause(struct branch_jobs *jobs, uint32_t ms)
{
    const int64_t until = deadline_in(ms);
    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->is_stopping && !deadline_passed(until)) {
        thread_wait(&jobs->news, &jobs->mutex, until);
    }
    const bool goes_on = !jobs->is_stopping;
    pthread_mutex_unlock(&jobs->mutex);
    return goes_on;
}

bool branch_jobs_cancel(struct branch_jobs *jobs, int64_t id)
{
    pthread_mutex_lock(&jobs->mutex);
    struct job *const job = find(jobs, id);
    if (job != NULL) {
        atomic_store(&job->is_cancelled, true);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return job != NULL;
}

bool branch_jobs_are_idle(struct branch_jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    const bool is_idle = jobs->count == 0;
    pthread_mutex_unlock(&jobs->mutex);
    return is_idle;
}

bool branch_jobs_stop(struct branch_jobs *jobs, uint32_t grace_ms)
{
    const int64_t until = deadline_in(grace_ms);
    pthread_mutex_lock(&jobs->mutex);
    jobs->is_stopping = true;
    pthread_cond_broadcast(&jobs->news);
    for (struct job *job = jobs->first; job != NULL; job = job->next) {
        atomic_store(&job->is_cancelled, true);
    }
    while (jobs->count > 0 && !deadline_passed(until)) {
        thread_wait(&jobs->news, &jobs->mutex, until);
    }
    const bool is_idle = jobs->count == 0;
    pthread_mutex_unlock(&jobs->mutex);
    return is_idle;
}

void branch_jobs_free(struct branch_jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    lane_free(jobs->lane);
    for (size_t i = 0; i < KEPT; i++) {
        arena_free(jobs->told[i].arena);
    }
    pthread_cond_destroy(&jobs->news);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs);
}
