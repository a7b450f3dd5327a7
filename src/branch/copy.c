/*
 * Chooses what a branch is copied from, and what to do if its parent is in use. While CREATE DATABASE waits for its
 * template and copies it, new connections to the template must wait: on what may be a production database, Truss never
 * causes such a wait without being told to.
 */
#include "base/sqlstate.h"
#include "branch/disk.h"
#include "branch/fill.h"
#include "branch/make.h"
#include "branch/refusals.h"
#include "branch/registry.h"
#include "branch/server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OWN_MS       1500 /* for our own sessions to end */
#define OWN_TRIES    40   /* more looks for those of other workers, which come and go */
#define OWN_EACH_MS  200
#define WAIT_MS      10000                        /* for sessions of others, without the server's lock */
#define SMALL_PARENT ((int64_t)256 * 1024 * 1024) /* copied without asking if nobody is connected to it */
#define MOST_TRIES   3

enum busy { BUSY_USUAL, BUSY_FAIL, BUSY_WAIT, BUSY_GOLDEN, BUSY_DUMP, BUSY_SCHEMA, BUSY_TERMINATE, BUSY_NONE };
static const char *const busy_words[] = {"", "fail", "wait", "golden", "dump", "schema", "terminate"};

enum source { SOURCE_USUAL, SOURCE_PARENT, SOURCE_GOLDEN, SOURCE_DUMP, SOURCE_SCHEMA, SOURCE_NONE };
static const char *const source_words[] = {"", "parent", "golden", "dump", "schema"};

static size_t word_index(const char *word, const char *const *words, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(word == NULL ? "" : word, words[i]) != 0) {
        i++;
    }
    return i;
}

/* What was asked for, and what was decided. */
struct copying {
    const struct branch_call *call;
    struct branch_new what;
    enum busy busy;
    enum source source;
    const struct branch_row *reset; /* the branch that is made anew; NULL: a new one is made */
    struct pg_session *session;     /* decides; then it makes the branch */
    const char *template;           /* of the parent or of its golden copy */
    bool has_no_rows;               /* the golden copy has none */
    int64_t data_at;
    struct words warnings;
};

static bool read_words(const struct branch_call *call, const struct branch_new *what, struct copying *copying)
{
    copying->busy = (enum busy)word_index(what->on_busy, busy_words, BUSY_NONE);
    copying->source = (enum source)word_index(what->source, source_words, SOURCE_NONE);
    if (copying->busy == BUSY_NONE) {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT,
                           "\"onBusy\" is one of fail, wait, golden, dump, schema, terminate.");
    }
    if (copying->source == SOURCE_NONE) {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT, "\"source\" is one of parent, golden, dump, schema.");
    }
    return copying->busy != BUSY_TERMINATE || what->may_terminate ||
           status_fail(call->status, STATUS_PERMISSION_DENIED,
                       "Only a caller with the scope \"admin\" may end the sessions of others (--on-busy=terminate, in "
                       "a request: onBusy).");
}

/* A row is trusted only if the database of that name is still the one that was made. */
static bool is_there(const struct branch_call *call, struct pg_session *home, const struct branch_row *golden, bool *is)
{
    struct database database;
    const bool ok = server_find(call, home, golden->branch, &database);
    *is = ok && database_is_of(&database, golden->token) && strtoul(database.oid, NULL, 10) == golden->oid;
    return ok;
}

/* The newest golden copy that exists; `golden->branch` is NULL if there is none. */
static bool find_golden(struct copying *copying, struct branch_row *golden)
{
    const struct branch_call *const call = copying->call;
    struct pg_session *const home = registry_open(call);
    const struct registry_query query = {"b.kind = 'golden' AND b.status = 'active' AND " REGISTRY_PARENT
                                         " = $1 ORDER BY b.data_at DESC",
                                         1, &copying->what.parent};
    struct branch_list list = {0};
    bool ok = home != NULL && registry_read(call, home, &query, &list);
    bool is = false;
    *golden = (struct branch_row){0};
    for (size_t i = 0; ok && !is && i < list.count; i++) {
        ok = is_there(call, home, &list.rows[i], &is);
        *golden = is ? list.rows[i] : *golden;
    }
    pg_session_free(home);
    return ok;
}

