/*
 * A step that stands alone is sent as one statement: several would be an implicit transaction.
 */
#include "migration/run/alone.h"

#include "base/sqlstate.h"
#include "framework/core/script.h"
#include "migration/look/advice.h"
#include "migration/record/progress.h"
#include "migration/run/leftovers.h"
#include "migration/run/lock.h"
#include "migration/run/observer.h"
#include "migration/run/send.h"
#include "pg/own_write.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/classify.h"
#include "sql/split.h"

#include <string.h>

/* ---- its rows ---- */

/* Marks the step as begun: from now on it may leave something. */
static bool begin(struct attempt *attempt, size_t i)
{
    struct transaction transaction = attempt_transaction(attempt, FRAME_WHOLE);
    struct step_record *const record = attempt_step_record(attempt, i);
    if (!leftovers_before(attempt->run, attempt_text(attempt, i), &record->indexes_before)) {
        return attempt_fail(attempt);
    }
    transaction.starts = !attempt->is_started;
    transaction.modes = i == 0 ? NULL : OWN_MODES;
    transaction.step_mark = STEP_BEGUN;
    transaction.step = record;
    if (!attempt_write(attempt, &transaction)) {
        return false;
    }
    attempt->is_started = true;
    attempt->before = record->indexes_before;
    return true;
}

static bool write_done(struct attempt *attempt, size_t i)
{
    struct transaction transaction = attempt_done(attempt, FRAME_WHOLE, i);
    transaction.modes = OWN_MODES;
    return attempt_write(attempt, &transaction);
}

/* ---- one statement ---- */

/* A session setting with which a block tells that a part of it was committed: it is set in the block's first
 * transaction, and only that one's COMMIT keeps it. */
#define PART              "truss.committed_part"
#define NOTHING_COMMITTED "none"

/* The lock_timeout is only for the first transaction: what follows its COMMIT is not sent again, and waits for locks as
 * its author intended. */
#define TAG           "$truss_step$"
#define OPENING       "DO " TAG " BEGIN SET " PART " = 'yes';"
#define OPENING_LOCAL " SET LOCAL lock_timeout = "

/* Does the word occur in the body, or in a text that its EXECUTE may get? */
static bool may_say(struct text body, const char *word)
{
    return sql_has_word(body, word) || (sql_has_word(body, "execute") && text_find_nocase(body, word) != SIZE_MAX);
}

/* Can and must the block report committed parts, because it will be tried again? Not with a ROLLBACK of its own or in a
 * procedure, which would undo the report. */
static bool tells_parts(const struct attempt *attempt, size_t i)
{
    struct text body;
    return attempt_step(attempt, i)->stalls && sql_do_block(attempt->run->arena, attempt_text(attempt, i), &body) &&
           !may_say(body, "rollback") && !may_say(body, "call");
}

/* A DO block that commits cannot share a transaction with its row, but its last part can: it becomes a block inside a
 * block of ours, which then writes the row. (The body of a plpgsql block is a block.) */
static bool wrap_do(const struct attempt *attempt, size_t i, struct transaction *transaction)
{
    struct text body;
    if (!sql_do_block(attempt->run->arena, attempt_text(attempt, i), &body)) {
        return false;
    }
    *transaction = attempt_done(attempt, FRAME_NONE, i);
    transaction->opening = tells_parts(attempt, i) ? OPENING OPENING_LOCAL "        ;\n" : OPENING "\n";
    transaction->body = body;
    transaction->closing = text_of("END " TAG);
    return true;
}

/* A name in the script or in our rows may have the tag: only the last one may end the text. */
static bool is_whole(const struct query *query)
{
    const struct text sql = buffer_text(&query->sql);
    const size_t tag = strlen(TAG);
    return text_find(sql, TAG, strlen("DO ") + tag) == sql.size - tag;
}

static struct query compose_as(const struct attempt *attempt, size_t i, struct transaction *transaction)
{
    const struct step *const step = attempt_step(attempt, i);
    transaction->content = attempt->content;
    transaction->start = step->start;
    transaction->end = step->end;
    return transaction_compose(attempt->run->arena, transaction);
}

