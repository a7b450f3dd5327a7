/*
 * Classifies the statements of a script: by their words, by their targets, and which CALL ends transactions.
 */
#include "migration/plan/cut/cutting.h"
#include "sql/plpgsql.h"

/* CREATE PROCEDURE p with a COMMIT, then CALL p(): the CALL commits. So does one of a known procedure of the database.
 * Others cannot be known. */
static void find_committing_calls(struct planning *planning)
{
    struct procedures *const procedures = &planning->procedures;
    struct sql_code code;
    *procedures = (struct procedures){0};
    if (planning->options->procedures != NULL) {
        procedures_join(planning->arena, procedures, planning->options->procedures);
    }
    for (size_t i = 0; i < planning->split.count; i++) {
        const struct text text = planning_statement(planning, i);
        if (planning->classes[i] != SQL_CLASS_PLAIN) {
            continue;
        }
        if (words_have(&procedures->committing, sql_called(planning->arena, text))) {
            planning->classes[i] = SQL_CLASS_ALONE;
        } else if (sql_code(planning->arena, text, &code) && code.plpgsql && !code.is_do) {
            procedures_note(planning->arena, procedures, code.name, code.body);
        } else if (code.is_do && code.plpgsql && plpgsql_commits(planning->arena, code.body, &procedures->committing)) {
            planning->classes[i] = SQL_CLASS_ALONE;
        }
    }
}

bool planning_has_targets(const struct planning *planning)
{
    struct targets targets = {.outer = planning->options->targets};
    struct sql_lexer lexer = {.text = planning->script};
    struct sql_statement statement;
    bool has = false;
    while (!has && sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(planning->script, statement.start, statement.end);
        has = targets_alone(planning->arena, &targets, text) != NULL ||
              targets_refused(planning->arena, &targets, text) != NULL;
        targets_note(planning->arena, &targets, text);
    }
    return has;
}

/* Statements that stand alone, or need not, because of their target; and those that the server refuses because of
 * it. */
static void find_targets(struct planning *planning)
{
    struct targets targets = {.outer = planning->options->targets};
    planning->reasons = arena_array(planning->arena, planning->split.count, sizeof *planning->reasons);
    for (size_t i = 0; i < planning->split.count; i++) {
        const struct text text = planning_statement(planning, i);
        const char *const refused = planning->refused == NULL ? targets_refused(planning->arena, &targets, text) : NULL;
        planning->reasons[i] = targets_alone(planning->arena, &targets, text);
        if (refused != NULL) {
            planning->refused = refused;
            planning->refused_at = planning->split.statements[i].start;
        }
        if (planning->reasons[i] != NULL) {
            planning->classes[i] = SQL_CLASS_ALONE;
        } else if (targets_share(planning->arena, &targets, text)) {
            planning->classes[i] = SQL_CLASS_PLAIN;
        }
        targets_note(planning->arena, &targets, text);
    }
}

const char *planning_alone_reason(const struct planning *planning, size_t i)
{
    const char *const reason = sql_alone_reason(planning_statement(planning, i));
    return planning->reasons[i] != NULL ? planning->reasons[i]
           : reason != NULL             ? reason
                                        : "CALL of a procedure with its own COMMIT";
}

/* What functions leave that the script itself creates; the database's are already known. */
static void find_hidden(struct planning *planning)
{
    hidden_join(planning->arena, &planning->hidden, planning->options->hidden);
    for (size_t i = 0; i < planning->split.count; i++) {
        hidden_note(planning->arena, &planning->hidden, planning_statement(planning, i), planning->options->deferred);
    }
    planning->hold.hidden = &planning->hidden;
    planning->hold.user = planning->options->user;
    planning->hold.database = planning->options->database;
}

static bool has_word(struct text modes, const char *word)
{
    struct sql_reader reader = sql_read(modes);
    while (reader.token.kind != SQL_END && !sql_is_word(&reader.token, word)) {
        sql_advance(&reader);
    }
    return reader.token.kind != SQL_END;
}

bool planning_reads_only(const struct planning *planning, size_t first, size_t end)
{
    if (end >= planning->split.count || planning->classes[first] != SQL_CLASS_BEGIN ||
        planning->classes[end] != SQL_CLASS_COMMIT) {
        return false;
    }
    bool reads_only = false;
    for (size_t i = first; i < end; i++) {
        const struct text modes = sql_transaction_modes(planning_statement(planning, i));
        reads_only = (reads_only || (i <= first + 1 && has_word(modes, "only"))) && !has_word(modes, "write");
        if (!reads_only && i > first) {
            return false;
        }
    }
    return reads_only;
}

void planning_classify(struct planning *planning)
{
    planning->classes = arena_array(planning->arena, planning->split.count, sizeof *planning->classes);
    for (size_t i = 0; i < planning->split.count; i++) {
        const enum sql_class class = sql_classify(planning_statement(planning, i));
        const bool has_data =
            class == SQL_CLASS_COPY_STDIN && planning_has_data(planning, planning->split.statements[i].start);
        planning->classes[i] = has_data ? SQL_CLASS_PLAIN : class;
    }
    find_targets(planning);
    find_committing_calls(planning);
    find_hidden(planning);
}
