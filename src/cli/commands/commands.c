/*
 * The commands that ask a worker one thing: each makes its message, calls, and prints the reply, for a person or as
 * JSON. Larger commands (run, plan, operations) have files of their own.
 */
#include "base/files.h"
#include "base/limits.h"
#include "base/words.h"
#include "cli/commands/input.h"
#include "cli/print/again.h"
#include "cli/print/failure_view.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/print/report.h"
#include "cli/print/sql_colours.h"
#include "cli/reach/call.h"
#include "truss/health/v1/health.pb-c.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEALTH     &truss__health__v1__health__descriptor
#define MOST_NAMES 10 /* above one note */

/* ---- status ---- */

static const struct {
    const char *word;
    enum colour colour;
} states[] = {
    [TRUSS__MIGRATION__V1__STATE__STATE_UNSPECIFIED] = {"?", COLOUR_NONE},
    [TRUSS__MIGRATION__V1__STATE__STATE_APPLIED] = {"applied", COLOUR_GREEN},
    [TRUSS__MIGRATION__V1__STATE__STATE_PENDING] = {"pending", COLOUR_YELLOW},
    [TRUSS__MIGRATION__V1__STATE__STATE_MODIFIED] = {"modified", COLOUR_MAGENTA},
    [TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED] = {"orphaned", COLOUR_RED},
};

static const char *const details[] = {
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_UNSPECIFIED] = "",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED] = "failed",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_ROLLED_BACK] = "rolled back",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_OUT_OF_ORDER] = "out of order",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FILE_MISSING] = "file missing",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_BASELINE] = "baseline",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_SKIPPED] = "skipped by its own tool",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_OUTDATED] = "outdated",
    [TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_DUPLICATE] = "duplicate version",
};

static const char *applied_at(struct arena *arena, const Truss__Migration__V1__Migration *migration)
{
    return migration->_applied_at_case != TRUSS__MIGRATION__V1__MIGRATION___APPLIED_AT_APPLIED_AT
               ? NULL
               : output_moment(arena, migration->applied_at);
}

static void add_row(struct table *table, const Truss__Migration__V1__Migration *migration)
{
    const size_t state = migration->state < sizeof states / sizeof states[0] ? (size_t)migration->state : 0;
    const size_t detail =
        migration->detail_state < sizeof details / sizeof details[0] ? (size_t)migration->detail_state : 0;
    const bool timed = migration->_duration_ms_case == TRUSS__MIGRATION__V1__MIGRATION___DURATION_MS_DURATION_MS;
    table_add(table, states[state].colour, states[state].word);
    table_add(table, COLOUR_NONE, migration->name);
    table_add(table, COLOUR_NONE, applied_at(table->arena, migration));
    table_add(table, COLOUR_NONE, timed ? output_duration(table->arena, migration->duration_ms) : NULL);
    table_add(table, detail == TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED ? COLOUR_RED : COLOUR_DIM,
              details[detail]);
}

static void print_lines(const char *text)
{
    struct text rest = text_of(text);
    for (struct text line; text_next_line(&rest, &line);) {
        printf("%s%.*s\n", line.size == 0 ? "" : "  ", (int)line.size, line.data);
    }
}

/* The log of failed attempts from the tracking table, unless the last attempt, which is shown as well, says the same.
 */
static void print_logs(struct arena *arena, const Truss__Migration__V1__Migration *migration)
{
    const Truss__Migration__V1__FailedAttempt *const last = migration->last_failure;
    if (migration->_logs_case != TRUSS__MIGRATION__V1__MIGRATION___LOGS_LOGS || migration->logs[0] == '\0' ||
        (last != NULL && strstr(migration->logs, last->message) != NULL)) {
        return;
    }
    printf("\n%s:\n", output_safe(arena, migration->name, false));
    print_lines(output_safe(arena, migration->logs, true));
}

/* Turns newlines and tabs into spaces, so that a statement of several lines is shown on one. */
static const char *on_one_line(struct arena *arena, const char *text)
{
    char *const line = arena_strdup(arena, text);
    for (char *at = line; *at != '\0'; at++) {
        *at = *at == '\n' || *at == '\t' || *at == '\r' ? ' ' : *at;
    }
    return line;
}

