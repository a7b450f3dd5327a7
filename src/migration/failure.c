/*
 * The only place where a status becomes a failure, so that nothing is lost.
 */
#include "migration/failure.h"

#include "base/sqlstate.h"

/* Advice for errors about which PostgreSQL says nothing more. */
static const struct {
    const char *sqlstate;
    const char *hint;
} advice[] = {
    {SQLSTATE_INVALID_TRANSACTION_TERMINATION,
     "What commits by itself cannot be inside a transaction. Call it from a DO block with a COMMIT of its own, "
     "DO $$ BEGIN CALL …; COMMIT; END $$, which is run outside of one."},
    {SQLSTATE_INSUFFICIENT_PRIVILEGE,
     "A check (truss check) names each right that the role lacks for what is pending, with its GRANT."},
    {SQLSTATE_TRANSACTION_TIMEOUT,
     "SHOW transaction_timeout says how long a transaction of this role may take in this database. ALTER ROLE or ALTER "
     "DATABASE … SET transaction_timeout gives it more; SET LOCAL transaction_timeout = 0 in the script lifts it "
     "there."},
    {SQLSTATE_READ_ONLY,
     "The session takes no writes: the server is a standby, or default_transaction_read_only is on, or the script "
     "says READ ONLY. A check (truss check) tells which of the first two it is, and what to do."},
};

static const char *advice_on(const struct status *status)
{
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
        if (sqlstate_is(status->sqlstate, advice[i].sqlstate)) {
            return advice[i].hint;
        }
    }
    return NULL;
}

/* Of what is run, the limit is the run's own before it is the role's. */
static const char *hint_of(const struct status *status)
{
    if (status->hint == NULL) {
        return advice_on(status);
    }
    return sqlstate_is(status->sqlstate, SQLSTATE_QUERY_CANCELED)
               ? arena_printf(status->arena,
                              "--statement-timeout (in a request: statement_timeout_ms) gives the statements of a run "
                              "more time. %s",
                              status->hint)
               : status->hint;
}

bool failure_take(struct failure *failure, const struct status *status)
{
    *failure = (struct failure){
        .status = *status,
        .step = failure->step,
        .steps = failure->steps,
        .connection_lost = status->code == STATUS_UNAVAILABLE,
        .terminated = sqlstate_is(status->sqlstate, SQLSTATE_ADMIN_SHUTDOWN) ||
                      sqlstate_is(status->sqlstate, SQLSTATE_TRANSACTION_TIMEOUT),
    };
    failure->status.hint = hint_of(status);
    return false;
}

bool failure_advise(struct status *status)
{
    status->hint = status->hint == NULL ? advice_on(status) : status->hint;
    return false;
}

bool failure_is_cancelled(const struct failure *failure)
{
    return failure->status.code == STATUS_CANCELLED;
}

struct failure failure_keep(struct arena *arena, const struct failure *failure)
{
    struct failure kept = *failure;
    kept.status = status_keep(arena, &failure->status);
    kept.statement = arena_strdup(arena, failure->statement);
    kept.blockers = blockers_copy(arena, failure->blockers, failure->blocker_count);
    return kept;
}
