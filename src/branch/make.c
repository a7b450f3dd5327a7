/*
 * A caller's deadline may pass during any of these steps. Undoing them has a deadline of its own.
 */
#include "branch/make.h"

#include "base/log.h"
#include "base/sqlstate.h"
#include "branch/drop.h"
#include "branch/names.h"
#include "branch/putback.h"
#include "branch/refusals.h"
#include "branch/registry.h"
#include "branch/server.h"
#include "pg/exec.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

#define UNDO_MS   60000
#define WAL_LIMIT ((int64_t)256 * 1024 * 1024) /* up to this size, writing the WAL is cheaper than two checkpoints */

struct branch_work {
    struct pg_session *session; /* to the maintenance database; has the lock of the branch */
    const char *database;       /* its name now; NULL: there is none yet */
    int64_t started;            /* clock_ms */
    int64_t wal;
};

struct pg_session *make_session(const struct branch_row *row)
{
    return row->work->session;
}

const char *make_database(const struct branch_row *row)
{
    return row->work->database;
}

static void end_work(struct branch_row *row)
{
    pg_session_free(row->work->session);
    row->work = NULL;
}

/* ---- begin ---- */

/* With this session, or one of its own. */
static bool take(const struct branch_call *call, struct pg_session *session, struct branch_row *row)
{
    const char *const copied = strcmp(row->source, "parent") == 0 ? row->parent : NULL;
    bool taken;
    row->work = arena_alloc(call->arena, sizeof *row->work);
    row->work->session = session != NULL ? session : server_open(call, copied);
    row->work->started = clock_ms();
    if (row->work->session != NULL && server_lock(row->work->session, row->token, &taken, call->status) &&
        (taken || refuse_taken(call, row))) {
        row->work->wal = server_wal(call, row->work->session);
        return true;
    }
    end_work(row);
    return false;
}

static void describe(const struct branch_call *call, const struct branch_new *what, struct branch_row *row)
{
    char token[BRANCH_TOKEN_SIZE];
    bool is_cut;
    branch_token(token);
    *row = (struct branch_row){
        .token = arena_strdup(call->arena, token),
        .parent = what->parent,
        .label = branch_label(call->arena, what->label, clock_wall_us(), &is_cut),
        .kind = what->kind,
        .source = what->source,
        .created_by = what->created_by == NULL ? "" : what->created_by,
        .disables_triggers = what->disables_triggers,
        .strategy = "",
        .ttl_hours = what->ttl_hours,
        .data_at = what->data_at,
        .size = -1,
        .wal_bytes = -1,
    };
    row->branch = branch_database_name(call->arena, row->label, clock_wall_us());
    if (is_cut) {
        words_add(call->arena, &row->warnings,
                  arena_printf(call->arena, "The label was cut to %d characters.", BRANCH_LABEL_CHARACTERS));
    }
}

bool make_begin(const struct branch_call *call, const struct branch_new *what, struct pg_session *session,
                struct branch_row *row)
{
    describe(call, what, row);
    if (!take(call, session, row)) {
        return false;
    }
    struct pg_session *const home = registry_open(call);
    const bool ok = home != NULL && registry_add(call, home, what, row);
    pg_session_free(home);
    if (!ok) {
        end_work(row);
    }
    return ok;
}

bool make_begin_again(const struct branch_call *call, struct pg_session *session, struct branch_row *row)
{
    const struct registry_move move = {.id = row->id, .from = "active", .to = "creating", .error = ""};
    bool moved = false;
    if (!take(call, session, row)) {
        return false;
    }
    struct pg_session *const home = registry_open(call);
    const bool ok = home != NULL && registry_ensure(home, call->status) && registry_move(call, home, &move, &moved);
    pg_session_free(home);
    if (!ok || !moved) {
        end_work(row);
    }
    return ok && (moved || branch_not_found(call->status));
}

/* ---- create ---- */

static void advise(const struct branch_call *call, const char *template)
{
    struct status *const status = call->status;
    if (sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        status->hint =
            "The role needs the right CREATEDB (ALTER ROLE … CREATEDB), and must own the database that is "
            "copied; --on-busy=dump (in a request: onBusy) needs no ownership, but the right to read everything.";
    } else if (sqlstate_is(status->sqlstate, SQLSTATE_OBJECT_IN_USE)) {
        status->reason = reason_word(REASON_BUSY);
    } else if (status->message != NULL && strstr(status->message, "collation version") != NULL) {
        status->code = STATUS_FAILED_PRECONDITION;
        status->hint =
            arena_printf(call->arena,
                         "The server's collations changed since \"%s\" was made: rebuild what depends on them "
                         "and ALTER DATABASE … REFRESH COLLATION VERSION, or take source \"dump\".",
                         template);
    }
}

