/*
 * In a status, each migration is a test case: pending is skipped; modified, orphaned and failed are failures. In a
 * plan, a statement that blocks others is a finding.
 */
#include "cli/print/report.h"

#include "base/json_text.h"
#include "cli/print/again.h"
#include "cli/print/escape.h"
#include "cli/print/findings.h"
#include "cli/print/output.h"
#include "cli/print/report_formats.h"

#include <stdio.h>
#include <string.h>

typedef Truss__Migration__V1__GetStatusResponse StatusReply;
typedef Truss__Migration__V1__Migration Migration;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__RunResponse RunResponse;
typedef Truss__Migration__V1__PlannedMigration PlannedMigration;

/* ---- status ---- */

static void status_junit(struct arena *arena, const StatusReply *reply)
{
    const bool unknown = reply->_problem_case != 0;
    size_t failures = 0;
    size_t skipped = 0;
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const bool failed = report_fault(reply->migrations[i]) != NULL;
        failures += failed ? 1 : 0;
        skipped += !failed && reply->migrations[i]->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING ? 1 : 0;
    }
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
           "  <testsuite name=\"%s migrations of %s\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\">\n",
           escape_xml(arena, output_or_empty(reply->framework)), escape_xml(arena, reply->database),
           reply->n_migrations + (unknown ? 1 : 0), failures, unknown ? 1 : 0, skipped);
    if (unknown) {
        printf("    <testcase classname=\"%s\" name=\"what is applied is known\" time=\"0.000\">\n"
               "      <error message=\"%s\"/>\n    </testcase>\n",
               escape_xml(arena, output_or_empty(reply->framework_id)), escape_xml(arena, reply->problem));
    }
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Migration *const migration = reply->migrations[i];
        const char *const failure = report_fault(migration);
        printf("    <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\"",
               escape_xml(arena, output_or_empty(reply->framework_id)), escape_xml(arena, migration->name),
               (double)migration->duration_ms / 1000);
        if (failure != NULL) {
            printf(">\n      <failure message=\"%s\">%s</failure>\n    </testcase>\n", escape_xml(arena, failure),
                   escape_xml(arena, output_or_empty(migration->note)));
        } else if (migration->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING) {
            printf(">\n      <skipped message=\"%s\"/>\n    </testcase>\n",
                   escape_xml(arena, migration->last_failure == NULL ? "pending" : report_pending(arena, migration)));
        } else {
            printf("/>\n");
        }
    }
    printf("  </testsuite>\n</testsuites>\n");
}

static void status_github(struct arena *arena, const StatusReply *reply)
{
    if (reply->_problem_case != 0) {
        printf("::error title=migrations::%s\n", escape_command(arena, reply->problem, false));
    }
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Migration *const migration = reply->migrations[i];
        const char *const failure = report_fault(migration);
        const bool pending = migration->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING;
        if (failure == NULL && !pending) {
            continue;
        }
        printf("::%s title=%s", failure != NULL ? "error" : "notice", escape_command(arena, migration->name, true));
        if (output_or_empty(migration->filename)[0] != '\0') {
            printf(
                ",file=%s",
                escape_command(arena, findings_path(arena, output_or_empty(reply->folder), migration->filename), true));
        }
        printf("::%s\n", escape_command(arena, failure != NULL ? failure : report_pending(arena, migration), false));
    }
}

/* ---- plans ---- */

static const char *const rules[] = {
    [RULE_STOPS_WRITERS] = "stops-writers", [RULE_EVERY_ROW] = "every-row",   [RULE_MAY_BLOCK] = "may-block",
    [RULE_STOPS_READERS] = "stops-readers", [RULE_LOSES_DATA] = "loses-data", [RULE_FAILS] = "fails",
};

static const char *const titles[] = {
    [RULE_STOPS_WRITERS] = "Lock", [RULE_EVERY_ROW] = "Rows",  [RULE_MAY_BLOCK] = "Lock",
    [RULE_STOPS_READERS] = "Lock", [RULE_LOSES_DATA] = "Data", [RULE_FAILS] = "Fails",
};

