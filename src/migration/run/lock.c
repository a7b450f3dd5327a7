/*
 * pg_try_advisory_lock in a loop with growing, jittered pauses. Between attempts the session is idle, without a
 * snapshot for which CREATE INDEX CONCURRENTLY would wait.
 */
#include "migration/run/lock.h"

#include "migration/look/under_way.h"
#include "migration/run/blocker.h"
#include "pg/activity.h"
#include "pg/locks.h"
#include "pg/query.h"
#include "pg/values.h"

#include <stdio.h>
#include <string.h>

#define FIRST_PAUSE_MS   20
#define LONGEST_PAUSE_MS 250
#define LAST_WORDS_MS    500 /* before the deadline, so that there is time to look who holds the lock, and to say it */
#define WORD_EACH_MS     5000
#define MOST_TIMES_TAKEN 1000 /* by a script, of one lock */

#define NOT_OURS "truss: another session has a lock of this run" /* cast to a number, which fails */

/* An advisory lock as pg_locks shows it: one 64-bit key has objsubid 1, two 32-bit keys have objsubid 2. */
struct lock_key {
    const char *owner; /* for messages */
    uint32_t class;
    uint32_t object;
    int subid;
};

static struct lock_key our_key(const struct ledger *ledger)
{
    return (struct lock_key){
        .owner = "Truss", .class = LOCKS_CLASS_NUMBER, .object = under_way_key(ledger), .subid = 2};
}

static struct lock_key framework_key(const struct framework *framework, int64_t number)
{
    const uint64_t key = (uint64_t)number;
    return (struct lock_key){
        .owner = framework->display_name,
        .class = (uint32_t)(key >> 32),
        .object = (uint32_t)key,
        .subid = 1,
    };
}

static size_t framework_keys(const struct run *run, const struct detection *detection, int64_t *keys)
{
    return framework_advisory_locks(detection->framework, &detection->ledger, pg_session_database(run->session), keys);
}

/* All keys, ours first. */
static size_t all_keys(const struct run *run, const struct detection *detection, struct lock_key *keys)
{
    int64_t numbers[MOST_ADVISORY_KEYS];
    const size_t count = framework_keys(run, detection, numbers);
    keys[0] = our_key(&detection->ledger);
    for (size_t i = 0; i < count; i++) {
        keys[i + 1] = framework_key(detection->framework, numbers[i]);
    }
    return count + 1;
}

/* The arguments of an advisory lock function: two 32-bit keys, or one 64-bit key. */
static void put_arguments(struct buffer *sql, const struct lock_key *key)
{
    if (key->subid == 2) {
        buffer_printf(sql, "(%d, %d)", (int)key->class, (int)key->object);
    } else {
        buffer_printf(sql, "(%lld)", (long long)((uint64_t)key->class << 32 | key->object));
    }
}

/* Locks that are tried in one message. */
struct lock_try {
    const char *in_front; /* a statement to send before, or "" */
    const struct lock_key *keys;
    size_t count;
    size_t taken; /* how many of them, from the first on, were obtained */
};

/* Tries one after the other until one is not available. Fails for a lost connection; and, with none taken, behind a
 * pooler, which answers with a backend whose pid differs from that at connecting (observed with PgBouncer 1.18). */
static bool try_locks(struct run *run, struct lock_try *try)
{
    const int pid = pg_session_backend_pid(run->session);
    struct buffer sql = {.arena = run->arena};
    buffer_printf(&sql,
                  "%sSELECT pg_catalog.pg_backend_pid(), CASE WHEN pg_catalog.pg_backend_pid() "
                  "OPERATOR(pg_catalog.<>) %d THEN 0 ",
                  try->in_front, pid);
    for (size_t i = 0; i < try->count; i++) {
        buffer_puts(&sql, "WHEN NOT pg_catalog.pg_try_advisory_lock");
        put_arguments(&sql, &try->keys[i]);
        buffer_printf(&sql, " THEN %zu ", i);
    }
    buffer_printf(&sql,
                  "ELSE %zu END, pg_catalog.current_setting('synchronous_standby_names') OPERATOR(pg_catalog.<>) ''",
                  try->count);
    PG_RESULT(result) = pg_query_simple(run->session, buffer_string(&sql), run->status);
    if (result == NULL) {
        return false;
    }
    try->taken = (size_t)pg_field_int(result, 0, 1, 0);
    run->names_standbys = pg_field_bool(result, 0, 2);
    return pg_field_int(result, 0, 0, 0) == pid ||
           status_fail(run->status, STATUS_FAILED_PRECONDITION, PG_SESSION_POOLED);
}

