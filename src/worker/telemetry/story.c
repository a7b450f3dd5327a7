/*
 * What is under way in a run: when it, its migration and its step began. Meters count at ends; a span is sent when it
 * ends.
 */
#include "worker/telemetry/story.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/trace.h"
#include "worker/telemetry/safe.h"
#include "worker/telemetry/spans.h"
#include "worker/telemetry/webhooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something under way, which becomes a span. */
struct stretch {
    char id[TRACE_SPAN_SIZE]; /* "": nothing is */
    int64_t began_us;         /* wall clock */
    uint32_t number;          /* of a step */
};

struct story {
    const struct telemetry *telemetry;
    struct arena *arena;
    const char *operation;
    const char *request_id;
    struct trace trace;
    bool is_dry;
    int64_t began; /* clock_us */
    struct stretch run;
    struct stretch migration;
    struct stretch step;
    char *name;            /* of the current migration */
    uint32_t steps_told;   /* its finished steps */
    uint64_t steps;        /* of finished migrations; they may still be rolled back */
    const char *outcome;   /* of the run, once it has ended */
    struct hook_run *hook; /* NULL: no webhooks */
};

/* ---- spans ---- */

static void begin(struct stretch *stretch, uint32_t number)
{
    trace_span(stretch->id);
    stretch->began_us = clock_wall_us();
    stretch->number = number;
}

/* Attributes of every span of a run. Returns their number. */
static size_t put_common(const struct story *story, struct span *span)
{
    const struct conninfo *const conninfo = story->telemetry->site->conninfo;
    size_t count = 0;
    span->attributes[count++] = (struct span_attribute){"truss.operation", story->operation, 0};
    if (story->request_id != NULL) {
        span->attributes[count++] = (struct span_attribute){"truss.request_id", story->request_id, 0};
    }
    span->attributes[count++] = (struct span_attribute){"db.system.name", "postgresql", 0};
    if (conninfo != NULL) {
        span->attributes[count++] = (struct span_attribute){"db.namespace", conninfo->place.database, 0};
        span->attributes[count++] = (struct span_attribute){"server.address", conninfo->place.host, 0};
    }
    return count;
}

static void finish(const struct story *story, struct stretch *stretch, struct span *span)
{
    if (story->telemetry->spans != NULL && stretch->id[0] != '\0') {
        size_t count = put_common(story, span);
        if (story->name != NULL && stretch != &story->run) {
            span->attributes[count++] = (struct span_attribute){"truss.migration", story->name, 0};
        }
        if (stretch == &story->step) {
            span->attributes[count++] = (struct span_attribute){"truss.step", NULL, stretch->number};
        }
        if (stretch == &story->run) {
            span->attributes[count++] = (struct span_attribute){"truss.dry_run", story->is_dry ? "true" : "false", 0};
            span->attributes[count++] = (struct span_attribute){"truss.outcome", story->outcome, 0};
        }
        span->trace = story->trace.id;
        span->id = stretch->id;
        span->began_us = stretch->began_us;
        span->ended_us = clock_wall_us();
        spans_add(story->telemetry->spans, span);
    }
    stretch->id[0] = '\0';
}

static void finish_step(struct story *story, const char *error)
{
    finish(story, &story->step, &(struct span){.name = "step", .parent = story->migration.id, .error = error});
}

static void finish_migration(struct story *story, const char *error)
{
    finish_step(story, error);
    finish(story, &story->migration, &(struct span){.name = "migration", .parent = story->run.id, .error = error});
}

/* ---- events ---- */

/* An earlier attempt at it, rolled back with its transaction, has not ended. */
static void migration_started(struct story *story, const struct run_event *event)
{
    story->step.id[0] = '\0';
    story->steps_told = 0;
    story->steps = event->number == 1 ? 0 : story->steps;
    free(story->name);
    story->name = memory_strdup(event->migration);
    begin(&story->migration, 0);
}