static void take_golden(struct copying *copying, const struct branch_row *golden)
{
    copying->source = SOURCE_GOLDEN;
    copying->template = golden->branch;
    copying->data_at = golden->data_at;
    copying->has_no_rows = strcmp(golden->source, "schema") == 0;
    words_add(copying->call->arena, &copying->warnings,
              arena_printf(copying->call->arena, "It was made from the golden copy, whose data is %" PRId64 " s old%s.",
                           (golden->now - golden->data_at) / 1000000, copying->has_no_rows ? " and has no rows" : ""));
}

static bool need_golden(struct copying *copying)
{
    struct branch_row golden;
    if (!find_golden(copying, &golden)) {
        return false;
    }
    if (golden.branch == NULL) {
        return status_fail(copying->call->status, STATUS_FAILED_PRECONDITION,
                           "There is no golden copy of \"%s\"; make one with `truss branch golden refresh`.",
                           copying->what.parent);
    }
    take_golden(copying, &golden);
    return true;
}

/* ---- the parent and its sessions ---- */

static void let_go(const struct branch_call *call, bool let_go)
{
    if (call->branches->let_go != NULL) {
        call->branches->let_go(call->branches->let_go_data, let_go);
    }
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Checks repeatedly until there are none, or the time is up. */
static bool wait_for_none(const struct copying *copying, struct pg_session *session, uint32_t ms,
                          struct sessions *sessions)
{
    const int64_t until = deadline_in(ms);
    bool ok;
    while ((ok = server_goes_on(copying->call) &&
                 server_sessions(copying->call, session, copying->what.parent, sessions)) &&
           sessions->count > 0 && !deadline_passed(until) && !deadline_passed(copying->call->deadline)) {
        server_phase(copying->call, "waiting");
        pause_ms(20);
    }
    return ok;
}

/* Sessions of other workers come and go: each is ended as soon as it is idle, as long as nobody else is connected. A
 * worker with webhooks has one again after some seconds. */
static bool wait_for_others(const struct copying *copying, struct pg_session *session, uint32_t ms,
                            struct sessions *sessions)
{
    bool ok = wait_for_none(copying, session, ms, sessions);
    for (int i = 0; ok && i < OWN_TRIES && sessions->count > 0 && sessions->count == sessions->own; i++) {
        ok = server_end_idle_own(copying->call, session, copying->what.parent) &&
             wait_for_none(copying, session, OWN_EACH_MS, sessions);
    }
    return ok;
}

/* The parent must not be copied now: looks for another way, or fails. */
static bool decide_otherwise(struct copying *copying, const struct sessions *sessions, int64_t size)
{
    struct branch_row golden = {0};
    if (copying->busy == BUSY_DUMP || copying->busy == BUSY_SCHEMA) {
        copying->source = copying->busy == BUSY_DUMP ? SOURCE_DUMP : SOURCE_SCHEMA;
        return true;
    }
    if (copying->busy == BUSY_GOLDEN) {
        return need_golden(copying);
    }
    if (copying->busy == BUSY_USUAL && !find_golden(copying, &golden)) {
        return false;
    }
    if (golden.branch != NULL) {
        take_golden(copying, &golden);
        return true;
    }
    return sessions->count > 0 ? refuse_busy(copying->call, copying->what.parent, sessions)
                               : refuse_large(copying->call, copying->what.parent, size);
}

/* Our sessions are gone and others are counted: decides how to make the branch. */
static bool decide(struct copying *copying, struct pg_session *session)
{
    const struct branch_call *const call = copying->call;
    struct sessions sessions;
    struct database parent;
    if (!server_find(call, session, copying->what.parent, &parent)) {
        return false;
    }
    if (!parent.exists) {
        return refuse_gone(call, copying->what.parent, copying->reset);
    }
    copying->template = copying->what.parent;
    if (!wait_for_others(copying, session, copying->busy == BUSY_WAIT ? WAIT_MS : OWN_MS, &sessions)) {
        return false;
    }
    if (copying->busy == BUSY_WAIT) {
        return true; /* the server waits another 5 s */
    }
    if (sessions.count > 0 && copying->busy == BUSY_TERMINATE) {
        return server_terminate(call, session, copying->what.parent) &&
               wait_for_none(copying, session, OWN_MS, &sessions);
    }
    const int64_t size = server_size(call, session, copying->what.parent);
    const bool is_large = size > SMALL_PARENT && copying->busy != BUSY_TERMINATE;
    return (sessions.count == 0 && !is_large) || decide_otherwise(copying, &sessions, size);
}

/* ---- making ---- */

/* If somebody connected after the decision, CREATE DATABASE would wait 5 s, and all new connections with it. */
static bool is_still_free(const struct copying *copying, struct branch_row *row)
{
    struct sessions sessions;
    if (copying->source != SOURCE_PARENT || copying->busy == BUSY_WAIT || copying->busy == BUSY_TERMINATE) {
        return true;
    }
    return wait_for_others(copying, make_session(row), OWN_MS, &sessions) &&
           (sessions.count == 0 || refuse_busy(copying->call, copying->what.parent, &sessions));
}

static bool copy_template(struct copying *copying, struct branch_row *row)
{
    const struct branch_call *const call = copying->call;
    const int64_t before = clock_ms();
    bool ok = is_still_free(copying, row) && make_copy(call, row, copying->template);
    for (int i = 1; !ok && i < MOST_TRIES && copying->busy == BUSY_TERMINATE && copying->source != SOURCE_GOLDEN &&
                    sqlstate_is(call->status->sqlstate, SQLSTATE_OBJECT_IN_USE);
         i++) {
        *call->status = (struct status){.arena = call->arena};
        ok = server_terminate(call, make_session(row), copying->template) && make_copy(call, row, copying->template);
    }
    if (ok && copying->source == SOURCE_PARENT) {
        words_add(call->arena, &row->warnings,
                  arena_printf(call->arena, "New connections to \"%s\" had to wait for up to %" PRId64 " ms meanwhile.",
                               copying->template, clock_ms() - before));
    }
    return ok;
}

/* PostgreSQL's own message names no session. */
static void explain_busy(const struct copying *copying, struct branch_row *row)
{
    const struct branch_call *const call = copying->call;
    struct status ignored = {.arena = call->arena};
    const struct branch_call looking = {call->branches, call->arena, &ignored, call->deadline, NULL};
    struct sessions sessions;
    if (sqlstate_is(call->status->sqlstate, SQLSTATE_OBJECT_IN_USE) &&
        server_sessions(&looking, make_session(row), copying->what.parent, &sessions)) {
        const struct status server = *call->status;
        refuse_busy(call, copying->what.parent, &sessions);
        call->status->sqlstate = server.sqlstate;
        call->status->detail = sessions.count > 0 ? sessions.list : server.detail;
    }
}

static bool fill(struct copying *copying, struct branch_row *row)
{
    const struct branch_call *const call = copying->call;
    const bool schema_only = copying->source == SOURCE_SCHEMA;
    struct database parent;
    row->strategy = "dump";
    return server_find(call, make_session(row), copying->what.parent, &parent) &&
           make_empty(call, row, &parent.locale) && fill_from(call, row, &(struct fill){parent.owner, schema_only});
}

/* The row exists and its lock is held. */
static bool make(struct copying *copying, struct branch_row *row)
{
    const struct branch_call *const call = copying->call;
    const bool is_copy = copying->source == SOURCE_PARENT || copying->source == SOURCE_GOLDEN;
    row->data_at = copying->data_at != NO_TIME ? copying->data_at : row->now;
    for (size_t i = 0; i < copying->warnings.count; i++) {
        words_add(call->arena, &row->warnings, copying->warnings.items[i]);
    }
    if ((is_copy ? copy_template(copying, row) : fill(copying, row)) && make_finish(call, row)) {
        return true;
    }
    explain_busy(copying, row);
    explain_gone(call, row, copying->reset == NULL);
    if (call->status->code == STATUS_CANCELLED) {
        *call->status = (struct status){.arena = call->status->arena};
        status_fail(call->status, STATUS_CANCELLED, "It was cancelled.");
    }
    make_abandon(call, row, call->status->message);
    return false;
}

static bool is_home(const struct copying *copying)
{
    return strcmp(copying->what.parent, copying->call->branches->conninfo->place.database) == 0;
}

/* Decides, and calls `begin` in between; our own sessions stay away from the parent all that time. */
static bool run(struct copying *copying, struct branch_row *row, bool (*begin)(struct copying *, struct branch_row *))
{
    const struct branch_call *const call = copying->call;
    const bool is_ours = is_home(copying);
    const bool wants_parent = copying->source == SOURCE_USUAL || copying->source == SOURCE_PARENT;
    copying->session = server_open(call, wants_parent ? copying->what.parent : NULL);
    if (copying->session == NULL) {
        return false;
    }
    if (is_ours) {
        let_go(call, true);
    }
    if (copying->source == SOURCE_USUAL) {
        copying->source = SOURCE_PARENT;
    }
    bool ok =
        copying->source == SOURCE_GOLDEN ? need_golden(copying) : !wants_parent || decide(copying, copying->session);
    ok = ok && (copying->source == SOURCE_SCHEMA ||
                disk_has_room(call, copying->session, copying->what.parent, &copying->warnings));
    if (!ok) {
        pg_session_free(copying->session);
    }
    ok = ok && begin(copying, row);
    if (ok && call->watching != NULL) {
        call->watching->begun(call->watching->data, row);
    }
    ok = ok && make(copying, row);
    if (is_ours) {
        let_go(call, false);
    }
    return ok;
}

static const char *kind_of(const struct copying *copying)
{
    return copying->source == SOURCE_SCHEMA || copying->has_no_rows ? "schema" : "full";
}

static bool begin_new(struct copying *copying, struct branch_row *row)
{
    copying->what.source = source_words[copying->source];
    copying->what.kind = copying->what.kind != NULL ? copying->what.kind : kind_of(copying);
    copying->what.data_at = copying->data_at;
    return make_begin(copying->call, &copying->what, copying->session, row);
}

static bool begin_again(struct copying *copying, struct branch_row *row)
{
    row->source = source_words[copying->source]; /* this decides which database the working session connects to */
    row->kind = kind_of(copying);
    row->reset_key = copying->what.key;
    row->reset_request = copying->what.request;
    return make_begin_again(copying->call, copying->session, row);
}

static bool prepare(const struct branch_call *call, const struct branch_new *what, struct copying *copying)
{
    *copying = (struct copying){.call = call, .what = *what, .data_at = NO_TIME};
    if (what->parent == NULL || what->parent[0] == '\0') {
        copying->what.parent = call->branches->conninfo->place.database;
    }
    return read_words(call, what, copying);
}

/* Finds the earlier answer for a key: registry_reuse or registry_reuse_reset. */
typedef bool reuse_answer(const struct branch_call *call, struct pg_session *session, const struct branch_new *what,
                          struct branch_row *row, bool *found);

/* Is there an answer for the key already? *found is false if there is none, or no key. */
static bool look_for_answer(const struct branch_call *call, const struct branch_new *what, reuse_answer *reuse,
                            struct branch_row *row, bool *found)
{
    *found = false;
    struct pg_session *const home = what->key == NULL ? NULL : registry_take(call);
    const bool ok = what->key == NULL || (home != NULL && reuse(call, home, what, row, found));
    registry_give(call, home, true);
    return ok;
}

bool branch_create(const struct branch_call *call, const struct branch_new *what, struct branch_row *row)
{
    struct copying copying;
    bool found;
    if (!prepare(call, what, &copying)) {
        return false;
    }
    copying.what.kind = NULL;
    return look_for_answer(call, &copying.what, registry_reuse, row, &found) &&
           (found || run(&copying, row, begin_new));
}

/* Finds the branch, and refuses one that cannot be reset. */
static bool find_to_reset(const struct branch_call *call, int64_t id, struct branch_row *row)
{
    if (!branch_find(call, id, row)) {
        return false;
    }
    if (strcmp(row->status, "creating") == 0) {
        return status_fail_because(call->status, STATUS_ABORTED, REASON_BUSY,
                                   "The branch \"%s\" is being made or reset at this moment. Wait for it (truss "
                                   "branch wait %lld), then try again.",
                                   row->label, (long long)id);
    }
    if (strcmp(row->status, "active") != 0) {
        return refuse_unknown(call, row);
    }
    if (strcmp(row->kind, "golden") == 0) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                           "This is the golden copy: make it again with `truss branch golden refresh`.");
    }
    if (row->is_protected) {
        return refuse_protected(call, row);
    }
    if (strcmp(row->source, "backup") == 0) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                           "The branch \"%s\" came from a backup: restore that again instead.", row->label);
    }
    return true;
}