/* If the last attempt failed: when, who ran it, why it failed and at which statement, and what to do. */
static void print_failure(const struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply,
                          const Truss__Migration__V1__Migration *migration)
{
    struct arena *const arena = cli->arena;
    const Truss__Migration__V1__FailedAttempt *const failure = migration->last_failure;
    if (failure == NULL) {
        failure_print_next_of(cli, reply, migration);
        return;
    }
    output_put(COLOUR_RED, "\nlast attempt failed: ");
    printf("%s, %s by %s%s%s\n", output_safe(arena, migration->name, false),
           failure->at == NULL ? "?" : output_moment(arena, failure->at), output_safe(arena, failure->by, false),
           failure->partially_applied ? "; what it committed stays" : "",
           failure->_file_changed_case != 0 && failure->file_changed ? "; the file was changed since" : "");
    const char *const parts[][2] = {
        {"detail: ", failure->detail},
        {"hint: ", failure->hint},
        {"sqlstate: ", failure->sqlstate},
        {"statement: ", failure->statement},
    };
    if (failure->line > 0) {
        printf("  line %u, column %u\n", failure->line, failure->column);
    }
    print_lines(output_safe(arena, failure->message, true));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *const part = output_or_empty(parts[i][1]);
        if (strcmp(parts[i][0], "detail: ") == 0 && strchr(part, '\n') != NULL) { /* what a tool has printed */
            puts("  detail:");
            print_lines(output_safe(arena, part, true));
        } else if (part[0] != '\0') {
            printf("  %s%s\n", parts[i][0], output_safe(arena, on_one_line(arena, part), false));
        }
    }
    failure_print_next_of(cli, reply, migration);
}

/* Prints each note once, under the names of the migrations that have it. The table above has them all. */
static void print_notes(struct arena *arena, const Truss__Migration__V1__GetStatusResponse *reply)
{
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const char *const note = output_or_empty(reply->migrations[i]->note);
        bool first = note[0] != '\0';
        for (size_t j = 0; first && j < i; j++) {
            first = strcmp(output_or_empty(reply->migrations[j]->note), note) != 0;
        }
        if (!first) {
            continue;
        }
        size_t count = 0;
        putchar('\n');
        for (size_t j = i; j < reply->n_migrations; j++) {
            if (strcmp(output_or_empty(reply->migrations[j]->note), note) == 0 && count++ < MOST_NAMES) {
                printf("%s\n", output_safe(arena, reply->migrations[j]->name, false));
            }
        }
        if (count > MOST_NAMES) {
            printf("and %zu more\n", count - MOST_NAMES);
        }
        output_put(COLOUR_YELLOW, "  note: ");
        printf("%s\n", output_safe(arena, note, false));
    }
}

static void print_sources(struct arena *arena, const Truss__Migration__V1__GetStatusResponse *reply)
{
    for (size_t i = 0; reply->n_sources > 1 && i < reply->n_sources; i++) {
        const Truss__Migration__V1__Source *const source = reply->sources[i];
        output_put(COLOUR_DIM, source->chosen ? "this one: " : "found as well: ");
        printf("%s", output_safe(arena, source->framework, false));
        if (source->_folder_case != 0) {
            printf(", folder %s", output_safe(arena, source->folder, false));
        }
        if (source->_tracking_table_case != 0) {
            printf(", tracking table %s", output_safe(arena, source->tracking_table, false));
        }
        printf(" (%s)\n", output_safe(arena, source->reason, false));
    }
}

static void print_counts(struct arena *arena, const Truss__Migration__V1__GetStatusResponse *reply)
{
    const Truss__Migration__V1__Summary none = TRUSS__MIGRATION__V1__SUMMARY__INIT;
    const Truss__Migration__V1__Summary *const summary = reply->summary == NULL ? &none : reply->summary;
    if (reply->_problem_case != 0 && summary->applied + summary->pending + summary->modified + summary->orphaned == 0) {
        printf(
            "what is applied and what is pending is not known\n"); /* zeros would look as if everything were applied */
        return;
    }
    printf("%u applied, %u pending, %u modified, %u orphaned\n", summary->applied, summary->pending, summary->modified,
           summary->orphaned);
    if (reply->_edits_unseen_case != 0) {
        output_put(COLOUR_YELLOW, "note: ");
        printf("%s\n", output_safe(arena, reply->edits_unseen, false));
    }
}

