#include "migration/run/settled.h"

#include "base/uuid.h"
#include "migration/record/row.h"
#include "pg/exec.h"
#include "pg/table_guard.h"
#include "pg/values.h"
#include "sql/quiet.h"

#define MOST_BEFORE 2 /* quiet ones, after which more are to be expected */
#define LEAST_LEFT  4 /* for fewer it costs more than it saves */

bool settled_is_quiet(const struct attempt *attempt)
{
    const struct detection *const detection = attempt->detection;
    const struct plan *const plan = &attempt->plan;
    /* Without a lock that is a row, and without tables beside it. */
    const bool is_plain_row = detection->ledger.takes_rows && detection->framework->declared_at == NULL &&
                              !ledger_has(detection->framework, LEDGER_UNLOCK) && detection->ledger.beside == NULL;
    const bool is_plain_plan = plan->one_transaction && plan->count == 1 && plan->steps[0].modes == NULL &&
                               plan->steps[0].carry == NULL && plan->parts.data_count == 0;
    return is_plain_row && is_plain_plan && !attempt->may_let_go && !attempt->is_started &&
           !attempt->run->settled.cannot_be && sql_is_quiet(attempt->content);
}

bool settled_is(const struct run *run)
{
    const struct settled *const settled = &run->settled;
    return run->session != NULL && settled->at != 0 && settled->at == pg_session_sent(run->session);
}

/* Prepares the look, and asks what could be wrong with that. Two messages: of one, the server would log all of it with
 * each use. */
static bool ask(struct run *run, const struct ledger *ledger)
{
    struct status status = {.arena = run->arena};
    struct buffer prepare = {.arena = run->arena};
    struct buffer look = {.arena = run->arena};
    char id[UUID_SIZE];
    uuid_v4(id);
    run->settled.look = arena_printf(run->request->arena, "\"truss_look_%s\"", id);
    row_put_prepare(&prepare, ledger, run->settled.look);
    row_put_first_look(&look, ledger, run->settled.look);
    PG_RESULT(result) = pg_exec(run->session, buffer_string(&prepare), &status)
                            ? pg_query_simple(run->session, buffer_string(&look), &status)
                            : NULL;
    return result != NULL && PQntuples(result) == 1 && !pg_field_bool(result, 0, 0);
}

void settle(const struct attempt *attempt, size_t left)
{
    struct run *const run = attempt->run;
    struct settled *const settled = &run->settled;
    settled->quiet = attempt->is_quiet ? settled->quiet + 1 : 0;
    if (settled_is(run) || settled->cannot_be || settled->quiet < MOST_BEFORE || left < LEAST_LEFT) {
        return;
    }
    settled->cannot_be = !ask(run, &attempt->detection->ledger);
    settled->at = settled->cannot_be ? 0 : pg_session_sent(run->session);
}

bool settled_was_wrong(struct run *run, struct failure *failure)
{
    if (!pg_unquiet_failed(&failure->status)) {
        return false;
    }
    run->settled.cannot_be = true;
    run->settled.at = 0;
    run->may_lack_locks = true;
    *failure = (struct failure){0};
    *run->status = (struct status){.arena = run->status->arena};
    return true;
}
