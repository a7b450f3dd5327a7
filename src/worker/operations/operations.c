/*
 * One mutex for everything: it is held briefly, and never during a database query. Events are stored packed, as they
 * are sent.
 */
#include "base/clock.h"
#include "base/threads.h"
#include "worker/operations/operations_private.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "migration/failure.h"
#include "pg/exec.h"
#include "pg/own_write.h"
#include "rpc/envelope.h"
#include "rpc/status_message.h"
#include "worker/messages/messages.h"
#include "worker/messages/run_messages.h"
#include "worker/operations/operation_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS      4
#define QUEUE        32
#define REMEMBERED   200                        /* ended operations that are remembered, */
#define MOST_BYTES   ((size_t)32 * 1024 * 1024) /* and the most bytes of all together */
#define MOST_EVENTS  100000                     /* of one operation; later ones are not kept */
#define NOTE_EACH_MS 300                        /* between two writes to the database */
#define END_TRIES    5
#define MARK_MS      2000 /* a mark is committed: its answer does not wait long for this record */

typedef Truss__Migration__V1__Operation Operation;

/* ---- life ---- */

struct operations *operations_new(const struct site *site, const struct telemetry *telemetry)
{
    struct operations *operations = memory_alloc(sizeof *operations);
    pthread_mutex_init(&operations->mutex, NULL);
    thread_condition(&operations->news);
    operations->site = site;
    operations->telemetry = telemetry;
    operations->lane = lane_new(THREADS, QUEUE);
    char host[OPERATIONS_WORKER - 16] = "";
    gethostname(host, sizeof host - 1);
    snprintf(operations->worker, sizeof operations->worker, "%s:%d", host, (int)getpid());
    return operations;
}

static void free_operation(struct operation *operation)
{
    for (size_t i = 0; i < operation->event_count; i++) {
        free(operation->events[i].bytes);
    }
    free(operation->events);
    free(operation->outcome);
    free(operation->started_by);
    arena_free(operation->arena);
    free(operation);
}

static bool wait_until_idle(struct operations *operations, uint32_t ms)
{
    const int64_t until = clock_ms() + ms;
    while (operations->running > 0 && clock_ms() < until) {
        thread_wait(&operations->news, &operations->mutex, until);
    }
    return operations->running == 0;
}

bool operations_stop(struct operations *operations, uint32_t grace_ms, uint32_t cancel_ms)
{
    pthread_mutex_lock(&operations->mutex);
    operations->stopping = true;
    pthread_cond_broadcast(&operations->news);
    bool idle = wait_until_idle(operations, grace_ms);
    for (struct operation *one = operations->newest; !idle && one != NULL; one = one->next) {
        atomic_store(&one->cancel, true);
    }
    idle = idle || wait_until_idle(operations, cancel_ms);
    pthread_mutex_unlock(&operations->mutex);
    return idle;
}

bool operations_are_idle(struct operations *operations)
{
    pthread_mutex_lock(&operations->mutex);
    const bool is_idle = operations->running == 0;
    pthread_mutex_unlock(&operations->mutex);
    return is_idle;
}

void operations_free(struct operations *operations)
{
    lane_free(operations->lane);
    for (struct operation *one = operations->newest; one != NULL;) {
        struct operation *next = one->next;
        free_operation(one);
        one = next;
    }
    pthread_cond_destroy(&operations->news);
    pthread_mutex_destroy(&operations->mutex);
    free(operations);
}

/* With the mutex held: removes the oldest ended operations. */
static void forget_old(struct operations *operations)
{
    size_t done = 0;
    size_t bytes = 0;
    for (struct operation **link = &operations->newest; *link != NULL;) {
        struct operation *one = *link;
        bytes += one->bytes;
        if (one->is_done && (++done > REMEMBERED || bytes > MOST_BYTES)) {
            bytes -= one->bytes;
            *link = one->next;
            operations->count--;
            free_operation(one);
        } else {
            link = &one->next;
        }
    }
}

/* ---- used by the run ---- */

Operation operation_message(struct arena *arena, const struct operation *operation)
{
    Operation message = TRUSS__MIGRATION__V1__OPERATION__INIT;
    message.id = message_string(operation->id);
    message.kind = message_string(operation->kind);
    message.state = TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_RUNNING;
    message.started_at = message_time(arena, operation->started_at);
    message.step = operation->step;
    message.steps = operation->steps;
    message.summary = message_string(operation->summary);
    message.cancel_requested = atomic_load(&operation->cancel);
    message.started_by = message_string(operation->started_by);
    message.last_event = (uint32_t)operation->event_count;
    if (operation->migration != NULL) {
        message._migration_case = TRUSS__MIGRATION__V1__OPERATION___MIGRATION_MIGRATION;
        message.migration = message_string(operation->migration);
    }
    return message;
}

