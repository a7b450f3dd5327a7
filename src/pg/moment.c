/*
 * One simple query, whose statement for the moment a session of the pool keeps prepared.
 */
#include "pg/moment.h"

#include "pg/exec_private.h"
#include "pg/kept.h"
#include "pg/session_state.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The reply to a SIGHUP comes between two statements, so both are of one. */
static const char moment_sql[] =
    "SELECT s.now, pg_catalog.concat_ws(' ', pg_catalog.pg_conf_load_time(), pg_catalog.pg_backend_pid(), "
    "pg_catalog.pg_is_in_recovery()), pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery() AND "
    "pg_catalog.pg_last_wal_replay_lsn() IS NULL FROM (SELECT pg_catalog.pg_current_snapshot() AS now "
    "OFFSET 0) s";

/* "123:123:": xmin, xmax, and none in progress between them. */
static bool is_quiet(const char *snapshot)
{
    const size_t size = strcspn(snapshot, ":");
    return snapshot[size] == ':' && strncmp(snapshot, snapshot + size + 1, size) == 0 &&
           strcmp(snapshot + 2 * size + 1, ":") == 0;
}

/* "15.18", "18beta1", "15.18 (Debian 15.18-1)". What speaks PostgreSQL's protocol and is something else often has
 * transactions without PostgreSQL's numbers, and another form of version: "15.2-YB-2025.1.0.0", "13.0.0". */
static bool is_postgresql(const struct pg_session *session)
{
    static const char *const ends[] = {"beta", "rc", "devel"};
    const char *rest = pg_session_parameter(session, "server_version");
    if (rest == NULL) {
        return false;
    }
    rest += strspn(rest, "0123456789");
    rest += rest[0] == '.' ? 1 + strspn(rest + 1, "0123456789") : 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t size = strlen(ends[i]);
        rest += strncmp(rest, ends[i], size) == 0 ? size + strspn(rest + size, "0123456789") : 0;
    }
    return rest[0] == '\0' || rest[0] == ' ';
}

/* A replica that replays no log is none of PostgreSQL's own. */
void moment_take(const struct pg_session *session, const PGresult *result, struct pg_moment *moment)
{
    const char *const snapshot = pg_field(result, 0, 0);
    const bool is_own = pg_field_int(result, 0, 2, 0) == pg_session_backend_pid(session) &&
                        !pg_field_bool(result, 0, 3) && is_postgresql(session);
    *moment = (struct pg_moment){0};
    if (!is_own || session->is_pooled) {
        return;
    }
    const int size = snprintf(moment->setting, sizeof moment->setting, "%s %" PRId64, pg_field(result, 0, 1),
                              pg_session_opened_at(session));
    moment->setting[size < (int)sizeof moment->setting ? size : 0] = '\0';
    if (moment->setting[0] != '\0' && is_quiet(snapshot) && strlen(snapshot) < sizeof moment->snapshot) {
        strcpy(moment->snapshot, snapshot);
    }
}

static size_t put(struct buffer *sql, const char *table, const char *execute, const char *statement)
{
    buffer_puts(sql, "BEGIN READ ONLY;");
    if (table != NULL) {
        buffer_printf(sql, "LOCK TABLE %s IN ACCESS SHARE MODE NOWAIT;", table);
    }
    buffer_printf(sql, "%s%s;COMMIT", execute, statement);
    return table == NULL ? 3 : 4;
}

size_t moment_put(struct buffer *sql, const struct pg_session *session, const char *table)
{
    const char *const kept = session_kept_name(session, moment_sql);
    return kept == NULL ? 0 : put(sql, table, "EXECUTE ", kept);
}

bool pg_moment_now(struct pg_session *session, const struct pg_moment_question *question, struct pg_moment *moment,
                   struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    *moment = (struct pg_moment){0};
    if (session->is_pooled) {
        return true;
    }
    if (session_kept_name(session, moment_sql) == NULL && question->table == NULL && session_keeps(session)) {
        PG_RESULT(first) = session_query_kept(session, moment_sql, 0, NULL, status);
        if (first != NULL) {
            moment_take(session, first, moment);
        }
        return first != NULL;
    }
    if (moment_put(&sql, session, question->table) == 0) {
        put(&sql, question->table, "", moment_sql);
    }
    PG_RESULT(result) = session_query_simple(session, buffer_string(&sql), &question->meanwhile, status);
    if (result == NULL) {
        pg_session_roll_back(session);
        return false;
    }
    moment_take(session, result, moment);
    return true;
}

bool pg_moment_is_of_same(const struct pg_moment *a, const struct pg_moment *b)
{
    return a->setting[0] != '\0' && strcmp(a->setting, b->setting) == 0;
}

bool pg_moment_is(const struct pg_moment *a, const struct pg_moment *b)
{
    return a->snapshot[0] != '\0' && strcmp(a->snapshot, b->snapshot) == 0 && pg_moment_is_of_same(a, b);
}
