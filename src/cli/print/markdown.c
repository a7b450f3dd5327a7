/*
 * Markdown as GitHub and GitLab render it. Names are written as code, in which characters have no special meaning: a
 * migration called "|" or "<b>" stays in one cell of its table.
 */
#include "cli/print/escape.h"
#include "cli/print/output.h"
#include "cli/print/report_formats.h"

#include "base/words.h"
#include <stdio.h>
#include <string.h>

/* New rows are added only below this size, so that the whole stays below the 65,536 characters of a comment. */
#define FULL_AT 45000

typedef Truss__Migration__V1__GetStatusResponse StatusReply;
typedef Truss__Migration__V1__Migration Migration;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__PlannedMigration PlannedMigration;
typedef Truss__Migration__V1__RunResponse RunResponse;
typedef Truss__Rpc__V1__Target Target;

/* ---- parts ---- */

static struct buffer begin(struct arena *arena, const char *command, const char *title)
{
    struct buffer out = {.arena = arena};
    buffer_printf(&out, "<!-- truss %s -->\n### %s\n\n", command, title);
    return out;
}

static void put_target(struct buffer *out, const Target *target)
{
    if (target == NULL) {
        return;
    }
    buffer_printf(out, "Database %s", escape_markdown_code(out->arena, target->database));
    buffer_printf(out, " at %s",
                  escape_markdown_code(out->arena, arena_printf(out->arena, "%s:%s", target->host, target->port)));
    buffer_printf(out, " as %s", escape_markdown_code(out->arena, target->user));
    if (target->project[0] != '\0') {
        buffer_printf(out, ", project %s", escape_markdown_code(out->arena, target->project));
    }
    if (target->_framework_case != 0) {
        buffer_printf(out, ", %s", escape_markdown(out->arena, target->framework));
    }
    buffer_puts(out, "\n\n");
}

static void put_said(struct buffer *out, const char *label, const char *text)
{
    if (output_or_empty(text)[0] != '\0') {
        buffer_printf(out, "**%s:** %s\n\n", label, escape_markdown(out->arena, text));
    }
}

static void put_warnings(struct buffer *out, char *const *warnings, size_t count)
{
    size_t shown = 0;
    while (shown < count && out->size < FULL_AT) {
        put_said(out, "Warning", warnings[shown++]);
    }
    if (shown < count) {
        buffer_printf(out, "**Warning:** %zu more warnings are not listed.\n\n", count - shown);
    }
}

/* Ends a table in which this many rows did not fit. */
static void end_table(struct buffer *out, size_t left)
{
    if (left > 0) {
        buffer_printf(out, "\n%zu more are not listed: there is no room for them here.\n", left);
    }
    buffer_putc(out, '\n');
}

static void print(struct buffer *out)
{
    fputs(buffer_string(out), stdout);
}

/* ---- status ---- */

static const char *const states[] = {
    [TRUSS__MIGRATION__V1__STATE__STATE_UNSPECIFIED] = "not known",
    [TRUSS__MIGRATION__V1__STATE__STATE_APPLIED] = "applied",
    [TRUSS__MIGRATION__V1__STATE__STATE_PENDING] = "pending",
    [TRUSS__MIGRATION__V1__STATE__STATE_MODIFIED] = "modified",
    [TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED] = "orphaned",
};

static bool is_listed(const Migration *migration)
{
    return report_fault(migration) != NULL || migration->state != TRUSS__MIGRATION__V1__STATE__STATE_APPLIED;
}

static void put_state(struct buffer *out, const Migration *migration)
{
    const size_t state = migration->state < sizeof states / sizeof states[0] ? (size_t)migration->state : 0;
    const char *const fault = report_fault(migration);
    buffer_printf(out, "| %s | %s | %s", states[state], escape_markdown_code(out->arena, migration->name),
                  fault == NULL ? "" : fault);
    buffer_printf(out, "%s%s |\n", fault == NULL ? "" : " ",
                  escape_markdown(out->arena, output_or_empty(migration->note)));
}

/* Lists the migrations that are not simply applied. */
static void put_states(struct buffer *out, const StatusReply *reply)
{
    bool has_head = false;
    size_t left = 0;
    for (size_t i = 0; i < reply->n_migrations; i++) {
        if (!is_listed(reply->migrations[i])) {
            continue;
        }
        if (!has_head) {
            buffer_puts(out, "| State | Migration | |\n|---|---|---|\n");
            has_head = true;
        }
        if (out->size < FULL_AT) {
            put_state(out, reply->migrations[i]);
        } else {
            left++;
        }
    }
    if (has_head) {
        end_table(out, left);
    } else if (reply->_problem_case == 0) {
        buffer_puts(out, reply->n_migrations == 0 ? "No migration was found.\n" : "Every migration is applied.\n");
    }
}

