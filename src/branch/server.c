/*
 * The comment has a fixed beginning, so that the owner of a database can be read without parsing JSON.
 */
#include "branch/server.h"

#include "base/json_text.h"
#include "branch/names.h"
#include "pg/activity.h"
#include "pg/query.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_CLASS    "1414681922" /* "TRUB" */
#define COMMENT_START "truss-branch {\"token\":\""
#define COMMENT_READY "\",\"ready\":true,"

#define LIST_MOST "20"

/* ---- the lock ---- */

/* An advisory lock belongs to the database of its session, and workers may be connected to different databases. So a
 * worker that got the lock in its database then checks all databases: of two workers that got it, at least the later
 * one sees the other. */
bool server_lock(struct pg_session *session, const char *token, bool *taken, struct status *status)
{
    static const char sql[] =
        "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.classid = " LOCK_CLASS
        " AND l.objid = $1::int AND l.objsubid = 2 AND l.granted AND l.pid <> pg_catalog.pg_backend_pid())";
    char start[8] = "";
    char key[16];
    memcpy(start, token, strnlen(token, 7)); /* 28 bits: a positive int */
    snprintf(key, sizeof key, "%lu", strtoul(start, NULL, 16));
    PG_RESULT(result) = pg_query(session, "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_CLASS ", $1::int)", 1,
                                 (const char *const[]){key}, status);
    *taken = result != NULL && pg_field_bool(result, 0, 0);
    if (!*taken) {
        return result != NULL;
    }
    PG_RESULT(alone) = pg_query(session, sql, 1, (const char *const[]){key}, status);
    *taken = alone != NULL && pg_field_bool(alone, 0, 0);
    return alone != NULL;
}

/* ---- databases ---- */

static const char *copy(const struct branch_call *call, const PGresult *result, int column)
{
    return arena_strdup(call->arena, pg_field(result, 0, column));
}

/* Since PostgreSQL 15 a database has a locale provider. The provider's locale is in daticulocale, since 17 in
 * datlocale; since 16 there may be collation rules too. */
static const char *locale_columns(int version)
{
    return version >= 170000   ? "d.datlocprovider, d.datlocale, d.daticurules"
           : version >= 160000 ? "d.datlocprovider, d.daticulocale, d.daticurules"
           : version >= 150000 ? "d.datlocprovider, d.daticulocale, NULL"
                               : "'c', NULL, NULL";
}

int64_t server_size(const struct branch_call *call, struct pg_session *session, const char *name)
{
    struct status ignored = {.arena = call->arena};
    PG_RESULT(result) = pg_query(
        session, "SELECT pg_catalog.pg_database_size(d.oid) FROM pg_catalog.pg_database d WHERE d.datname = $1", 1,
        (const char *const[]){name}, &ignored);
    return result == NULL || PQntuples(result) == 0 ? -1 : pg_field_int(result, 0, 0, -1);
}

bool server_find(const struct branch_call *call, struct pg_session *session, const char *name,
                 struct database *database)
{
    const char *const sql =
        arena_printf(call->arena,
                     "SELECT d.oid, coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), ''), d.datconnlimit = "
                     "-2, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), "
                     "d.datcollate, d.datctype, %s FROM pg_catalog.pg_database d WHERE d.datname = $1",
                     locale_columns(pg_session_server_version(session)));
    PG_RESULT(result) = pg_query(session, sql, 1, (const char *const[]){name}, call->status);
    *database = (struct database){.exists = false};
    if (result == NULL || PQntuples(result) == 0) {
        return result != NULL;
    }
    const char *const provider = pg_field(result, 0, 7);
    *database = (struct database){
        .exists = true,
        .oid = copy(call, result, 0),
        .comment = copy(call, result, 1),
        .is_broken = pg_field_bool(result, 0, 2),
        .owner = copy(call, result, 3),
        .locale =
            {
                .encoding = copy(call, result, 4),
                .collate = copy(call, result, 5),
                .ctype = copy(call, result, 6),
                .provider = provider[0] == 'i'   ? "icu"
                            : provider[0] == 'b' ? "builtin"
                                                 : "libc",
                .locale = copy(call, result, 8),
                .rules = copy(call, result, 9),
            },
    };
    return true;
}

/* ---- comments ---- */

static bool starts_with_token(const char *comment, const char *token)
{
    const size_t start = sizeof COMMENT_START - 1;
    return strncmp(comment, COMMENT_START, start) == 0 && strlen(token) == BRANCH_TOKEN_SIZE - 1 &&
           strncmp(comment + start, token, BRANCH_TOKEN_SIZE - 1) == 0 && comment[start + BRANCH_TOKEN_SIZE - 1] == '"';
}

bool database_is_of(const struct database *database, const char *token)
{
    return database->exists && starts_with_token(database->comment, token);
}

bool database_is_ready(const struct database *database)
{
    const size_t behind = sizeof COMMENT_START - 1 + BRANCH_TOKEN_SIZE - 1;
    return database->exists && strlen(database->comment) > behind &&
           strncmp(database->comment + behind, COMMENT_READY, sizeof COMMENT_READY - 1) == 0;
}

static void put_text(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, ",\"%s\":", name);
    json_write_string(out, text_of(value));
}

static void put_time(struct buffer *out, const char *name, int64_t time)
{
    if (time != NO_TIME) {
        buffer_printf(out, ",\"%s\":%" PRId64, name, time);
    }
}

