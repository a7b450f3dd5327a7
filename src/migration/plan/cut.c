/*
 * One pass over the words of a script says whether it needs a plan at all; most do not. The others are cut by
 * PostgreSQL's parser, and their statements walked once, left to right.
 */
#include "migration/plan/cut.h"

#include "sql/classify.h"
#include "sql/effects.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <ctype.h>
#include <string.h>

#define EXCERPT_LIMIT   500 /* characters */
#define VALUES_LIMIT    100 /* new enum values that are looked for in the rest of the script: more cost too much */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* A script that is being planned. */
struct planning {
    struct arena *arena;
    struct text script;
    struct plan *plan;
    size_t capacity;
    struct sql_split split;
    enum sql_class *classes; /* of each statement */
    size_t values_sought;
    size_t open; /* first statement of the transaction under construction; SIZE_MAX: none */
    bool each_alone;
};

static struct text statement_text(const struct planning *planning, size_t i)
{
    return text_slice(planning->script, planning->split.statements[i].start, planning->split.statements[i].end);
}

/* A step of the statements from first to last. */
static void add_step(struct planning *planning, enum step_kind kind, size_t first, size_t last, const char *reason)
{
    struct plan *const plan = planning->plan;
    plan->steps = arena_grow(planning->arena, plan->steps, plan->count, &planning->capacity, sizeof *plan->steps);
    plan->steps[plan->count++] = (struct step){
        .kind = kind,
        .start = planning->split.statements[first].start,
        .end = planning->split.statements[last].end,
        .reason = reason,
        .commit_at = SIZE_MAX,
    };
}

/* Ends the transaction under construction behind statement `last`. */
static void close_transaction(struct planning *planning, size_t last)
{
    if (planning->open != SIZE_MAX) {
        add_step(planning, STEP_TRANSACTION, planning->open, last, NULL);
        planning->open = SIZE_MAX;
    }
}

static bool fail_at(const struct planning *planning, size_t offset, struct status *status, const char *what)
{
    const struct position position = text_position(planning->script, offset);
    status_fail(status, STATUS_FAILED_PRECONDITION, "Line %u: %s", position.line, what);
    status->position = position.character;
    return false;
}

/* What only psql can do: its own commands, and COPY with the data in the script. By words: no parser knows these. */
static bool check_psql(const struct planning *planning, struct status *status)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(planning->script, statement.start, statement.end);
        if (sql_classify(text) == SQL_CLASS_COPY_STDIN) {
            return fail_at(planning, statement.start, status,
                           "COPY FROM STDIN or TO STDOUT needs a client that carries the data, which a migration has "
                           "not; use INSERT (pg_dump --inserts).");
        }
    }
    const size_t meta_command = sql_meta_command(planning->script);
    if (meta_command != SIZE_MAX) {
        return fail_at(planning, meta_command, status,
                       "a command of psql (\\…) is not SQL: the server would refuse the whole file. Remove it; the "
                       "\\restrict and \\unrestrict lines of pg_dump can simply go.");
    }
    return true;
}

/* ---- enum values ---- */

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Is the value between the quotes of a string, not as a part of a longer word? */
static bool string_mentions(struct text string, const char *value)
{
    const size_t size = strlen(value);
    const struct text inner = text_slice(string, 0, string.size - 1);
    for (size_t at = text_find(inner, value, 1); at != SIZE_MAX; at = text_find(inner, value, at + 1)) {
        if (!is_letter(string.data[at - 1]) && !is_letter(string.data[at + size])) {
            return true;
        }
    }
    return false;
}

/* Does a string have the value: 'value', '{value,other}', or the body of a function? `quoted` is it as written there.
 */
static bool mentions(struct text statement, const char *quoted)
{
    struct sql_lexer lexer = {.text = statement};
    if (text_find(statement, quoted, 0) == SIZE_MAX) {
        return false;
    }
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        if (token.kind == SQL_STRING && string_mentions(token.text, quoted)) {
            return true;
        }
    }
    return false;
}

static const char *double_quotes(struct arena *arena, const char *value)
{
    struct buffer quoted = {.arena = arena};
    for (; *value != '\0'; value++) {
        buffer_puts(&quoted, *value == '\'' ? "'" : "");
        buffer_putc(&quoted, *value);
    }
    return buffer_string(&quoted);
}

/* A new value cannot be used before its commit (55P04), but for naming a neighbour of another new one. */
static bool is_used_later(struct planning *planning, size_t i)
{
    const char *const value = sql_added_enum_value(planning->arena, statement_text(planning, i));
    if (value == NULL || ++planning->values_sought > VALUES_LIMIT) {
        return true;
    }
    const char *const quoted = double_quotes(planning->arena, value);
    for (size_t j = i + 1; j < planning->split.count; j++) {
        if (planning->classes[j] != SQL_CLASS_ADD_ENUM_VALUE && mentions(statement_text(planning, j), quoted)) {
            return true;
        }
    }
    return false;
}

/* ---- the script's own transactions ---- */

