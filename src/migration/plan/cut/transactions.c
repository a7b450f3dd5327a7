/*
 * Walks through the statements of a script once, transaction by transaction: from one COMMIT of the script's to the
 * next, or single statements if its tool sends them separately.
 */
#include "migration/plan/cut/cutting.h"
#include "migration/plan/cut/enum_value.h"
#include "sql/control.h"
#include "sql/lexer.h"
#include "sql/plpgsql.h"

#define PIECE_END    "--> statement-breakpoint"
#define VALUES_LIMIT 100 /* new enum values that are searched in the rest of the script: more would take too long */

/* A transaction of the script: its statements, and the one that ends it, `end`. */
struct segment {
    size_t first;
    size_t last;
    size_t begin;    /* its BEGIN, after which only the script decides what it contains; NONE: there is none */
    size_t end;      /* COMMIT or another end; NONE: the end of the script, or nothing */
    bool has_chain;  /* contains COMMIT AND CHAIN */
    size_t chain;    /* the first chain that is not preceded by a BEGIN; NONE: there is none */
    bool is_regular; /* ends with COMMIT, so that our row can commit with it */
    bool is_single;  /* its tool sends this statement separately */
};

static uint32_t line_of(const struct planning *planning, size_t i)
{
    return hold_position(&planning->hold, planning->split.statements[i].start).line;
}

static bool fail_statement(const struct planning *planning, size_t i, const char *what)
{
    return planning_fail(planning, planning->split.statements[i].start, what);
}

static struct step *add_step(struct planning *planning, enum step_kind kind, size_t first, size_t last,
                             const char *reason)
{
    return planning_add(planning, kind, planning->split.statements[first].start, planning_end_of(planning, last),
                        reason);
}

/* ---- classes ---- */

bool planning_begins(struct text statement, const char *word)
{
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token token = sql_next(&lexer);
    return sql_is_word(&token, word);
}

/* A DO may CALL such a procedure. */
bool planning_may_commit(struct text statement)
{
    return planning_begins(statement, "call") || planning_begins(statement, "do");
}

/* A new value cannot be used before its commit (55P04), except as the neighbour of another new one. */
static bool is_used_later(struct planning *planning, size_t i, size_t last)
{
    const char *const value = enum_value_added(planning->arena, planning_statement(planning, i));
    if (i == last) {
        return false;
    }
    if (value == NULL || ++planning->values_sought > VALUES_LIMIT) {
        return true;
    }
    for (size_t j = i + 1; j <= last; j++) {
        if (planning->classes[j] != SQL_CLASS_ADD_ENUM_VALUE &&
            enum_value_is_used(planning_statement(planning, j), value)) {
            return true;
        }
    }
    return false;
}

/* ---- the script's own transactions ---- */

static bool ends_transaction(const struct planning *planning, size_t i)
{
    return planning->classes[i] == SQL_CLASS_COMMIT || planning->classes[i] == SQL_CLASS_ROLLBACK;
}

bool planning_is_sent_by_statement(const struct planning *planning)
{
    const enum script_sending sent = planning->options->sent;
    return sent == SENT_IN_TRANSACTION_EACH || sent == SENT_IN_PIECES || sent == SENT_BY_JDBC ||
           sent == SENT_IN_BATCHES || sent == SENT_EACH;
}

bool planning_is_wrapped(const struct planning *planning)
{
    const enum script_sending sent = planning->options->sent;
    return sent == SENT_IN_TRANSACTION || sent == SENT_IN_TRANSACTION_EACH || sent == SENT_IN_PIECES ||
           sent == SENT_BY_JDBC;
}

/* After the end of its tool's transaction each piece is a query: is statement i the last one of its piece? */
static bool ends_piece(const struct planning *planning, size_t i)
{
    const struct sql_statement *const statements = planning->split.statements;
    const size_t next = i + 1 < planning->split.count ? statements[i + 1].start : planning->script.size;
    const struct text between = text_slice(planning->script, statements[i].end, next);
    return planning->options->sent == SENT_IN_PIECES && planning->is_behind_end &&
           (next == planning->script.size || text_find(between, PIECE_END, 0) != SIZE_MAX);
}

/* May the statement share a transaction although its tool sends it separately? It leaves nothing that lasts as long as
 * a transaction, nothing for its COMMIT, and cannot commit. */