/* Since PostgreSQL 18, the server can leave the copying of files to the file system: that is immediate if the file
 * system shares blocks (XFS, Btrfs, ZFS), else as fast as a copy. Whether the server and the file system can do it is
 * found out only by trying. */
static const char *copy_of_files(const struct branch_call *call, struct pg_session *session)
{
    struct status ignored = {.arena = call->arena};
    return pg_session_server_version(session) >= 180000 && pg_exec(session, "SET file_copy_method TO clone", &ignored)
               ? "clone"
               : "file_copy";
}

static const char *strategy_for(const struct branch_call *call, struct pg_session *session, const char *template)
{
    if (pg_session_server_version(session) < 150000) {
        return "copy";
    }
    return server_size(call, session, template) <= WAL_LIMIT ? "wal_log" : copy_of_files(call, session);
}

static bool create_by(const struct branch_call *call, struct branch_row *row, const char *template)
{
    struct buffer sql = {.arena = call->arena};
    const bool is_clone = strcmp(row->strategy, "clone") == 0;
    buffer_puts(&sql, " TEMPLATE ");
    pg_quote_identifier(&sql, template);
    if (strcmp(row->strategy, "copy") != 0) {
        buffer_printf(&sql, " STRATEGY %s", is_clone ? "file_copy" : row->strategy);
    }
    buffer_puts(&sql, " ALLOW_CONNECTIONS false");
    return server_alter(call, row->work->session, "CREATE DATABASE ", branch_provisional_name(call->arena, row->token),
                        buffer_string(&sql));
}

/* A file system that cannot clone files reports an error of its own. */
static bool cannot_clone(const struct branch_call *call, const struct branch_row *row)
{
    const char *const sqlstate = call->status->sqlstate;
    return strcmp(row->strategy, "clone") == 0 && sqlstate != NULL &&
           (strncmp(sqlstate, "XX", 2) == 0 || strncmp(sqlstate, "58", 2) == 0);
}

bool make_copy(const struct branch_call *call, struct branch_row *row, const char *template)
{
    struct pg_session *const session = row->work->session;
    row->strategy = strategy_for(call, session, template);
    pg_session_set_deadline(session, call->deadline);
    server_phase(call, "copying");
    bool ok = create_by(call, row, template);
    if (!ok && cannot_clone(call, row)) {
        *call->status = (struct status){.arena = call->arena};
        row->strategy = "file_copy";
        ok = pg_exec(session, "RESET file_copy_method", call->status) && create_by(call, row, template);
    }
    if (!ok) {
        advise(call, template);
        return false;
    }
    row->work->database = branch_provisional_name(call->arena, row->token);
    return true;
}

static void put_text(struct buffer *sql, const char *word, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        buffer_printf(sql, " %s ", word);
        pg_quote_literal(sql, text_of(value));
    }
}

static void put_locale(struct buffer *sql, const struct branch_locale *locale, int version)
{
    const bool is_icu = locale->provider != NULL && strcmp(locale->provider, "icu") == 0;
    const bool is_builtin = locale->provider != NULL && strcmp(locale->provider, "builtin") == 0;
    put_text(sql, "ENCODING", locale->encoding);
    put_text(sql, "LC_COLLATE", locale->collate);
    put_text(sql, "LC_CTYPE", locale->ctype);
    if (version >= 150000 && is_icu) {
        buffer_puts(sql, " LOCALE_PROVIDER icu");
        put_text(sql, "ICU_LOCALE", locale->locale);
        put_text(sql, "ICU_RULES", version >= 160000 ? locale->rules : NULL);
    } else if (version >= 170000 && is_builtin) {
        buffer_puts(sql, " LOCALE_PROVIDER builtin");
        put_text(sql, "BUILTIN_LOCALE", locale->locale);
    } else if (version >= 150000 && locale->provider != NULL) {
        buffer_puts(sql, " LOCALE_PROVIDER libc");
    }
}

/* Even if the parent is read-only, the branch must be filled; make_finish restores all settings. */
static void let_be_written(const struct branch_call *call, struct pg_session *session, const char *name)
{
    struct status ignored = {.arena = call->arena};
    const struct branch_call quiet = {call->branches, call->arena, &ignored, call->deadline, NULL};
    server_alter(&quiet, session, "ALTER DATABASE ", name, " RESET default_transaction_read_only");
}

