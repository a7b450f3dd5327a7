/*
 * The times of a schedule are slots: the last slot that has passed is due if no worker took it. Taking it is an UPDATE
 * of one row, so that only one of several workers does it.
 */
#include "backup/backup.h"

#include "backup/delete.h"
#include "backup/rows.h"
#include "backup/store.h"
#include "base/clock.h"
#include "base/log.h"
#include "pg/own_query.h"
#include "pg/values.h"

#include <string.h>

#define LOST_MS     10000 /* for files of lost backups: the rest of a sweep waits for it */
#define MOST_FAILED "3"   /* failed backups of a slot: after these, the next slot is used */

/* The last slot that has passed, for a row s. */
#define SLOT                                                                                                           \
    "CASE s.frequency WHEN 'hourly' THEN pg_catalog.date_trunc('hour', n.now) WHEN 'daily' THEN "                      \
    "pg_catalog.date_trunc('day', n.now - pg_catalog.make_interval(hours => s.hour)) + "                               \
    "pg_catalog.make_interval(hours => s.hour) ELSE pg_catalog.date_trunc('week', n.now - "                            \
    "pg_catalog.make_interval(hours => s.hour)) + pg_catalog.make_interval(hours => s.hour) END"

/* Without a time zone, in UTC. */
#define NOW "(SELECT pg_catalog.now() AT TIME ZONE 'UTC' AS now) n"

/* ---- reading and changing ---- */

static const struct backup_schedule usual = {
    .frequency = "daily",
    .verify = "read",
    .hour = 2,
    .retention_days = 30,
    .keep_last = 7,
    .keep_daily = 7,
    .keep_weekly = 4,
    .next_at = NO_TIME,
};

static bool read_schedule(const struct backup_call *call, struct pg_session *session, struct backup_schedule *schedule)
{
    bool exist;
    *schedule = usual;
    if (!backup_rows_exist(session, &exist, call->status) || !exist) {
        return call->status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(
        session,
        "SELECT s.enabled, s.frequency, s.hour, s.retention_days, s.keep_last, s.keep_daily, s.keep_weekly, s.verify, "
        "CASE WHEN s.enabled THEN (extract(epoch FROM " SLOT " + CASE s.frequency WHEN 'hourly' THEN interval '1 hour' "
        "WHEN 'daily' THEN interval '1 day' ELSE interval '7 days' END) * 1000000)::bigint END "
        "FROM {truss}.backup_schedule s, " NOW " WHERE s.home = " BACKUP_HOME,
        0, NULL, call->status);
    if (result != NULL && PQntuples(result) == 1) {
        *schedule = (struct backup_schedule){
            .enabled = pg_field_bool(result, 0, 0),
            .frequency = arena_strdup(call->arena, pg_field(result, 0, 1)),
            .hour = (uint32_t)pg_field_int(result, 0, 2, 0),
            .retention_days = (uint32_t)pg_field_int(result, 0, 3, 0),
            .keep_last = (uint32_t)pg_field_int(result, 0, 4, 0),
            .keep_daily = (uint32_t)pg_field_int(result, 0, 5, 0),
            .keep_weekly = (uint32_t)pg_field_int(result, 0, 6, 0),
            .verify = arena_strdup(call->arena, pg_field(result, 0, 7)),
            .next_at = pg_field_us(result, 0, 8),
        };
    }
    return result != NULL;
}

bool backup_schedule_get(const struct backup_call *call, struct backup_schedule *schedule)
{
    struct pg_session *const session = backup_take(call);
    const bool ok = session != NULL && read_schedule(call, session, schedule);
    backup_give(call, session);
    return ok;
}

static bool check(const struct backup_call *call, const struct backup_schedule *schedule)
{
    static const char *const frequencies[] = {"hourly", "daily", "weekly", NULL};
    static const char *const verifies[] = {"none", "read", "restored", NULL};
    struct status *const status = call->status;
    if (!word_is_one_of(text_of(schedule->frequency), frequencies)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "\"frequency\" is hourly, daily or weekly.");
    }
    if (!word_is_one_of(text_of(schedule->verify), verifies)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "\"verify\" is none, read or restored.");
    }
    if (schedule->hour > 23) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "\"hour\" is 0 to 23, UTC.");
    }
    if (schedule->keep_last == 0 || schedule->keep_last > 1000 || schedule->keep_daily > 1000 ||
        schedule->keep_weekly > 1000 || schedule->retention_days > 36500) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "\"keep_last\" is 1 to 1000, \"keep_daily\" and \"keep_weekly\" up to 1000, "
                           "\"retention_days\" up to 36500.");
    }
    return backup_is_set_up(call->backups, status) || !schedule->enabled;
}