/* COMMIT AND CHAIN begins the next transaction at once. */
static bool is_chain(struct text statement)
{
    struct sql_lexer lexer = {.text = statement};
    bool behind_and = false;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        if (behind_and && sql_is_word(&token, "chain")) {
            return true;
        }
        behind_and = sql_is_word(&token, "and");
    }
    return false;
}

static bool ends_transaction(const struct planning *planning, size_t i)
{
    return planning->classes[i] == SQL_CLASS_COMMIT || planning->classes[i] == SQL_CLASS_ROLLBACK;
}

/* The statement that ends the transaction that statement i begins; SIZE_MAX where none does. */
static size_t end_of_own(const struct planning *planning, size_t i)
{
    for (size_t j = i + 1; j < planning->split.count; j++) {
        if (ends_transaction(planning, j) && !is_chain(statement_text(planning, j))) {
            return j;
        }
    }
    return SIZE_MAX;
}

/* Is there a COMMIT or ROLLBACK without its BEGIN? What it ends is the implicit transaction of the whole script. */
static bool ends_what_it_did_not_begin(const struct planning *planning)
{
    for (size_t i = 0; i < planning->split.count; i++) {
        if (ends_transaction(planning, i)) {
            return true;
        }
        if (planning->classes[i] == SQL_CLASS_BEGIN) {
            i = end_of_own(planning, i);
            if (i == SIZE_MAX) {
                return false;
            }
        }
    }
    return false;
}

/* BEGIN, COMMIT, END and so on with no more than the noise words: no isolation level, no PREPARE TRANSACTION. */
static bool is_bare(struct text statement)
{
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token first = sql_next(&lexer);
    struct sql_token next = sql_next(&lexer);
    if (sql_is_word(&next, "work") || sql_is_word(&next, "transaction")) {
        next = sql_next(&lexer);
    }
    return next.kind == SQL_END && !sql_is_word(&first, "prepare");
}

/* BEGIN; …; COMMIT around everything says what we do anyway: as a transaction of ours, its ledger row commits with it.
 */
static bool is_one_own_transaction(const struct planning *planning)
{
    const size_t count = planning->split.count;
    if (count < 3 || planning->classes[0] != SQL_CLASS_BEGIN || planning->classes[count - 1] != SQL_CLASS_COMMIT ||
        !is_bare(statement_text(planning, 0)) || !is_bare(statement_text(planning, count - 1))) {
        return false;
    }
    for (size_t i = 1; i + 1 < count; i++) {
        if (planning->classes[i] != SQL_CLASS_PLAIN && planning->classes[i] != SQL_CLASS_ADD_ENUM_VALUE) {
            return false;
        }
    }
    return true;
}

/* ---- walking the statements ---- */

/* BEGIN …; COMMIT and nothing of the kind between them. */
static bool has_one_commit(const struct planning *planning, size_t first, size_t last)
{
    if (planning->classes[last] != SQL_CLASS_COMMIT || !is_bare(statement_text(planning, last))) {
        return false;
    }
    for (size_t i = first + 1; i < last; i++) {
        if (planning->classes[i] != SQL_CLASS_PLAIN && planning->classes[i] != SQL_CLASS_ADD_ENUM_VALUE) {
            return false;
        }
    }
    return true;
}

/* The piece from a BEGIN of the script to its end; *i moves there. */
static bool plan_own(struct planning *planning, size_t *i, struct status *status)
{
    const size_t last = end_of_own(planning, *i);
    if (last == SIZE_MAX) {
        return fail_at(planning, planning->split.statements[*i].start, status,
                       "this BEGIN has no COMMIT; end the transaction in the script, or leave BEGIN out.");
    }
    add_step(planning, STEP_OWN, *i, last, "the script's own transaction");
    if (has_one_commit(planning, *i, last)) {
        planning->plan->steps[planning->plan->count - 1].commit_at = planning->split.statements[last].start;
    }
    *i = last;
    return true;
}

/* Plans statement *i; *i moves to the last one that was planned. */
static bool plan_statement(struct planning *planning, size_t *i, struct status *status)
{
    const enum sql_class class = planning->classes[*i];
    if (class == SQL_CLASS_BEGIN || class == SQL_CLASS_ALONE) {
        close_transaction(planning, *i - 1);
    }
    if (class == SQL_CLASS_BEGIN) {
        return plan_own(planning, i, status);
    }
    if (class == SQL_CLASS_ALONE) {
        add_step(planning, STEP_ALONE, *i, *i, sql_alone_reason(statement_text(planning, *i)));
        return true;
    }
    planning->open = planning->open == SIZE_MAX ? *i : planning->open;
    if (planning->each_alone) {
        close_transaction(planning, *i);
        planning->plan->steps[planning->plan->count - 1].reason = "the script says: no transaction";
    } else if (class == SQL_CLASS_ADD_ENUM_VALUE && is_used_later(planning, *i)) {
        close_transaction(planning, *i);
        planning->plan->steps[planning->plan->count - 1].reason = "the new enum value is used later";
    }
    return true;
}

