/*
 * Reports a run to CI systems. A failure has a place in a file; a migration that was applied is a test that passes.
 */
#include "cli/print/escape.h"
#include "cli/print/output.h"
#include "cli/print/report_formats.h"

#include <stdio.h>

typedef Truss__Migration__V1__GetStatusResponse StatusReply;
typedef Truss__Migration__V1__FailedMigration FailedMigration;
typedef Truss__Migration__V1__RunResponse RunResponse;

/* ---- JUnit ---- */

static const char *failure_text(struct arena *arena, const FailedMigration *failed)
{
    struct buffer text = {.arena = arena};
    if (failed->line > 0) {
        buffer_printf(&text, "line %u, column %u\n", failed->line, failed->column);
    }
    const char *const parts[][2] = {
        {"statement: ", failed->statement},
        {"sqlstate: ", failed->sqlstate},
        {"detail: ", failed->detail},
        {"hint: ", failed->hint},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (output_or_empty(parts[i][1])[0] != '\0') {
            buffer_printf(&text, "%s%s\n", parts[i][0], parts[i][1]);
        }
    }
    buffer_puts(&text, failed->partially_applied ? "What it committed stays.\n" : "");
    return buffer_string(&text);
}

static void junit_failure(struct arena *arena, const FailedMigration *failed)
{
    printf("    <testcase classname=\"run\" name=\"%s\" time=\"0.000\">\n"
           "      <failure message=\"%s\">%s</failure>\n    </testcase>\n",
           escape_xml(arena, failed->name), escape_xml(arena, failed->error),
           escape_xml(arena, failure_text(arena, failed)));
}

/* A run that is not ok and names no migration failed before the first of them. */
static void junit_error(struct arena *arena, const RunResponse *reply)
{
    printf("    <testcase classname=\"run\" name=\"the run\" time=\"0.000\">\n"
           "      <error message=\"%s\"/>\n    </testcase>\n",
           escape_xml(arena, reply->summary));
}

static void junit_cases(struct arena *arena, const RunResponse *reply)
{
    for (size_t i = 0; i < reply->n_applied; i++) {
        const uint32_t ms = reply->applied[i]->duration_ms; /* 0: not known */
        printf("    <testcase classname=\"run\" name=\"%s\"%s/>\n", escape_xml(arena, reply->applied[i]->name),
               ms == 0 ? "" : arena_printf(arena, " time=\"%.3f\"", ms / 1000.0));
    }
    for (size_t i = 0; i < reply->n_not_tried; i++) {
        printf("    <testcase classname=\"run\" name=\"%s, step %u\" time=\"0.000\">\n"
               "      <skipped message=\"%s\"/>\n    </testcase>\n",
               escape_xml(arena, reply->not_tried[i]->migration), reply->not_tried[i]->step,
               escape_xml(arena, reply->not_tried[i]->reason));
    }
}

void run_junit(struct arena *arena, const RunResponse *reply)
{
    const bool failed = reply->failed != NULL;
    const bool error = !failed && !reply->ok;
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
           "  <testsuite name=\"%s on %s\" tests=\"%zu\" failures=\"%d\" errors=\"%d\" skipped=\"%zu\">\n",
           reply->dry_run ? "dry run" : "run",
           escape_xml(arena, reply->target == NULL ? "the database" : reply->target->database),
           reply->n_applied + reply->n_not_tried + (failed || error ? 1 : 0), failed ? 1 : 0, error ? 1 : 0,
           reply->n_not_tried);
    junit_cases(arena, reply);
    if (failed) {
        junit_failure(arena, reply->failed);
    } else if (error) {
        junit_error(arena, reply);
    }
    printf("  </testsuite>\n</testsuites>\n");
}

/* ---- GitHub ---- */

static void github_failure(struct arena *arena, const FailedMigration *failed, const StatusReply *status)
{
    printf("::error title=%s", escape_command(arena, failed->name, true));
    if (status != NULL) {
        const char *const filename = findings_filename(status, failed->name);
        printf(",file=%s",
               escape_command(arena, findings_path(arena, output_or_empty(status->folder), filename), true));
    }
    if (failed->line > 0) {
        printf(",line=%u,col=%u", failed->line, failed->column);
    }
    printf("::%s\n", escape_command(arena, failed->error, false));
}

void run_github(struct arena *arena, const RunResponse *reply, const StatusReply *status)
{
    if (reply->failed != NULL) {
        github_failure(arena, reply->failed, status);
    }
    for (size_t i = 0; i < reply->n_not_tried; i++) {
        printf("::warning title=%s::Step %u was not tried: %s\n",
               escape_command(arena, reply->not_tried[i]->migration, true), reply->not_tried[i]->step,
               escape_command(arena, reply->not_tried[i]->reason, false));
    }
    for (size_t i = 0; i < reply->n_warnings; i++) {
        printf("::warning title=run::%s\n", escape_command(arena, reply->warnings[i], false));
    }
    printf("::%s title=run::%s\n", reply->ok ? "notice" : "error", escape_command(arena, reply->summary, false));
}