static struct query compose(const struct attempt *attempt, size_t i)
{
    struct transaction transaction;
    if (wrap_do(attempt, i, &transaction)) {
        struct query query = compose_as(attempt, i, &transaction);
        if (tells_parts(attempt, i)) {
            query.ladder = LADDER_LOCAL;
            query.timeout_at = strlen(OPENING OPENING_LOCAL);
        }
        if (is_whole(&query)) {
            return query;
        }
    }
    transaction = attempt_transaction(attempt, FRAME_NONE);
    transaction.stalls = attempt_step(attempt, i)->stalls && !query_is_block(attempt_text(attempt, i));
    return compose_as(attempt, i, &transaction);
}

/* Has a failed block committed a part? Then it is not sent again, which would repeat that part. */
static bool has_committed_part(const struct attempt *attempt, const struct query *query)
{
    struct status ignored = {.arena = attempt->run->arena};
    if (!query->is_wrapped) {
        return false;
    }
    PG_RESULT(result) =
        pg_query(attempt->run->session, "SELECT pg_catalog.current_setting('" PART "', true)", 0, NULL, &ignored);
    const char *const said = result == NULL ? NULL : pg_field(result, 0, 0);
    return said == NULL || strcmp(said, NOTHING_COMMITTED) != 0;
}

static bool begin_parts(const struct attempt *attempt, const struct query *query)
{
    return !query->is_wrapped ||
           pg_exec(attempt->run->session, "SET " PART " = '" NOTHING_COMMITTED "'", attempt->run->status);
}

/* A session that waits inside pg_advisory_lock has a snapshot, for which CREATE INDEX CONCURRENTLY waits: Prisma 6.19
 * waits so, and its backend does even after its client has given up. This migration's unfinished row keeps its tool
 * from running anything (P3009), so its lock can be released until the index is there. */
static bool let_waiters_go(struct attempt *attempt, bool *has_yielded)
{
    const struct framework *const framework = attempt->detection->framework;
    const bool is_deadlock = sqlstate_is(attempt->failure.status.sqlstate, SQLSTATE_DEADLOCK_DETECTED);
    if (!is_deadlock || *has_yielded || !framework_has_advisory_locks(framework) ||
        !framework->ledger.failed_entry_blocks) {
        return true;
    }
    watch_note(&attempt->run->watch, attempt->record.name,
               arena_printf(attempt->run->arena,
                            "Releasing the lock of %s until the index is built: another session waits for it, and the "
                            "index for that session.",
                            framework->display_name));
    *has_yielded = true;
    return lock_yield(attempt->run, attempt->detection);
}

/* The index that a statement builds. */
struct making {
    struct attempt *attempt;
    size_t step;
    const char *oid; /* the last one seen; NULL: none */
};

/* Writes down which index the statement builds while it does, from the session beside: afterwards nothing tells it from
 * an equal one of somebody else's. */
static bool note_made(void *data, struct pg_session *beside, const char *oid)
{
    struct making *const making = data;
    struct attempt *const attempt = making->attempt;
    const struct ledger *const ledger = &attempt->detection->ledger;
    struct arena *const arena = attempt->run->arena;
    struct status ignored = {.arena = arena};
    struct buffer sql = {.arena = arena};
    if (making->oid == NULL || strcmp(making->oid, oid) != 0) {
        making->oid = arena_strdup(arena, oid);
        attempt->before = leftovers_made(arena, attempt->before, oid);
    }
    progress_put_made(&sql, ledger, attempt->record.name, (uint32_t)(making->step + 1), oid);
    const struct own_statement statement = {
        .table = "{truss}.migration_steps", .sql = buffer_string(&sql), .is_complete = true};
    PG_RESULT(result) = own_write(beside, &statement, &ignored);
    return result != NULL;
}

