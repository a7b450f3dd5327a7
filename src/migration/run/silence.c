/*
 * A slow answer is not a lost one: the backend must be seen idle in the same state for some seconds. Whoever loses the
 * connection asks the ledger for the truth, so a wrong guess only costs a connection.
 */
#include "migration/run/silence.h"

#include "base/log.h"
#include "pg/query.h"
#include "pg/values.h"

#include <stdio.h>

#define WAITED_MS 3000 /* before the first check */
#define LOOK_MS   1000 /* between two checks */
#define IDLE_MS   5000 /* for which it must have been idle */

bool silence_is_due(const struct silence *silence, const struct pg_session *waiting)
{
    const int64_t now = clock_ms();
    return !pg_session_is_pooled(waiting) && now - pg_session_waits_since(waiting) >= WAITED_MS &&
           now >= silence->next_look;
}

/* The state's beginning in the server's microseconds; 0 if our backend is busy or not visible. A backend that started
 * after our statement is another one with the same pid. */
static int64_t idle_change(struct pg_session *waiting, struct pg_session *beside, struct arena *arena)
{
    static const char sql[] =
        "SELECT (extract(epoch FROM a.state_change) * 1000000)::bigint FROM pg_catalog.pg_stat_activity a "
        "WHERE a.pid = $1::int AND a.state LIKE 'idle%' AND "
        "extract(epoch FROM pg_catalog.clock_timestamp() - a.backend_start) * 1000 >= $2::int8";
    char pid[16];
    char waited[24];
    struct status ignored = {.arena = arena};
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(waiting));
    snprintf(waited, sizeof waited, "%lld", (long long)(clock_ms() - pg_session_waits_since(waiting)));
    PG_RESULT(result) = pg_query(beside, sql, 2, (const char *const[]){pid, waited}, &ignored);
    return result == NULL || PQntuples(result) == 0 ? 0 : pg_field_int(result, 0, 0, 0);
}

static void end_backend(struct pg_session *waiting, struct pg_session *beside, struct arena *arena)
{
    char pid[16];
    struct status status = {.arena = arena};
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(waiting));
    PG_RESULT(result) =
        pg_query(beside, "SELECT pg_catalog.pg_terminate_backend($1::int)", 1, (const char *const[]){pid}, &status);
    log_warn("connection fell silent", "backend=%s waited_ms=%lld ended=%s", pid,
             (long long)(clock_ms() - pg_session_waits_since(waiting)),
             result != NULL && pg_field_bool(result, 0, 0) ? "yes" : "no");
}

bool silence_ends(struct silence *silence, struct pg_session *waiting, struct pg_session *beside, struct arena *arena)
{
    const int64_t change = idle_change(waiting, beside, arena);
    const int64_t now = clock_ms();
    silence->next_look = now + LOOK_MS;
    if (change == 0 || change != silence->idle_change || pg_session_waits_since(waiting) > silence->idle_since) {
        silence->idle_change = change;
        silence->idle_since = change == 0 ? 0 : now;
        return false;
    }
    if (now - silence->idle_since < IDLE_MS) {
        return false;
    }
    end_backend(waiting, beside, arena);
    pg_session_declare_lost(waiting);
    return true;
}
