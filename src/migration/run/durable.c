/*
 * Flushes by writing a message to the log, since a transaction that writes nothing does not wait for the disk, and a
 * row of ours would remain. This needs no privilege (PostgreSQL 11 to 18).
 */
#include "migration/run/durable.h"

#include "base/log.h"
#include "base/words.h"
#include "migration/run/send.h"
#include "pg/exec.h"

#include <string.h>

#define MAKE_MS 15000 /* the longest wait for a standby's confirmation; the commits stay as they are */

bool durable_may_wait(const struct execution *execution, size_t i)
{
    return !execution->options->durable_each && i + 1 < execution->preparation->count;
}

/* Copies what identifies the row into memory that lives as long as the request. */
static struct ledger_record keep(struct arena *arena, const struct ledger_record *record)
{
    return (struct ledger_record){
        .name = arena_strdup(arena, record->name),
        .key = record->key == NULL ? NULL : arena_strdup(arena, record->key),
        .id = arena_strdup(arena, record->id),
    };
}

void durable_committed(struct run *run, const struct written *written, bool late)
{
    struct commits *const commits = &run->late;
    struct arena *const arena = run->request->arena;
    commits->items = arena_grow(arena, commits->items, commits->count, &commits->capacity, sizeof *commits->items);
    commits->items[commits->count++] =
        (struct late_commit){.record = keep(arena, written->record), .before = *written->before};
    commits->safe = late ? commits->safe : commits->count;
}

void durable_forget_lost(const struct execution *execution, const struct ledger_entries *entries)
{
    struct run *const run = execution->run;
    struct commits *const commits = &run->late;
    size_t kept = 0;
    size_t safe = 0;
    for (size_t i = 0; i < commits->count; i++) {
        const struct late_commit *const one = &commits->items[i];
        const struct ledger_record *const record = &one->record;
        const struct written written = {.record = record, .before = &one->before};
        if (recovery_is_committed(&execution->preparation->catalog.detection, &written, entries)) {
            safe += i < commits->safe ? 1 : 0;
            commits->items[kept++] = *one;
            continue;
        }
        log_warn("a commit went with the server", "migration=\"%s\"", record->name);
        watch_note(&run->watch, record->name,
                   i < commits->safe
                       ? "The server that answers now does not have this migration, which another one had committed: "
                         "a standby has taken its place, and had not received it."
                       : "The server went down before it had this migration on disk: nothing of it has stayed.");
        result_remove_applied(execution->result, record->name);
        commits->gone = commits->gone == NULL ? record->name : commits->gone;
    }
    commits->count = kept;
    commits->safe = safe;
}

size_t durable_forget_all(const struct execution *execution)
{
    struct commits *const commits = &execution->run->late;
    const size_t count = commits->count - commits->safe;
    for (size_t i = commits->safe; i < commits->count; i++) {
        result_remove_applied(execution->result, commits->items[i].record.name);
    }
    commits->gone = count > 0 ? commits->items[commits->safe].record.name : commits->gone;
    commits->is_unknown = commits->is_unknown || count > 0;
    commits->count = commits->safe;
    return count;
}

static bool flush(struct pg_session *session, struct status *status)
{
    return session_as_ourselves(session, status) &&
           pg_exec(session, "SELECT FROM pg_catalog.pg_logical_emit_message(true, 'truss', '')", status);
}

/* With the connection only the session is lost, not its commits, unless the server crashed: looks which are there.
 * Returns false if that cannot be found out. */
static bool find_out_and_flush(const struct execution *execution)
{
    struct run *const run = execution->run;
    struct status status = {0};
    struct truth truth;
    const struct late_commit *const first = &run->late.items[run->late.safe];
    const struct written written = {.record = &first->record, .before = &first->before};
    run_enter(run, &status);
    bool ok = recovery_find_out(run, &execution->preparation->catalog, &written, &truth);
    if (ok) {
        durable_forget_lost(execution, &truth.entries);
        ok = run->late.count == run->late.safe || flush(run->session, run->status);
    }
    run_leave(run);
    return ok;
}

/* A sentence: not confirmed, and why. */
static const char *unconfirmed(struct arena *arena, const struct commits *late, const struct status *status)
{
    const size_t count = late->count - late->safe;
    const char *const name = late->items[late->safe].record.name;
    const char *const which = count == 1
                                  ? arena_printf(arena, "\"%s\"", name)
                                  : arena_printf(arena, "\"%s\" and the %s behind it that this run committed", name,
                                                 words_counted(arena, count - 1, "migration", "migrations"));
    const char *const are = count == 1 ? "is" : "are";
    return status->code == STATUS_UNAVAILABLE
               ? arena_printf(arena,
                              "The connection was lost before the server confirmed that %s %s on its disk. Whether "
                              "that has stayed is not known: ask for the status.",
                              which, are)
               : arena_printf(arena,
                              "The server has not confirmed that %s %s on its disk (%s). A crash of the server within "
                              "the next second could take that back: ask for the status then.",
                              which, are, status->message);
}

static void fail_gone(const struct execution *execution)
{
    const struct commits *const late = &execution->run->late;
    struct failure failure = {.status = {.arena = execution->run->request->arena}, .is_unknown = late->is_unknown};
    status_fail(&failure.status, STATUS_UNAVAILABLE, "%s",
                late->is_unknown
                    ? "The connection was lost before the server confirmed the commit, and whether that has "
                      "stayed could not be found out."
                    : "The server went down before it had the commit on disk; nothing of it has stayed.");
    execution->result->ok = false;
    execution->result->failed_name = late->gone;
    execution->result->failure = failure;
}

void durable_make(const struct execution *execution)
{
    struct run *const run = execution->run;
    struct status status = {.arena = run->request->arena};
    if (run->late.count == run->late.safe) {
        return;
    }
    run->late.gone = NULL;
    if (run->session == NULL) {
        status_fail(&status, STATUS_UNAVAILABLE, "The connection was lost.");
    } else {
        pg_session_set_deadline(run->session, deadline_in(MAKE_MS));
        flush(run->session, &status);
        pg_session_set_deadline(run->session, run->deadline);
    }
    if (status.code == STATUS_UNAVAILABLE && find_out_and_flush(execution)) {
        status.code = STATUS_OK;
    }
    if (status.code != STATUS_OK) {
        result_add_warning(status.arena, execution->result, unconfirmed(status.arena, &run->late, &status));
    }
    if (status.code == STATUS_UNAVAILABLE) {
        durable_forget_all(execution);
    }
    run->late.safe = run->late.count;
    if (execution->result->ok && run->late.gone != NULL) {
        fail_gone(execution);
    }
}