/* How bad it is, in the words of GitHub and SARIF. */
static const char *const github_levels[] = {
    [RULE_STOPS_WRITERS] = "notice",  [RULE_EVERY_ROW] = "warning",  [RULE_MAY_BLOCK] = "warning",
    [RULE_STOPS_READERS] = "warning", [RULE_LOSES_DATA] = "warning", [RULE_FAILS] = "error",
};
static const char *const sarif_levels[] = {
    [RULE_STOPS_WRITERS] = "note",    [RULE_EVERY_ROW] = "warning",  [RULE_MAY_BLOCK] = "warning",
    [RULE_STOPS_READERS] = "warning", [RULE_LOSES_DATA] = "warning", [RULE_FAILS] = "error",
};

static void plan_github(const PlanResponse *reply, const struct findings *findings)
{
    if (reply->_refusal_case != 0) {
        printf("::error title=plan::%s\n", escape_command(findings->arena, reply->refusal, false));
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *const one = &findings->items[i];
        printf("::%s file=%s,line=%u,col=%u,title=%s::%s\n", github_levels[one->rule],
               escape_command(findings->arena, one->path, true), one->statement->line, one->statement->column,
               titles[one->rule], escape_command(findings->arena, one->text, false));
    }
    for (size_t i = 0; i < reply->n_failures; i++) {
        if (findings_is_general(reply, reply->failures[i])) {
            printf("::error title=plan::%s\n", escape_command(findings->arena, reply->failures[i], false));
        }
    }
}

/* As a JSON string. */
static const char *quoted(struct arena *arena, const char *text)
{
    struct buffer out = {.arena = arena};
    json_write_string(&out, text_of(text));
    return buffer_string(&out);
}

/* Results without a place in a file: a refusal, a missing privilege. SARIF allows that. */
static size_t sarif_general(struct arena *arena, const PlanResponse *reply, size_t count)
{
    static const char result[] = "%s\n    {\"ruleId\": \"%s\", \"level\": \"error\", \"message\": {\"text\": %s}}";
    for (size_t i = 0; i < reply->n_failures; i++) {
        if (findings_is_general(reply, reply->failures[i])) {
            printf(result, count++ == 0 ? "" : ",", rules[RULE_FAILS], quoted(arena, reply->failures[i]));
        }
    }
    if (reply->_refusal_case != 0) {
        printf(result, count++ == 0 ? "" : ",", "refused", quoted(arena, reply->refusal));
    }
    return count;
}

/* SARIF names a file by a relative URI. */
static const char *uri_of(struct arena *arena, const char *path)
{
    struct buffer uri = {.arena = arena};
    buffer_put_encoded(&uri, text_of(path), "/");
    return buffer_string(&uri);
}

static void plan_sarif(const PlanResponse *reply, const struct findings *findings)
{
    printf("{\"version\": \"2.1.0\", \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"runs\": [{\n"
           "  \"tool\": {\"driver\": {\"name\": \"truss\", \"version\": \"" TRUSS_VERSION "\", \"rules\": [\n"
           "    {\"id\": \"fails\", \"shortDescription\": {\"text\": \"Cannot succeed now\"}},\n"
           "    {\"id\": \"refused\", \"shortDescription\": {\"text\": \"A run would not begin\"}},\n"
           "    {\"id\": \"stops-readers\", \"shortDescription\": {\"text\": \"Takes a lock that stops readers and "
           "writers\"}},\n"
           "    {\"id\": \"stops-writers\", \"shortDescription\": {\"text\": \"Takes a lock that stops writers\"}},\n"
           "    {\"id\": \"loses-data\", \"shortDescription\": {\"text\": \"Deletes stored data\"}},\n"
           "    {\"id\": \"every-row\", \"shortDescription\": {\"text\": \"Changes or deletes every row of a "
           "table\"}},\n"
           "    {\"id\": \"may-block\", \"shortDescription\": {\"text\": \"What it locks is not known\"}}]}},\n"
           "  \"results\": [");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *const one = &findings->items[i];
        printf("%s\n    {\"ruleId\": \"%s\", \"level\": \"%s\", \"message\": {\"text\": %s}, \"locations\": "
               "[{\"physicalLocation\": {\"artifactLocation\": {\"uri\": \"%s\"}, \"region\": {\"startLine\": %u, "
               "\"startColumn\": %u}}}]}",
               i == 0 ? "" : ",", rules[one->rule], sarif_levels[one->rule], quoted(findings->arena, one->text),
               uri_of(findings->arena, one->path), one->statement->line, one->statement->column);
    }
    printf("%s]\n}]}\n", sarif_general(findings->arena, reply, findings->count) == 0 ? "" : "\n  ");
}

