/*
 * One mutex over all: what is done under it is short, and nobody holds it while asking the database. Events are kept
 * packed, as they are sent and stored.
 */
#include "worker/operations.h"

#include "base/log.h"
#include "base/uuid.h"
#include "rpc/envelope.h"
#include "worker/messages.h"
#include "worker/operation_store.h"
#include "worker/run_messages.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS      4
#define QUEUE        32
#define REMEMBERED   200    /* operations that have ended */
#define MOST_EVENTS  100000 /* of one; what comes behind is not kept */
#define MOST_AT_ONCE 500    /* events in one answer */
#define NOTE_EACH_MS 300    /* between two notes in the database */
#define LOOK_EACH_MS 250    /* between two looks at what another worker runs */
#define CANCEL_MS    10000  /* how long a cancel waits, without a deadline */
#define LONGEST_WAIT 60000
#define END_TRIES    5
#define LIST_USUAL   20
#define LIST_MOST    100
#define WORKER_NAME  128

typedef Truss__Migration__V1__Operation Operation;

struct kept_event {
    char *bytes;
    size_t size;
    int64_t at;
    const char *kind;
};

struct operation {
    struct operation *next; /* the one that began before it */
    struct operations *operations;
    struct watch watch;
    char id[UUID_SIZE];
    int64_t started_at;
    atomic_bool cancel;
    bool is_written_down;
    bool is_done;
    struct arena *arena; /* of what it is at: replaced from time to time */
    const char *migration;
    uint32_t step;
    uint32_t steps;
    const char *summary;
    struct kept_event *events;
    size_t event_count;
    size_t event_capacity;
    size_t noted; /* events that are in the database */
    int64_t next_note;
    char *outcome; /* the packed Operation, once it is done */
    size_t outcome_size;
};

struct operations {
    const struct site *site;
    pthread_mutex_t mutex;
    pthread_cond_t news; /* on CLOCK_MONOTONIC */
    struct operation *newest;
    size_t count;
    size_t running;
    bool stopping;
    struct lane *lane;
    char worker[WORKER_NAME];
};

/* ---- life ---- */

struct operations *operations_new(const struct site *site)
{
    struct operations *operations = memory_alloc(sizeof *operations);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&operations->mutex, NULL);
    pthread_cond_init(&operations->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    operations->site = site;
    operations->lane = lane_new(THREADS, QUEUE);
    char host[WORKER_NAME - 16] = "";
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
    arena_free(operation->arena);
    free(operation);
}

/* With the mutex held, for at most `ms`. */
static void wait_for_news(struct operations *operations, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&operations->news, &operations->mutex, &until);
}

static bool wait_until_idle(struct operations *operations, uint32_t ms)
{
    const int64_t until = clock_ms() + ms;
    while (operations->running > 0 && clock_ms() < until) {
        wait_for_news(operations, until - clock_ms());
    }
    return operations->running == 0;
}

