/*
 * One pass over the words of a script tells whether it needs a plan at all; most do not. The others are split by
 * PostgreSQL's parser.
 */
#include "migration/plan/cut/cut.h"

#include "framework/core/script.h"
#include "migration/plan/cut/cutting.h"
#include "sql/effects.h"
#include "sql/lasting.h"
#include "sql/lexer.h"
#include "sql/parse.h"
#include "sql/plpgsql.h"

/* ---- statements that can never run ---- */

/* psql's own commands, and COPY with data that its tool does not send. By words, because no parser knows them. */
static bool check_psql(const struct planning *planning)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(planning->script, statement.start, statement.end);
        if (sql_classify(text) == SQL_CLASS_COPY_STDIN && !planning_has_data(planning, statement.start)) {
            return planning_fail(planning, statement.start,
                                 "COPY FROM STDIN or TO STDOUT needs a client that carries the data, which the tool of "
                                 "this migration is not; use INSERT (pg_dump --inserts).");
        }
    }
    const size_t meta_command = sql_meta_command(planning->script);
    if (meta_command != NONE) {
        return planning_fail(
            planning, meta_command,
            "a command of psql (\\…) is not SQL: the server would refuse the whole file. Remove it; the "
            "\\restrict and \\unrestrict lines of pg_dump can simply go.");
    }
    return true;
}

static bool check_closed(const struct planning *planning)
{
    const char *what = NULL;
    const size_t at = sql_unclosed(planning->script, &what);
    return at == NONE || !check_psql(planning) || /* a COPY's data may contain quotes */
           planning_fail(
               planning, at,
               arena_printf(planning->arena, "%s is opened here and never closed; nothing was run. Close it.", what));
}

/* ---- scripts that need no cutting, or cannot be cut ---- */

/* The whole script as one step. */
static struct step *plan_whole(struct planning *planning, enum step_kind kind)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_statement statement;
    size_t count = 0;
    bool single_may_commit = false;
    struct step *const step = planning_add(planning, kind, 0, planning->script.size, NULL);
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(planning->script, statement.start, statement.end);
        single_may_commit = ++count == 1 && planning_may_commit(text);
        if (count > 1 && planning->modes_settled) {
            break;
        }
        planning_note_modes(planning, text);
    }
    step->may_commit = single_may_commit && planning->options->sent == SENT_WHOLE && kind == STEP_TRANSACTION;
    step->modes = kind == STEP_TRANSACTION ? planning->modes : NULL;
    return step;
}

/* Splits the statements by words. */
static void split_by_words(struct planning *planning)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_statement statement;
    size_t capacity = 0;
    planning->split.count = 0;
    while (sql_next_statement(&lexer, &statement)) {
        planning->split.statements = arena_grow(planning->arena, planning->split.statements, planning->split.count,
                                                &capacity, sizeof *planning->split.statements);
        planning->split.statements[planning->split.count++] = statement;
    }
}

static bool has_class(const struct planning *planning, enum sql_class class)
{
    for (size_t i = 0; i < planning->split.count; i++) {
        if (planning->classes[i] == class) {
            return true;
        }
    }
    return false;
}

/* Where the script may change how the rest of it is parsed, if its tool sends each statement separately; NONE:
 * nowhere. */
static size_t changes_reading(const struct planning *planning)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_token before = {.kind = SQL_END};
    struct sql_token token = {.kind = SQL_END};
    do {
        token = sql_next(&lexer);
        const bool is_names = sql_is_word(&before, "set") && sql_is_word(&token, "names");
        if (planning_is_sent_by_statement(planning) && (is_names || sql_reading_setting(&token) != NULL)) {
            return token.offset;
        }
        before = token;
    } while (token.kind != SQL_END && planning_is_sent_by_statement(planning));
    return NONE;
}

/* The parser does not accept it (newer syntax, or an error): it is sent as its tool sends it, and the server
 * decides. */
static bool plan_unparsed(struct planning *planning)
{
    const struct position position = hold_position(&planning->hold, planning->split.error_offset);
    const size_t changes = changes_reading(planning);
    if (changes != NONE) {
        return planning_fail(
            planning, changes,
            "this may change how the rest of the file is read, and the file cannot be read as it is: the tool of this "
            "migration sends each statement by itself. Split the file after it, or do without it.");
    }
    planning->plan->note = arena_printf(planning->arena,
                                        "PostgreSQL %d's parser does not know this script (%s, line %u): it is sent as "
                                        "its framework would.",
                                        sql_grammar_version(), planning->split.error, position.line);
    split_by_words(planning);
    if (planning->options->sent == SENT_EACH) {
        return planning_transactions(planning);
    }
    planning_classify(planning);
    if (planning->split.count == 1 && planning->classes[0] == SQL_CLASS_ALONE) {
        planning_alone(planning, 0);
        return true;
    }
    const bool ends = has_class(planning, SQL_CLASS_COMMIT) || has_class(planning, SQL_CLASS_ROLLBACK) ||
                      (has_class(planning, SQL_CLASS_BEGIN) && !planning_is_wrapped(planning));
    const bool is_wrapped = ends && planning_is_wrapped(planning);
    if (is_wrapped && planning->options->sent != SENT_IN_TRANSACTION) {
        return planning_transactions(planning);
    }
    struct step *const step = plan_whole(planning, ends ? STEP_OWN : STEP_TRANSACTION);
    step->reason = ends ? "it ends transactions itself and could not be cut" : NULL;
    step->carry = is_wrapped ? "BEGIN;" : NULL;
    step->restore = is_wrapped ? "COMMIT;" : NULL;
    return true;
}

