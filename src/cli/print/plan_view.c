/*
 * truss plan: shows what a run would do to a person who is responsible for it. What blocks others is coloured;
 * statements that touch nothing existing are only counted.
 */
#include "cli/print/plan_view.h"

#include "base/words.h"
#include "cli/print/findings.h"
#include "cli/print/head.h"
#include "cli/print/output.h"

#include <stdio.h>
#include <string.h>

#define EXCERPT       96 /* characters of a statement */
#define MOST_FAILURES 3  /* of statements, behind all migrations */

typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__PlannedLock PlannedLock;
typedef Truss__Migration__V1__PlannedMigration PlannedMigration;
typedef Truss__Migration__V1__PlannedStatement PlannedStatement;
typedef Truss__Migration__V1__PlannedStep PlannedStep;

static const struct {
    const char *words; /* NULL: not worth mentioning */
    enum colour colour;
} works[] = {
    [TRUSS__MIGRATION__V1__WORK__WORK_UNSPECIFIED] = {"may block: what it does to others is not known", COLOUR_YELLOW},
    [TRUSS__MIGRATION__V1__WORK__WORK_NONE] = {NULL, COLOUR_NONE},
    [TRUSS__MIGRATION__V1__WORK__WORK_SCAN] = {"reads the whole table", COLOUR_YELLOW},
    [TRUSS__MIGRATION__V1__WORK__WORK_REWRITE] = {"rewrites the whole table", COLOUR_RED},
    [TRUSS__MIGRATION__V1__WORK__WORK_INDEX] = {"builds an index", COLOUR_NONE},
    [TRUSS__MIGRATION__V1__WORK__WORK_ROWS] = {"changes rows", COLOUR_NONE},
};

/* ---- statements ---- */

/* On one line, cut if it is long. */
static const char *excerpt(struct arena *arena, const char *sql)
{
    struct buffer line = {.arena = arena};
    for (const char *c = sql; *c != '\0'; c++) {
        const bool is_space = strchr(" \t\r\n", *c) != NULL;
        const bool was_space = line.size == 0 || line.data[line.size - 1] == ' ';
        if (!is_space || !was_space) {
            buffer_putc(&line, is_space ? ' ' : *c);
        }
    }
    const struct text whole = buffer_text(&line);
    const size_t size = text_byte_of_character(whole, EXCERPT + 1);
    return output_safe(
        arena, size < whole.size ? arena_printf(arena, "%.*s…", (int)size, whole.data) : buffer_string(&line), false);
}

static void print_lock(struct arena *arena, const PlannedLock *lock)
{
    const enum colour colour = lock->blocks_reads ? COLOUR_RED : lock->blocks_writes ? COLOUR_YELLOW : COLOUR_DIM;
    const char *const whom = lock->blocks_reads    ? "blocks reads and writes"
                             : lock->blocks_writes ? "blocks writes"
                                                   : "blocks neither reads nor writes";
    printf("      ");
    output_put(colour, arena_printf(arena, "%s on %s: %s", output_safe(arena, lock->mode, false),
                                    output_safe(arena, lock->relation, false), whom));
    putchar('\n');
}

/* "3 other statements that lock"; the caller says what they lock. */
static const char *locking(struct arena *arena, size_t count, bool others)
{
    return others ? words_counted(arena, count, "other statement that locks", "other statements that lock")
                  : words_counted(arena, count, "statement that locks", "statements that lock");
}

/* What it does to rows, where that is more than to change some. */
static void print_loss(const PlannedStatement *statement)
{
    if (!statement->loses_data && !statement->every_row) {
        return;
    }
    printf("      ");
    if (statement->loses_data) {
        output_put(COLOUR_RED, statement->every_row ? "loses data: deletes every row" : "loses data");
    } else {
        output_put(COLOUR_YELLOW, "changes every row");
    }
    putchar('\n');
}