void markdown_status(struct arena *arena, const StatusReply *reply)
{
    const Truss__Migration__V1__Summary *const summary = reply->summary;
    struct buffer out =
        begin(arena, "status",
              summary == NULL ? "Migrations: what is applied and what is pending is not known"
                              : arena_printf(arena, "Migrations: %u applied, %u pending, %u modified, %u orphaned",
                                             summary->applied, summary->pending, summary->modified, summary->orphaned));
    put_target(&out, reply->target);
    put_said(&out, "Not known", reply->_problem_case == 0 ? NULL : reply->problem);
    put_said(&out, "Note", reply->_edits_unseen_case == 0 ? NULL : reply->edits_unseen);
    put_warnings(&out, reply->warnings, reply->n_warnings);
    put_states(&out, reply);
    print(&out);
}

/* ---- plans ---- */

/* How it is run, in a few words. */
static const char *way_of(struct arena *arena, const PlannedMigration *migration)
{
    if (migration->_delegate_case != 0) {
        return arena_printf(arena, "by its own tool; what it locks is not known: %s",
                            escape_markdown_code(arena, migration->delegate));
    }
    if (migration->n_steps == 0) {
        return "nothing in it, only recorded";
    }
    const char *const finished =
        migration->finished_steps == 0
            ? ""
            : arena_printf(arena, ", %u of them finished by an earlier run", migration->finished_steps);
    return migration->one_transaction
               ? "one transaction"
               : arena_printf(arena, "%s, not one transaction%s",
                              words_counted(arena, migration->n_steps, "step", "steps"), finished);
}

static void put_planned(struct buffer *out, const PlanResponse *reply)
{
    size_t shown = 0;
    if (reply->n_migrations == 0) {
        return;
    }
    buffer_puts(out, "| Migration | How it runs |\n|---|---|\n");
    for (; shown < reply->n_migrations && out->size < FULL_AT / 2; shown++) {
        const PlannedMigration *const migration = reply->migrations[shown];
        buffer_printf(out, "| %s | %s%s%s |\n", escape_markdown_code(out->arena, migration->name),
                      way_of(out->arena, migration), migration->_note_case == 0 ? "" : ". ",
                      migration->_note_case == 0 ? "" : escape_markdown(out->arena, migration->note));
    }
    end_table(out, reply->n_migrations - shown);
}

static void put_findings(struct buffer *out, const struct findings *findings)
{
    size_t shown = 0;
    if (findings->count == 0) {
        return;
    }
    buffer_puts(out, "| Where | Whom it stops |\n|---|---|\n");
    for (; shown < findings->count && out->size < FULL_AT; shown++) {
        const struct finding *const one = &findings->items[shown];
        const char *const place = arena_printf(out->arena, "%s:%u", one->path, one->statement->line);
        buffer_printf(out, "| %s | %s%s |\n", escape_markdown_code(out->arena, place),
                      one->statement->loses_data ? "**Loses data.** " : "", escape_markdown(out->arena, one->text));
    }
    end_table(out, findings->count - shown);
}

/* The number of statements that block others, or may, and for which the plan has no room. */
static uint32_t unlisted(const PlanResponse *reply)
{
    uint32_t count = 0;
    for (size_t i = 0; i < reply->n_migrations; i++) {
        for (size_t j = 0; j < reply->migrations[i]->n_steps; j++) {
            count += reply->migrations[i]->steps[j]->unlisted_count;
        }
    }
    return count;
}

void markdown_plan(const PlanResponse *reply, const struct findings *findings, const char *command)
{
    struct arena *const arena = findings->arena;
    struct buffer out = begin(arena, "plan", arena_printf(arena, "Plan: %s", escape_markdown(arena, reply->summary)));
    put_target(&out, reply->target);
    put_said(&out, "Refused", reply->_refusal_case == 0 ? NULL : reply->refusal);
    for (size_t i = 0; i < reply->n_failures; i++) {
        put_said(&out, "Fails", reply->failures[i]);
    }
    put_said(&out, "Loses data",
             reply->loses_data ? "this plan drops, empties or cuts what is there, or deletes rows." : NULL);
    put_warnings(&out, reply->warnings, reply->n_warnings);
    put_planned(&out, reply);
    put_findings(&out, findings);
    const uint32_t count = unlisted(reply);
    if (count > 0) {
        buffer_printf(&out, "%s what exists, or may, and cannot be listed here.\n\n",
                      words_counted(arena, count, "more statement locks", "more statements lock"));
    }
    if (reply->_refusal_case == 0 && reply->n_failures == 0 && reply->n_migrations > 0) {
        buffer_printf(&out, "To run this plan and no other: %s\n", escape_markdown_code(arena, command));
    }
    print(&out);
}

/* ---- what was applied ---- */

