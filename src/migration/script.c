/*
 * One transaction is one simple query: settings, BEGIN, the script, its ledger row, COMMIT. That costs less than half
 * of psql's time for a small migration, nothing of it runs where a syntax error is anywhere in it, and a crash at any
 * instant leaves both or neither.
 */
#include "migration/script.h"

#include <string.h>

#define CLEAN_UP_MS 5000

bool script_read(struct arena *arena, const struct migration_file *file, struct text *content, struct status *status)
{
    size_t bad;
    if (!file_read(arena, file->path, MIGRATION_FILE_LIMIT, content, status)) {
        return false;
    }
    const char *const nul = content->size == 0 ? NULL : memchr(content->data, '\0', content->size);
    if (text_is_utf8(*content, &bad) && nul == NULL) {
        return true;
    }
    bad = nul != NULL ? (size_t)(nul - content->data) : bad;
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       "%s is not UTF-8 text: byte %zu (line %u) is 0x%02x; save the file as UTF-8.", file->filename,
                       bad + 1, text_position(text_slice(*content, 0, bad), bad).line,
                       (unsigned char)content->data[bad]);
}

/* A query under construction, with the part of it that is the script's own. */
struct query {
    struct buffer sql;
    size_t statements_before; /* of ours, in front of the script's part */
    size_t characters_before;
};

/* What an earlier migration may have changed is as the connection began, and as the framework's own connection is. */
static void put_session(struct query *query, const struct detection *detection)
{
    buffer_puts(&query->sql, "RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;");
    detection->framework->session(&query->sql, &detection->ledger);
    query->statements_before = 4;
}

static void put_script(struct query *query, struct text part)
{
    query->characters_before = text_characters(buffer_text(&query->sql));
    buffer_reserve(&query->sql, part.size + 1024);
    buffer_add(&query->sql, part);
    /* On a line of its own: the script may end in a comment. */
    buffer_puts(&query->sql, "\n;\n");
}

typedef void ledger_sql(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record);

/* The row is written as who we are, whatever role the script has left. */
static void put_ledger(struct query *query, const struct detection *detection, const struct ledger_record *record,
                       ledger_sql *put)
{
    buffer_puts(&query->sql, "RESET SESSION AUTHORIZATION;RESET ROLE;");
    put(&query->sql, &detection->ledger, record);
}

/* What the server said, in terms of the file. */
static void describe(struct work *work, struct text content, const struct step *step, const struct query *query,
                     const struct pg_failure *at, struct script_failure *failure)
{
    const struct status *const status = work->status;
    *failure = (struct script_failure){
        .error = status->message,
        .sqlstate = status->sqlstate,
        .detail = status->detail != NULL ? status->detail : at->context,
        .hint = status->hint,
        .connection_lost = status->code == STATUS_UNAVAILABLE,
    };
    const size_t characters = text_characters(text_slice(content, step->start, step->end));
    const size_t position = at->position > query->characters_before ? at->position - query->characters_before : 0;
    /* A syntax error comes before any result: its position alone tells. */
    const bool is_ours =
        position == 0 ? at->position > 0 || at->statement < query->statements_before : position > characters;
    if (is_ours) {
        return;
    }
    failure->statement = plan_failing_statement(work->arena, content, step->start, step->end, position,
                                                at->statement - query->statements_before, &failure->where);
    if (failure->statement == NULL) {
        failure->where = (struct position){0};
    }
}

/* Sends it. Where it fails the failure is described and an open transaction is rolled back. */
static bool send(struct work *work, struct text content, const struct step *step, const struct query *query,
                 struct script_failure *failure)
{
    struct pg_failure at = {0};
    if (!pg_script(work->session, buffer_string(&query->sql), &at, work->status)) {
        describe(work, content, step, query, &at, failure);
        /* What must be said to the server now is said also where the request's own time is over. */
        pg_session_set_deadline(work->session, deadline_in(CLEAN_UP_MS));
        if (pg_session_in_transaction(work->session)) {
            struct status ignored = {.arena = work->arena};
            pg_exec(work->session, "ROLLBACK", &ignored);
        }
        return false;
    }
    return true;
}

static bool run_one_transaction(struct work *work, const struct detection *detection,
                                const struct ledger_record *record, struct text content, const struct plan *plan,
                                struct script_failure *failure)
{
    const struct step nothing = {.kind = STEP_TRANSACTION};
    const struct step *const step = plan->count == 0 ? &nothing : &plan->steps[0];
    struct query query = {.sql = {.arena = work->arena}};
    put_session(&query, detection);
    buffer_puts(&query.sql, "BEGIN;");
    query.statements_before++;
    put_script(&query, text_slice(content, step->start, step->end));
    put_ledger(&query, detection, record, detection->framework->record);
    buffer_puts(&query.sql, "COMMIT;");
    return send(work, content, step, &query, failure);
}