/* What blocks others in one migration, one line for each; "" if nothing is known to. */
static const char *findings_text(const struct findings *findings, const PlannedMigration *migration)
{
    struct buffer text = {.arena = findings->arena};
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *const one = &findings->items[i];
        if (one->migration == migration) {
            buffer_printf(&text, "%s:%u:%u: %s\n", one->path, one->statement->line, one->statement->column, one->text);
        }
    }
    if (migration->_delegate_case != 0) {
        buffer_printf(&text, "Its own tool runs it; what it locks is not known: %s\n", migration->delegate);
    }
    return buffer_string(&text);
}

static bool has_failure(const struct findings *findings, const PlannedMigration *migration)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].migration == migration && findings->items[i].rule == RULE_FAILS) {
            return true;
        }
    }
    return false;
}

/* Failures that belong to no single statement; "" if there are none. */
static const char *general_failures(struct arena *arena, const PlanResponse *reply)
{
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < reply->n_failures; i++) {
        if (findings_is_general(reply, reply->failures[i])) {
            buffer_printf(&text, "%s%s", text.size == 0 ? "" : "\n", reply->failures[i]);
        }
    }
    return buffer_string(&text);
}

static void junit_migration(const struct findings *findings, const PlannedMigration *migration)
{
    struct arena *const arena = findings->arena;
    const char *const text = findings_text(findings, migration);
    printf("    <testcase classname=\"plan\" name=\"%s\" time=\"0.000\"", escape_xml(arena, migration->name));
    if (has_failure(findings, migration)) {
        printf(">\n      <failure message=\"It would fail.\">%s</failure>\n    </testcase>\n", escape_xml(arena, text));
    } else if (text[0] != '\0') {
        printf(">\n      <system-out>%s</system-out>\n    </testcase>\n", escape_xml(arena, text));
    } else {
        printf("/>\n");
    }
}

static size_t count_failing(const PlanResponse *reply, const struct findings *findings)
{
    size_t count = 0;
    for (size_t i = 0; i < reply->n_migrations; i++) {
        count += has_failure(findings, reply->migrations[i]) ? 1 : 0;
    }
    return count;
}

/* A lock is not a test failure: it is reported as output of a test that passes. What would fail is a failure, what
 * would be refused is an error. */
static void plan_junit(struct arena *arena, const PlanResponse *reply, const struct findings *findings)
{
    const bool refused = reply->_refusal_case != 0;
    const char *const general = general_failures(arena, reply);
    const size_t failures = general[0] == '\0' ? 0 : 1;
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
           "  <testsuite name=\"plan for %s\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"0\">\n",
           escape_xml(arena, reply->target == NULL ? "the database" : reply->target->database),
           reply->n_migrations + (refused ? 1 : 0) + failures, failures + count_failing(reply, findings),
           refused ? 1 : 0);
    if (refused) {
        printf("    <testcase classname=\"plan\" name=\"a run would begin\" time=\"0.000\">\n"
               "      <error message=\"%s\"/>\n    </testcase>\n",
               escape_xml(arena, reply->refusal));
    }
    if (failures > 0) {
        printf("    <testcase classname=\"plan\" name=\"a run would succeed\" time=\"0.000\">\n"
               "      <failure message=\"A run would fail.\">%s</failure>\n    </testcase>\n",
               escape_xml(arena, general));
    }
    for (size_t i = 0; i < reply->n_migrations; i++) {
        junit_migration(findings, reply->migrations[i]);
    }
    printf("  </testsuite>\n</testsuites>\n");
}