static bool plan_statements(struct planning *planning, struct status *status)
{
    const size_t count = planning->split.count;
    planning->classes = arena_array(planning->arena, count, sizeof *planning->classes);
    for (size_t i = 0; i < count; i++) {
        planning->classes[i] = sql_classify(statement_text(planning, i));
    }
    if (ends_what_it_did_not_begin(planning)) {
        add_step(planning, STEP_OWN, 0, count - 1, "the script ends a transaction that it did not begin");
        return true;
    }
    if (is_one_own_transaction(planning)) {
        add_step(planning, STEP_TRANSACTION, 1, count - 2, NULL);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (!plan_statement(planning, &i, status)) {
            return false;
        }
    }
    close_transaction(planning, count - 1);
    return true;
}

/* Sent whole, as the framework would, when the parser does not know it; the server has the last word. */
static void plan_whole(struct planning *planning)
{
    const struct position position = text_position(planning->script, planning->split.error_offset);
    planning->plan->note = arena_printf(
        planning->arena,
        "PostgreSQL 15's parser does not know this script (%s, line %u): it is sent whole, as its framework "
        "would.",
        planning->split.error, position.line);
    planning->plan->steps = arena_alloc(planning->arena, sizeof *planning->plan->steps);
    planning->plan->count = 1;
    planning->plan->steps[0] = (struct step){
        .kind = STEP_OWN,
        .end = planning->script.size,
        .reason = planning->plan->note,
        .commit_at = SIZE_MAX,
    };
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

static bool plan_script(struct planning *planning, struct status *status)
{
    struct sql_lexer lexer = {.text = planning->script};
    struct plan *const plan = planning->plan;
    if (sql_next(&lexer).kind == SQL_END) {
        return true;
    }
    if (!planning->each_alone && !sql_may_need_cutting(planning->script)) {
        plan->steps = arena_alloc(planning->arena, sizeof *plan->steps);
        plan->count = 1;
        plan->steps[0] = (struct step){.kind = STEP_TRANSACTION, .end = planning->script.size, .commit_at = SIZE_MAX};
        return true;
    }
    if (!check_psql(planning, status)) {
        return false;
    }
    sql_split(planning->arena, planning->script, &planning->split);
    if (!planning->split.parsed) {
        plan_whole(planning);
        return true;
    }
    return plan_statements(planning, status);
}

bool plan_build(struct arena *arena, struct text script, bool each_alone, struct plan *plan, struct status *status)
{
    /* Editors put a byte order mark there; to PostgreSQL it is a syntax error. */
    const size_t skipped = text_starts_with(script, BYTE_ORDER_MARK) ? strlen(BYTE_ORDER_MARK) : 0;
    struct planning planning = {
        .arena = arena,
        .script = text_slice(script, skipped, script.size),
        .plan = plan,
        .open = SIZE_MAX,
        .each_alone = each_alone,
    };
    *plan = (struct plan){0};
    if (!plan_script(&planning, status)) {
        return false;
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct step *const step = &plan->steps[i];
        step->stalls = stalls(text_slice(planning.script, step->start, step->end));
        step->start += skipped;
        step->end += skipped;
        step->commit_at += step->commit_at == SIZE_MAX ? 0 : skipped;
    }
    plan->one_transaction = plan->count == 1 && plan->steps[0].kind == STEP_TRANSACTION;
    return true;
}

/* ---- what failed ---- */

/* The text from byte start to end, or the part of it around byte `at` where it is long. */
static const char *excerpt(struct arena *arena, struct text script, size_t start, size_t end, size_t at)
{
    const struct text whole = text_slice(script, start, end);
    if (text_characters(whole) <= EXCERPT_LIMIT) {
        return arena_strndup(arena, whole.data, whole.size);
    }
    const size_t before = text_characters(text_slice(script, start, at));
    const size_t first = before > EXCERPT_LIMIT / 2 ? before - EXCERPT_LIMIT / 2 : 0;
    const size_t from = text_byte_of_character(whole, first + 1);
    const size_t to = text_byte_of_character(whole, first + EXCERPT_LIMIT + 1);
    return arena_printf(arena, "%s%.*s%s", from > 0 ? "…" : "", (int)(to - from), whole.data + from,
                        to < whole.size ? "…" : "");
}

const char *plan_failing_statement(struct arena *arena, struct text script, size_t start, size_t end, size_t position,
                                   size_t statement, struct position *where)
{
    const struct text part = text_slice(script, start, end);
    const size_t at = position > 0 ? text_byte_of_character(part, position) : SIZE_MAX;
    struct sql_lexer lexer = {.text = part};
    struct sql_statement one;
    for (size_t i = 0; sql_next_statement(&lexer, &one); i++) {
        if (at == SIZE_MAX ? i == statement : at <= one.end) {
            const size_t error = at == SIZE_MAX ? one.start : at;
            *where = text_position(script, start + error);
            return excerpt(arena, part, one.start, one.end, error);
        }
    }
    if (at == SIZE_MAX) {
        return NULL;
    }
    *where = text_position(script, start + at);
    return excerpt(arena, part, 0, part.size, at);
}