static void set_place(struct operation *operation, const struct run_event *event)
{
    struct arena *const arena = arena_new(0);
    const bool is_run = event->migration == NULL;
    operation->migration = arena_strdup(arena, is_run ? operation->migration : event->migration);
    operation->summary = text_clean(arena, event->message, MESSAGE_TEXT);
    operation->step = is_run ? operation->step : event->step;
    operation->steps = is_run ? operation->steps : event->steps;
    arena_free(operation->arena);
    operation->arena = arena;
}

static void add_event(struct operation *operation, const struct run_event *event)
{
    struct arena *const arena = arena_new(0);
    Truss__Migration__V1__Event *const message = event_message(arena, event);
    const int64_t now = clock_wall_us();
    message->id = (uint32_t)operation->event_count + 1;
    message->started_by = message_string(operation->event_count == 0 ? operation->started_by : "");
    message->at = message_time(arena, now);
    if (operation->event_count == operation->event_capacity) {
        operation->event_capacity = operation->event_capacity == 0 ? 16 : operation->event_capacity * 2;
        operation->events = memory_resize(operation->events, operation->event_capacity * sizeof *operation->events);
    }
    const size_t size = truss__migration__v1__event__get_packed_size(message);
    char *const bytes = memory_alloc(size + 1);
    truss__migration__v1__event__pack(message, (uint8_t *)bytes);
    operation->bytes += size;
    operation->events[operation->event_count++] =
        (struct kept_event){.bytes = bytes, .size = size, .at = now, .kind = event_word(event->kind)};
    arena_free(arena);
}

static void on_event(void *data, const struct run_event *event)
{
    struct operation *const operation = data;
    story_event(operation->story, event);
    pthread_mutex_lock(&operation->operations->mutex);
    if (operation->event_count < MOST_EVENTS) {
        add_event(operation, event);
    }
    set_place(operation, event);
    pthread_cond_broadcast(&operation->operations->news);
    pthread_mutex_unlock(&operation->operations->mutex);
}

static bool is_cancelled(void *data)
{
    const struct operation *const operation = data;
    return atomic_load(&operation->cancel);
}

/* Copies the events that are not in the database yet, since writing happens without the mutex. */
static size_t copy_new_events(struct arena *arena, const struct operation *operation, struct stored_event **events)
{
    const size_t fresh = operation->event_count - operation->noted;
    const size_t most = fresh < LIMIT_EVENTS ? fresh : LIMIT_EVENTS;
    size_t count = 0;
    *events = arena_array(arena, most, sizeof **events);
    for (size_t size = 0; count < most && size < OPERATION_EVENTS_BYTES; count++) {
        const struct kept_event *const kept = &operation->events[operation->noted + count];
        const struct text bytes = {arena_strndup(arena, kept->bytes, kept->size), kept->size};
        struct status status = {.arena = arena};
        const Truss__Migration__V1__Event *const event = (const Truss__Migration__V1__Event *)rpc_unpack(
            arena, &truss__migration__v1__event__descriptor, bytes, &status);
        size += kept->size;
        (*events)[count] = (struct stored_event){
            .id = (uint32_t)(operation->noted + count + 1),
            .at = kept->at,
            .kind = kept->kind,
            .message = event == NULL ? "" : event->message,
            .bytes = bytes,
        };
    }
    return count;
}

/* Writes what is new. On failure it is tried again later. */
static bool note(struct operation *operation, struct pg_session *session)
{
    struct operations *const operations = operation->operations;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct stored_event *events;
    bool cancel = false;
    pthread_mutex_lock(&operations->mutex);
    const size_t count = copy_new_events(arena, operation, &events);
    Operation message = operation_message(arena, operation);
    message.summary = arena_strdup(arena, message.summary);
    message.migration = message._migration_case == 0 ? NULL : arena_strdup(arena, message.migration);
    pthread_mutex_unlock(&operations->mutex);
    const bool ok = operation_store_note(session, &(struct operation_news){&message, events, count}, &cancel, &status);
    pthread_mutex_lock(&operations->mutex);
    operation->noted += ok ? count : 0;
    pthread_mutex_unlock(&operations->mutex);
    if (cancel) {
        atomic_store(&operation->cancel, true);
    }
    arena_free(arena);
    return ok;
}

