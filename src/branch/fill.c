/*
 * The dump is a file without a name, so it disappears with this process, however that ends. While the dump is made, a
 * session of its own checks who waits for it. The dump gives way to a run at once and to anybody else after 3 seconds,
 * and starts again after them.
 */
#include "branch/fill.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/masking.h"
#include "base/process.h"
#include "branch/make.h"
#include "branch/server.h"
#include "pg/loading.h"
#include "pg/own_sql.h"
#include "pg/programs.h"
#include "pg/restoring.h"
#include "pg/runs.h"
#include "pg/search.h"
#include "pg/snapshot.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LAST_LINES    4
#define MOST_TRIES    5
#define MOST_WARNINGS 20
#define QUERY_MS      5000
#define PAUSE_NS      100000000

#define APPLICATION "truss branch"

/* One running child. */
struct child {
    const struct branch_call *call;
    const char *secret;
    const char *lines[LAST_LINES]; /* the last lines it wrote, masked */
    struct words *warnings;        /* of the branch */
    size_t said;
    int file; /* where its standard output goes */
    bool is_full;
    bool is_cancelled;
    struct pg_session *parent; /* used to check who waits for the dump; NULL: there is no dump now */
    struct pg_session *moment; /* the snapshot in which a dump begins; NULL: it has begun */
    struct run_watch runs;
    struct restore_errors errors; /* from pg_restore */
};

/* ---- who waits for the dump ---- */

/* Returns true if the child may go on, also if the database cannot be asked for a moment. */
static bool look(void *data)
{
    struct child *const child = data;
    child->is_cancelled = child->is_cancelled || !server_goes_on(child->call);
    if (child->is_cancelled) {
        return false;
    }
    if (child->parent == NULL || pg_session_is_lost(child->parent) || clock_ms() < child->runs.next_look) {
        return true;
    }
    struct arena *const arena = arena_new(0);
    struct status ignored = {.arena = arena};
    pg_session_set_deadline(child->parent, deadline_in(QUERY_MS));
    run_watch_look(&child->runs, child->parent, &ignored);
    arena_free(arena);
    return !child->runs.gives_way;
}

static bool wait_for_runs(struct child *child)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    run_watch_anew(&child->runs);
    while (look(child), child->runs.has_run) {
        if (child->is_cancelled) {
            return false;
        }
        if (deadline_passed(child->call->deadline)) {
            return status_fail_because(child->call->status, STATUS_DEADLINE_EXCEEDED, REASON_BUSY,
                                       "A run is going on in the database: a dump of it waits for the run's end, which "
                                       "did not come in the time of this call.");
        }
        server_phase(child->call, "waiting");
        nanosleep(&pause, NULL);
    }
    run_watch_anew(&child->runs);
    return true;
}

/* ---- children ---- */

/* A dump may warn of each of 10,000 tables. */
static void warn(struct child *child, const char *said)
{
    struct words *const warnings = child->warnings;
    if (warnings->count <= MOST_WARNINGS) {
        words_add(child->call->arena, warnings,
                  warnings->count < MOST_WARNINGS ? said : "There were more warnings, which are not shown.");
    }
}

static void take_line(void *data, struct text line)
{
    struct child *const child = data;
    restore_errors_see(&child->errors, line);
    if (line.size == 0) {
        return;
    }
    const char *const said = masked(child->call->arena, text_slice(line, 0, 500), child->secret);
    child->lines[child->said++ % LAST_LINES] = said;
    if (restore_line_warns(line) && !words_have(child->warnings, said)) {
        warn(child, said);
    }
}

static void let_go(struct child *child)
{
    pg_session_free(child->moment);
    child->moment = NULL;
}

static bool take_bytes(void *data, struct text piece)
{
    struct child *const child = data;
    let_go(child); /* pg_dump notices that by itself */
    for (size_t done = 0; done < piece.size;) {
        const ssize_t size = write(child->file, piece.data + done, piece.size - done);
        if (size <= 0) {
            child->is_full = true;
            return false;
        }
        done += (size_t)size;
    }
    return true;
}

