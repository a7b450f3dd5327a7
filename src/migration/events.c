/*
 * Small enough to be called without asking whether anybody watches.
 */
#include "migration/events.h"

#include "migration/run/observer.h"

#include <stdlib.h>
#include <time.h>

#define NAP_MS 50 /* the longest until a wish to end is noticed */

void watch_tick(const struct work *work)
{
    if (work->watch != NULL && work->watch->tick != NULL) {
        work->watch->tick(work->watch->data, work->observer == NULL ? NULL : observer_session(work->observer));
    }
}

void watch_tell(const struct work *work, const struct run_event *event)
{
    if (work->watch != NULL && work->watch->event != NULL) {
        work->watch->event(work->watch->data, event);
        watch_tick(work);
    }
}

void watch_note(const struct work *work, const char *migration, const char *message)
{
    watch_tell(work, &(struct run_event){.kind = RUN_EVENT_NOTE, .migration = migration, .message = message});
}

bool watch_cancelled(const struct work *work)
{
    return work->watch != NULL && work->watch->cancelled != NULL && work->watch->cancelled(work->watch->data);
}

bool watch_pause(const struct work *work, uint32_t ms)
{
    const int64_t until = clock_ms() + ms / 2 + random() % (ms / 2 + 1);
    for (int64_t left; (left = until - clock_ms()) > 0;) {
        if (watch_cancelled(work) || deadline_passed(work->deadline)) {
            return false;
        }
        watch_tick(work);
        left = left < NAP_MS ? left : NAP_MS;
        const struct timespec nap = {.tv_nsec = left * 1000000};
        nanosleep(&nap, NULL);
    }
    return !watch_cancelled(work) && !deadline_passed(work->deadline);
}