static void print_head(struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply)
{
    struct arena *const arena = cli->arena;
    const bool framework = reply->_framework_case == TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FRAMEWORK_FRAMEWORK;
    const bool table =
        reply->_tracking_table_case == TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___TRACKING_TABLE_TRACKING_TABLE;
    const bool folder = reply->_folder_case == TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FOLDER_FOLDER;
    head_print(cli, reply->target);
    printf("%stracking table %s, folder %s\n",
           framework              ? ""
           : reply->n_sources > 0 ? "which framework is meant is not known, "
                                  : "no framework found, ",
           table                       ? output_safe(arena, reply->tracking_table, false)
           : reply->_problem_case != 0 ? "not known"
                                       : "not made yet",
           folder ? output_safe(arena, reply->folder, false) : "not found");
    print_counts(arena, reply);
    print_sources(arena, reply);
    if (reply->_problem_case != 0) {
        output_put(COLOUR_RED, "problem: ");
        printf("%s\n", output_safe(arena, reply->problem, false));
    }
    for (size_t i = 0; i < reply->n_warnings; i++) {
        if (reply->_problem_case != 0 && strcmp(reply->warnings[i], reply->problem) == 0) {
            continue;
        }
        output_put(COLOUR_YELLOW, "warning: ");
        printf("%s\n", output_safe(arena, reply->warnings[i], false));
    }
}

/* If a migration was edited or deleted, prints the command that shows what was applied of it. */
static void print_next(struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply)
{
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Truss__Migration__V1__Migration *const one = reply->migrations[i];
        if (one->state == TRUSS__MIGRATION__V1__STATE__STATE_MODIFIED ||
            one->state == TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED) {
            printf("\nWhat was applied: %s %s\n", again_place(cli, "diff"),
                   output_safe(cli->arena, words_quoted(cli->arena, one->name), false));
            return;
        }
    }
}

static void print_status(struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply)
{
    static const char *const heads[] = {"STATE", "NAME", "APPLIED AT (UTC)", "TOOK", ""};
    struct arena *const arena = cli->arena;
    struct table table = table_with_heads(arena, heads, sizeof heads / sizeof heads[0]);
    print_head(cli, reply);
    if (reply->n_migrations == 0) {
        return;
    }
    putchar('\n');
    for (size_t i = 0; i < reply->n_migrations; i++) {
        add_row(&table, reply->migrations[i]);
    }
    table_print(&table);
    for (size_t i = 0; i < reply->n_migrations; i++) {
        print_logs(arena, reply->migrations[i]);
        print_failure(cli, reply, reply->migrations[i]);
    }
    print_notes(arena, reply);
    print_next(cli, reply);
}

/* A migration that has changed is worse than one that is pending. */
static int exit_code_of(const struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply)
{
    const Truss__Migration__V1__Summary *const summary = reply->summary;
    if (reply->_problem_case != 0) {
        return EXIT_ERROR; /* if the status could not be read, the exit code must not say that all is well */
    }
    if (!cli->given.exit_code || summary == NULL) {
        return EXIT_FINE;
    }
    return summary->modified > 0 || summary->orphaned > 0 ? EXIT_CHANGED
           : summary->pending > 0                         ? EXIT_PENDING
                                                          : EXIT_FINE;
}

int command_status(struct cli *cli)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    request.framework = framework_of(cli);
    if (!report_check(cli)) {
        return EXIT_ERROR;
    }
    const Truss__Migration__V1__GetStatusResponse *const reply =
        call(cli, MIGRATION, "GetStatus", &request.base, READ_SECONDS);
    if (reply == NULL) {
        report_error(cli);
        return EXIT_ERROR;
    }
    if (cli->given.output != NULL) {
        report_status(cli, reply);
    } else if (!print_json(cli, &reply->base)) {
        print_status(cli, reply);
    }
    return exit_code_of(cli, reply);
}