void story_event(struct story *story, const struct run_event *event)
{
    switch (event->kind) {
    case RUN_EVENT_MIGRATION_STARTED:
        migration_started(story, event);
        break;
    case RUN_EVENT_MIGRATION_DONE:
        story->steps += story->steps_told == 0 ? 1 : story->steps_told;
        finish_migration(story, NULL);
        break;
    case RUN_EVENT_STEP_STARTED:
        begin(&story->step, event->step);
        break;
    case RUN_EVENT_STEP_DONE:
        story->steps_told++;
        finish_step(story, NULL);
        break;
    case RUN_EVENT_NONE:
    case RUN_EVENT_RUN_STARTED:
    case RUN_EVENT_RUN_LOCK_WAIT:
    case RUN_EVENT_LOCK_WAIT:
    case RUN_EVENT_PROGRESS:
    case RUN_EVENT_FAILED:
    case RUN_EVENT_RUN_DONE:
    case RUN_EVENT_NOTE:
    case RUN_EVENT_OUTPUT:
    case RUN_EVENT_NOTICE:
        break;
    }
    if (story->hook != NULL) {
        hook_run_event(story->hook, event);
    }
}

/* ---- its life ---- */

struct story *story_begin(const struct telemetry *telemetry, const struct story_origin *origin)
{
    struct arena *const arena = arena_new(0);
    struct story *const story = arena_alloc(arena, sizeof *story);
    *story = (struct story){
        .telemetry = telemetry,
        .arena = arena,
        .operation = arena_strdup(arena, origin->operation),
        .request_id = arena_strdup(arena, origin->request_id),
        .is_dry = origin->is_dry,
        .began = clock_us(),
    };
    if (!trace_read(origin->traceparent, &story->trace)) {
        trace_begin(&story->trace);
    }
    begin(&story->run, 0);
    if (telemetry->site->meters != NULL) {
        atomic_fetch_add(&telemetry->site->meters->running, 1);
    }
    if (telemetry->webhooks != NULL && !origin->is_dry) {
        story->hook = hook_run_begin(telemetry->webhooks, story->operation);
    }
    return story;
}

static enum run_outcome outcome_of(const struct story_outcome *outcome)
{
    if (outcome->result != NULL && outcome->result->ok) {
        return RUN_SUCCEEDED;
    }
    return outcome->cancelled ? RUN_CANCELLED : outcome->result == NULL || outcome->refused ? RUN_REFUSED : RUN_FAILED;
}

/* What was committed. */
static void count_applied(const struct story *story, const Truss__Migration__V1__RunResponse *result)
{
    struct meters *const meters = story->telemetry->site->meters;
    tally_add(&meters->migrations[0], result->n_applied);
    tally_add(&meters->steps, result->n_applied == 0 ? 0 : story->steps);
    for (size_t i = 0; i < result->n_applied; i++) {
        if (result->applied[i]->duration_ms > 0) { /* 0: not known */
            tally_time(&meters->migration_times, (int64_t)result->applied[i]->duration_ms * 1000);
        }
    }
}

static void count_run(const struct story *story, enum run_outcome outcome,
                      const Truss__Migration__V1__RunResponse *result)
{
    struct meters *const meters = story->telemetry->site->meters;
    if (meters == NULL) {
        return;
    }
    atomic_fetch_sub(&meters->running, 1);
    tally_add(&meters->runs[story->is_dry ? 1 : 0][outcome], 1);
    if (story->is_dry || outcome == RUN_REFUSED) {
        return;
    }
    tally_time(&meters->run_times, clock_us() - story->began);
    if (result != NULL) {
        count_applied(story, result);
    }
    if (outcome == RUN_SUCCEEDED) {
        atomic_store(&meters->last_success, clock_wall_us());
    } else if (story->migration.id[0] != '\0') {
        tally_add(&meters->migrations[1], 1);
    }
}

void story_end(struct story *story, const struct story_outcome *outcome)
{
    const Truss__Migration__V1__FailedMigration *const failed =
        outcome->result == NULL ? NULL : outcome->result->failed;
    const enum run_outcome how = outcome_of(outcome);
    const char *const sqlstate = failed == NULL ? outcome->error->sqlstate : failed->sqlstate;
    const char *const error =
        how == RUN_SUCCEEDED
            ? NULL
            : safe_error(story->arena, sqlstate, failed == NULL ? outcome->error->message : failed->error);
    count_run(story, how, outcome->result);
    story->outcome = run_outcome_word(how);
    finish_migration(story, error);
    finish(story, &story->run, &(struct span){.name = "run", .parent = story->trace.parent, .error = error});
    if (story->hook != NULL) {
        const struct hook_outcome told = {
            .outcome = how, .result = outcome->result, .error = error, .sqlstate = sqlstate};
        hook_run_end(story->hook, &told);
    }
    free(story->name);
    arena_free(story->arena);
}