/* Removes what a failed try left. While another session builds an index of the table it waits, as for a lock. */
static bool clean(struct attempt *attempt, size_t i, struct ladder *ladder, bool *finished)
{
    struct run *const run = attempt->run;
    const struct interrupted failed = {
        .statement = attempt_text(attempt, i),
        .migration = attempt->record.name,
        .before = attempt->before,
    };
    enum leftovers what = LEFTOVERS_BUSY;
    do {
        pg_session_set_deadline(run->session, run->deadline);
        if (!leftovers_remove(run, &failed, &what)) {
            return attempt_fail(attempt);
        }
    } while (what == LEFTOVERS_BUSY && ladder_again(ladder, run, attempt->record.name, &attempt->failure));
    *finished = what == LEFTOVERS_DONE;
    return what != LEFTOVERS_BUSY;
}

static bool may_be_tried_again(struct attempt *attempt, const struct query *query, struct ladder *ladder)
{
    return (query->ladder != LADDER_NONE || attempt->before != NULL) && !has_committed_part(attempt, query) &&
           ladder_again(ladder, attempt->run, attempt->record.name, &attempt->failure);
}

/* Tries again what would block others; and CREATE INDEX CONCURRENTLY, after removing what its failure left. */
static bool send_often(struct attempt *attempt, size_t i, struct query *query)
{
    struct run *const run = attempt->run;
    struct ladder ladder = ladder_start(run);
    bool has_yielded = false;
    bool finished = false;
    while (!finished && !query_send_once(run, query, &ladder, &attempt->failure)) {
        if (!may_be_tried_again(attempt, query, &ladder)) {
            return false;
        }
        pg_session_set_deadline(run->session, run->deadline);
        if (!let_waiters_go(attempt, &has_yielded)) {
            return attempt_fail(attempt);
        }
        if (!clean(attempt, i, &ladder, &finished)) {
            return false;
        }
    }
    return !has_yielded || lock_retake(run, attempt->detection) || attempt_fail(attempt);
}

static bool send(struct attempt *attempt, size_t i, struct query *query)
{
    struct run *const run = attempt->run;
    struct making making = {.attempt = attempt, .step = i};
    const struct sql_reader words = sql_read(attempt_text(attempt, i));
    const bool makes = attempt->before != NULL && sql_is_word(&words.token, "create");
    if (!begin_parts(attempt, query)) {
        return attempt_fail(attempt);
    }
    observer_on_index(run->observer, makes ? note_made : NULL, &making);
    const bool ok = send_often(attempt, i, query);
    observer_on_index(run->observer, NULL, NULL);
    return ok;
}

static void add_hint(struct attempt *attempt, const char *hint)
{
    struct status *const status = &attempt->failure.status;
    status->hint = status->hint == NULL ? hint : arena_printf(attempt->run->arena, "%s\n%s", status->hint, hint);
}

/* A DO stands alone because it commits. */
static bool is_do(const struct attempt *attempt, size_t i)
{
    struct text body;
    return sql_do_block(attempt->run->arena, attempt_text(attempt, i), &body);
}

static void explain_block(struct attempt *attempt, size_t i)
{
    if (is_do(attempt, i)) {
        add_hint(attempt, "What this DO block had committed before it failed stays. A new run begins it again and "
                          "repeats that, unless the block is written to be run twice.");
    }
}

static void tell_anew(const struct attempt *attempt, size_t i, bool was_begun)
{
    if (!was_begun || !is_do(attempt, i)) {
        return;
    }
    const struct position where =
        script_position(attempt->content, &attempt->plan.parts, attempt_step(attempt, i)->start, NULL);
    watch_note(&attempt->run->watch, attempt->record.name,
               arena_printf(attempt->run->arena,
                            "The DO block in line %u was begun by an earlier run and not finished. What it had "
                            "committed stays; it begins again, and repeats that unless it is written to be run twice.",
                            where.line));
}

/* Sets or restores the session around something that runs outside of a transaction. */
static bool put_around(struct attempt *attempt, const char *sql)
{
    return sql == NULL || pg_exec(attempt->run->session, sql, attempt->run->status) || attempt_fail(attempt);
}

