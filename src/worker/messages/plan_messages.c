/*
 * A plan as a message: its migrations, steps, statements and locks.
 */
#include "worker/messages/plan_messages.h"

#include "base/limits.h"
#include "framework/core/script_data.h"
#include "migration/look/changed.h"
#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

MESSAGE_SAME(STEP_TRANSACTION, STEP_KIND__STEP_KIND_TRANSACTION);
MESSAGE_SAME(STEP_ALONE, STEP_KIND__STEP_KIND_ALONE);
MESSAGE_SAME(STEP_OWN, STEP_KIND__STEP_KIND_OWN);
MESSAGE_SAME(SQL_WORK_UNKNOWN, WORK__WORK_UNSPECIFIED);
MESSAGE_SAME(SQL_WORK_NONE, WORK__WORK_NONE);
MESSAGE_SAME(SQL_WORK_SCAN, WORK__WORK_SCAN);
MESSAGE_SAME(SQL_WORK_REWRITE, WORK__WORK_REWRITE);
MESSAGE_SAME(SQL_WORK_INDEX, WORK__WORK_INDEX);
MESSAGE_SAME(SQL_WORK_ROWS, WORK__WORK_ROWS);

/* parts: of the script, to find its bytes in the file. */
static Truss__Migration__V1__PlannedStatement *statement_message(struct arena *arena, const struct script_parts *parts,
                                                                 const struct explained_statement *statement)
{
    Truss__Migration__V1__PlannedStatement *const message = NEW(arena, PlannedStatement, planned_statement);
    const struct sql_effects *const effects = &statement->effects;
    message->sql = message_string(statement->sql);
    message->start = (uint32_t)script_data_offset(parts, statement->start);
    message->end = (uint32_t)script_data_offset(parts, statement->end);
    message->line = statement->where.line;
    message->column = statement->where.column;
    message->work = (Truss__Migration__V1__Work)effects->work;
    message->unknown = effects->unknown;
    message->loses_data = statement->loses_data;
    message->every_row = effects->every_row;
    message->locks = arena_array(arena, effects->count, sizeof *message->locks);
    for (size_t i = 0; i < effects->count; i++) {
        Truss__Migration__V1__PlannedLock *const lock = NEW(arena, PlannedLock, planned_lock);
        lock->relation = message_string(effects->locks[i].relation);
        lock->mode = message_string(sql_lock_name(effects->locks[i].lock));
        lock->blocks_reads = sql_lock_blocks_reads(effects->locks[i].lock);
        lock->blocks_writes = sql_lock_blocks_writes(effects->locks[i].lock);
        message->locks[message->n_locks++] = lock;
    }
    if (effects->advice != NULL) {
        message->_advice_case = TRUSS__MIGRATION__V1__PLANNED_STATEMENT___ADVICE_ADVICE;
        message->advice = message_string(effects->advice);
    }
    MESSAGE_SET_OPTIONAL(message, fails, TRUSS__MIGRATION__V1__PLANNED_STATEMENT___FAILS_FAILS, statement->fails);
    return message;
}

/* Why the step stands apart, and what is restored before it after a cut. */
static const char *reason_of(struct arena *arena, const struct step *step)
{
    if (step->carried == NULL) {
        return step->reason;
    }
    return arena_printf(arena, "%s%sset again before it: %s", step->reason == NULL ? "" : step->reason,
                        step->reason == NULL ? "" : "; ", step->carried);
}

static Truss__Migration__V1__PlannedStep *step_message(struct arena *arena, const struct script_parts *parts,
                                                       const struct explained_step *explained, uint32_t number)
{
    Truss__Migration__V1__PlannedStep *const message = NEW(arena, PlannedStep, planned_step);
    const struct step *const step = explained->step;
    message->number = number;
    message->kind = (Truss__Migration__V1__StepKind)step->kind;
    message->start = (uint32_t)script_data_offset(parts, step->start);
    message->end = (uint32_t)script_data_offset(parts, step->end);
    message->line = explained->where.line;
    message->column = explained->where.column;
    message->finished = explained->finished;
    message->retries_locks = step->stalls && step->kind != STEP_OWN;
    message->statement_count = (uint32_t)explained->statement_count;
    message->unlisted_count = (uint32_t)explained->unlisted_notable;
    if (step->reason != NULL || step->carried != NULL) {
        message->_reason_case = TRUSS__MIGRATION__V1__PLANNED_STEP___REASON_REASON;
        message->reason = message_string(reason_of(arena, step));
    }
    message->statements = arena_array(arena, explained->listed, sizeof *message->statements);
    for (size_t i = 0; i < explained->listed; i++) {
        message->statements[message->n_statements++] = statement_message(arena, parts, &explained->statements[i]);
    }
    return message;
}