/* The name and oid of the home database. */
static bool put_home(const struct branch_call *call, struct pg_session *session, struct buffer *out)
{
    const char *const home = call->branches->conninfo->place.database;
    struct database database;
    if (!server_find(call, session, home, &database)) {
        return false;
    }
    put_text(out, "home_db", home);
    buffer_printf(out, ",\"home_oid\":%s", database.exists ? database.oid : "0");
    return true;
}

bool server_comment(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                    const char *name, bool ready)
{
    struct buffer json = {.arena = call->arena};
    struct buffer sql = {.arena = call->arena};
    buffer_printf(&json, COMMENT_START "%s\",\"ready\":%s,\"id\":%" PRId64, row->token, ready ? "true" : "false",
                  row->id);
    if (!put_home(call, session, &json)) {
        return false;
    }
    put_text(&json, "parent", row->parent);
    put_text(&json, "label", row->label);
    put_text(&json, "kind", row->kind);
    put_text(&json, "strategy", row->strategy);
    put_text(&json, "source", row->source);
    put_text(&json, "created_by", row->created_by);
    buffer_printf(&json, ",\"ttl_hours\":%u,\"protected\":%s%s", row->ttl_hours, row->is_protected ? "true" : "false",
                  row->disables_triggers ? ",\"disables_triggers\":true" : "");
    put_time(&json, "created_at", row->created_at);
    put_time(&json, "expires_at", row->expires_at);
    put_time(&json, "data_at", row->data_at);
    buffer_putc(&json, '}');
    buffer_puts(&sql, " IS ");
    pg_quote_literal(&sql, buffer_text(&json));
    return server_alter(call, session, "COMMENT ON DATABASE ", name, buffer_string(&sql));
}

/* ---- sessions ---- */

/* A worker's own session: it logged in as we did, and has our name. The session of a run holds a lock. */
#define IS_OWN                                                                                                         \
    "coalesce(a.application_name = 'truss' AND a.usename = session_user AND NOT EXISTS (SELECT FROM "                  \
    "pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory'), false)"

/* A session kept by a worker's pool: idle for a second. */
#define IS_IDLE_OWN                                                                                                    \
    IS_OWN                                                                                                             \
    " AND coalesce(a.state = 'idle' AND a.state_change < pg_catalog.clock_timestamp() - interval '1 s', false)"

bool server_sessions(const struct branch_call *call, struct pg_session *session, const char *name,
                     struct sessions *sessions)
{
    static const char sql[] =
        "WITH s AS (SELECT a.backend_start AS at, " IS_OWN " AS own, pg_catalog.concat_ws(', ', "
        "'pid ' || a.pid, nullif(a.application_name, ''), 'user ' || a.usename, " ACTIVITY_STATE ", "
        "'since ' || pg_catalog.to_char(coalesce(a.state_change, a.backend_start), 'HH24:MI:SS')) AS line "
        "FROM pg_catalog.pg_stat_activity a WHERE a.datname = $1 AND a.pid <> pg_catalog.pg_backend_pid() AND "
        "NOT " ACTIVITY_IS_AUTOVACUUM " UNION ALL SELECT p.prepared, false, "
        "pg_catalog.concat_ws(', ', 'prepared transaction ' || p.gid, 'user ' || p.owner) "
        "FROM pg_catalog.pg_prepared_xacts p WHERE p.database = $1) SELECT pg_catalog.count(*), "
        "coalesce((SELECT pg_catalog.string_agg(t.line, E'\\n' ORDER BY t.at) FROM (SELECT * FROM s ORDER BY s.at "
        "LIMIT " LIST_MOST ") t), ''), pg_catalog.count(*) FILTER (WHERE s.own) FROM s";
    PG_RESULT(result) = pg_query(session, sql, 1, (const char *const[]){name}, call->status);
    if (result == NULL) {
        return false;
    }
    *sessions = (struct sessions){
        .count = pg_field_int(result, 0, 0, 0),
        .list = copy(call, result, 1),
        .own = pg_field_int(result, 0, 2, 0),
    };
    return true;
}

/* As the role that logged in: where it has become another one (ALTER ROLE … SET role), that one may neither see what
 * its sessions do nor end them. */
bool server_end_idle_own(const struct branch_call *call, struct pg_session *session, const char *name)
{
    if (!pg_exec(session, "BEGIN; SET LOCAL ROLE NONE", call->status)) {
        return false;
    }
    PG_RESULT(result) = pg_query(session,
                                 "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a "
                                 "WHERE a.datname = $1 AND a.pid <> pg_catalog.pg_backend_pid() AND " IS_IDLE_OWN,
                                 1, (const char *const[]){name}, call->status);
    if (result == NULL) {
        pg_session_roll_back(session);
    }
    return result != NULL && pg_exec(session, "COMMIT", call->status);
}

bool server_terminate(const struct branch_call *call, struct pg_session *session, const char *name)
{
    PG_RESULT(result) = pg_query(session,
                                 "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a "
                                 "WHERE a.datname = $1 AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type IN "
                                 "('client backend', 'parallel worker')",
                                 1, (const char *const[]){name}, call->status);
    return result != NULL;
}

bool server_alter(const struct branch_call *call, struct pg_session *session, const char *words, const char *name,
                  const char *rest)
{
    struct buffer sql = {.arena = call->arena};
    buffer_puts(&sql, words);
    pg_quote_identifier(&sql, name);
    buffer_puts(&sql, rest);
    return pg_exec(session, buffer_string(&sql), call->status);
}

int64_t server_wal(const struct branch_call *call, struct pg_session *session)
{
    struct status ignored = {.arena = call->arena};
    PG_RESULT(result) = pg_query(
        session, "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')", 0, NULL, &ignored);
    return result == NULL ? -1 : pg_field_int(result, 0, 0, -1);
}