static void on_tick(void *data, const struct watch *watch)
{
    struct operation *const operation = data;
    if (clock_ms() < operation->next_note) {
        return;
    }
    operation->next_note = clock_ms() + NOTE_EACH_MS;
    struct pg_session *const beside = operation->is_written_down ? watch_beside(watch) : NULL;
    (void)(beside != NULL && note(operation, beside));
    operations_sign_waiting(operation->operations, watch);
}

static char *copy_of(const char *text)
{
    const size_t size = strlen(text) + 1;
    return memcpy(memory_alloc(size), text, size);
}

static struct operation *make(struct operations *operations, const char *kind, const char *started_by)
{
    struct operation *const operation = memory_alloc(sizeof *operation);
    operation->operations = operations;
    operation->kind = kind;
    operation->started_at = clock_wall_us();
    operation->next_note = clock_ms() + NOTE_EACH_MS; /* a short run has ended by then, and needs no second session */
    operation->started_by = copy_of(started_by);
    operation->arena = arena_new(0);
    operation->watch = (struct watch){.data = operation, .event = on_event, .cancelled = is_cancelled, .tick = on_tick};
    uuid_v4(operation->id);
    return operation;
}

/* With the mutex held. */
static void add(struct operation *operation)
{
    struct operations *const operations = operation->operations;
    operation->next = operations->newest;
    operations->newest = operation;
    operations->count++;
}

static struct story *begin_story(const struct operation *operation, const struct story_origin *origin)
{
    struct story_origin whole = *origin;
    whole.operation = operation->id;
    return story_begin(operation->operations->telemetry, &whole);
}

struct operation *operation_begin(struct operations *operations, const struct story_origin *origin,
                                  struct status *status)
{
    struct operation *const operation = make(operations, OPERATION_RUN, origin->started_by);
    operation->summary = "It has not begun yet.";
    pthread_mutex_lock(&operations->mutex);
    if (operations->stopping) {
        pthread_mutex_unlock(&operations->mutex);
        free_operation(operation);
        status_fail(status, STATUS_UNAVAILABLE, "The worker is stopping.");
        return NULL;
    }
    add(operation);
    operations->running++;
    forget_old(operations);
    pthread_mutex_unlock(&operations->mutex);
    operation->story = begin_story(operation, origin);
    return operation;
}

const char *operation_id(const struct operation *operation)
{
    return operation->id;
}

const struct watch *operation_watch(struct operation *operation)
{
    return &operation->watch;
}

bool operation_write_down(struct operation *operation, int64_t deadline, struct status *status)
{
    struct operations *const operations = operation->operations;
    struct pg_session *const session = pg_pool_take_pinned(operations->site->pool, deadline, status);
    if (session == NULL) {
        return false;
    }
    const bool ok = operation_store_add(session, operation->id, operations->worker, status);
    pg_pool_give(operations->site->pool, session);
    operation->is_written_down = ok;
    return ok || failure_advise(status);
}

bool operation_is_written_down(const struct operation *operation)
{
    return operation->is_written_down;
}

/* Writes the final state to the database: worth several attempts. */
static void write_end(struct operation *operation, const Operation *message)
{
    const struct timespec pause = {.tv_sec = 1};
    struct pg_pool *const pool = operation->operations->site->pool;
    bool ok = false;
    for (int i = 0; i < END_TRIES && !ok; i++) {
        struct arena *const arena = arena_new(0);
        struct status status = {.arena = arena};
        if (i > 0) {
            nanosleep(&pause, NULL);
        }
        struct pg_session *const session = pg_pool_take_pinned(pool, deadline_in(OPERATIONS_CANCEL_MS), &status);
        ok = session != NULL;
        while (ok && operation->noted < operation->event_count) {
            ok = note(operation, session);
        }
        ok = ok && operation_store_end(session, message, &status);
        pg_pool_give(pool, session);
        if (!ok) {
            char error[LOG_QUOTED_SIZE];
            log_warn("operation cannot be written down", "operation=%s error=%s", operation->id,
                     log_quoted(status.message, error));
        }
        arena_free(arena);
    }
}

