/*
 * The lock_timeouts stay close together: a reader that queues behind our ALTER waits as long as the longest of them,
 * and 50 to 80 ms keep that below 100. Instead the pauses grow, so that a table that is busy for long is not disturbed
 * all the time.
 */
#include "migration/run/ladder.h"

#include "base/sqlstate.h"
#include "migration/run/observer.h"

#define FIRST_PAUSE_MS   50
#define LONGEST_PAUSE_MS 500
#define TELL_EACH_MS     1000

struct ladder ladder_start(const struct run *run)
{
    return (struct ladder){
        .began = clock_ms(),
        .timeout_ms = run->settings.lock_timeout_ms,
        .pause_ms = FIRST_PAUSE_MS,
        .attempt = 1,
    };
}

bool is_for_a_lock(const char *sqlstate)
{
    return sqlstate_is(sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE) || sqlstate_is(sqlstate, SQLSTATE_DEADLOCK_DETECTED) ||
           sqlstate_is(sqlstate, SQLSTATE_SERIALIZATION_FAILURE);
}

/* The server chose us as a deadlock's victim: it was not our timeout. */
static bool is_deadlock(const struct failure *failure)
{
    return !sqlstate_is(failure->status.sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE);
}

/* The time of the last attempt: wall clock, microseconds. The run's deadline may come before the end of the time for
 * locks. */
static int64_t gives_up_at(const struct run *run, const struct ladder *ladder)
{
    const int64_t last = ladder->began + run->settings.lock_retry_ms;
    return clock_wall_us() + ((last < run->deadline ? last : run->deadline) - clock_ms()) * 1000;
}

static void tell_wait(const struct run *run, const struct ladder *ladder, const char *migration,
                      const struct failure *failure)
{
    const uint32_t waited = (uint32_t)(clock_ms() - ladder->began);
    const char *const who =
        failure->blocker_count == 0 ? "somebody" : blockers_text(run->arena, failure->blockers, failure->blocker_count);
    watch_tell(&run->watch,
               &(struct run_event){
                   .kind = RUN_EVENT_LOCK_WAIT,
                   .migration = migration,
                   .step = failure->step,
                   .steps = failure->steps,
                   .duration_ms = waited,
                   .attempt = ladder->attempt,
                   .next_try_ms = ladder->pause_ms,
                   .gives_up_at = gives_up_at(run, ladder),
                   .blockers = failure->blockers,
                   .blocker_count = failure->blocker_count,
                   .message = is_deadlock(failure)
                                  ? arena_printf(run->arena, "A deadlock, try %u, with %s", ladder->attempt, who)
                                  : arena_printf(run->arena, "No lock within %u ms, try %u; it is held by %s",
                                                 ladder->timeout_ms, ladder->attempt, who),
               });
}

/* The final failure for a lock that was not obtained. */
static void give_up(const struct run *run, const struct ladder *ladder, struct failure *failure)
{
    const char *const who = failure->blocker_count == 0
                                ? ""
                                : arena_printf(run->arena, "; it was held by %s",
                                               blockers_text(run->arena, failure->blockers, failure->blocker_count));
    const char *const how = is_deadlock(failure) ? ""
                                                 : arena_printf(run->arena,
                                                                ", at most %u ms at a time so that nobody had to queue "
                                                                "behind it",
                                                                ladder->timeout_ms);
    failure->status.message = arena_printf(run->arena, "%s: tried %u times in %.1f s%s%s", failure->status.message,
                                           ladder->attempt, (double)(clock_ms() - ladder->began) / 1000, how, who);
    if (failure->status.hint == NULL || is_deadlock(failure)) {
        failure->status.hint = "Let the session that holds the lock end, and run again; --lock-retry (in a request: "
                               "lock_retry_ms) gives it more time.";
    }
    failure->blockers = blockers_copy(run->arena, failure->blockers, failure->blocker_count);
}

/* Keeps the SQLSTATE of the last try: it says that only a lock was missing, so the script needs no correction. */
static void end_by_wish(const struct run *run, struct failure *failure)
{
    const char *const sqlstate = failure->status.sqlstate;
    if (watch_cancelled(&run->watch)) {
        status_fail(&failure->status, STATUS_CANCELLED, "The run was cancelled while it waited for a lock.");
    } else {
        status_fail(&failure->status, STATUS_DEADLINE_EXCEEDED,
                    "The time for this request was over while it waited for a lock.");
    }
    failure->status.sqlstate = sqlstate;
}

bool ladder_again(struct ladder *ladder, struct run *run, const char *migration, struct failure *failure)
{
    if (!is_for_a_lock(failure->status.sqlstate)) {
        return false;
    }
    const int64_t now = clock_ms();
    struct meters *const meters = run->request->site->meters;
    meters_lock_failed(meters, is_deadlock(failure) ? 0 : ladder->timeout_ms);
    if (now - ladder->began >= run->settings.lock_retry_ms) {
        give_up(run, ladder, failure);
        return false;
    }
    if (failure->blocker_count == 0 && run->observer != NULL) {
        /* For the next attempt: to open it takes as long as a whole one of the first. */
        (void)observer_beside(run->observer);
    }
    /* At first each attempt is logged, then one per second. */
    if (ladder->attempt == 1 ||
        (now - ladder->began) / TELL_EACH_MS != (now - ladder->pause_ms - ladder->began) / TELL_EACH_MS) {
        tell_wait(run, ladder, migration, failure);
    }
    if (!watch_pause(&run->watch, run->deadline, ladder->pause_ms)) {
        end_by_wish(run, failure);
        return false;
    }
    meters_lock_paused(meters, (uint32_t)(clock_ms() - now));
    const uint32_t highest = run->settings.lock_timeout_ms * 8 / 5;
    ladder->timeout_ms = ladder->timeout_ms * 5 / 4 > highest ? highest : ladder->timeout_ms * 5 / 4;
    ladder->pause_ms = ladder->pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : ladder->pause_ms * 2;
    ladder->attempt++;
    return true;
}
