/*
 * A server that recovers from a crash takes a moment: it is asked again and again for some seconds.
 */
#include "migration/run/recovery.h"

#include "migration/run/lock.h"

#include <string.h>
#include <time.h>

#define RECONNECT_TRIES    60
#define RECONNECT_PAUSE_MS 250
#define FIND_OUT_MS        15000

static bool reconnect(struct work *work)
{
    const struct timespec pause = {.tv_nsec = RECONNECT_PAUSE_MS * 1000000L};
    pg_session_free(work->session);
    work->session = NULL;
    for (int i = 0; work->session == NULL && i < RECONNECT_TRIES && !deadline_passed(work->deadline); i++) {
        nanosleep(&pause, NULL);
        work_connect_own(work);
    }
    return work->session != NULL;
}

bool recovery_find_out(struct work *work, const struct catalog *catalog, const struct ledger_record *record,
                       struct truth *truth)
{
    const struct detection *const detection = &catalog->detection;
    struct ledger_reading reading = {
        .arena = work->arena,
        .status = work->status,
        .ledger = &detection->ledger,
        .folder = &detection->folder,
        .files = &catalog->files,
    };
    *truth = (struct truth){0};
    if (work->deadline != NO_DEADLINE && deadline_left(work->deadline) < FIND_OUT_MS) {
        work->deadline = deadline_in(FIND_OUT_MS);
    }
    if (!reconnect(work) || !lock_take(work, detection)) {
        return false;
    }
    reading.session = work->session;
    if (!framework_read_ledger(detection->framework, &reading)) {
        return false;
    }
    for (size_t i = 0; i < reading.entries.count; i++) {
        const struct ledger_entry *const entry = &reading.entries.items[i];
        if (entry->id != NULL ? strcmp(entry->id, record->id) == 0
                              : strcmp(ledger_entry_key(entry), record->key) == 0) {
            truth->recorded = entry->state == ENTRY_APPLIED;
            truth->started = entry->state == ENTRY_FAILED;
        }
    }
    return true;
}