/* Scripts that need a plan although their statements may share a transaction: with a procedure that commits (a CALL of
 * it stands alone), with savepoints outside of a BEGIN, or with statements that stand alone because of their
 * targets. */
static bool has_more_to_plan(struct planning *planning)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_statement statement;
    struct sql_code code;
    if (planning->options->targets != NULL && planning_has_targets(planning)) {
        return true;
    }
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(planning->script, statement.start, statement.end);
        if (planning->options->procedures != NULL && planning_may_commit(text)) {
            return true;
        }
        if (!planning_is_wrapped(planning) && planning_begins(text, "savepoint")) {
            return true;
        }
        if (planning_begins(text, "create") && sql_code(planning->arena, text, &code) && code.plpgsql &&
            plpgsql_commits(planning->arena, code.body, NULL)) {
            return true;
        }
    }
    return false;
}

static bool plan_script(struct planning *planning)
{
    struct sql_lexer lexer = {.text = planning->script};
    if (sql_next(&lexer).kind == SQL_END) {
        return true;
    }
    if (!check_closed(planning)) {
        return false;
    }
    if (planning->options->sent != SENT_EACH && !sql_may_need_cutting(planning->script) &&
        !has_more_to_plan(planning) && changes_reading(planning) == NONE) {
        plan_whole(planning, STEP_TRANSACTION);
        return true;
    }
    if (!check_psql(planning)) {
        return false;
    }
    sql_split(planning->arena, planning->script, &planning->split);
    return planning->split.parsed ? planning_transactions(planning) : plan_unparsed(planning);
}

static bool stalls(struct text part)
{
    struct sql_lexer lexer = {.text = part};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        if (sql_may_stall_others(text_slice(part, statement.start, statement.end))) {
            return true;
        }
    }
    return false;
}

/* Sets what concerns the plan as a whole, and makes offsets relative to the file. */
static void finish(struct planning *planning, size_t skipped)
{
    struct plan *const plan = planning->plan;
    plan->one_transaction = plan->count == 1 && plan->steps[0].kind == STEP_TRANSACTION;
    for (size_t i = 0; i < plan->count; i++) {
        struct step *const step = &plan->steps[i];
        step->stalls = stalls(text_slice(planning->script, step->start, step->end));
        step->reason = plan->one_transaction ? NULL : step->reason;
        step->start += skipped;
        step->end += skipped;
        step->session_bound_at += skipped;
    }
    if (plan->one_transaction && planning->split.count == 1 && planning->options->sent == SENT_WHOLE) {
        plan->steps[0].may_commit = planning_may_commit(
            text_slice(planning->script, planning->split.statements[0].start, planning->split.statements[0].end));
    }
}

bool plan_build(struct arena *arena, struct text script, const struct plan_options *options, struct plan *plan,
                struct status *status)
{
    /* Editors add a byte order mark; to PostgreSQL it is a syntax error. */
    const size_t skipped = script.size - text_without_mark(script).size;
    const struct text written = text_slice(script, skipped, script.size);
    struct planning planning = {
        .arena = arena,
        .script = options->backslashes ? sql_conforming(arena, written) : written,
        .plan = plan,
        .status = status,
        .options = options,
        .open = NONE,
        .skipped = skipped,
    };
    planning.hold = (struct hold){
        .arena = arena,
        .script = planning.script,
        .written = written,
        .parts = options->parts,
        .is_one_text = !planning_is_sent_by_statement(&planning),
    };
    if (options->deferred != NULL) {
        deferred_join(arena, &planning.hold.deferred, options->deferred);
    }
    *plan = (struct plan){.parts = options->parts, .is_read_apart = planning_is_sent_by_statement(&planning)};
    if (!plan_script(&planning)) {
        *plan = (struct plan){0};
        return false;
    }
    finish(&planning, skipped);
    return true;
}

const char *plan_settings(struct arena *arena, const struct plan *plan, size_t count)
{
    struct buffer settings = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&settings, plan->steps[i].settings == NULL ? "" : plan->steps[i].settings);
    }
    return buffer_string(&settings);
}

struct plan plan_copy(struct arena *arena, const struct plan *plan)
{
    struct plan copy = *plan;
    copy.steps = arena_array(arena, plan->count, sizeof *copy.steps);
    copy.note = arena_strdup(arena, plan->note);
    copy.parts = script_parts_copy(arena, &plan->parts);
    for (size_t i = 0; i < plan->count; i++) {
        copy.steps[i] = plan->steps[i];
        copy.steps[i].reason = arena_strdup(arena, plan->steps[i].reason);
        copy.steps[i].modes = arena_strdup(arena, plan->steps[i].modes);
        copy.steps[i].carry = arena_strdup(arena, plan->steps[i].carry);
        copy.steps[i].carried = arena_strdup(arena, plan->steps[i].carried);
        copy.steps[i].restore = arena_strdup(arena, plan->steps[i].restore);
        copy.steps[i].settings = arena_strdup(arena, plan->steps[i].settings);
        copy.steps[i].session_bound = arena_strdup(arena, plan->steps[i].session_bound);
    }
    return copy;
}