/* A statement about the ledger alone, in a transaction of its own. */
static bool write_ledger(struct work *work, const struct detection *detection, const struct ledger_record *record,
                         ledger_sql *put)
{
    struct query query = {.sql = {.arena = work->arena}};
    put_ledger(&query, detection, record, put);
    return pg_exec(work->session, buffer_string(&query.sql), work->status);
}

static bool run_step(struct work *work, const struct detection *detection, const struct ledger_record *record,
                     struct text content, const struct step *step, bool last, struct script_failure *failure)
{
    struct query query = {.sql = {.arena = work->arena}};
    if (step->kind == STEP_TRANSACTION) {
        buffer_puts(&query.sql, "BEGIN;");
        query.statements_before = 1;
    }
    /* What stands alone must be alone in its query: several statements would be one implicit transaction. */
    if (step->kind == STEP_ALONE) {
        buffer_add(&query.sql, text_slice(content, step->start, step->end));
    } else {
        put_script(&query, text_slice(content, step->start, step->end));
    }
    if (step->kind == STEP_TRANSACTION && last) {
        put_ledger(&query, detection, record, detection->framework->finish);
    }
    if (step->kind == STEP_TRANSACTION) {
        buffer_puts(&query.sql, "COMMIT;");
    }
    if (!send(work, content, step, &query, failure)) {
        return false;
    }
    if (pg_session_in_transaction(work->session)) {
        struct status ignored = {.arena = work->arena};
        pg_exec(work->session, "ROLLBACK", &ignored);
        *failure = (struct script_failure){
            .error = "The script left a transaction open; it was rolled back. End it with COMMIT in the script.",
        };
        return false;
    }
    return true;
}

/* The log that stays in the ledger, in the form of Prisma's own. */
static const char *failure_log(struct arena *arena, const struct script_failure *failure)
{
    struct buffer log = {.arena = arena};
    if (failure->sqlstate != NULL) {
        buffer_printf(&log, "Database error code: %s\n\n", failure->sqlstate);
    }
    buffer_printf(&log, "Database error:\nERROR: %s\n", failure->error);
    if (failure->detail != NULL) {
        buffer_printf(&log, "\nDETAIL: %s\n", failure->detail);
    }
    if (failure->hint != NULL) {
        buffer_printf(&log, "\nHINT: %s\n", failure->hint);
    }
    if (failure->where.line > 0) {
        buffer_printf(&log, "\nPosition: line %u, column %u\n", failure->where.line, failure->where.column);
    }
    return buffer_string(&log);
}

void script_record_failure(struct work *work, const struct detection *detection, const struct ledger_record *record,
                           const struct script_failure *failure)
{
    const struct framework *const framework = detection->framework;
    struct status ignored = {.arena = work->arena};
    struct status *const status = work->status;
    struct ledger_record logged = *record;
    logged.logs = failure_log(work->arena, failure);
    work->status = &ignored;
    write_ledger(work, detection, &logged, failure->partially_applied ? framework->fail : framework->forget);
    work->status = status;
}

static bool run_steps(struct work *work, const struct detection *detection, const struct ledger_record *record,
                      struct text content, const struct plan *plan, struct script_failure *failure)
{
    const struct framework *const framework = detection->framework;
    struct query query = {.sql = {.arena = work->arena}};
    put_session(&query, detection);
    framework->start(&query.sql, &detection->ledger, record);
    if (!pg_exec(work->session, buffer_string(&query.sql), work->status)) {
        *failure = (struct script_failure){.error = work->status->message, .sqlstate = work->status->sqlstate};
        return false;
    }
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *const step = &plan->steps[i];
        if (!run_step(work, detection, record, content, step, i + 1 == plan->count, failure)) {
            /* A transaction that failed first leaves nothing; what ran outside of one may have (an INVALID index), and
             * so may one whose answer was lost. */
            failure->partially_applied = i > 0 || step->kind != STEP_TRANSACTION || failure->connection_lost;
            script_record_failure(work, detection, record, failure);
            return false;
        }
    }
    if (plan->steps[plan->count - 1].kind != STEP_TRANSACTION &&
        !write_ledger(work, detection, record, framework->finish)) {
        *failure = (struct script_failure){
            .error = work->status->message,
            .sqlstate = work->status->sqlstate,
            .partially_applied = true,
            .connection_lost = work->status->code == STATUS_UNAVAILABLE,
        };
        return false;
    }
    return true;
}

bool script_run(struct work *work, const struct detection *detection, const struct ledger_record *record,
                struct text content, const struct plan *plan, struct script_failure *failure)
{
    return plan->count == 0 || plan->one_transaction
               ? run_one_transaction(work, detection, record, content, plan, failure)
               : run_steps(work, detection, record, content, plan, failure);
}