static Truss__Migration__V1__PlannedMigration *planned_message(struct arena *arena,
                                                               const struct explained_migration *explained)
{
    Truss__Migration__V1__PlannedMigration *const message = NEW(arena, PlannedMigration, planned_migration);
    const struct plan *const plan = &explained->prepared->plan;
    message->name = message_string(explained->prepared->item->name);
    message->one_transaction = plan->one_transaction || plan->count == 0;
    message->finished_steps = (uint32_t)explained->prepared->done;
    if (explained->checksum != NULL) {
        message->_hash_case = TRUSS__MIGRATION__V1__PLANNED_MIGRATION___HASH_HASH;
        message->hash = message_string(explained->checksum);
    }
    if (plan->note != NULL) {
        message->_note_case = TRUSS__MIGRATION__V1__PLANNED_MIGRATION___NOTE_NOTE;
        message->note = message_string(plan->note);
    }
    MESSAGE_SET_OPTIONAL(message, delegate, TRUSS__MIGRATION__V1__PLANNED_MIGRATION___DELEGATE_DELEGATE,
                         explained->delegate);
    message->steps = arena_array(arena, explained->delegate != NULL ? 0 : plan->count, sizeof *message->steps);
    for (size_t i = 0; explained->delegate == NULL && i < plan->count; i++) {
        message->steps[message->n_steps++] = step_message(arena, &plan->parts, &explained->steps[i], (uint32_t)(i + 1));
    }
    return message;
}

/* Why a run would fail: because of its statements, and of the server and the role. */
static void add_failures(struct arena *arena, const struct explanation *explanation, const struct warnings *failures,
                         Truss__Migration__V1__PlanResponse *reply)
{
    size_t count = 0;
    while (explanation_failure(arena, explanation, &count) != NULL) {
    }
    reply->failures = arena_array(arena, count + failures->count, sizeof *reply->failures);
    for (size_t at = 0; at < count;) {
        reply->failures[reply->n_failures++] = message_string(explanation_failure(arena, explanation, &at));
    }
    for (size_t i = 0; i < failures->count; i++) {
        reply->failures[reply->n_failures++] = message_string(failures->items[i]);
    }
}

/* What detection warns of, and files that are not as they were. */
static void add_warnings(struct arena *arena, const struct catalog *catalog, Truss__Migration__V1__PlanResponse *reply)
{
    const struct detection *const detection = &catalog->detection;
    const struct words changed = changed_sentences(arena, catalog);
    reply->warnings = arena_array(arena, detection->warning_count + changed.count + 1, sizeof *reply->warnings);
    if (detection->standby != NULL) {
        reply->warnings[reply->n_warnings++] = message_string(detection->standby);
    }
    for (size_t i = 0; i < detection->warning_count; i++) {
        reply->warnings[reply->n_warnings++] = message_string(detection->warnings[i]);
    }
    for (size_t i = 0; i < changed.count; i++) {
        reply->warnings[reply->n_warnings++] = message_string(changed.items[i]);
    }
}

Truss__Migration__V1__PlanResponse *plan_message(struct arena *arena, const struct preparation *preparation,
                                                 const struct explanation *explanation, const struct warnings *failures)
{
    Truss__Migration__V1__PlanResponse *const reply = NEW(arena, PlanResponse, plan_response);
    reply->plan_hash = message_string(preparation->hash);
    reply->transactions = explanation->transactions;
    reply->unknown = explanation->unknown;
    reply->loses_data = explanation->loses_data;
    if (explanation->blocks_reads || !explanation->unknown) {
        reply->_blocks_reads_case = TRUSS__MIGRATION__V1__PLAN_RESPONSE___BLOCKS_READS_BLOCKS_READS;
        reply->blocks_reads = explanation->blocks_reads;
    }
    if (explanation->blocks_writes || !explanation->unknown) {
        reply->_blocks_writes_case = TRUSS__MIGRATION__V1__PLAN_RESPONSE___BLOCKS_WRITES_BLOCKS_WRITES;
        reply->blocks_writes = explanation->blocks_writes;
    }
    reply->summary = message_string(explanation->summary);
    if (explanation->refusal != NULL) {
        reply->_refusal_case = TRUSS__MIGRATION__V1__PLAN_RESPONSE___REFUSAL_REFUSAL;
        reply->refusal = message_string(explanation->refusal);
    }
    add_failures(arena, explanation, failures, reply);
    add_warnings(arena, &preparation->catalog, reply);
    reply->migrations = arena_array(arena, explanation->count, sizeof *reply->migrations);
    for (size_t i = 0; i < explanation->count; i++) {
        reply->migrations[reply->n_migrations++] = planned_message(arena, &explanation->migrations[i]);
    }
    message_clean(arena, &reply->base, LIMIT_MESSAGE);
    return reply;
}