/* ---- smaller commands ---- */

int command_preview(struct cli *cli)
{
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    request.framework = framework_of(cli);
    request.name = cli->words[0];
    const Truss__Migration__V1__PreviewResponse *const reply =
        call(cli, MIGRATION, "Preview", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base)) {
        /* To a file or a pipe, the script is written unchanged. */
        const bool terminal = isatty(STDOUT_FILENO) != 0;
        const bool sql = cli->given.sql && reply->_sql_case != TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___SQL__NOT_SET;
        const char *const shown = sql ? reply->sql : reply->content;
        head_print_to(terminal ? stdout : stderr, cli, reply->target);
        const char *const content = terminal ? output_safe(cli->arena, shown, true) : shown;
        sql_print(content);
        if (terminal && content[0] != '\0' && content[strlen(content) - 1] != '\n') {
            putchar('\n');
        }
        if (reply->_note_case != 0) {
            output_tell(cli->arena, "note", reply->note, false);
        }
    }
    return EXIT_FINE;
}

int command_mark_rolled_back(struct cli *cli)
{
    Truss__Migration__V1__MarkRolledBackRequest request = TRUSS__MIGRATION__V1__MARK_ROLLED_BACK_REQUEST__INIT;
    request.framework = framework_of(cli);
    request.allow_other_database = cli->given.allow_other_database;
    request.confirm = confirm_of(cli);
    request.migration = cli->words[0];
    const Truss__Migration__V1__MarkRolledBackResponse *const reply =
        call(cli, MIGRATION, "MarkRolledBack", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        head_print(cli, reply->target);
        printf("%s\n", output_safe(cli->arena, reply->message, false));
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

int command_check(struct cli *cli)
{
    Truss__Migration__V1__CheckRequest request = TRUSS__MIGRATION__V1__CHECK_REQUEST__INIT;
    request.framework = framework_of(cli);
    const Truss__Migration__V1__CheckResponse *const reply = call(cli, MIGRATION, "Check", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base)) {
        const bool known = reply->target == NULL || reply->target->_framework_case != 0;
        const char *const pending = known ? arena_printf(cli->arena, "%u", reply->pending_count) : "not known what is";
        head_print(cli, reply->target);
        output_put(reply->safe ? COLOUR_GREEN : COLOUR_YELLOW, reply->safe ? "safe" : "not safe");
        printf(": %s pending, %u waiting for a lock, %s\n", pending, reply->lock_count,
               words_counted(cli->arena, reply->active_tx_count, "active transaction", "active transactions"));
        for (size_t i = 0; i < reply->n_warnings; i++) {
            printf("  warning: %s\n", output_safe(cli->arena, reply->warnings[i], false));
        }
        for (size_t i = 0; i < reply->n_notes; i++) {
            printf("  note: %s\n", output_safe(cli->arena, reply->notes[i], false));
        }
        for (size_t i = 0; i < reply->n_pending_files; i++) {
            printf("  pending: %s\n", output_safe(cli->arena, reply->pending_files[i], false));
        }
    }
    return reply->safe ? EXIT_FINE : EXIT_ERROR;
}

static bool is_uncompared(const Truss__Migration__V1__DetectSchemaResponse *reply, const char *name)
{
    size_t i = 0;
    while (i < reply->n_uncompared && strcmp(reply->uncompared[i], name) != 0) {
        i++;
    }
    return i < reply->n_uncompared;
}

/* Adds those statements that could not be compared and yet are no problem, because they make things that are not looked
 * for. */
static void add_unjudged(struct table *table, const Truss__Migration__V1__DetectSchemaResponse *reply)
{
    for (size_t i = 0; i < reply->n_uncompared; i++) {
        bool is_finding = false;
        for (size_t j = 0; j < reply->n_findings; j++) {
            is_finding = is_finding || strcmp(reply->findings[j]->name, reply->uncompared[i]) == 0;
        }
        if (!is_finding) {
            table_add(table, COLOUR_YELLOW, "not compared");
            table_add(table, COLOUR_NONE, "");
            table_add(table, COLOUR_NONE, reply->uncompared[i]);
            table_add(table, COLOUR_NONE, "");
        }
    }
}

static const char *difference_of(const Truss__Migration__V1__DetectSchemaResponse *reply,
                                 const Truss__Migration__V1__Finding *finding)
{
    for (size_t i = 0; i < reply->n_differences; i++) {
        const Truss__Migration__V1__Difference *const one = reply->differences[i];
        if (strcmp(one->type, finding->type) == 0 && strcmp(one->name, finding->name) == 0) {
            return one->difference;
        }
    }
    return NULL;
}

static void add_findings(struct table *table, const Truss__Migration__V1__DetectSchemaResponse *reply)
{
    for (size_t i = 0; i < reply->n_findings; i++) {
        const char *const difference = difference_of(reply, reply->findings[i]);
        const bool exists = reply->findings[i]->exists;
        const bool is_alike = exists && !is_uncompared(reply, reply->findings[i]->name);
        table_add(table,
                  difference != NULL ? COLOUR_RED
                  : exists           ? COLOUR_YELLOW
                                     : COLOUR_GREEN,
                  difference != NULL ? "differs"
                  : exists           ? "exists"
                                     : "new");
        table_add(table, COLOUR_NONE, reply->findings[i]->type);
        table_add(table, COLOUR_NONE, reply->findings[i]->name);
        table_add(table, COLOUR_NONE,
                  difference != NULL   ? difference
                  : exists == is_alike ? ""
                                       : "there by its name; not all of it was compared");
    }
}

int command_detect_schema(struct cli *cli)
{
    Truss__Migration__V1__DetectSchemaRequest request = TRUSS__MIGRATION__V1__DETECT_SCHEMA_REQUEST__INIT;
    struct text content;
    const bool ok = strcmp(cli->words[0], "-") == 0
                        ? input_read(cli->arena, &content, cli->status)
                        : file_read(cli->arena, cli->words[0], LIMIT_SCRIPT, &content, cli->status) &&
                              input_check(content, cli->words[0], cli->status);
    if (!ok) {
        return EXIT_ERROR;
    }
    request.sql = arena_strndup(cli->arena, content.data, content.size);
    const Truss__Migration__V1__DetectSchemaResponse *const reply =
        call(cli, MIGRATION, "DetectSchema", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base)) {
        struct table table = table_new(cli->arena, 4);
        head_print(cli, reply->target);
        add_findings(&table, reply);
        add_unjudged(&table, reply);
        table_print(&table);
        if (reply->n_warnings == 0) {
            printf("%s\n", output_safe(cli->arena, reply->recommendation, false));
        }
    }
    if (reply->n_warnings > 0) {
        status_fail(cli->status, STATUS_FAILED_PRECONDITION, "%s", output_safe(cli->arena, reply->warnings[0], false));
        return EXIT_ERROR;
    }
    return EXIT_FINE;
}

int command_create(struct cli *cli)
{
    Truss__Migration__V1__CreateRequest request = TRUSS__MIGRATION__V1__CREATE_REQUEST__INIT;
    request.framework = framework_of(cli);
    request.name = cli->words[0];
    const Truss__Migration__V1__CreateResponse *const reply =
        call(cli, MIGRATION, "Create", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        head_print(cli, reply->target);
        printf("%s\n", output_safe(cli->arena, reply->summary, false));
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

int command_health(struct cli *cli)
{
    const Truss__Health__V1__GetInfoRequest request = TRUSS__HEALTH__V1__GET_INFO_REQUEST__INIT;
    const Truss__Health__V1__GetInfoResponse *const reply = call(cli, HEALTH, "GetInfo", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base) && reply->connection != NULL) {
        head_print(cli, reply->target);
        printf("worker %s, PostgreSQL %s, %s\n", output_safe(cli->arena, reply->version, false),
               output_safe(cli->arena, reply->connection->pg_version, false),
               words_counted(cli->arena, reply->connection->active_connections, "connection", "connections"));
    }
    return EXIT_FINE;
}