/* When a schedule is made or changed, a slot that has passed already counts as taken. */
static bool write_schedule(const struct backup_call *call, struct pg_session *session,
                           const struct backup_schedule *schedule)
{
    const char *const values[] = {
        schedule->enabled ? "true" : "false",
        schedule->frequency,
        arena_printf(call->arena, "%u", schedule->hour),
        arena_printf(call->arena, "%u", schedule->retention_days),
        arena_printf(call->arena, "%u", schedule->keep_last),
        arena_printf(call->arena, "%u", schedule->keep_daily),
        arena_printf(call->arena, "%u", schedule->keep_weekly),
        schedule->verify,
    };
    int count;
    return backup_rows_change(
        session,
        "INSERT INTO {truss}.backup_schedule (home, enabled, frequency, hour, retention_days, keep_last, keep_daily, "
        "keep_weekly, verify, last_slot) SELECT " BACKUP_HOME
        ", $1::boolean, $2, $3::int, $4::int, $5::int, $6::int, $7::int, $8, pg_catalog.now() ON CONFLICT (home) DO "
        "UPDATE SET enabled = excluded.enabled, frequency = excluded.frequency, hour = excluded.hour, retention_days = "
        "excluded.retention_days, keep_last = excluded.keep_last, keep_daily = excluded.keep_daily, keep_weekly = "
        "excluded.keep_weekly, verify = excluded.verify, last_slot = excluded.last_slot RETURNING 1",
        &(struct backup_query){NULL, 8, values}, &count, call->status);
}

bool backup_schedule_set(const struct backup_call *call, const struct backup_schedule *schedule)
{
    struct pg_session *const session = check(call, schedule) ? backup_take(call) : NULL;
    const bool ok =
        session != NULL && backup_rows_ensure(session, call->status) && write_schedule(call, session, schedule);
    backup_give(call, session);
    return ok;
}

/* ---- what is due ---- */

static bool take_slot(const struct backup_call *call, struct pg_session *session, bool *due)
{
    int count = 0;
    const bool ok = backup_rows_change(
        session,
        "UPDATE {truss}.backup_schedule t SET last_slot = pg_catalog.now() FROM (SELECT s.home, " SLOT
        " AT TIME ZONE 'UTC' AS slot FROM {truss}.backup_schedule s, " NOW
        ") d WHERE t.home = d.home AND t.home = " BACKUP_HOME
        " AND t.enabled AND (t.last_slot IS NULL OR t.last_slot < d.slot) RETURNING 1",
        &(struct backup_query){0}, &count, call->status);
    *due = count == 1;
    return ok;
}

/* A backup that could not even begin is still due: the next check tries again, and reports again. */
static void give_back_what_did_not_begin(const struct backup_call *call)
{
    struct status ignored = {.arena = call->arena};
    const struct backup_call again = {call->backups, call->arena, &ignored, call->deadline};
    struct pg_session *const session = backup_session(&again, 0);
    int count;
    if (session != NULL) {
        backup_rows_change(
            session, "UPDATE {truss}.backup_schedule SET last_slot = NULL WHERE home = " BACKUP_HOME " RETURNING 1",
            &(struct backup_query){0}, &count, &ignored);
    }
    pg_session_free(session);
}

bool backup_schedule_take(const struct backup_call *call, bool *due, struct backup_row *row)
{
    static const struct backup_new what = {.label = "", .kind = "scheduled", .created_by = "schedule"};
    bool exist;
    *due = false;
    if (call->backups->folder == NULL) {
        return true;
    }
    struct pg_session *const session = backup_session(call, 0);
    const bool ok = session != NULL && backup_rows_exist(session, &exist, call->status) &&
                    (!exist || take_slot(call, session, due));
    pg_session_free(session);
    if (!ok || !*due) {
        return ok;
    }
    bool is_again;
    *due = backup_begin(call, &what, row, &is_again);
    if (!*due) {
        give_back_what_did_not_begin(call);
    }
    return *due;
}

/* ---- sweeping ---- */

/* A scheduled backup whose worker died is made again, but not for ever. */
static bool give_slot_back(const struct backup_call *call, struct pg_session *session)
{
    int count;
    return backup_rows_change(
        session,
        "UPDATE {truss}.backup_schedule t SET last_slot = NULL WHERE t.home = " BACKUP_HOME
        " AND (SELECT pg_catalog.count(*) FROM {truss}.backups b WHERE b.home = t.home AND b.kind = 'scheduled' AND "
        "b.state = 'failed' AND b.created_at >= pg_catalog.now() - interval '50 minutes') < " MOST_FAILED
        " RETURNING 1",
        &(struct backup_query){0}, &count, call->status);
}

/* Rows whose worker was not heard of for a while. A backup that was being verified or restored is complete as
 * before. */
