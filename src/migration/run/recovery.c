/*
 * A server that recovers from a crash needs a moment: tries again for some seconds. If nothing answers, a single
 * attempt may take all of them.
 */
#include "migration/run/recovery.h"

#include "base/sqlstate.h"
#include "migration/look/session_facts.h"
#include "migration/plan/cut/steps.h"
#include "migration/run/lock.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>
#include <time.h>

#define RECONNECT_MS       15000
#define RECONNECT_PAUSE_MS 250
#define FIND_OUT_MS        15000

/* With several hosts a URL may lead to a standby, which may lack some commits: what it lacks may exist. */
static bool takes_writes(struct run *run)
{
    PG_RESULT(result) = pg_query(run->session, "SELECT pg_catalog.pg_is_in_recovery()", 0, NULL, run->status);
    if (result == NULL) {
        return false;
    }
    return !pg_field_bool(result, 0, 0) ||
           status_fail(run->status, STATUS_UNAVAILABLE,
                       "The server that answers is a standby, which need not have what was committed.");
}

static bool connect_again(struct run *run)
{
    if (!run_connect(run)) {
        return false;
    }
    if (takes_writes(run)) {
        return true;
    }
    pg_session_free(run->session);
    run->session = NULL;
    return false;
}

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
    } while (!connect_again(run) && !deadline_passed(run->deadline));
    run->deadline = deadline;
    if (run->session != NULL) {
        pg_session_set_deadline(run->session, deadline);
    }
    return run->session != NULL;
}

/* ---- whose row it is ---- */

/* A ledger's own id (a serial number) does not tell who wrote the row. */
static bool writes_id(const struct detection *detection)
{
    const struct ledger_facts *const facts = framework_ledger_facts(detection->framework, &detection->ledger);
    return facts->record != NULL && text_find(text_of(facts->record), "{id}", 0) != SIZE_MAX;
}

static bool is_same_row(const struct ledger_entry *a, const struct ledger_entry *b)
{
    return a->state == b->state && a->finished_at == b->finished_at && string_equal(a->id, b->id) &&
           string_equal(a->checksum, b->checksum) && strcmp(ledger_entry_key(a), ledger_entry_key(b)) == 0;
}

/* The number of rows like this one: equal rows are counted. */
static size_t count_same(const struct ledger_entries *entries, const struct ledger_entry *row)
{
    size_t count = 0;
    for (size_t i = 0; i < entries->count; i++) {
        count += is_same_row(&entries->items[i], row) ? 1 : 0;
    }
    return count;
}

static bool is_row_of(const struct ledger_entry *entry, const struct ledger_record *record, bool has_our_id)
{
    return has_our_id && entry->id != NULL ? strcmp(entry->id, record->id) == 0
                                           : strcmp(ledger_entry_key(entry), record->key) == 0;
}

bool recovery_is_committed(const struct detection *detection, const struct written *written,
                           const struct ledger_entries *now)
{
    const bool has_our_id = writes_id(detection);
    for (size_t i = now->count; i > 0; i--) { /* the newest are the most likely */
        const struct ledger_entry *const entry = &now->items[i - 1];
        if (entry->state == ENTRY_APPLIED && is_row_of(entry, written->record, has_our_id) &&
            count_same(now, entry) > count_same(written->before, entry)) {
            return true;
        }
    }
    return false;
}

static bool is_started(const struct detection *detection, const struct ledger_record *record,
                       const struct ledger_entries *now)
{
    const bool has_our_id = writes_id(detection);
    for (size_t i = 0; i < now->count; i++) {
        if (now->items[i].state == ENTRY_FAILED && is_row_of(&now->items[i], record, has_our_id)) {
            return true;
        }
    }
    return false;
}

/* Most ledgers have no unfinished rows: the steps that have begun or finished are ours. */
static bool read_steps(struct run *run, const struct ledger *ledger, const struct written *written, bool *has)
{
    struct step_records steps = {.migration = written->record->name};
    const bool ok = !written->has_steps || steps_read(run->session, ledger, &steps, run->status);
    *has = steps.count > 0;
    return ok;
}

/* ---- finding out ---- */

/* A standby that was promoted may not have received even the table: then nothing of the run is there. */
static bool is_gone(struct status *status)
{
    const bool is = sqlstate_is(status->sqlstate, SQLSTATE_UNDEFINED_TABLE) ||
                    sqlstate_is(status->sqlstate, SQLSTATE_INVALID_SCHEMA_NAME);
    if (is) {
        *status = (struct status){.arena = status->arena};
    }
    return is;
}

static bool find_out(struct run *run, const struct catalog *catalog, const struct written *written, struct truth *truth)
{
    const struct detection *const detection = &catalog->detection;
    struct session_facts facts;
    struct ledger ledger = detection->ledger;
    bool steps = false;
    ledger.as_read = detection->as_read;
    struct ledger_reading reading = {
        .arena = run->arena,
        .status = run->status,
        .ledger = &ledger,
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
    const bool has_rows = framework_read_ledger(detection->framework, &reading);
    truth->is_table_gone = !has_rows && is_gone(run->status);
    const bool ok = has_rows ? read_steps(run, &detection->ledger, written, &steps) : truth->is_table_gone;
    reading_end(run->session);
    if (!ok) {
        return false;
    }
    truth->recorded = recovery_is_committed(detection, written, &reading.entries);
    truth->started = !truth->recorded && (steps || is_started(detection, written->record, &reading.entries));
    truth->entries = reading.entries;
    return true;
}

bool recovery_find_out(struct run *run, const struct catalog *catalog, const struct written *written,
                       struct truth *truth)
{
    const int64_t deadline = run->deadline;
    *truth = (struct truth){0};
    if (deadline != NO_DEADLINE && deadline_left(deadline) < FIND_OUT_MS) {
        run->deadline = deadline_in(FIND_OUT_MS);
    }
    const bool ok = find_out(run, catalog, written, truth);
    run->deadline = deadline;
    return ok;
}
