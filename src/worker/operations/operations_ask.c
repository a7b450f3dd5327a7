/*
 * Operations for calls: from memory if this worker runs them, else from the database. Other workers' operations are
 * polled a few times a second.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/sorting.h"
#include "base/threads.h"
#include "rpc/envelope.h"
#include "worker/messages/messages.h"
#include "worker/operations/operation_store.h"
#include "worker/operations/operations_private.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define LOOK_EACH_MS 250 /* between two polls of another worker's operation, */
#define LOOKERS      16  /* while at most this many calls poll */

typedef Truss__Migration__V1__Operation Operation;

/* With the mutex held. */
static struct operation *find(const struct operations *operations, const char *id)
{
    struct operation *one = operations->newest;
    while (one != NULL && strcasecmp(one->id, id) != 0) {
        one = one->next;
    }
    return one;
}

/* With the mutex held: a copy in the request's arena. NULL with the status if there is no memory for it. */
static Operation *copy_of(const struct request *request, const struct operation *operation)
{
    struct arena *const arena = request->arena;
    struct text bytes = {operation->outcome, operation->outcome_size};
    if (!operation->is_done) {
        const Operation message = operation_message(arena, operation);
        const size_t size = truss__migration__v1__operation__get_packed_size(&message);
        char *const packed = arena_alloc(arena, size + 1);
        truss__migration__v1__operation__pack(&message, (uint8_t *)packed);
        bytes = (struct text){packed, size};
    }
    return (Operation *)rpc_unpack(arena, &truss__migration__v1__operation__descriptor, bytes, request->status);
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

static void *not_found(const struct request *request, const char *id)
{
    status_fail(request->status, STATUS_NOT_FOUND,
                "There is no operation \"%.100s\"; a run that was not started in the background is known only to the "
                "worker that ran it, for a while.",
                id);
    return NULL;
}

/* Another worker's stored operation, on the caller's session. */
static Operation *read_stored(const struct request *request, struct pg_session *session, const char *id)
{
    Operation *operation = NULL;
    const bool ok = operation_store_get(request->arena, session, id, &operation, request->status);
    return ok && operation == NULL ? not_found(request, id) : operation;
}

static Operation *get_stored(const struct request *request, const char *id)
{
    if (!is_id(id)) {
        return not_found(request, id);
    }
    struct pg_session *const session = request_connect(request);
    if (session == NULL) {
        return NULL;
    }
    Operation *const operation = read_stored(request, session, id);
    request_release(request, session);
    return operation;
}

Operation *operations_get(struct operations *operations, const struct request *request, const char *id)
{
    pthread_mutex_lock(&operations->mutex);
    const struct operation *const operation = find(operations, id);
    Operation *const copy = operation == NULL ? NULL : copy_of(request, operation);
    pthread_mutex_unlock(&operations->mutex);
    return operation != NULL ? copy : get_stored(request, id);
}

/* With the mutex held: the events behind `after`, as many as there is memory for; false if there is none for a single
 * one. */
static bool copy_events(const struct request *request, const struct operation *operation, uint32_t after,
                        Truss__Migration__V1__WaitOperationResponse *reply)
{
    const size_t fresh = operation->event_count > after ? operation->event_count - after : 0;
    const size_t count = fresh < LIMIT_EVENTS ? fresh : LIMIT_EVENTS;
    struct status why = {.arena = request->arena};
    size_t bytes = 0;
    reply->events = arena_array(request->arena, count, sizeof *reply->events);
    for (size_t i = 0; i < count && bytes < OPERATION_EVENTS_BYTES; i++) {
        const struct kept_event *const kept = &operation->events[after + i];
        ProtobufCMessage *const event = rpc_unpack(request->arena, &truss__migration__v1__event__descriptor,
                                                   (struct text){kept->bytes, kept->size}, &why);
        if (event == NULL) {
            break;
        }
        bytes += kept->size;
        reply->events[reply->n_events++] = (Truss__Migration__V1__Event *)event;
    }
    if (reply->n_events == 0 && why.code != STATUS_OK) {
        *request->status = why;
    }
    return request->status->code == STATUS_OK;
}

int64_t operations_wait_end(int64_t deadline, uint32_t wait_ms)
{
    const int64_t until = clock_ms() + (wait_ms > LIMIT_WAIT_MS ? LIMIT_WAIT_MS : wait_ms);
    /* The answer needs a moment to arrive in time. */
    return deadline != NO_DEADLINE && deadline - 200 < until ? deadline - 200 : until;
}

/* A call that waits for an operation. */
struct waiting {
    const char *id;
    uint32_t after; /* the number of an event */
    int64_t until;  /* clock_ms */
};

/* Returns true if the operation is one of ours; the status tells whether it could be copied. */
static bool wait_here(struct operations *operations, const struct request *request, const struct waiting *waiting,
                      Truss__Migration__V1__WaitOperationResponse *reply)
{
    pthread_mutex_lock(&operations->mutex);
    const struct operation *operation = find(operations, waiting->id);
    while (operation != NULL && operation->event_count <= waiting->after && !operation->is_done &&
           !operations->stopping && clock_ms() < waiting->until) {
        thread_wait(&operations->news, &operations->mutex, waiting->until);
        operation = find(operations, waiting->id); /* it may have been removed meanwhile */
    }
    if (operation != NULL) {
        reply->operation = copy_of(request, operation);
        (void)(reply->operation != NULL && copy_events(request, operation, waiting->after, reply));
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

/* One poll, on one session: the operation, and its new events. */
static bool look_stored(const struct request *request, const struct waiting *waiting,
                        Truss__Migration__V1__WaitOperationResponse *reply)
{
    const struct events_wanted wanted = {waiting->id, waiting->after, LIMIT_EVENTS};
    struct stored_events events = {0};
    struct pg_session *const session = request_connect(request);
    if (session == NULL) {
        return false;
    }
    reply->operation = read_stored(request, session, waiting->id);
    const bool ok =
        reply->operation != NULL && operation_store_events(request->arena, session, &wanted, &events, request->status);
    reply->events = events.items;
    reply->n_events = events.count;
    request_release(request, session);
    return ok;
}

/* Waits until the next poll: the more calls poll, the longer, so that all together query no more often than LOOKERS
 * would. */
static void pause_look(struct operations *operations)
{
    const size_t looking = atomic_load(&operations->looking);
    const size_t times = looking <= LOOKERS ? 1 : (looking + LOOKERS - 1) / LOOKERS;
    const int64_t ms = (int64_t)times * LOOK_EACH_MS;
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

/* Polls repeatedly, and returns the connection in between. */
static bool wait_stored(struct operations *operations, const struct request *request, const struct waiting *waiting,
                        Truss__Migration__V1__WaitOperationResponse *reply)
{
    if (!is_id(waiting->id)) {
        return not_found(request, waiting->id) != NULL;
    }
    atomic_fetch_add(&operations->looking, 1);
    bool ok = look_stored(request, waiting, reply);
    while (ok && reply->n_events == 0 && !reply->operation->done && clock_ms() + LOOK_EACH_MS <= waiting->until &&
           !is_stopping(operations)) {
        pause_look(operations);
        ok = look_stored(request, waiting, reply);
    }
    atomic_fetch_sub(&operations->looking, 1);
    return ok;
}

Truss__Migration__V1__WaitOperationResponse *operations_wait(struct operations *operations,
                                                             const struct request *request, const char *id,
                                                             uint32_t after, uint32_t wait_ms)
{
    Truss__Migration__V1__WaitOperationResponse *const reply = MESSAGE_NEW(
        request->arena, Truss__Migration__V1__WaitOperationResponse, truss__migration__v1__wait_operation_response);
    const struct waiting waiting = {id, after, operations_wait_end(request->deadline, wait_ms)};
    const bool is_told =
        wait_here(operations, request, &waiting, reply) || wait_stored(operations, request, &waiting, reply);
    return is_told && request->status->code == STATUS_OK ? reply : NULL;
}

static Operation *cancel_stored(struct operations *operations, const struct request *request, const char *id,
                                int64_t until)
{
    const struct timespec pause = {.tv_nsec = LOOK_EACH_MS * 1000000L};
    Operation *operation = get_stored(request, id);
    if (operation == NULL || operation->done) {
        return operation;
    }
    struct pg_session *const session = request_connect(request);
    if (session == NULL) {
        return NULL;
    }
    const bool ok = operation_store_cancel(session, id, request->status);
    request_release(request, session);
    while (ok && operation != NULL && !operation->done && clock_ms() < until && !is_stopping(operations)) {
        nanosleep(&pause, NULL);
        operation = get_stored(request, id);
    }
    return ok ? operation : NULL;
}

Operation *operations_cancel(struct operations *operations, const struct request *request, const char *id)
{
    const int64_t until = operations_wait_end(request->deadline, OPERATIONS_CANCEL_MS);
    pthread_mutex_lock(&operations->mutex);
    struct operation *operation = find(operations, id);
    if (operation != NULL && !operation->is_done) {
        atomic_store(&operation->cancel, true);
    }
    while (operation != NULL && !operation->is_done && clock_ms() < until) {
        thread_wait(&operations->news, &operations->mutex, until);
        operation = find(operations, id);
    }
    Operation *const copy = operation == NULL ? NULL : copy_of(request, operation);
    pthread_mutex_unlock(&operations->mutex);
    return operation != NULL ? copy : cancel_stored(operations, request, id, until);
}

/* For a list: without the details of the outcome. */
static Operation *short_copy_of(const struct request *request, const struct operation *operation)
{
    Operation *const copy = copy_of(request, operation);
    if (copy != NULL) {
        copy->result = NULL;
        copy->error = NULL;
        message_clean(request->arena, &copy->base, OPERATIONS_SHORT);
    }
    return copy;
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
    const int64_t when_x = message_time_us(x->started_at);
    const int64_t when_y = message_time_us(y->started_at);
    return when_x > when_y ? -1 : when_x < when_y ? 1 : 0;
}

/* Those of this worker. Fails if there is no memory for all of them: an incomplete list would be wrong. */
static bool list_here(struct operations *operations, const struct request *request, uint32_t most,
                      Truss__Migration__V1__ListOperationsResponse *list)
{
    bool ok = true;
    pthread_mutex_lock(&operations->mutex);
    for (const struct operation *one = operations->newest; ok && one != NULL && list->n_operations < most;
         one = one->next) {
        Operation *const copy = short_copy_of(request, one);
        ok = copy != NULL;
        list->operations[list->n_operations] = copy;
        list->n_operations += ok ? 1 : 0;
    }
    pthread_mutex_unlock(&operations->mutex);
    return ok;
}

Truss__Migration__V1__ListOperationsResponse *operations_list(struct operations *operations,
                                                              const struct request *request, uint32_t limit)
{
    Truss__Migration__V1__ListOperationsResponse *const reply = MESSAGE_NEW(
        request->arena, Truss__Migration__V1__ListOperationsResponse, truss__migration__v1__list_operations_response);
    const uint32_t most = limit == 0 ? LIMIT_LISTED_USUALLY : limit > LIMIT_LISTED ? LIMIT_LISTED : limit;
    struct stored_operations stored = {0};
    struct pg_session *const session = request_connect(request);
    if (session == NULL) {
        return NULL;
    }
    const bool ok = operation_store_list(request->arena, session, most, &stored, request->status);
    const struct target target = target_of(request->arena, request->site, session);
    reply->target = message_target(request->arena, &target);
    request_release(request, session);
    if (!ok) {
        return NULL;
    }
    reply->operations = arena_array(request->arena, most + stored.count, sizeof *reply->operations);
    if (!list_here(operations, request, most, reply)) {
        return NULL;
    }
    for (size_t i = 0; i < stored.count; i++) {
        if (!has_id(reply, stored.items[i]->id)) {
            reply->operations[reply->n_operations++] = stored.items[i];
        }
    }
    sort_items(reply->operations, reply->n_operations, sizeof(Operation *), by_age);
    reply->n_operations = reply->n_operations > most ? most : reply->n_operations;
    return reply;
}