bool make_empty(const struct branch_call *call, struct branch_row *row, const struct branch_locale *locale)
{
    struct buffer sql = {.arena = call->arena};
    struct pg_session *const session = row->work->session;
    const char *const name = branch_provisional_name(call->arena, row->token);
    buffer_puts(&sql, " TEMPLATE template0");
    put_locale(&sql, locale, pg_session_server_version(session));
    pg_session_set_deadline(session, call->deadline);
    if (!server_alter(call, session, "CREATE DATABASE ", name, buffer_string(&sql))) {
        advise(call, "template0");
        return false;
    }
    row->work->database = name;
    if (!server_comment(call, session, row, name, false) ||
        !putback_database(call, session, row->parent, name, &row->warnings)) {
        return false;
    }
    let_be_written(call, session, name);
    return true;
}

/* ---- finish ---- */

static bool take_another_name(const struct branch_call *call, struct branch_row *row)
{
    row->branch = branch_database_name(call->arena, row->label, clock_wall_us());
    struct pg_session *const home = registry_open(call);
    const bool ok = home != NULL && registry_rename(call, home, row);
    pg_session_free(home);
    return ok;
}

static bool rename_to(const struct branch_call *call, struct branch_row *row)
{
    struct buffer sql = {.arena = call->arena};
    buffer_puts(&sql, " RENAME TO ");
    pg_quote_identifier(&sql, row->branch);
    if (!server_alter(call, row->work->session, "ALTER DATABASE ", row->work->database, buffer_string(&sql))) {
        return false;
    }
    row->work->database = row->branch;
    return true;
}

bool make_name(const struct branch_call *call, struct branch_row *row)
{
    struct database database;
    if (strcmp(row->work->database, row->branch) == 0) {
        return true;
    }
    if (!server_find(call, row->work->session, row->branch, &database)) {
        return false;
    }
    if (database_is_of(&database, row->token) && !drop_database(call, row->work->session, row, row->branch)) {
        return false;
    }
    if (database.exists && !database_is_of(&database, row->token) && !take_another_name(call, row)) {
        return false;
    }
    if (rename_to(call, row)) {
        return true;
    }
    if (!sqlstate_is(call->status->sqlstate, SQLSTATE_DUPLICATE_DATABASE)) {
        return false;
    }
    *call->status = (struct status){.arena = call->arena};
    return take_another_name(call, row) && rename_to(call, row);
}

/* Asks the server for the size and the other numbers of the branch. */
static bool measure(const struct branch_call *call, struct branch_row *row)
{
    struct database database;
    struct pg_session *const session = row->work->session;
    const int64_t wal = server_wal(call, session);
    if (!server_find(call, session, row->branch, &database)) {
        return false;
    }
    if (!database.exists) {
        return status_fail(call->status, STATUS_ABORTED, "The branch's database is gone.");
    }
    row->oid = (uint32_t)strtoul(database.oid, NULL, 10);
    row->duration_ms = (uint32_t)(clock_ms() - row->work->started);
    row->wal_bytes = wal < 0 || row->work->wal < 0 ? -1 : wal - row->work->wal;
    return true;
}

/* Tries once more if the answer was lost: the branch may be active already. */
static bool activate(const struct branch_call *call, struct branch_row *row)
{
    bool ok = false;
    bool is_lost = true;
    for (int i = 0; !ok && is_lost && i < 2; i++) {
        *call->status = (struct status){.arena = call->arena};
        struct pg_session *const home = registry_open(call);
        ok = home != NULL && registry_activate(call, home, row);
        is_lost = home != NULL && pg_session_is_lost(home);
        pg_session_free(home);
    }
    return ok;
}

/* A golden copy stays closed, so that no session can keep it from being copied. */
static bool open_up(const struct branch_call *call, struct branch_row *row)
{
    struct pg_session *const session = row->work->session;
    const bool is_golden = strcmp(row->kind, "golden") == 0;
    return server_alter(call, session, "ALTER DATABASE ", row->branch, " ALLOW_CONNECTIONS true") &&
           putback_inside(call, row) &&
           (!is_golden || server_alter(call, session, "ALTER DATABASE ", row->branch, " ALLOW_CONNECTIONS false"));
}

bool make_finish(const struct branch_call *call, struct branch_row *row)
{
    struct pg_session *const session = row->work->session;
    server_phase(call, "finishing");
    pg_session_set_deadline(session, call->deadline);
    const bool ok = server_goes_on(call) && server_comment(call, session, row, row->work->database, true) &&
                    putback_database(call, session, row->parent, row->work->database, &row->warnings) &&
                    make_name(call, row) && open_up(call, row) && measure(call, row) && activate(call, row);
    if (ok) {
        row->size = server_size(call, session, row->branch);
        end_work(row);
    }
    return ok;
}

/* ---- undo ---- */

/* Was there a database before, which a reset was to replace? */
static bool has_old(const struct branch_call *call, struct pg_session *session, const struct branch_row *row, bool *has,
                    struct status *status)
{
    struct database database;
    const struct branch_call looking = {call->branches, call->arena, status, call->deadline, NULL};
    const bool ok = server_find(&looking, session, row->branch, &database);
    *has = ok && row->oid != 0 && database_is_of(&database, row->token) && database_is_ready(&database) &&
           strtoul(database.oid, NULL, 10) == row->oid;
    return ok;
}