static bool end_lost(const struct backup_call *call, struct pg_session *session)
{
    static const char sql[] =
        "UPDATE {truss}.backups b SET state = CASE WHEN b.state IN ('verifying', 'restoring') AND b.verified <> "
        "'" BACKUP_DAMAGED "' THEN 'completed' ELSE 'failed' END, restore_state = CASE b.state WHEN 'restoring' THEN "
        "'failed' ELSE b.restore_state END, "
        "restore_message = CASE b.state WHEN 'restoring' THEN 'Its worker ended in the middle of it.' ELSE "
        "b.restore_message END, message = CASE WHEN b.state IN ('verifying', 'restoring') AND b.verified <> "
        "'" BACKUP_DAMAGED "' THEN b.message ELSE 'Its worker ended in the middle of it.' END, claimed_until = NULL, "
        "claimed_by = '' WHERE b.id IN (SELECT l.id FROM "
        "{truss}.backups l WHERE l.home = " BACKUP_HOME
        " AND l.state IN ('waiting', 'running', 'verifying', 'restoring') AND l.claimed_until < "
        "pg_catalog.clock_timestamp() ORDER BY l.id LIMIT 10 FOR UPDATE SKIP LOCKED) RETURNING b.filename, b.sha256 = "
        "'', b.kind";
    PG_RESULT(result) = backup_rows_write(session, sql, &(struct backup_query){0}, call->status);
    struct status ignored = {.arena = call->arena}; /* what is left is deleted together with the row */
    const struct backup_call files = {call->backups, call->arena, &ignored, deadline_in(LOST_MS)};
    bool is_scheduled = false;
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const bool is_failed = pg_field_bool(result, i, 1); /* the file of a complete backup stays */
        const char *const name = arena_strdup(call->arena, pg_field(result, i, 0));
        log_warn("backup lost its worker", "file=%s", log_quoted(name, (char[LOG_QUOTED_SIZE]){0}));
        if (is_failed && call->backups->folder != NULL) {
            backup_files_delete(&files, name);
        }
        is_scheduled = is_scheduled || (is_failed && strcmp(pg_field(result, i, 2), "scheduled") == 0);
    }
    return result != NULL && (!is_scheduled || give_slot_back(call, session));
}

/* Of the complete backups of a schedule, the newest is always kept, and so are protected ones. The others get the state
 * "deleting". */
static bool end_old(const struct backup_call *call, struct pg_session *session)
{
    static const char sql[] =
        "WITH s AS MATERIALIZED (SELECT * FROM {truss}.backup_schedule WHERE home = " BACKUP_HOME
        " AND enabled), numbered AS MATERIALIZED (SELECT b.id, b.created_at, pg_catalog.row_number() OVER (ORDER BY "
        "b.created_at DESC) AS number, pg_catalog.row_number() OVER (PARTITION BY pg_catalog.date_trunc('day', "
        "b.created_at AT TIME ZONE 'UTC') ORDER BY b.created_at DESC) AS of_day, pg_catalog.dense_rank() OVER (ORDER "
        "BY pg_catalog.date_trunc('day', b.created_at AT TIME ZONE 'UTC') DESC) AS day, pg_catalog.row_number() OVER "
        "(PARTITION BY pg_catalog.date_trunc('week', b.created_at AT TIME ZONE 'UTC') ORDER BY b.created_at DESC) AS "
        "of_week, pg_catalog.dense_rank() OVER (ORDER BY pg_catalog.date_trunc('week', b.created_at AT TIME ZONE "
        "'UTC') DESC) AS week FROM {truss}.backups b WHERE b.home = " BACKUP_HOME
        " AND b.kind = 'scheduled' AND NOT b.protected AND b.state = 'completed') "
        "UPDATE {truss}.backups b SET state = 'deleting', claimed_until = pg_catalog.clock_timestamp() WHERE b.state = "
        "'completed' AND b.id IN (SELECT l.id FROM "
        "{truss}.backups l JOIN numbered n ON n.id = l.id, s WHERE n.number > 1 AND l.state = 'completed' AND NOT "
        "((n.number <= s.keep_last OR (n.of_day = 1 AND n.day <= s.keep_daily) OR (n.of_week = 1 AND n.week <= "
        "s.keep_weekly)) AND (s.retention_days = 0 OR n.created_at > pg_catalog.now() - pg_catalog.make_interval(days "
        "=> s.retention_days))) FOR UPDATE OF l SKIP LOCKED) RETURNING b.filename";
    PG_RESULT(result) = backup_rows_write(session, sql, &(struct backup_query){0}, call->status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const char *const name = arena_strdup(call->arena, pg_field(result, i, 0));
        log_info("backup deleted by its schedule", "file=%s", log_quoted(name, (char[LOG_QUOTED_SIZE]){0}));
    }
    return result != NULL;
}

bool backup_sweep(const struct backup_call *call)
{
    struct pg_session *const session = backup_session(call, 0);
    bool exist;
    const bool ok =
        session != NULL && backup_rows_exist(session, &exist, call->status) &&
        (!exist || (end_lost(call, session) &&
                    (call->backups->folder == NULL || (end_old(call, session) && backup_delete_left(call, session)))));
    pg_session_free(session);
    return ok;
}