bool alone_run(struct attempt *attempt, size_t i, bool was_begun)
{
    if (!put_around(attempt, attempt_step(attempt, i)->carry) || (!was_begun && !begin(attempt, i))) {
        return false;
    }
    tell_anew(attempt, i, was_begun);
    struct query query = compose(attempt, i);
    const bool ok = send(attempt, i, &query);
    const struct failure failure = attempt->failure;
    const bool is_restored = failure.connection_lost || put_around(attempt, attempt_step(attempt, i)->restore);
    if (ok) {
        /* The step is done, even if the session could not be restored: after the last step it is reset anyway. */
        attempt->has_done_step = !query.is_wrapped && !write_done(attempt, i);
        return !attempt->has_done_step && (is_restored || attempt_is_last(attempt, i));
    }
    attempt->failure = failure;
    explain_block(attempt, i);
    return was_begun && leftovers_says_done(attempt_text(attempt, i), attempt->failure.status.sqlstate) &&
           write_done(attempt, i);
}

/* ---- pieces that commit by themselves ---- */

/* Makes it as if the step had not been begun. */
static bool forget_begun(struct attempt *attempt, size_t i)
{
    struct transaction transaction = attempt_transaction(attempt, FRAME_WHOLE);
    transaction.modes = OWN_MODES;
    transaction.step_mark = STEP_UNBEGUN;
    transaction.step = attempt_step_record(attempt, i);
    const struct query query = transaction_compose(attempt->run->arena, &transaction);
    return pg_exec(attempt->run->session, buffer_string(&query.sql), attempt->run->status);
}

bool alone_run_unseen(struct attempt *attempt, size_t i)
{
    struct run *const run = attempt->run;
    const struct step *const step = attempt_step(attempt, i);
    struct transaction transaction = attempt_transaction(attempt, FRAME_OWN);
    transaction.content = attempt->content;
    transaction.start = step->start;
    transaction.end = step->end;
    if (!begin(attempt, i) || !put_around(attempt, step->carry)) {
        return false;
    }
    struct query query = transaction_compose(run->arena, &transaction);
    if (!query_send(run, &query, &attempt->failure)) {
        attempt->left_nothing = !query_may_have_committed(&query, &attempt->failure) && forget_begun(attempt, i);
        if (!step->leaves_nothing && !attempt->left_nothing) {
            add_hint(attempt,
                     arena_printf(run->arena,
                                  "What it had committed before it failed stays, and how much that is cannot be known: "
                                  "a new run does not begin it again. Look, then %s or %s.",
                                  advice_applied(run->arena, attempt->record.name),
                                  advice_rolled_back(run->arena, attempt->record.name)));
        }
        return false;
    }
    if (!put_around(attempt, step->restore)) {
        return false;
    }
    if (pg_session_in_transaction(run->session)) {
        run_roll_back(run);
        status_fail(run->status, STATUS_FAILED_PRECONDITION,
                    "The script left a transaction open; it was rolled back. End it with COMMIT in the script.");
        return attempt_fail(attempt);
    }
    return write_done(attempt, i);
}

/* ---- after an interruption, or a failure ---- */

/* As leftovers_remove, with what was set around the statement: its names are found by the search path that it had. */
static bool remove_leftovers(const struct attempt *attempt, size_t i, bool is_lost, enum leftovers *what)
{
    struct run *const run = attempt->run;
    const struct step *const step = attempt_step(attempt, i);
    const struct interrupted interrupted = {
        .statement = attempt_text(attempt, i),
        .migration = attempt->record.name,
        .before = attempt->before,
        .is_lost = is_lost,
    };
    return (step->carry == NULL || pg_exec(run->session, step->carry, run->status)) &&
           leftovers_remove(run, &interrupted, what) &&
           (step->restore == NULL || pg_exec(run->session, step->restore, run->status));
}

/* While another session builds an index of the table, what is the interrupted statement's cannot be told. */
static bool wait_for_builder(struct attempt *attempt, struct ladder *ladder)
{
    struct run *const run = attempt->run;
    status_fail(run->status, STATUS_FAILED_PRECONDITION,
                "Another session builds an index of the same table. What the interrupted statement has left can be "
                "told when that has ended");
    run->status->sqlstate = SQLSTATE_LOCK_NOT_AVAILABLE;
    attempt_fail(attempt);
    *run->status = (struct status){.arena = run->status->arena};
    return ladder_again(ladder, run, attempt->record.name, &attempt->failure);
}