static bool is_harmless(const struct planning *planning, size_t i)
{
    struct sql_lastings lastings = {0};
    const struct text statement = planning_statement(planning, i);
    bool harmless = planning->classes[i] == SQL_CLASS_PLAIN && !planning_may_commit(statement) &&
                    !planning->options->is_wish && !hold_acts_late(&planning->hold, statement);
    sql_lasting(planning->arena, statement, statement, &lastings);
    hidden_find(planning->arena, &planning->hidden, statement, &lastings);
    for (size_t j = 0; j < lastings.count; j++) {
        const enum sql_lasting_kind kind = lastings.items[j].kind;
        harmless = harmless && (kind == SQL_SETTING || kind == SQL_RESET_ALL || kind == SQL_OF_SESSION);
    }
    return harmless;
}

/* A statement that its tool sends separately, or several that can be combined. */
static void find_single(const struct planning *planning, struct segment *segment)
{
    segment->is_single = planning->plan->is_sent_apart = true;
    while (!planning->is_shared && is_harmless(planning, segment->last) && segment->last + 1 < planning->split.count &&
           is_harmless(planning, segment->last + 1)) {
        segment->last++;
    }
}

/* Finds the COMMIT or other end, and the script's BEGIN and chains before it. */
static void find_shared(const struct planning *planning, struct segment *segment)
{
    size_t i = segment->first;
    for (; i < planning->split.count && segment->end == NONE; i++) {
        if (planning->classes[i] == SQL_CLASS_BEGIN && segment->begin == NONE) {
            segment->begin = i;
        } else if (ends_transaction(planning, i) && sql_chains(planning_statement(planning, i))) {
            segment->has_chain = true;
            segment->chain = segment->chain == NONE && segment->begin == NONE ? i : segment->chain;
        } else if (ends_transaction(planning, i)) {
            segment->end = i;
        }
        if (segment->begin == NONE && ends_piece(planning, i)) {
            i++;
            break;
        }
    }
    segment->last = segment->end == NONE ? i - 1 : i - 2;
    segment->is_regular =
        !segment->has_chain && !planning_reads_only(planning, segment->first, segment->end) &&
        (segment->end == NONE || (planning->classes[segment->end] == SQL_CLASS_COMMIT &&
                                  !planning_begins(planning_statement(planning, segment->end), "prepare")));
}

/* Finds the transaction that statement i begins. Returns false for a BEGIN without an end. */
static bool find_segment(const struct planning *planning, size_t i, struct segment *segment)
{
    *segment = (struct segment){.first = i, .last = i, .begin = NONE, .end = NONE, .chain = NONE, .is_regular = true};
    if ((!planning->is_shared || ends_piece(planning, i)) && planning->classes[i] != SQL_CLASS_BEGIN) {
        find_single(planning, segment);
        return true;
    }
    find_shared(planning, segment);
    if (segment->end == NONE && segment->begin != NONE && !planning_is_wrapped(planning)) {
        return fail_statement(planning, segment->begin,
                              "this BEGIN has no COMMIT, and the tool of this migration sends none either: its changes "
                              "would be lost. End the transaction in the script, or leave BEGIN out.");
    }
    if (segment->end == NONE) {
        segment->begin = NONE; /* the tool's own COMMIT ends it: this BEGIN only causes a warning */
    }
    return true;
}

/* ---- parts ---- */

/* For our own BEGIN, which is followed by statements of ours. */
void planning_note_modes(struct planning *planning, struct text statement)
{
    const struct text modes = sql_transaction_modes(statement);
    if (modes.size > 0 && !planning->modes_settled) {
        const char *const more = arena_strndup(planning->arena, modes.data, modes.size);
        planning->modes =
            planning->modes == NULL ? more : arena_printf(planning->arena, "%s, %s", planning->modes, more);
    }
    planning->modes_settled = planning->modes_settled || !sql_is_before_snapshot(statement);
}

/* At the beginning of a part: its BEGIN, and SET TRANSACTION, become part of our BEGIN. After statements of ours the
 * server would refuse SET TRANSACTION. */