struct lock_holder {
    struct run_blocker session;
    int64_t connected_s;
};

/* Finds the session that holds the lock. Returns false if nobody does any more, or the query fails. */
static bool find_holder(struct run *run, const struct lock_key *key, struct lock_holder *holder)
{
    static const char sql[] =
        "SELECT " BLOCKER_COLUMNS ", "
        "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.backend_start)::int "
        "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid "
        "WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted "
        "AND l.classid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) $2::pg_catalog.oid "
        "AND l.objsubid OPERATOR(pg_catalog.=) $3::pg_catalog.int2 "
        "AND a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()";
    char class[16];
    char object[16];
    struct status ignored = {.arena = run->arena};
    snprintf(class, sizeof class, "%u", key->class);
    snprintf(object, sizeof object, "%u", key->object);
    PG_RESULT(result) =
        pg_query(run->session, sql, 3, (const char *const[]){class, object, key->subid == 1 ? "1" : "2"}, &ignored);
    if (result == NULL || PQntuples(result) == 0) {
        return false;
    }
    holder->session = blocker_of(run->arena, result, 0);
    holder->connected_s = pg_field_int(result, 0, BLOCKER_COLUMN_COUNT, 0);
    return true;
}

/* "pid 4711 (application "prisma", user app, connected for 12 s)" */
static const char *holder_text(struct arena *arena, const struct lock_holder *holder)
{
    return blocker_name(arena, &holder->session,
                        arena_printf(arena, "connected for %lld s", (long long)holder->connected_s));
}

static const char *holder_of(struct run *run, const struct lock_key *key)
{
    struct lock_holder holder;
    return find_holder(run, key, &holder) ? holder_text(run->arena, &holder) : "another session";
}

/* A lock that is waited for. */
struct lock_wait {
    const struct lock_key *key;
    int64_t began; /* clock_ms, like the next */
    int64_t until;
    uint32_t attempt;
    uint32_t pause_ms; /* until the next attempt */
};

/* Reports the wait: at first, and every few seconds. */
static void tell_wait(struct run *run, const struct lock_wait *wait)
{
    struct lock_holder holder;
    const bool is_known = find_holder(run, wait->key, &holder);
    watch_tell(&run->watch, &(struct run_event){
                                .kind = RUN_EVENT_RUN_LOCK_WAIT,
                                .duration_ms = (uint32_t)(clock_ms() - wait->began),
                                .attempt = wait->attempt,
                                .next_try_ms = wait->pause_ms,
                                .gives_up_at = clock_wall_us() + (wait->until - clock_ms()) * 1000,
                                .blockers = &holder.session,
                                .blocker_count = is_known ? 1 : 0,
                                .message = arena_printf(
                                    run->arena, "Another run is going on: the %s lock is held by %s.", wait->key->owner,
                                    is_known ? holder_text(run->arena, &holder) : "another session"),
                            });
}

/* Pauses before the next attempt. Returns false if the run was cancelled meanwhile. */
static bool pause_before_next(struct run *run, uint32_t ms)
{
    return watch_pause(&run->watch, run->deadline, ms) || !watch_cancelled(&run->watch) ||
           status_fail(run->status, STATUS_CANCELLED,
                       "The run was cancelled while it waited for another one; nothing was run.");
}

static uint32_t next_pause(uint32_t ms)
{
    return ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : ms * 2;
}

static int64_t wait_end(const struct run *run)
{
    const int64_t wait = clock_ms() + run->request->site->lock_wait_ms; /* 0: one attempt */
    const int64_t last = run->deadline - LAST_WORDS_MS;
    return wait < last ? wait : last;
}