static void print_statement(struct arena *arena, const PlannedStatement *statement)
{
    const size_t work = statement->work < sizeof works / sizeof works[0] ? (size_t)statement->work : 0;
    printf("    line %u: %s\n", statement->line, excerpt(arena, statement->sql));
    for (size_t i = 0; i < statement->n_locks; i++) {
        print_lock(arena, statement->locks[i]);
    }
    if (statement->unknown && statement->work != TRUSS__MIGRATION__V1__WORK__WORK_UNSPECIFIED) {
        printf("      ");
        output_put(COLOUR_YELLOW, "may block: what it calls is not known");
        putchar('\n');
    }
    print_loss(statement);
    if (works[work].words != NULL && !statement->every_row && (work != 0 || statement->unknown)) {
        printf("      ");
        output_put(works[work].colour, works[work].words);
        putchar('\n');
    }
    if (statement->_fails_case != 0) {
        printf("      ");
        output_put(COLOUR_RED, arena_printf(arena, "fails: %s", output_safe(arena, statement->fails, false)));
        putchar('\n');
    } else if (statement->_advice_case != 0) {
        printf("      advice: %s\n", output_safe(arena, statement->advice, false));
    }
}

/* Does it touch something that exists already, or is nothing known about it? */
static bool is_notable(const PlannedStatement *statement)
{
    return statement->n_locks > 0 || statement->_fails_case != 0 || statement->_advice_case != 0 || statement->unknown;
}

/* ---- steps ---- */

static const char *step_words(struct arena *arena, const PlannedStep *step)
{
    const char *const retries = step->retries_locks ? ", short tries for its locks" : "";
    const char *const reason = step->_reason_case == 0 ? "" : output_safe(arena, step->reason, false);
    switch (step->kind) {
    case TRUSS__MIGRATION__V1__STEP_KIND__STEP_KIND_ALONE:
        return arena_printf(arena, "outside of any transaction%s%s%s", reason[0] == '\0' ? "" : " (", reason,
                            reason[0] == '\0' ? "" : ")");
    case TRUSS__MIGRATION__V1__STEP_KIND__STEP_KIND_OWN:
        return "with the transactions that the script has itself";
    default:
        return arena_printf(arena, "one transaction%s%s%s", retries, reason[0] == '\0' ? "" : "; ", reason);
    }
}

static void print_step(struct arena *arena, const PlannedStep *step, size_t steps, bool verbose)
{
    uint32_t quiet = step->statement_count;
    printf("  ");
    if (steps > 1) {
        printf("step %u of %zu: ", step->number, steps);
    }
    if (step->finished) {
        output_put(COLOUR_DIM, "finished by an earlier run, not run again");
        putchar('\n');
        return;
    }
    printf("%s\n", step_words(arena, step));
    for (size_t i = 0; i < step->n_statements; i++) {
        if (verbose || is_notable(step->statements[i])) {
            print_statement(arena, step->statements[i]);
            quiet--;
        }
    }
    if (quiet > 0) {
        const bool others = quiet < step->statement_count;
        if (quiet > step->unlisted_count) {
            printf("    %s nothing that exists\n", locking(arena, quiet - step->unlisted_count, others));
        }
        if (step->unlisted_count > 0) {
            printf("    %s what exists, or may; too many to list\n", locking(arena, step->unlisted_count, others));
        }
    }
}

/* Nothing in it touches what exists: one line is enough. */
static bool is_quiet(const PlannedMigration *migration)
{
    if (migration->n_steps > 1 || migration->_note_case != 0 || migration->_delegate_case != 0) {
        return false;
    }
    const PlannedStep *const step = migration->n_steps == 0 ? NULL : migration->steps[0];
    for (size_t i = 0; step != NULL && i < step->n_statements; i++) {
        if (is_notable(step->statements[i])) {
            return false;
        }
    }
    return step == NULL ||
           (step->kind == TRUSS__MIGRATION__V1__STEP_KIND__STEP_KIND_TRANSACTION && step->unlisted_count == 0);
}

/* Is it printed as one line? */
static bool is_line(const PlannedMigration *migration, bool verbose)
{
    return migration->_delegate_case != 0 || (!verbose && is_quiet(migration));
}