static bool is_in_our_begin(const struct planning *planning, const struct segment *segment, size_t i)
{
    const struct text statement = planning_statement(planning, i);
    return planning->open == NONE &&
           (planning->classes[i] == SQL_CLASS_BEGIN ||
            (!segment->is_single && planning_begins(statement, "set") && sql_transaction_modes(statement).size > 0));
}

/* Is statement i parsed as its tool, if that sends each by itself, would have it parsed? */
static bool is_read_alike(const struct planning *planning, size_t i)
{
    return !planning_is_sent_by_statement(planning) ||
           hold_is_read_alike(&planning->hold, planning->split.statements[i].start, planning->status);
}

/* Adds a statement to the current part, or begins one. */
static bool add_to_part(struct planning *planning, const struct segment *segment, size_t i)
{
    if (!is_read_alike(planning, i)) {
        return false;
    }
    planning_note_modes(planning, planning_statement(planning, i));
    if (planning->open == NONE && !is_in_our_begin(planning, segment, i)) {
        struct step begun = {.kind = STEP_TRANSACTION};
        hold_carry(&planning->hold, &begun);
        planning->carry = begun.carry;
        planning->carried = begun.carried;
        planning->open = i;
    }
    return hold_statement(&planning->hold, planning->split.statements[i].start, planning->split.statements[i].end,
                          planning->plan->count, planning->status);
}

/* Ends the current part, if there is one, after statement `last`. */
static void end_part(struct planning *planning, size_t last, bool is_cut, const char *reason)
{
    if (planning->open != NONE) {
        struct step *const step = add_step(planning, STEP_TRANSACTION, planning->open, last, reason);
        step->is_cut = is_cut;
        step->modes = planning->modes;
        step->carry = planning->carry;
        step->carried = planning->carried;
    }
    planning->open = NONE;
    planning->modes = NULL;
    planning->modes_settled = false;
}

/* ---- statements that stand alone ---- */

/* A DO can be repeated if a row can be written after its last statement. For others, and for CALL, nobody can know how
 * far they came. */
static bool is_repeatable(struct planning *planning, struct text statement)
{
    struct text body;
    return !planning_may_commit(statement) || sql_do_block(planning->arena, statement, &body);
}

void planning_alone(struct planning *planning, size_t i)
{
    const struct text statement = planning_statement(planning, i);
    struct step *const step = add_step(planning, is_repeatable(planning, statement) ? STEP_ALONE : STEP_OWN, i, i,
                                       planning_alone_reason(planning, i));
    struct step session = {.kind = STEP_ALONE};
    hold_carry(&planning->hold, &session);
    step->carry = session.carry;
    step->carried = session.carried;
    step->restore = session.restore;
    hold_session(&planning->hold, planning->split.statements[i].start, planning->split.statements[i].end,
                 planning->plan->count - 1);
}

/* May the transaction of statement i be cut there? */
static bool can_cut(const struct planning *planning, size_t i, const char *why)
{
    const struct cut_place place = {planning->split.statements[i].start, why, planning->plan->count};
    return hold_can_cut(&planning->hold, &place, planning->status);
}

/* A DO or CALL that can undo what precedes it in the same transaction. */
static bool rolls_back(const struct planning *planning, size_t i)
{
    const struct words *const known = &planning->procedures.rolling_back;
    const struct text statement = planning_statement(planning, i);
    struct sql_code code;
    return words_have(known, sql_called(planning->arena, statement)) ||
           (sql_code(planning->arena, statement, &code) && plpgsql_rolls_back(planning->arena, code.body, known));
}

/* Does a block that ends transactions leave something in its last one, which continues in a pipeline? */
static bool leaves_open(const struct planning *planning, size_t i)
{
    struct sql_lastings lastings = {0};
    const struct text statement = planning_statement(planning, i);
    sql_lasting(planning->arena, statement, statement, &lastings);
    hidden_find(planning->arena, &planning->hidden, statement, &lastings);
    for (size_t j = 0; j < lastings.count; j++) {
        if (lastings.items[j].kind == SQL_ENDS) {
            return true;
        }
    }
    return false;
}