bool branch_reset(const struct branch_call *call, int64_t id, const struct branch_new *how, struct branch_row *row)
{
    struct copying copying;
    struct branch_new what = *how;
    bool found;
    if (!look_for_answer(call, how, registry_reuse_reset, row, &found) || (!found && !find_to_reset(call, id, row))) {
        return false;
    }
    what.parent = row->parent;
    what.source = row->source;
    if (found || !prepare(call, &what, &copying)) {
        return found;
    }
    copying.reset = row;
    return run(&copying, row, begin_again);
}

/* ---- making the golden copy ---- */

/* Drops the golden copies that are older than the new one. */
static bool drop_older(const struct branch_call *call, const struct branch_row *golden)
{
    struct pg_session *const home = registry_take(call);
    const char *const values[] = {golden->parent, arena_printf(call->arena, "%" PRId64, golden->id)};
    const struct registry_query query = {
        "b.kind = 'golden' AND b.status = 'active' AND " REGISTRY_PARENT " = $1 AND b.id < $2::bigint", 2, values};
    struct branch_list list = {0};
    const bool ok = home != NULL && registry_read(call, home, &query, &list);
    registry_give(call, home, true);
    for (size_t i = 0; ok && i < list.count; i++) {
        struct status ignored = {.arena = call->arena};
        const struct branch_call dropping = {call->branches, call->arena, &ignored, call->deadline, NULL};
        branch_delete(&dropping, list.rows[i].id);
    }
    return ok;
}

bool branch_refresh_golden(const struct branch_call *call, const struct branch_new *what, struct branch_row *row)
{
    struct branch_new golden = *what;
    struct copying copying;
    bool found;
    golden.source = what->source == NULL || what->source[0] == '\0' ? "dump" : what->source;
    golden.kind = "golden";
    golden.label = "golden";
    golden.ttl_hours = 0;
    if (!prepare(call, &golden, &copying)) {
        return false;
    }
    if (copying.source != SOURCE_DUMP && copying.source != SOURCE_SCHEMA) {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT, "A golden copy is made by \"dump\" or \"schema\".");
    }
    return look_for_answer(call, &golden, registry_reuse, row, &found) &&
           (found || (run(&copying, row, begin_new) && drop_older(call, row)));
}