/* A step that is one statement was interrupted. */
static bool resume_statement(struct attempt *attempt, size_t i, bool *finished)
{
    struct ladder ladder = ladder_start(attempt->run);
    enum leftovers what = LEFTOVERS_BUSY;
    attempt->before = attempt->steps.items[i].indexes_before;
    do {
        if (!remove_leftovers(attempt, i, true, &what)) {
            return attempt_fail(attempt);
        }
    } while (what == LEFTOVERS_BUSY && wait_for_builder(attempt, &ladder));
    *finished = what == LEFTOVERS_DONE;
    return what == LEFTOVERS_GONE || (*finished && write_done(attempt, i));
}

bool alone_resume(struct attempt *attempt, size_t i, bool *finished)
{
    struct run *const run = attempt->run;
    *finished = false;
    if (attempt_step(attempt, i)->kind == STEP_ALONE) {
        return resume_statement(attempt, i, finished);
    }
    if (attempt_step(attempt, i)->leaves_nothing) {
        return true;
    }
    const struct position where =
        script_position(attempt->content, &attempt->plan.parts, attempt_step(attempt, i)->start, NULL);
    status_fail(run->status, STATUS_FAILED_PRECONDITION,
                "An earlier run was interrupted in step %zu (line %u), which commits by itself: whether it did cannot "
                "be known. Look, then %s or %s.",
                i + 1, where.line, advice_applied(run->arena, attempt->record.name),
                advice_rolled_back(run->arena, attempt->record.name));
    attempt_fail(attempt);
    attempt->failure.where = where;
    return false;
}

/* Was it refused before it began, because it names something missing or unsuitable? */
static bool is_refusal(const char *sqlstate)
{
    return sqlstate_is_of_class(sqlstate, SQLSTATE_CLASS_SYNTAX) ||
           sqlstate_is_of_class(sqlstate, SQLSTATE_CLASS_FEATURE) ||
           sqlstate_is(sqlstate, SQLSTATE_NOT_IN_PREREQUISITE_STATE) || sqlstate_is(sqlstate, SQLSTATE_OBJECT_IN_USE) ||
           sqlstate_is(sqlstate, SQLSTATE_INVALID_CATALOG_NAME) || sqlstate_is(sqlstate, SQLSTATE_INVALID_SCHEMA_NAME);
}

/* Is it a single transaction of the server's, which leaves nothing if it fails? DROP DATABASE is not: a half-dropped
 * database is unusable. */
static bool is_one_transaction(struct text statement)
{
    static const struct {
        const char *verb;
        const char *object;
    } known[] = {{"create", "tablespace"}, {"create", "database"}, {"drop", "tablespace"}, {"alter", "database"}};
    struct sql_reader words = sql_read(statement);
    const struct sql_token verb = words.token;
    sql_advance(&words);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (sql_is_word(&verb, known[i].verb) && sql_is_word(&words.token, known[i].object)) {
            return true;
        }
    }
    return false;
}

bool alone_clean_up(struct attempt *attempt, size_t i)
{
    struct run *const run = attempt->run;
    const struct text statement = attempt_text(attempt, i);
    struct text body;
    enum leftovers what;
    const bool is_known = attempt->before != NULL;
    if (attempt->has_done_step) {
        return false; /* the next run finds it */
    }
    if ((is_refusal(attempt->failure.status.sqlstate) || is_one_transaction(statement)) && !is_known) {
        /* It did nothing; but a DO block may have committed something before. */
        return !sql_do_block(run->arena, statement, &body) && forget_begun(attempt, i);
    }
    if (!remove_leftovers(attempt, i, false, &what) || what != LEFTOVERS_GONE) {
        return false; /* the next run finds it */
    }
    return is_known && forget_begun(attempt, i);
}