/* Programs follow one another as a list; the command is printed once. before: the migration before it, or NULL. */
static void print_program(struct arena *arena, const PlannedMigration *migration, const PlannedMigration *before)
{
    if (before != NULL && before->_delegate_case != 0 && strcmp(before->delegate, migration->delegate) == 0) {
        printf(": a program, run by the same command\n");
    } else {
        printf(": a program, run by its own tool: %s\n", output_safe(arena, migration->delegate, false));
    }
}

static void print_migration(struct arena *arena, const PlannedMigration *migration, const PlannedMigration *before,
                            bool verbose)
{
    output_put(COLOUR_BOLD, output_safe(arena, migration->name, false));
    if (migration->_delegate_case != 0) {
        print_program(arena, migration, before);
        return;
    }
    if (migration->n_steps == 0) {
        printf(": nothing in it, only recorded\n");
        return;
    }
    if (!verbose && is_quiet(migration)) {
        printf(": one transaction, %s nothing that exists\n",
               locking(arena, migration->steps[0]->statement_count, false));
        return;
    }
    putchar('\n');
    if (migration->_note_case != 0) {
        output_put(COLOUR_YELLOW, "  note: ");
        printf("%s\n", output_safe(arena, migration->note, false));
    }
    for (size_t i = 0; i < migration->n_steps; i++) {
        print_step(arena, migration->steps[i], migration->n_steps, verbose);
    }
}

/* ---- the whole plan ---- */

/* Who has approved it, or how to get an approval. */
static void print_approval(struct arena *arena, const Truss__Migration__V1__Approval *approval)
{
    if (approval == NULL) {
        return;
    }
    putchar('\n');
    if (approval->state == TRUSS__MIGRATION__V1__APPROVAL_STATE__APPROVAL_STATE_APPROVED) {
        output_put(COLOUR_GREEN, "approved: ");
        printf("by \"%s\"; anybody else who may run it can do so.\n", output_safe(arena, approval->approved_by, false));
        return;
    }
    output_put(COLOUR_YELLOW, "needs approval: ");
    printf("somebody other than the person who runs it must say: truss approve %s\n", approval->plan_hash);
}

/* Those of statements stand with these, too: a few are enough here. */
static void print_failures(struct arena *arena, const PlanResponse *reply)
{
    size_t of_statements = 0;
    for (size_t i = 0; i < reply->n_failures; i++) {
        const bool is_general = findings_is_general(reply, reply->failures[i]);
        of_statements += is_general ? 0 : 1;
        printf("%s", i == 0 ? "\n" : "");
        if (is_general || of_statements <= MOST_FAILURES) {
            output_put(COLOUR_RED, is_general ? "fails: " : "");
            printf("%s\n", output_safe(arena, reply->failures[i], false));
        }
    }
    if (of_statements > MOST_FAILURES) {
        printf("%s, above.\n",
               words_counted(arena, of_statements - MOST_FAILURES, "other statement fails", "other statements fail"));
    }
}

void plan_print(struct cli *cli, const PlanResponse *reply, bool verbose)
{
    struct arena *const arena = cli->arena;
    head_print(cli, reply->target);
    output_put(COLOUR_BOLD, output_safe(arena, reply->summary, false));
    putchar('\n');
    for (size_t i = 0; i < reply->n_warnings; i++) {
        output_put(COLOUR_YELLOW, "warning: ");
        printf("%s\n", output_safe(arena, reply->warnings[i], false));
    }
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const PlannedMigration *const one = reply->migrations[i];
        const PlannedMigration *const before = i == 0 ? NULL : reply->migrations[i - 1];
        printf("%s", before != NULL && is_line(before, verbose) && is_line(one, verbose) ? "" : "\n");
        print_migration(arena, one, before, verbose);
    }
    print_failures(arena, reply);
    print_approval(arena, reply->approval);
    if (reply->_refusal_case != 0) {
        putchar('\n');
        output_put(COLOUR_RED, "refused: ");
        printf("%s\n", output_safe(arena, reply->refusal, false));
    }
}