bool operations_stop(struct operations *operations, uint32_t grace_ms)
{
    pthread_mutex_lock(&operations->mutex);
    operations->stopping = true;
    pthread_cond_broadcast(&operations->news);
    bool idle = wait_until_idle(operations, grace_ms);
    for (struct operation *one = operations->newest; !idle && one != NULL; one = one->next) {
        atomic_store(&one->cancel, true);
    }
    idle = idle || wait_until_idle(operations, grace_ms);
    pthread_mutex_unlock(&operations->mutex);
    return idle;
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

/* With the mutex held: the oldest of those that have ended go. */
static void forget_old(struct operations *operations)
{
    size_t done = 0;
    for (struct operation **link = &operations->newest; *link != NULL;) {
        struct operation *one = *link;
        if (one->is_done && ++done > REMEMBERED) {
            *link = one->next;
            operations->count--;
            free_operation(one);
        } else {
            link = &one->next;
        }
    }
}

/* ---- the side of the run ---- */

/* With the mutex held: what it is now, borrowing its strings. */
static Operation message_of(struct arena *arena, const struct operation *operation)
{
    Operation message = TRUSS__MIGRATION__V1__OPERATION__INIT;
    message.id = message_string(operation->id);
    message.kind = message_string("run");
    message.state = TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_RUNNING;
    message.started_at = message_time(arena, operation->started_at);
    message.step = operation->step;
    message.steps = operation->steps;
    message.summary = message_string(operation->summary);
    message.cancel_requested = atomic_load(&operation->cancel);
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
    operation->summary = arena_strdup(arena, event->message == NULL ? "" : event->message);
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
    message->at = message_time(arena, now);
    if (operation->event_count == operation->event_capacity) {
        operation->event_capacity = operation->event_capacity == 0 ? 16 : operation->event_capacity * 2;
        operation->events = realloc(operation->events, operation->event_capacity * sizeof *operation->events);
        if (operation->events == NULL) {
            abort();
        }
    }
    const size_t size = truss__migration__v1__event__get_packed_size(message);
    char *const bytes = memory_alloc(size + 1);
    truss__migration__v1__event__pack(message, (uint8_t *)bytes);
    operation->events[operation->event_count++] =
        (struct kept_event){.bytes = bytes, .size = size, .at = now, .kind = event_word(event->kind)};
    arena_free(arena);
}

static void on_event(void *data, const struct run_event *event)
{
    struct operation *const operation = data;
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

/* A copy of the events that are not in the database yet: it is written to without the mutex. */
static size_t copy_new_events(struct arena *arena, const struct operation *operation, struct stored_event **events)
{
    const size_t fresh = operation->event_count - operation->noted;
    const size_t count = fresh < MOST_AT_ONCE ? fresh : MOST_AT_ONCE;
    *events = arena_array(arena, count, sizeof **events);
    for (size_t i = 0; i < count; i++) {
        const struct kept_event *const kept = &operation->events[operation->noted + i];
        const struct text bytes = {arena_strndup(arena, kept->bytes, kept->size), kept->size};
        struct status status = {.arena = arena};
        const Truss__Migration__V1__Event *const event = (const Truss__Migration__V1__Event *)rpc_unpack(
            arena, &truss__migration__v1__event__descriptor, bytes, &status);
        (*events)[i] = (struct stored_event){
            .id = (uint32_t)(operation->noted + i + 1),
            .at = kept->at,
            .kind = kept->kind,
            .message = event == NULL ? "" : event->message,
            .bytes = bytes,
        };
    }
    return count;
}

/* Writes down what is new. False where the database cannot be had: next time. */
static bool note(struct operation *operation, struct pg_session *session)
{
    struct operations *const operations = operation->operations;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct stored_event *events;
    bool cancel = false;
    pthread_mutex_lock(&operations->mutex);
    const size_t count = copy_new_events(arena, operation, &events);
    Operation message = message_of(arena, operation);
    message.summary = arena_strdup(arena, message.summary);
    message.migration = message._migration_case == 0 ? NULL : arena_strdup(arena, message.migration);
    pthread_mutex_unlock(&operations->mutex);
    const bool ok = operation_store_note(session, &message, events, count, &cancel, &status);
    pthread_mutex_lock(&operations->mutex);
    operation->noted += ok ? count : 0;
    pthread_mutex_unlock(&operations->mutex);
    if (cancel) {
        atomic_store(&operation->cancel, true);
    }
    arena_free(arena);
    return ok;
}

static void on_tick(void *data, struct pg_session *beside)
{
    struct operation *const operation = data;
    if (beside != NULL && clock_ms() >= operation->next_note) {
        operation->next_note = clock_ms() + NOTE_EACH_MS;
        note(operation, beside);
    }
}

struct operation *operation_begin(struct operations *operations)
{
    struct operation *operation = memory_alloc(sizeof *operation);
    operation->operations = operations;
    operation->started_at = clock_wall_us();
    operation->arena = arena_new(0);
    operation->summary = "It has not begun yet.";
    operation->watch = (struct watch){.data = operation, .event = on_event, .cancelled = is_cancelled};
    uuid_v4(operation->id);
    pthread_mutex_lock(&operations->mutex);
    operation->next = operations->newest;
    operations->newest = operation;
    operations->count++;
    operations->running++;
    forget_old(operations);
    pthread_mutex_unlock(&operations->mutex);
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
    struct pg_session *const session = pg_pool_take(operations->site->pool, deadline, status);
    if (session == NULL) {
        return false;
    }
    const bool ok = operation_store_add(session, operation->id, operations->worker, status);
    pg_pool_give(operations->site->pool, session);
    operation->is_written_down = ok;
    operation->watch.tick = ok ? on_tick : NULL;
    return ok;
}

bool operation_run_later(struct operation *operation, struct lane_job *job)
{
    return lane_add(operation->operations->lane, job);
}

/* The last word in the database: worth several tries. */
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
        struct pg_session *const session = pg_pool_take(pool, deadline_in(CANCEL_MS), &status);
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

static Truss__Migration__V1__OperationState end_state(const Truss__Migration__V1__RunResponse *result, bool cancelled)
{
    if (result != NULL && result->ok) {
        return TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED;
    }
    return cancelled ? TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_CANCELLED
                     : TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_FAILED;
}

void operation_end(struct operation *operation, const Truss__Migration__V1__RunResponse *result,
                   const struct status *error, bool cancelled)
{
    struct operations *const operations = operation->operations;
    struct arena *const arena = arena_new(0);
    if (result == NULL) {
        on_event(operation, &(struct run_event){.kind = RUN_EVENT_FAILED, .message = error->message});
    }
    pthread_mutex_lock(&operations->mutex);
    Operation message = message_of(arena, operation);
    pthread_mutex_unlock(&operations->mutex);
    message.done = true;
    message.state = end_state(result, cancelled);
    message.finished_at = message_time(arena, clock_wall_us());
    message.result = (Truss__Migration__V1__RunResponse *)(uintptr_t)result;
    message.error = result == NULL ? status_message(arena, error) : NULL;
    message.summary = result == NULL ? message_string(error->message) : result->summary;
    const size_t size = truss__migration__v1__operation__get_packed_size(&message);
    char *const outcome = memory_alloc(size + 1);
    truss__migration__v1__operation__pack(&message, (uint8_t *)outcome);
    if (operation->is_written_down) {
        write_end(operation, &message);
    }
    pthread_mutex_lock(&operations->mutex);
    operation->outcome = outcome;
    operation->outcome_size = size;
    operation->is_done = true;
    operations->running--;
    pthread_cond_broadcast(&operations->news);
    pthread_mutex_unlock(&operations->mutex);
    arena_free(arena);
}

/* ---- the side of who asks ---- */

/* With the mutex held. */
static struct operation *find(const struct operations *operations, const char *id)
{
    struct operation *one = operations->newest;
    while (one != NULL && strcasecmp(one->id, id) != 0) {
        one = one->next;
    }
    return one;
}

/* With the mutex held: a copy in the arena. */
static Operation *copy_of(struct arena *arena, const struct operation *operation)
{
    struct status status = {.arena = arena};
    struct text bytes = {operation->outcome, operation->outcome_size};
    if (!operation->is_done) {
        const Operation message = message_of(arena, operation);
        const size_t size = truss__migration__v1__operation__get_packed_size(&message);
        char *const packed = arena_alloc(arena, size + 1);
        truss__migration__v1__operation__pack(&message, (uint8_t *)packed);
        bytes = (struct text){packed, size};
    }
    return (Operation *)rpc_unpack(arena, &truss__migration__v1__operation__descriptor, bytes, &status);
}

static bool is_id(const char *id)
{
    size_t digits = 0;
    for (const char *c = id; *c != '\0'; c++) {
        if (*c != '-' && isxdigit((unsigned char)*c) == 0) {
            return false;
        }
        digits += *c == '-' ? 0 : 1;
    }
    return digits == 32 && strlen(id) == UUID_SIZE - 1;
}

static void *not_found(struct work *work, const char *id)
{
    status_fail(
        work->status, STATUS_NOT_FOUND,
        "There is no operation \"%.100s\"; runs that were not started in the background are known to the worker "
        "that ran them only, for a while.",
        id);
    return NULL;
}

/* What another worker wrote down. */
static Operation *get_stored(struct work *work, const char *id)
{
    Operation *operation = NULL;
    if (!is_id(id)) {
        return not_found(work, id);
    }
    if (!work_connect(work)) {
        return NULL;
    }
    const bool ok = operation_store_get(work->arena, work->session, id, &operation, work->status);
    work_release(work);
    return ok && operation == NULL ? not_found(work, id) : operation;
}

Operation *operations_get(struct operations *operations, struct work *work, const char *id)
{
    pthread_mutex_lock(&operations->mutex);
    const struct operation *const operation = find(operations, id);
    Operation *const copy = operation == NULL ? NULL : copy_of(work->arena, operation);
    pthread_mutex_unlock(&operations->mutex);
    return copy != NULL ? copy : get_stored(work, id);
}

/* With the mutex held: its events behind `after`. */
static void copy_events(struct arena *arena, const struct operation *operation, uint32_t after,
                        Truss__Migration__V1__WaitOperationResponse *reply)
{
    const size_t fresh = operation->event_count > after ? operation->event_count - after : 0;
    const size_t count = fresh < MOST_AT_ONCE ? fresh : MOST_AT_ONCE;
    struct status status = {.arena = arena};
    reply->events = arena_array(arena, count, sizeof *reply->events);
    for (size_t i = 0; i < count; i++) {
        const struct kept_event *const kept = &operation->events[after + i];
        reply->events[reply->n_events++] = (Truss__Migration__V1__Event *)rpc_unpack(
            arena, &truss__migration__v1__event__descriptor, (struct text){kept->bytes, kept->size}, &status);
    }
}

static int64_t wait_end(const struct work *work, uint32_t wait_ms)
{
    const int64_t until = clock_ms() + (wait_ms > LONGEST_WAIT ? LONGEST_WAIT : wait_ms);
    /* An answer wants a moment to get there in time. */
    return work->deadline != NO_DEADLINE && work->deadline - 200 < until ? work->deadline - 200 : until;
}

/* True where the operation is one of ours. */
static bool wait_here(struct operations *operations, struct work *work, const char *id, uint32_t after, int64_t until,
                      Truss__Migration__V1__WaitOperationResponse *reply)
{
    pthread_mutex_lock(&operations->mutex);
    const struct operation *operation = find(operations, id);
    while (operation != NULL && operation->event_count <= after && !operation->is_done && !operations->stopping &&
           clock_ms() < until) {
        wait_for_news(operations, until - clock_ms());
        operation = find(operations, id); /* it may have been forgotten meanwhile */
    }
    if (operation != NULL) {
        reply->operation = copy_of(work->arena, operation);
        copy_events(work->arena, operation, after, reply);
    }
    pthread_mutex_unlock(&operations->mutex);
    return operation != NULL;
}

static bool is_stopping(struct operations *operations)
{
    pthread_mutex_lock(&operations->mutex);
    const bool stopping = operations->stopping;
    pthread_mutex_unlock(&operations->mutex);
    return stopping;
}

/* Looks again and again, giving the connection back in between. */
static bool wait_stored(struct operations *operations, struct work *work, const char *id, uint32_t after, int64_t until,
                        Truss__Migration__V1__WaitOperationResponse *reply)
{
    const struct timespec pause = {.tv_nsec = LOOK_EACH_MS * 1000000L};
    for (;;) {
        reply->operation = get_stored(work, id);
        if (reply->operation == NULL || !work_connect(work)) {
            return false;
        }
        const bool ok = operation_store_events(work->arena, work->session, id, after, MOST_AT_ONCE, &reply->events,
                                               &reply->n_events, work->status);
        work_release(work);
        if (!ok || reply->n_events > 0 || reply->operation->done || clock_ms() + LOOK_EACH_MS > until ||
            is_stopping(operations)) {
            return ok;
        }
        nanosleep(&pause, NULL);
    }
}

Truss__Migration__V1__WaitOperationResponse *operations_wait(struct operations *operations, struct work *work,
                                                             const char *id, uint32_t after, uint32_t wait_ms)
{
    Truss__Migration__V1__WaitOperationResponse *const reply = MESSAGE_NEW(
        work->arena, Truss__Migration__V1__WaitOperationResponse, truss__migration__v1__wait_operation_response);
    const int64_t until = wait_end(work, wait_ms);
    return wait_here(operations, work, id, after, until, reply) ||
                   wait_stored(operations, work, id, after, until, reply)
               ? reply
               : NULL;
}

static Operation *cancel_stored(struct operations *operations, struct work *work, const char *id, int64_t until)
{
    const struct timespec pause = {.tv_nsec = LOOK_EACH_MS * 1000000L};
    Operation *operation = get_stored(work, id);
    if (operation == NULL || operation->done) {
        return operation;
    }
    if (!work_connect(work)) {
        return NULL;
    }
    const bool ok = operation_store_cancel(work->session, id, work->status);
    work_release(work);
    while (ok && operation != NULL && !operation->done && clock_ms() < until && !is_stopping(operations)) {
        nanosleep(&pause, NULL);
        operation = get_stored(work, id);
    }
    return ok ? operation : NULL;
}

Operation *operations_cancel(struct operations *operations, struct work *work, const char *id)
{
    const int64_t until = wait_end(work, CANCEL_MS);
    pthread_mutex_lock(&operations->mutex);
    struct operation *operation = find(operations, id);
    if (operation != NULL && !operation->is_done) {
        atomic_store(&operation->cancel, true);
    }
    while (operation != NULL && !operation->is_done && clock_ms() < until) {
        wait_for_news(operations, until - clock_ms());
        operation = find(operations, id);
    }
    Operation *const copy = operation == NULL ? NULL : copy_of(work->arena, operation);
    pthread_mutex_unlock(&operations->mutex);
    return copy != NULL ? copy : cancel_stored(operations, work, id, until);
}

static bool has_id(const Truss__Migration__V1__ListOperationsResponse *list, const char *id)
{
    for (size_t i = 0; i < list->n_operations; i++) {
        if (strcmp(list->operations[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static int by_age(const void *a, const void *b)
{
    const Operation *const x = *(Operation *const *)a;
    const Operation *const y = *(Operation *const *)b;
    const int64_t when_x = x->started_at == NULL ? 0 : x->started_at->seconds * 1000000 + x->started_at->nanos / 1000;
    const int64_t when_y = y->started_at == NULL ? 0 : y->started_at->seconds * 1000000 + y->started_at->nanos / 1000;
    return when_x > when_y ? -1 : when_x < when_y ? 1 : 0;
}

Truss__Migration__V1__ListOperationsResponse *operations_list(struct operations *operations, struct work *work,
                                                              uint32_t limit)
{
    Truss__Migration__V1__ListOperationsResponse *const reply = MESSAGE_NEW(
        work->arena, Truss__Migration__V1__ListOperationsResponse, truss__migration__v1__list_operations_response);
    const uint32_t most = limit == 0 ? LIST_USUAL : limit > LIST_MOST ? LIST_MOST : limit;
    Operation **stored = NULL;
    size_t stored_count = 0;
    if (!work_connect(work)) {
        return NULL;
    }
    const bool ok = operation_store_list(work->arena, work->session, most, &stored, &stored_count, work->status);
    work_release(work);
    if (!ok) {
        return NULL;
    }
    reply->operations = arena_array(work->arena, most + stored_count, sizeof *reply->operations);
    pthread_mutex_lock(&operations->mutex);
    for (const struct operation *one = operations->newest; one != NULL && reply->n_operations < most; one = one->next) {
        reply->operations[reply->n_operations++] = copy_of(work->arena, one);
    }
    pthread_mutex_unlock(&operations->mutex);
    for (size_t i = 0; i < stored_count; i++) {
        if (!has_id(reply, stored[i]->id)) {
            reply->operations[reply->n_operations++] = stored[i];
        }
    }
    if (reply->n_operations > 0) {
        qsort(reply->operations, reply->n_operations, sizeof(Operation *), by_age);
    }
    reply->n_operations = reply->n_operations > most ? most : reply->n_operations;
    return reply;
}
