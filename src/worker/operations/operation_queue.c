/*
 * Queued runs have no thread to send their heartbeat, so running ones send it for them; otherwise they would be
 * reported as lost while they wait.
 */
#include "worker/operations/operation_store.h"
#include "worker/operations/operations_private.h"

#include <string.h>

#define SIGN_EACH_MS 3000 /* a tenth of the time after which a run is lost */

static void set_waiting(struct operation *operation, bool is_waiting)
{
    pthread_mutex_lock(&operation->operations->mutex);
    operation->is_waiting = is_waiting;
    pthread_mutex_unlock(&operation->operations->mutex);
}

bool operation_run_later(struct operation *operation, struct lane_job *job)
{
    set_waiting(operation, true);
    const bool is_added = lane_add(operation->operations->lane, job) == LANE_ADDED;
    if (!is_added) {
        set_waiting(operation, false);
    }
    return is_added;
}

void operation_turn_came(struct operation *operation)
{
    set_waiting(operation, false);
}

/* The ids of the queued ones, as the text of an array; NULL if there are none, or it is too early. */
static const char *list_waiting(struct operations *operations, struct arena *arena)
{
    struct buffer ids = {.arena = arena};
    pthread_mutex_lock(&operations->mutex);
    const bool is_due = clock_ms() >= operations->next_sign;
    for (const struct operation *one = operations->newest; is_due && one != NULL; one = one->next) {
        if (one->is_waiting && one->is_written_down) {
            buffer_printf(&ids, "%s%s", ids.size == 0 ? "{" : ",", one->id);
        }
    }
    if (ids.size > 0) {
        operations->next_sign = clock_ms() + SIGN_EACH_MS;
        buffer_putc(&ids, '}');
    }
    pthread_mutex_unlock(&operations->mutex);
    return ids.size == 0 ? NULL : buffer_string(&ids);
}

/* Another worker was asked to cancel it: it ends when its turn comes. */
static void cancel_waiting(void *data, const char *id)
{
    struct operations *const operations = data;
    pthread_mutex_lock(&operations->mutex);
    for (struct operation *one = operations->newest; one != NULL; one = one->next) {
        if (strcmp(one->id, id) == 0) {
            atomic_store(&one->cancel, true);
        }
    }
    pthread_mutex_unlock(&operations->mutex);
}

void operations_sign_waiting(struct operations *operations, const struct watch *watch)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const char *const ids = list_waiting(operations, arena);
    struct pg_session *const beside = ids == NULL ? NULL : watch_beside(watch);
    if (beside != NULL) {
        const struct cancel_wish wish = {cancel_waiting, operations};
        operation_store_sign(beside, ids, &wish, &status); /* on failure: with the next heartbeat */
    }
    arena_free(arena);
}