/* The lines of the text that fit into `room` bytes. */
static struct text lines_in(struct text text, size_t room)
{
    const char *const end = text.size <= room ? NULL : memrchr(text.data, '\n', room);
    return text.size <= room ? text : text_slice(text, 0, end == NULL ? 0 : (size_t)(end - text.data) + 1);
}

/* The fence is longer than any in the text, so the text cannot end it. */
static void put_fenced(struct buffer *out, const char *text)
{
    char fence[66] = "```";
    size_t longest = 0;
    size_t run = 0;
    for (const char *at = text; *at != '\0'; at++) {
        run = *at == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    const size_t size = longest < 3 ? 3 : longest < 64 ? longest + 1 : 65;
    const bool has_room = longest < 64 && out->size < FULL_AT;
    const struct text shown = lines_in(text_of(text), has_room ? FULL_AT - out->size : 0);
    memset(fence, '`', size);
    fence[size] = '\0';
    buffer_printf(out, "%sdiff\n", fence);
    buffer_add(out, shown);
    buffer_printf(out, "%s%s\n\n", shown.size == 0 || text_ends_with(shown, "\n") ? "" : "\n", fence);
    if (shown.size < strlen(text)) {
        buffer_puts(out, "It is longer than there is room for here.\n\n");
    }
}

void markdown_diff(struct arena *arena, const Truss__Migration__V1__DiffResponse *reply)
{
    struct buffer out =
        begin(arena, "diff", arena_printf(arena, "What was applied of %s", escape_markdown_code(arena, reply->name)));
    put_target(&out, reply->target);
    buffer_printf(&out, "%s\n\n", escape_markdown(arena, reply->summary));
    put_warnings(&out, reply->notes, reply->n_notes);
    if (reply->diff[0] != '\0') {
        put_fenced(&out, reply->diff);
    }
    if (reply->_restore_case != 0) {
        buffer_printf(&out, "Bring it back: %s\n", escape_markdown_code(arena, reply->restore));
    }
    print(&out);
}

/* ---- runs ---- */

static void put_failure(struct buffer *out, const Truss__Migration__V1__FailedMigration *failed)
{
    const char *const place =
        failed->line == 0 ? "" : arena_printf(out->arena, ", line %u, column %u", failed->line, failed->column);
    buffer_printf(out, "**Failed:** %s%s\n\n", escape_markdown_code(out->arena, failed->name), place);
    put_said(out, "Error", failed->error);
    if (output_or_empty(failed->statement)[0] != '\0') {
        buffer_printf(out, "%s\n\n", escape_markdown_code(out->arena, failed->statement));
    }
    put_said(out, "SQLSTATE", failed->sqlstate);
    put_said(out, "Detail", failed->detail);
    put_said(out, "Hint", failed->hint);
    put_said(out, "Partly applied", failed->partially_applied ? "what it committed stays." : NULL);
}

static void put_results(struct buffer *out, const RunResponse *reply)
{
    const size_t count = reply->n_applied + reply->n_not_tried;
    size_t shown = 0;
    if (count == 0) {
        return;
    }
    buffer_puts(out, "| Migration | Result |\n|---|---|\n");
    for (; shown < reply->n_applied && out->size < FULL_AT; shown++) {
        const Truss__Migration__V1__AppliedMigration *const one = reply->applied[shown];
        const char *const took =
            one->duration_ms == 0 ? "by its own tool" : output_duration(out->arena, one->duration_ms);
        buffer_printf(out, "| %s | %s (%s) |\n", escape_markdown_code(out->arena, one->name),
                      reply->dry_run ? "tried" : "applied", took);
    }
    for (; shown >= reply->n_applied && shown < count && out->size < FULL_AT; shown++) {
        const Truss__Migration__V1__UntriedStep *const one = reply->not_tried[shown - reply->n_applied];
        buffer_printf(out, "| %s | step %u was not tried: %s |\n", escape_markdown_code(out->arena, one->migration),
                      one->step, escape_markdown(out->arena, one->reason));
    }
    end_table(out, count - shown);
}

void markdown_run(struct arena *arena, const RunResponse *reply)
{
    struct buffer out = begin(
        arena, "run",
        arena_printf(arena, "%s: %s", reply->dry_run ? "Dry run" : "Run", escape_markdown(arena, reply->summary)));
    put_target(&out, reply->target);
    if (reply->failed != NULL) {
        put_failure(&out, reply->failed);
    }
    put_warnings(&out, reply->warnings, reply->n_warnings);
    put_results(&out, reply);
    print(&out);
}

/* ---- no answer ---- */

void markdown_error(struct arena *arena, const char *command, const struct status *status)
{
    struct buffer out = begin(arena, command, arena_printf(arena, "truss %s failed", command));
    put_said(&out, "Error", status->message);
    put_said(&out, "Detail", status->detail);
    put_said(&out, "Hint", status->hint);
    print(&out);
}