/* Cuts around statement i, which cannot share the segment's transaction. */
static bool cut_out(struct planning *planning, const struct segment *segment, size_t i)
{
    const char *const why = arena_printf(planning->arena, "%s cannot be inside it", planning_alone_reason(planning, i));
    /* Its tool knows what to send separately, except CLUSTER: if we cut for that, nothing may be lost. */
    if (planning->options->sent == SENT_IN_BATCHES && !planning_begins(planning_statement(planning, i), "cluster")) {
        const bool is_behind_block = i > segment->first && planning_may_commit(planning_statement(planning, i - 1));
        if ((planning->open != NONE || is_behind_block) && rolls_back(planning, i)) {
            return fail_statement(
                planning, i,
                "this has a ROLLBACK, and the tool of this migration sends it in one transaction with what comes "
                "before it, which would be undone. Put it into a migration of its own.");
        }
        if (i < segment->last && leaves_open(planning, i)) {
            return fail_statement(
                planning, i,
                "this leaves something to the end of its last transaction (SET LOCAL, a lock), and the tool of this "
                "migration sends what comes after it in the same one. Put it into a migration of its own.");
        }
        end_part(planning, i - 1, false, NULL);
        hold_commit(&planning->hold, planning->plan->steps);
        planning_alone(planning, i);
        return true;
    }
    if (i > segment->first && !can_cut(planning, i, why)) {
        return false;
    }
    end_part(planning, i - 1, true, NULL);
    planning_alone(planning, i);
    return true;
}

/* Cuts after a new enum value that is used before the segment's transaction ends. */
static bool cut_behind_value(struct planning *planning, const struct segment *segment, size_t i)
{
    if (!is_used_later(planning, i, segment->last)) {
        return true;
    }
    if (!can_cut(planning, i, "a new enum value must be committed before it is used")) {
        return false;
    }
    end_part(planning, i, true, "the new enum value is used later");
    return true;
}

/* ---- transactions ---- */

/* What ends a segment, for people. */
static const char *reason_of(const struct planning *planning, const struct segment *segment)
{
    if (segment->is_single) {
        return planning->options->is_wish ? "the script says: no transaction" : "its tool sends no transaction";
    }
    return segment->end == NONE     ? NULL
           : segment->begin != NONE ? "the script's own transaction"
                                    : "the script ends its transaction here";
}

static bool fail_needs_block(const struct planning *planning, size_t i)
{
    return fail_statement(planning, i,
                          "this can only be used inside a transaction, and there the script has none. Put BEGIN and "
                          "COMMIT around what belongs together.");
}

/* Is the transaction that its tool began still open? */
static bool is_inside_tools(const struct planning *planning)
{
    return planning_is_wrapped(planning) && !planning->is_behind_end;
}

/* What the server refuses outside of a transaction must not succeed in ours. Savepoints need more than the implicit
 * transaction of a query. */
static bool check_block(const struct planning *planning, const struct segment *segment, size_t i)
{
    const struct text statement = planning_statement(planning, i);
    const bool is_savepoint = planning_begins(statement, "savepoint") || planning_begins(statement, "release");
    const bool is_own = segment->begin != NONE && i >= segment->begin;
    const bool is_piped = planning->options->sent == SENT_IN_BATCHES && planning->is_behind_end;
    if (is_inside_tools(planning) || is_own ||
        !(is_savepoint || ((segment->is_single || is_piped) && sql_lasts_as_transaction(statement)))) {
        return true;
    }
    return fail_needs_block(planning, i);
}

/* The statements of a transaction that ends with COMMIT: one part, or more if some cannot share it. Nothing is cut
 * between the script's BEGIN and COMMIT: there the server decides. */
static bool plan_regular(struct planning *planning, const struct segment *segment)
{
    const size_t count = planning->plan->count;
    for (size_t i = segment->first; i <= segment->last; i++) {
        const bool is_own = segment->begin != NONE && i >= segment->begin;
        const enum sql_class class = planning->classes[i];
        if (class == SQL_CLASS_ALONE && !is_own) {
            if (!cut_out(planning, segment, i)) {
                return false;
            }
        } else if (!check_block(planning, segment, i) || !add_to_part(planning, segment, i) ||
                   (class == SQL_CLASS_ADD_ENUM_VALUE && !is_own && !cut_behind_value(planning, segment, i))) {
            return false;
        }
    }
    end_part(planning, segment->last, false, reason_of(planning, segment));
    if (segment->is_single && segment->first == segment->last && planning->plan->count > count) {
        struct step *const step = &planning->plan->steps[count];
        step->may_commit =
            step->kind == STEP_TRANSACTION && planning_may_commit(planning_statement(planning, segment->first));
        step->modes = NULL; /* SET TRANSACTION outside of one is only a warning */
    }
    hold_commit(&planning->hold, planning->plan->steps);
    return true;
}