static const char *last_words(const struct child *child)
{
    struct buffer out = {.arena = child->call->arena};
    const size_t first = child->said > LAST_LINES ? child->said - LAST_LINES : 0;
    for (size_t i = first; i < child->said; i++) {
        buffer_printf(&out, "%s%s", i == first ? "" : "\n", child->lines[i % LAST_LINES]);
    }
    return buffer_string(&out);
}

static bool run_child(struct child *child, const char *const *argv, const char *const *environment, bool keeps_bytes)
{
    struct status *const status = child->call->status;
    struct process_end end;
    const struct process process = {
        .argv = argv,
        .environment = environment,
        .directory = "/",
        .deadline = child->call->deadline,
        .line = take_line,
        .bytes = keeps_bytes ? take_bytes : NULL,
        .go_on = look,
        .data = child,
        .end_signal = SIGINT,
    };
    child->said = 0;
    if (!process_run(&process, &end, status)) {
        return false;
    }
    if (child->is_cancelled) {
        *status = (struct status){.arena = status->arena};
        return status_fail(status, STATUS_CANCELLED, "It was cancelled.");
    }
    if (child->is_full) {
        return status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_DISK,
                                   "The dump could not be written: the worker's disk is full (TMPDIR names another "
                                   "folder).");
    }
    if (restore_errors_are_none(&child->errors, end.code) && !end.timed_out && !end.stopped) {
        return true;
    }
    status_fail(status, end.timed_out ? STATUS_DEADLINE_EXCEEDED : STATUS_FAILED_PRECONDITION, "%s %s.", argv[0],
                end.timed_out ? "took longer than this call may" : "failed");
    status->detail = last_words(child);
    return false;
}

/* An argument that leaves out the rows of one of our tables. In the patterns of pg_dump, a quoted name has no
 * wildcards. */
static const char *without_rows(const struct child *child, const char *table)
{
    struct buffer word = {.arena = child->call->arena};
    own_put(&word, child->call->branches->conninfo->own_schema, "--exclude-table-data={truss}.");
    buffer_puts(&word, table);
    return buffer_string(&word);
}

/* Opens the snapshot for a dump, after checking that a restore would run no code of an untrusted owner. That matters
 * also for a dump of the schema alone, because PostgreSQL computes constants when it makes a table. A pooler keeps a
 * server session for a transaction; if pg_dump gets another server's, it fails. *word: an argument for pg_dump. */
static bool begin_moment(struct child *child, const struct conninfo *parent, const char *owner, const char **word)
{
    const struct branch_call *const call = child->call;
    const char *name = "";
    child->moment = pg_session_open_pinned(parent, call->deadline, call->status);
    const bool ok =
        child->moment != NULL && pg_snapshot_share(child->moment, &name, call->status) &&
        (call->branches->loads_foreign_code ||
         pg_loading_is_trusted(child->moment, owner, "The copy of the database was not made", call->status));
    if (!ok && call->status->code == STATUS_UNAVAILABLE && child->moment != NULL) {
        call->status->code = STATUS_ABORTED; /* the server was reachable: does the database exist? */
    }
    *word = arena_printf(call->arena, "--snapshot=%s", name);
    return ok;
}