/* ---- all kinds ---- */

/* The formats for one kind of answer. */
enum format { FORMAT_JUNIT, FORMAT_GITHUB, FORMAT_SARIF, FORMAT_MARKDOWN, FORMAT_COUNT };

static const char *const formats[FORMAT_COUNT] = {"junit", "github", "sarif", "markdown"};

static enum format format_of(const struct cli *cli)
{
    enum format format = FORMAT_JUNIT;
    while (format < FORMAT_COUNT && strcmp(formats[format], cli->given.output) != 0) {
        format++;
    }
    return format;
}

bool report_check(struct cli *cli)
{
    const char *const command = cli->command->name;
    if (cli->given.output == NULL) {
        return true;
    }
    if (cli->given.json) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--output and --json exclude each other.");
    }
    if (format_of(cli) != FORMAT_MARKDOWN && strcmp(command, "diff") == 0) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                           "--output of a diff is markdown; without it a pipe or a file gets the patch.");
    }
    if (format_of(cli) == FORMAT_SARIF && strcmp(command, "plan") != 0) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                           "--output of a %s is junit, github or markdown; sarif is of a plan.", command);
    }
    return true;
}

void report_status(struct cli *cli, const StatusReply *reply)
{
    switch (format_of(cli)) {
    case FORMAT_JUNIT:
        status_junit(cli->arena, reply);
        break;
    case FORMAT_GITHUB:
        status_github(cli->arena, reply);
        break;
    default:
        markdown_status(cli->arena, reply);
    }
}

void report_plan(struct cli *cli, const PlanResponse *reply, const StatusReply *status)
{
    const struct findings findings = findings_of(cli->arena, reply, status);
    switch (format_of(cli)) {
    case FORMAT_JUNIT:
        plan_junit(cli->arena, reply, &findings);
        break;
    case FORMAT_GITHUB:
        plan_github(reply, &findings);
        break;
    case FORMAT_SARIF:
        plan_sarif(reply, &findings);
        break;
    default:
        markdown_plan(reply, &findings, again_run(cli, reply->plan_hash));
    }
}

void report_run(struct cli *cli, const RunResponse *reply, const StatusReply *status)
{
    switch (format_of(cli)) {
    case FORMAT_JUNIT:
        run_junit(cli->arena, reply);
        break;
    case FORMAT_GITHUB:
        run_github(cli->arena, reply, status);
        break;
    default:
        markdown_run(cli->arena, reply);
    }
}

/* ---- no answer ---- */

static void error_junit(const struct cli *cli, const char *message)
{
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
           "  <testsuite name=\"%s\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
           "    <testcase classname=\"%s\" name=\"truss %s\" time=\"0.000\">\n      <error message=\"%s\"/>\n"
           "    </testcase>\n  </testsuite>\n</testsuites>\n",
           cli->command->name, cli->command->name, cli->command->name, escape_xml(cli->arena, message));
}

void report_error(struct cli *cli)
{
    const char *const message = cli->status->message;
    if (cli->given.output == NULL || cli->status->code == STATUS_OK) {
        return;
    }
    switch (format_of(cli)) {
    case FORMAT_JUNIT:
        error_junit(cli, message);
        break;
    case FORMAT_GITHUB:
        printf("::error title=truss %s::%s\n", cli->command->name, escape_command(cli->arena, message, false));
        break;
    case FORMAT_MARKDOWN:
        markdown_error(cli->arena, cli->command->name, cli->status);
        break;
    default:
        break; /* SARIF without results would mean that nothing was found */
    }
}