/* Waits for the first lock, and takes those after it that are free. */
static bool take_first(struct run *run, struct lock_try *try)
{
    const struct lock_key *const key = &try->keys[0];
    struct lock_wait wait = {.key = key, .began = clock_ms(), .until = wait_end(run), .attempt = 1};
    int64_t next_word = wait.began;
    for (wait.pause_ms = FIRST_PAUSE_MS;; wait.pause_ms = next_pause(wait.pause_ms)) {
        if (!try_locks(run, try)) {
            return false;
        }
        if (try->taken > 0) {
            meters_run_waited(run->request->site->meters, wait.attempt == 1 ? 0 : clock_ms() - wait.began);
            return true;
        }
        if (deadline_passed(wait.until)) {
            meters_run_waited(run->request->site->meters, clock_ms() - wait.began);
            break;
        }
        if (clock_ms() >= next_word) {
            tell_wait(run, &wait);
            next_word = clock_ms() + WORD_EACH_MS;
        }
        wait.attempt++;
        try->in_front = "";
        if (!pause_before_next(run, wait.pause_ms)) {
            return false;
        }
    }
    return status_fail_because(
        run->status, STATUS_ABORTED, REASON_LOCKED,
        "Another run is going on: the %s lock is held by %s. Nothing was run; try again when it has ended.", key->owner,
        holder_of(run, key));
}

/* Takes all in one message if nobody has any of them. */
static bool take(struct run *run, const char *in_front, const struct lock_key *keys, size_t count)
{
    struct lock_try try = {.in_front = in_front, .keys = keys, .count = count};
    while (try.count > 0) {
        if (!take_first(run, &try)) {
            return false;
        }
        try = (struct lock_try){.in_front = "", .keys = try.keys + try.taken, .count = try.count - try.taken};
    }
    return true;
}

/* Ends an open reading transaction in the same message. */
static const char *end_of_reading(const struct run *run)
{
    return pg_session_in_transaction(run->session) ? "ROLLBACK;" : "";
}

bool lock_take_ours(struct run *run, const struct detection *detection)
{
    const struct lock_key ours = our_key(&detection->ledger);
    return take(run, end_of_reading(run), &ours, 1);
}

bool lock_take(struct run *run, const struct detection *detection)
{
    struct lock_key keys[MOST_ADVISORY_KEYS + 1];
    return take(run, end_of_reading(run), keys, all_keys(run, detection, keys));
}

bool lock_retake(struct run *run, const struct detection *detection)
{
    struct lock_key keys[MOST_ADVISORY_KEYS + 1];
    const size_t count = all_keys(run, detection, keys);
    return take(run, "", keys + 1, count - 1);
}

/* *holder describes such a session, "" if there is none. Only sessions of our own role count: others may use any
 * name. */
static bool find_tool(struct run *run, const char *session_name, const char **holder)
{
    static const char sql[] =
        "SELECT pg_catalog.format('%s, connected for %s s)', " ACTIVITY_NAME ", pg_catalog.date_part('epoch', "
        "pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.backend_start)::int) FROM pg_catalog.pg_stat_activity a "
        "WHERE a.application_name OPERATOR(pg_catalog.=) $1 AND a.usename OPERATOR(pg_catalog.=) SESSION_USER AND "
        "a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() LIMIT 1";
    PG_RESULT(result) = pg_query(run->session, sql, 1, &session_name, run->status);
    if (result != NULL) {
        *holder = PQntuples(result) == 0 ? "" : arena_strdup(run->arena, pg_field(result, 0, 0));
    }
    return result != NULL;
}

bool lock_wait_for_tool(struct run *run, const char *session_name)
{
    const int64_t until = wait_end(run);
    const char *holder = "";
    bool was_told = false;
    while (find_tool(run, session_name, &holder)) {
        if (holder[0] == '\0') {
            return true;
        }
        if (deadline_passed(until)) {
            return status_fail_because(run->status, STATUS_ABORTED, REASON_LOCKED,
                                       "The tool of an earlier run still has a session: %s. Nothing was run; try again "
                                       "when it has ended, or end it with pg_terminate_backend.",
                                       holder);
        }
        if (!was_told) {
            watch_note(&run->watch, NULL,
                       arena_printf(run->arena, "The tool of an earlier run still has a session: %s.", holder));
            was_told = true;
        }
        if (!pause_before_next(run, LONGEST_PAUSE_MS)) {
            return false;
        }
    }
    return false;
}

bool lock_yield(struct run *run, const struct detection *detection)
{
    int64_t keys[MOST_ADVISORY_KEYS];
    const size_t count = framework_keys(run, detection, keys);
    struct buffer sql = {.arena = run->arena};
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&sql, "SELECT pg_catalog.pg_advisory_unlock(%lld);", (long long)keys[i]);
    }
    return pg_exec(run->session, buffer_string(&sql), run->status);
}

