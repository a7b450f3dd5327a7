/*
 * Cheap enough to be called whether anybody watches or not.
 */
#include "migration/events.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <time.h>

#define NAP_MS 50 /* the longest time until a cancel is noticed */

/* ---- blockers ---- */

const struct run_blocker *blockers_copy(struct arena *arena, const struct run_blocker *blockers, size_t count)
{
    struct run_blocker *const copies = arena_array(arena, count, sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        copies[i] = blockers[i];
        copies[i].application = arena_strdup(arena, blockers[i].application);
        copies[i].user = arena_strdup(arena, blockers[i].user);
        copies[i].state = arena_strdup(arena, blockers[i].state);
        copies[i].query = arena_strdup(arena, blockers[i].query);
    }
    return copies;
}

/* "0.3 s", "12 s". */
static const char *age_text(struct arena *arena, uint32_t ms)
{
    return ms < 10000 ? arena_printf(arena, "%u.%u s", ms / 1000, ms % 1000 / 100)
                      : arena_printf(arena, "%u s", ms / 1000);
}

const char *blocker_name(struct arena *arena, const struct run_blocker *blocker, const char *more)
{
    const char *const user = blocker->user == NULL || blocker->user[0] == '\0' ? "?" : blocker->user;
    return arena_printf(arena, "pid %u (application \"%s\", user %s%s%s)", blocker->pid, blocker->application, user,
                        more == NULL ? "" : ", ", more == NULL ? "" : more);
}

const char *blockers_text(struct arena *arena, const struct run_blocker *blockers, size_t count)
{
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        const struct run_blocker *const one = &blockers[i];
        buffer_printf(&text, "%s%s %s, its transaction for %s: %s", i == 0 ? "" : "; ", blocker_name(arena, one, NULL),
                      one->state, age_text(arena, one->transaction_ms), one->query);
    }
    return buffer_string(&text);
}

/* ---- reporting ---- */

void watch_tick(const struct watch *watch)
{
    if (watch->tick != NULL) {
        watch->tick(watch->data, watch);
    }
}

struct pg_session *watch_beside(const struct watch *watch)
{
    return watch->beside == NULL ? NULL : watch->beside(watch->observer);
}

void watch_tell(const struct watch *watch, const struct run_event *event)
{
    if (watch->event != NULL) {
        watch->event(watch->data, event);
        watch_tick(watch);
    }
}

void watch_note(const struct watch *watch, const char *migration, const char *message)
{
    watch_tell(watch, &(struct run_event){.kind = RUN_EVENT_NOTE, .migration = migration, .message = message});
}

bool watch_cancelled(const struct watch *watch)
{
    return watch->cancelled != NULL && watch->cancelled(watch->data);
}

bool watch_pause(const struct watch *watch, int64_t deadline, uint32_t ms)
{
    const int64_t until = clock_ms() + ms / 2 + random() % (ms / 2 + 1);
    for (int64_t left; (left = until - clock_ms()) > 0;) {
        if (watch_cancelled(watch) || deadline_passed(deadline)) {
            return false;
        }
        watch_tick(watch);
        left = left < NAP_MS ? left : NAP_MS;
        const struct timespec nap = {.tv_nsec = left * 1000000};
        nanosleep(&nap, NULL);
    }
    return !watch_cancelled(watch) && !deadline_passed(deadline);
}
