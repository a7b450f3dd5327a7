/*
 * One session reports progress, and checks who waits.
 */
#include "backup/watch.h"

#include <time.h>

#define TELL_MS     2000
#define QUERY_MS    5000
#define RUN_WAIT_MS 1800000
#define PAUSE_NS    200000000

void backup_watch_begin(struct backup_watch *watch, const struct backup_call *call, int64_t id, const char *state)
{
    *watch = (struct backup_watch){
        .call = call,
        .scratch = arena_new(0),
        .progress = {.id = id, .state = state, .message = ""},
    };
}

void backup_watch_end(struct backup_watch *watch)
{
    pg_session_free(watch->session);
    arena_free(watch->scratch);
    watch->session = NULL;
}

/* What one look needs; its memory is freed afterwards. */
static struct backup_call look_call(struct backup_watch *watch, struct status *status)
{
    arena_free(watch->scratch);
    watch->scratch = arena_new(0);
    *status = (struct status){.arena = watch->scratch};
    return (struct backup_call){watch->call->backups, watch->scratch, status, deadline_in(QUERY_MS)};
}

/* Being unable to ask the database for a moment ends nothing. */
static bool is_connected(struct backup_watch *watch, const struct backup_call *call)
{
    if (watch->session != NULL && pg_session_is_lost(watch->session)) {
        pg_session_free(watch->session);
        watch->session = NULL;
    }
    if (watch->session == NULL) {
        watch->session = backup_session(call, 0);
    }
    if (watch->session != NULL) {
        pg_session_set_deadline(watch->session, call->deadline);
    }
    return watch->session != NULL;
}

static void tell(struct backup_watch *watch)
{
    struct status status;
    const struct backup_call call = look_call(watch, &status);
    bool goes_on = true;
    watch->next_tell = clock_ms() + TELL_MS;
    if (is_connected(watch, &call) && backup_rows_tell(&call, watch->session, &watch->progress, &goes_on) && !goes_on) {
        struct backup_list list;
        const char *const values[] = {backup_id(call.arena, watch->progress.id), call.backups->worker};
        const struct backup_query query = {"b.id = $1::bigint AND b.claimed_by = $2 AND b.cancel_requested", 2, values};
        watch->end =
            backup_rows_read(&call, watch->session, &query, &list) && list.count == 1 ? WATCH_CANCELLED : WATCH_LOST;
    }
}

static void look_for_waiting(struct backup_watch *watch)
{
    struct status status;
    const struct backup_call call = look_call(watch, &status);
    if (!is_connected(watch, &call)) {
        watch->runs.next_look = clock_ms() + PAUSE_NS / 1000000;
        return;
    }
    watch->runs.application = arena_printf(call.arena, "truss backup %s", backup_id(call.arena, watch->progress.id));
    if (run_watch_look(&watch->runs, watch->session, &status) && watch->yields && watch->runs.gives_way) {
        watch->end = WATCH_GIVES_WAY;
    }
}

bool backup_watch_look(void *data)
{
    struct backup_watch *const watch = data;
    const int64_t now = clock_ms();
    if (watch->end == WATCH_GOES_ON && atomic_load(watch->call->backups->stopping)) {
        watch->end = WATCH_STOPPING;
    }
    if (watch->end == WATCH_GOES_ON && now >= watch->next_tell) {
        tell(watch);
    }
    if (watch->end == WATCH_GOES_ON && watch->yields && now >= watch->runs.next_look) {
        look_for_waiting(watch);
    }
    return watch->end == WATCH_GOES_ON;
}

bool backup_watch_wait(struct backup_watch *watch)
{
    const int64_t until = deadline_in(RUN_WAIT_MS);
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const char *const state = watch->progress.state;
    watch->yields = false;
    watch->end = watch->end == WATCH_GIVES_WAY ? WATCH_GOES_ON : watch->end;
    for (;;) {
        if (!backup_watch_look(watch)) {
            break;
        }
        look_for_waiting(watch);
        if (!watch->runs.has_run) {
            break;
        }
        if (watch->progress.message[0] == '\0') {
            watch->progress.state = "waiting";
            watch->progress.message = "It waits for a run to end.";
            watch->next_tell = 0;
        }
        if (deadline_passed(until)) {
            watch->end = WATCH_GIVES_WAY;
            break;
        }
        nanosleep(&pause, NULL);
    }
    watch->yields = true;
    watch->progress.state = state;
    watch->progress.message = "";
    watch->next_tell = 0;
    run_watch_anew(&watch->runs);
    return watch->end == WATCH_GOES_ON;
}

bool backup_watch_fail(const struct backup_watch *watch, struct status *status)
{
    switch (watch->end) {
    case WATCH_CANCELLED:
        return status_fail(status, STATUS_CANCELLED, "It was cancelled.");
    case WATCH_LOST:
        return status_fail(status, STATUS_ABORTED, "Another worker has taken it for lost.");
    case WATCH_STOPPING:
        return status_fail(status, STATUS_ABORTED, "The worker was stopped meanwhile; start it again.");
    case WATCH_GIVES_WAY:
        return status_fail(status, STATUS_ABORTED,
                           "A run, or another session, waited for a lock that the dump held; it gave way each time. "
                           "Try again at a quieter hour.");
    default:
        return true;
    }
}