/* The status that the row must get. If there was a database before, it must not be dropped with the new one. */
static const char *undone_status(bool is_known, bool has_old_one, bool is_gone, bool is_failure)
{
    if (!is_known || (has_old_one && !is_gone)) {
        return "creating"; /* a later check by a worker tries again */
    }
    return has_old_one ? "active" : !is_gone ? "expiring" : is_failure ? "failed" : "deleted";
}

static bool undo(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                 const char *reason)
{
    bool has = false;
    bool moved;
    const bool is_known = has_old(call, session, row, &has, call->status);
    const bool is_gone = is_known &&
                         drop_database(call, session, row, branch_provisional_name(call->arena, row->token)) &&
                         (has || drop_database(call, session, row, row->branch));
    struct status problem = {.arena = call->arena};
    const struct branch_call writing = {call->branches, call->arena, &problem, call->deadline, NULL};
    const struct registry_move move = {row->id, "creating", undone_status(is_known, has, is_gone, reason[0] != '\0'),
                                       reason};
    struct pg_session *const home = registry_open(&writing);
    const bool ok = home != NULL && registry_move(&writing, home, &move, &moved);
    pg_session_free(home);
    return is_gone && ok;
}

bool make_abandon(const struct branch_call *call, struct branch_row *row, const char *reason)
{
    struct status problem = {.arena = call->arena};
    const struct branch_call undoing = {call->branches, call->arena, &problem, deadline_in(UNDO_MS), NULL};
    if (pg_session_is_lost(row->work->session)) {
        end_work(row);
        /* Its old session may not have ended yet: a later check by a worker does it. */
        if (!take(&undoing, NULL, row)) {
            log_warn("branch cannot be undone yet", "branch=%s", row->branch);
            return false;
        }
    }
    pg_session_on_tick(row->work->session, NULL, NULL); /* undoing cannot be cancelled */
    pg_session_set_deadline(row->work->session, undoing.deadline);
    const bool ok = undo(&undoing, row->work->session, row, reason);
    end_work(row);
    return ok;
}

bool make_recover(const struct branch_call *call, struct pg_session *maintenance, struct branch_row *row)
{
    const char *const provisional = branch_provisional_name(call->arena, row->token);
    const bool is_copy = strcmp(row->source, "parent") == 0 || strcmp(row->source, "golden") == 0;
    struct branch_work work = {.session = maintenance, .started = clock_ms(), .wal = -1};
    struct database made;
    struct database named;
    if (!server_find(call, maintenance, provisional, &made) || !server_find(call, maintenance, row->branch, &named)) {
        return false;
    }
    const bool is_named = database_is_of(&named, row->token) && database_is_ready(&named);
    const bool is_made =
        made.exists && !made.is_broken && (database_is_ready(&made) || (is_copy && made.comment[0] == '\0'));
    if (is_made || (is_named && !made.exists)) {
        row->work = &work;
        work.database = is_made ? provisional : row->branch;
        row->strategy = row->strategy[0] != '\0' ? row->strategy : is_copy ? "copy" : "dump";
        const bool ok = server_comment(call, maintenance, row, work.database, true) &&
                        putback_database(call, maintenance, row->parent, work.database, &row->warnings) &&
                        make_name(call, row) && open_up(call, row) && measure(call, row) && activate(call, row);
        row->work = NULL;
        return ok;
    }
    return undo(call, maintenance, row, "The worker that made it ended before it was complete.");
}

/* ---- for a backup ---- */

bool branch_begin_empty(const struct branch_call *call, const struct branch_new *what, struct branch_row *row)
{
    struct branch_new empty = *what;
    empty.parent =
        what->parent == NULL || what->parent[0] == '\0' ? call->branches->conninfo->place.database : what->parent;
    empty.kind = what->kind == NULL ? "restore" : what->kind;
    empty.source = what->source == NULL ? "backup" : what->source;
    if (!make_begin(call, &empty, NULL, row)) {
        return false;
    }
    row->strategy = "dump";
    if (make_empty(call, row, &what->locale) && make_name(call, row)) {
        return true;
    }
    make_abandon(call, row, call->status->message);
    return false;
}

bool branch_complete(const struct branch_call *call, struct branch_row *row)
{
    if (make_finish(call, row)) {
        return true;
    }
    make_abandon(call, row, call->status->message);
    return false;
}

bool branch_abandon(const struct branch_call *call, struct branch_row *row, const char *reason)
{
    return make_abandon(call, row, reason);
}