/* Refuses statements that must stand alone inside a transaction that is sent unchanged. */
static bool check_irregular(struct planning *planning, const struct segment *segment, size_t first, size_t end)
{
    for (size_t i = first; i <= segment->last && (segment->begin == NONE || i < segment->begin); i++) {
        if (planning->classes[i] == SQL_CLASS_ALONE) {
            return fail_statement(planning, i,
                                  arena_printf(planning->arena,
                                               "%s cannot be inside the transaction that the script ends in line %u. "
                                               "Put it into a migration of its own.",
                                               planning_alone_reason(planning, i), line_of(planning, end)));
        }
    }
    return true;
}

/* A transaction that ends with ROLLBACK, PREPARE TRANSACTION or a chain is sent unchanged. Statements that stand alone
 * and have nothing to undo may precede it. */
static bool plan_irregular(struct planning *planning, const struct segment *segment)
{
    const size_t end = segment->end == NONE ? segment->last : segment->end;
    const bool rolled_back = planning->classes[end] == SQL_CLASS_ROLLBACK && !segment->has_chain;
    if (segment->chain != NONE && !is_inside_tools(planning)) {
        return fail_needs_block(planning, segment->chain);
    }
    size_t first = segment->first;
    while (first < segment->last && planning->classes[first] == SQL_CLASS_ALONE &&
           sql_leaves_nothing(planning_statement(planning, first))) {
        planning_alone(planning, first++);
    }
    if (!check_irregular(planning, segment, first, end)) {
        return false;
    }
    struct step *const step = add_step(planning, STEP_OWN, first, end, "the script's own transaction");
    step->carry = planning_is_wrapped(planning) && planning->classes[first] != SQL_CLASS_BEGIN ? "BEGIN;" : NULL;
    step->restore = planning_is_wrapped(planning) && segment->end == NONE ? "COMMIT;" : NULL;
    step->leaves_nothing = rolled_back || planning_reads_only(planning, first, end);
    step->is_undone = rolled_back;
    for (size_t i = first; i <= segment->last && !rolled_back; i++) {
        hold_session(&planning->hold, planning->split.statements[i].start, planning->split.statements[i].end,
                     planning->plan->count - 1);
    }
    hold_commit(&planning->hold, planning->plan->steps);
    return true;
}

/* COMMIT, ROLLBACK and SET TRANSACTION outside of a transaction only cause a warning. */
static bool is_idle(const struct planning *planning, size_t i)
{
    return (!planning->is_shared || ends_piece(planning, i)) &&
           (ends_transaction(planning, i) || (planning_begins(planning_statement(planning, i), "set") &&
                                              sql_transaction_modes(planning_statement(planning, i)).size > 0));
}

bool planning_transactions(struct planning *planning)
{
    struct segment segment;
    planning_classify(planning);
    if (planning->refused != NULL) {
        return planning_fail(planning, planning->refused_at, planning->refused);
    }
    planning->is_shared = planning->options->sent != SENT_EACH;
    for (size_t i = 0; i < planning->split.count; i = segment.end == NONE ? segment.last + 1 : segment.end + 1) {
        if (is_idle(planning, i)) {
            if (sql_chains(planning_statement(planning, i)) && ends_transaction(planning, i)) {
                return fail_needs_block(planning, i);
            }
            segment = (struct segment){.last = i, .end = NONE};
            continue;
        }
        if (!is_read_alike(planning, i) || !find_segment(planning, i, &segment)) {
            return false;
        }
        const bool is_empty = segment.end == segment.first;
        if (!is_empty &&
            !(segment.is_regular ? plan_regular(planning, &segment) : plan_irregular(planning, &segment))) {
            return false;
        }
        planning->is_behind_end =
            planning->is_behind_end || (segment.end != NONE && planning->options->sent != SENT_BY_JDBC);
        planning->is_shared =
            planning->is_shared && (segment.end == NONE || planning->options->sent != SENT_IN_TRANSACTION_EACH);
    }
    return true;
}
