/*
 * A server that recovers from a crash takes a moment: it is asked again and again for some seconds. Where nobody
 * answers at all, one such attempt takes all of them.
 */
#include "migration/run/recovery.h"

#include "migration/look/session_facts.h"
#include "migration/run/lock.h"

#include <string.h>
#include <time.h>

#define RECONNECT_MS       15000
#define RECONNECT_PAUSE_MS 250
#define FIND_OUT_MS        15000

static bool reconnect(struct run *run)
{
    const struct timespec pause = {.tv_nsec = RECONNECT_PAUSE_MS * 1000000L};
    const int64_t deadline = run->deadline;
    const int64_t until = deadline_in(RECONNECT_MS);
    run->deadline = until < deadline ? until : deadline;
    pg_session_free(run->session);
    run->session = NULL;
    do {
        nanosleep(&pause, NULL);
    } while (!run_connect(run) && !deadline_passed(run->deadline));
    run->deadline = deadline;
    if (run->session != NULL) {
        pg_session_set_deadline(run->session, deadline);
    }
    return run->session != NULL;
}

bool recovery_is_row_of(const struct ledger_entry *entry, const struct ledger_record *record)
{
    return entry->id != NULL ? strcmp(entry->id, record->id) == 0 : strcmp(ledger_entry_key(entry), record->key) == 0;
}

static bool find_out(struct run *run, const struct catalog *catalog, const struct ledger_record *record,
                     struct truth *truth)
{
    const struct detection *const detection = &catalog->detection;
    struct session_facts facts;
    struct ledger_reading reading = {
        .arena = run->arena,
        .status = run->status,
        .ledger = &detection->ledger,
        .folder = &detection->folder,
        .files = &catalog->files,
    };
    if (!reconnect(run) || !lock_take(run, detection)) {
        return false;
    }
    const struct request request = {.status = run->status, .arena = run->arena};
    reading.session = run->session;
    if (!reading_begin(&request, run->session, &facts)) {
        return false;
    }
    const bool ok = framework_read_ledger(detection->framework, &reading);
    reading_end(run->session);
    if (!ok) {
        return false;
    }
    for (size_t i = 0; i < reading.entries.count; i++) {
        const struct ledger_entry *const entry = &reading.entries.items[i];
        if (recovery_is_row_of(entry, record)) {
            truth->recorded = entry->state == ENTRY_APPLIED;
            truth->started = entry->state == ENTRY_FAILED;
        }
    }
    truth->entries = reading.entries;
    return true;
}

bool recovery_find_out(struct run *run, const struct catalog *catalog, const struct ledger_record *record,
                       struct truth *truth)
{
    const int64_t deadline = run->deadline;
    *truth = (struct truth){0};
    if (deadline != NO_DEADLINE && deadline_left(deadline) < FIND_OUT_MS) {
        run->deadline = deadline_in(FIND_OUT_MS);
    }
    const bool ok = find_out(run, catalog, record, truth);
    run->deadline = deadline;
    return ok;
}