/* ---- between scripts ---- */

const char *lock_guard(struct run *run, const struct detection *detection)
{
    struct lock_key keys[MOST_ADVISORY_KEYS + 1];
    const size_t count = all_keys(run, detection, keys);
    struct buffer sql = {.arena = run->arena};
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&sql, i == 0 ? "SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock"
                                 : " AND pg_catalog.pg_try_advisory_xact_lock");
        put_arguments(&sql, &keys[i]);
    }
    buffer_puts(&sql, " THEN 0 ELSE pg_catalog.concat('" NOT_OURS "')::pg_catalog.int4 END;");
    return buffer_string(&sql);
}

void lock_guard_explain(struct status *status)
{
    if (status->message == NULL || strstr(status->message, NOT_OURS) == NULL) {
        return;
    }
    status_fail(status, STATUS_ABORTED,
                "The script of an earlier migration has let go of the lock that keeps two runs apart, and another "
                "session has it now. Nothing of this one was kept: look at the status, then run again.");
    status->sqlstate = status->detail = status->hint = NULL;
    status->position = 0;
}

/* The advisory locks of the session. Operators are qualified: a script's search path may be in force. */
static PGresult *read_held(struct run *run)
{
    return pg_query(run->session,
                    "SELECT l.classid, l.objid, l.objsubid, l.mode OPERATOR(pg_catalog.=) 'ShareLock' FROM "
                    "pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND "
                    "l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()",
                    0, NULL, run->status);
}

static struct lock_key held_key(const PGresult *held, int row)
{
    return (struct lock_key){
        .class = (uint32_t)pg_field_int(held, row, 0, 0),
        .object = (uint32_t)pg_field_int(held, row, 1, 0),
        .subid = (int)pg_field_int(held, row, 2, 0),
    };
}

static bool same_key(const struct lock_key *a, const struct lock_key *b)
{
    return a->class == b->class && a->object == b->object && a->subid == b->subid;
}

static bool holds(const PGresult *held, const struct lock_key *key)
{
    for (int i = 0; i < PQntuples(held); i++) {
        const struct lock_key other = held_key(held, i);
        if (same_key(&other, key) && !pg_field_bool(held, i, 3)) {
            return true;
        }
    }
    return false;
}

/* Releases locks that are not ours, once each. *some: there were any. */
static bool let_go_once(struct run *run, const PGresult *held, const struct lock_key *keys, size_t count, bool *some)
{
    struct buffer sql = {.arena = run->arena};
    for (int i = 0; i < PQntuples(held); i++) {
        const struct lock_key other = held_key(held, i);
        const bool is_shared = pg_field_bool(held, i, 3);
        bool is_ours = false;
        for (size_t j = 0; j < count; j++) {
            is_ours = is_ours || (same_key(&other, &keys[j]) && !is_shared);
        }
        if (!is_ours) {
            buffer_printf(&sql, "SELECT pg_catalog.pg_advisory_unlock%s", is_shared ? "_shared" : "");
            put_arguments(&sql, &other);
            buffer_putc(&sql, ';');
        }
    }
    *some = sql.size > 0;
    return !*some || pg_exec(run->session, buffer_string(&sql), run->status);
}

/* A lock that was taken several times must be released as often. */
static bool let_go(struct run *run, const struct lock_key *keys, size_t count)
{
    bool some = true;
    for (int i = 0; i < MOST_TIMES_TAKEN && some; i++) {
        PG_RESULT(held) = read_held(run);
        if (held == NULL || !let_go_once(run, held, keys, count, &some)) {
            return false;
        }
    }
    return true;
}

bool lock_verify(struct run *run, const struct detection *detection, bool lets_go, bool *lost)
{
    struct lock_key keys[MOST_ADVISORY_KEYS + 1];
    const size_t count = all_keys(run, detection, keys);
    PG_RESULT(held) = read_held(run);
    size_t missing = 0;
    if (held == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!holds(held, &keys[i])) {
            missing++;
            watch_note(&run->watch, NULL,
                       arena_printf(run->arena,
                                    "The script let go of the %s lock, which keeps two runs apart: it is taken again.",
                                    keys[i].owner));
            if (!take(run, "", &keys[i], 1)) {
                return false;
            }
        }
    }
    *lost = missing > 0;
    return !lets_go || (size_t)PQntuples(held) + missing <= count || let_go(run, keys, count);
}