static Truss__Migration__V1__OperationState end_state(const struct story_outcome *outcome)
{
    if (outcome->result != NULL && outcome->result->ok) {
        return TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED;
    }
    return outcome->cancelled ? TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_CANCELLED
                              : TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_FAILED;
}

/* Sets the outcome; what the message points to is in the arena or the outcome. */
static void set_end(struct arena *arena, const struct story_outcome *outcome, Operation *message)
{
    const Truss__Migration__V1__RunResponse *const result = outcome->result;
    message->done = true;
    message->state = end_state(outcome);
    message->refused = outcome->refused;
    message->finished_at = message_time(arena, clock_wall_us());
    message->result = (Truss__Migration__V1__RunResponse *)(uintptr_t)result;
    message->error = result == NULL ? status_message(arena, outcome->error) : NULL;
    message->summary = result == NULL ? message_string(outcome->error->message) : result->summary;
    message->summary = text_clean(arena, message->summary, MESSAGE_TEXT);
}

void operation_end(struct operation *operation, const struct story_outcome *outcome)
{
    struct operations *const operations = operation->operations;
    struct arena *const arena = arena_new(0);
    if (outcome->result == NULL) {
        on_event(operation, &(struct run_event){.kind = RUN_EVENT_FAILED, .message = outcome->error->message});
    }
    pthread_mutex_lock(&operations->mutex);
    Operation message = operation_message(arena, operation);
    pthread_mutex_unlock(&operations->mutex);
    set_end(arena, outcome, &message);
    size_t size = truss__migration__v1__operation__get_packed_size(&message);
    if (!memory_has_room(size)) {
        message.result = NULL; /* the summary tells the outcome */
        size = truss__migration__v1__operation__get_packed_size(&message);
    }
    char *const packed = memory_alloc(size + 1);
    truss__migration__v1__operation__pack(&message, (uint8_t *)packed);
    if (operation->is_written_down) {
        write_end(operation, &message);
    }
    story_end(operation->story, outcome);
    operation->story = NULL;
    pthread_mutex_lock(&operations->mutex);
    operation->bytes += size;
    operation->outcome = packed;
    operation->outcome_size = size;
    operation->is_done = true;
    operations->running--;
    pthread_cond_broadcast(&operations->news);
    pthread_mutex_unlock(&operations->mutex);
    arena_free(arena);
}

/* ---- marks ---- */

/* If the database already stores runs, stores the mark so that every worker knows it; creates nothing for it. */
static void write_mark(struct operation *operation, const Operation *message)
{
    struct operations *const operations = operation->operations;
    const struct operation_ended ended = {message, operations->worker};
    bool is_kept;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct pg_session *const session = pg_pool_take_pinned(operations->site->pool, deadline_in(MARK_MS), &status);
    if (session != NULL) {
        struct status ignored = {.arena = arena};
        const bool ok = pg_exec(session, OWN_BEGIN, &status) && /* the row and its content appear together */
                        operation_store_add_ended(session, &ended, &is_kept, &status) &&
                        (!is_kept || note(operation, session)) && pg_exec(session, "COMMIT", &status);
        (void)(ok || pg_exec(session, "ROLLBACK", &ignored));
        pg_pool_give(operations->site->pool, session);
    }
    if (status.code != STATUS_OK) {
        char error[LOG_QUOTED_SIZE];
        log_warn("mark cannot be written down", "operation=%s error=%s", message->id,
                 log_quoted(status.message, error));
    }
    arena_free(arena);
}

void operations_add_mark(struct operations *operations, const struct operation_mark *mark)
{
    struct operation *const operation = make(operations, mark->kind, mark->started_by);
    const struct run_event event = {.kind = RUN_EVENT_NOTE, .message = mark->summary, .migration = mark->migration};
    add_event(operation, &event);
    set_place(operation, &event);
    Operation message = operation_message(operation->arena, operation);
    message.state = TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED;
    message.done = true;
    message.finished_at = message.started_at;
    operation->outcome_size = truss__migration__v1__operation__get_packed_size(&message);
    operation->outcome = memory_alloc(operation->outcome_size);
    truss__migration__v1__operation__pack(&message, (uint8_t *)operation->outcome);
    operation->bytes += operation->outcome_size;
    operation->is_done = true;
    write_mark(operation, &message);
    pthread_mutex_lock(&operations->mutex);
    add(operation);
    forget_old(operations);
    pthread_mutex_unlock(&operations->mutex);
}