static bool dump(struct child *child, const struct branch_row *row, const char *program, const struct fill *fill)
{
    const struct branch_call *const call = child->call;
    const struct conninfo parent = conninfo_beside(call->arena, call->branches->conninfo, row->parent);
    struct pg_child_access access;
    const char *moment = NULL;
    if (!begin_moment(child, &parent, fill->owner, &moment)) {
        let_go(child);
        return false;
    }
    if (!pg_child_access_make(call->arena, &parent, child->runs.application, &access, call->status)) {
        let_go(child);
        return false;
    }
    child->secret = pg_child_secret(&parent);
    const char *const argv[] = {program,
                                "-Fc",
                                "-Z1",
                                "--no-password",
                                "--lock-wait-timeout=5000",
                                "--no-subscriptions", /* a subscription in a branch would keep it from being dropped */
                                without_rows(child, "operations"),
                                without_rows(child, "operation_events"),
                                without_rows(child, "idempotency_keys"),
                                without_rows(child, "branches"),
                                "-d",
                                access.connection,
                                moment,
                                fill->schema_only ? "--schema-only" : NULL,
                                NULL};
    const bool ok = run_child(child, argv, access.environment, true);
    let_go(child);
    pg_child_access_release(&access);
    return ok;
}

/* Repeats until the dump is complete. When one ends early, those who wait for it no longer have to. */
static bool dump_beside_runs(struct child *child, const struct branch_row *row, const char *program,
                             const struct fill *fill)
{
    struct status *const status = child->call->status;
    for (int i = 0; i < MOST_TRIES; i++) {
        *status = (struct status){.arena = status->arena};
        if (!wait_for_runs(child)) {
            return false;
        }
        if (ftruncate(child->file, 0) != 0 || lseek(child->file, 0, SEEK_SET) != 0) {
            return status_fail(status, STATUS_INTERNAL, "The file of the dump cannot be emptied.");
        }
        server_phase(child->call, "dumping");
        if (dump(child, row, program, fill) || child->is_cancelled || !child->runs.gives_way) {
            return status->code == STATUS_OK;
        }
    }
    return status_fail_because(status, STATUS_ABORTED, REASON_BUSY,
                               "A run, or another session, waited for a lock that the dump held; it gave way each "
                               "time. Try again at a quieter hour.");
}

static bool restore(struct child *child, const struct branch_row *row, const struct pg_program *program)
{
    const struct branch_call *const call = child->call;
    const struct conninfo branch = conninfo_beside(call->arena, call->branches->conninfo, make_database(row));
    struct pg_child_access access;
    if (!pg_child_access_make(call->arena, &branch, APPLICATION, &access, call->status)) {
        return false;
    }
    server_phase(call, "restoring");
    const char *const file = arena_printf(call->arena, "/proc/%ld/fd/%d", (long)getpid(), child->file);
    child->errors = restore_errors_of(program->major, pg_session_server_version(make_session(row)));
    const char *const argv[] = {
        program->path, restore_errors_argument(&child->errors), "--no-password", "-d", access.connection, file, NULL};
    const bool ok = run_child(child, argv, access.environment, false);
    pg_child_access_release(&access);
    return ok;
}

bool fill_from(const struct branch_call *call, struct branch_row *row, const struct fill *fill)
{
    struct pg_program dumper;
    struct pg_program restorer;
    const int version = pg_session_server_version(make_session(row));
    const struct pg_program_wanted dumps = {"pg_dump", call->branches->pg_bin, version};
    const struct pg_program_wanted restores = {"pg_restore", call->branches->pg_bin, version};
    if (!pg_program_find(&dumps, &dumper, call->status) || !pg_program_find(&restores, &restorer, call->status)) {
        return false;
    }
    const struct conninfo parent = conninfo_beside(call->arena, call->branches->conninfo, row->parent);
    struct child child = {
        .call = call,
        .file = file_nameless(call->arena),
        .warnings = &row->warnings,
        .runs = {.application = arena_printf(call->arena, APPLICATION " %.8s", row->token)},
    };
    if (child.file < 0) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                           "No file for the dump can be made; TMPDIR names the folder for it.");
    }
    child.parent = pg_session_open_pinned(&parent, call->deadline, call->status);
    const bool is_dumped = child.parent != NULL && dump_beside_runs(&child, row, dumper.path, fill);
    pg_session_free(child.parent);
    child.parent = NULL;
    const bool ok = is_dumped && restore(&child, row, &restorer);
    close(child.file);
    return ok;
}
