/*
 * A migration is a test case of the status: pending is skipped, modified, orphaned and failed are failures. A statement
 * of a plan that stops others is a finding.
 */
#include "cli/report.h"

#include "base/text.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

typedef Truss__Migration__V1__GetStatusResponse StatusReply;
typedef Truss__Migration__V1__Migration Migration;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__PlannedStatement PlannedStatement;

/* ---- escaping ---- */

/* For XML, which has no way to write most control characters. */
static const char *xml(struct arena *arena, const char *text)
{
    struct buffer out = {.arena = arena};
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        switch (byte) {
        case '&':
            buffer_puts(&out, "&amp;");
            break;
        case '<':
            buffer_puts(&out, "&lt;");
            break;
        case '>':
            buffer_puts(&out, "&gt;");
            break;
        case '"':
            buffer_puts(&out, "&quot;");
            break;
        default:
            buffer_putc(&out, byte < 0x20 && byte != '\n' && byte != '\t' ? '?' : *c);
        }
    }
    return buffer_string(&out);
}

/* For a workflow command, which ends with its line. */
static const char *command_text(struct arena *arena, const char *text, bool is_property)
{
    struct buffer out = {.arena = arena};
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n' || (is_property && (*c == ':' || *c == ','))) {
            buffer_printf(&out, "%%%02X", (unsigned)(unsigned char)*c);
        } else {
            buffer_putc(&out, *c);
        }
    }
    return buffer_string(&out);
}

static const char *json(struct arena *arena, const char *text)
{
    struct buffer out = {.arena = arena};
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buffer_putc(&out, '\\');
            buffer_putc(&out, *c);
        } else if ((unsigned char)*c < 0x20) {
            buffer_printf(&out, "\\u%04x", (unsigned)(unsigned char)*c);
        } else {
            buffer_putc(&out, *c);
        }
    }
    return buffer_string(&out);
}

/* ---- status ---- */

/* Why it is not as it should be; NULL: it is. */
static const char *failure_of(const Migration *migration)
{
    if (migration->detail_state == TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED) {
        return "An attempt at it failed and is not resolved.";
    }
    switch (migration->state) {
    case TRUSS__MIGRATION__V1__STATE__STATE_MODIFIED:
        return "It is applied, and its file was edited since.";
    case TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED:
        return "It is applied, and its file is missing.";
    default:
        return NULL;
    }
}

static const char *path_of(struct arena *arena, const char *folder, const char *filename)
{
    return folder[0] == '\0' ? filename : arena_printf(arena, "%s/%s", folder, filename);
}

static void status_junit(struct arena *arena, const StatusReply *reply)
{
    const bool unknown = reply->_problem_case != 0;
    size_t failures = 0;
    size_t skipped = 0;
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const bool failed = failure_of(reply->migrations[i]) != NULL;
        failures += failed ? 1 : 0;
        skipped += !failed && reply->migrations[i]->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING ? 1 : 0;
    }
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
           "  <testsuite name=\"%s migrations of %s\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\">\n",
           xml(arena, output_or_empty(reply->framework)), xml(arena, reply->database),
           reply->n_migrations + (unknown ? 1 : 0), failures, unknown ? 1 : 0, skipped);
    if (unknown) {
        printf("    <testcase classname=\"%s\" name=\"what is applied is known\" time=\"0.000\">\n"
               "      <error message=\"%s\"/>\n    </testcase>\n",
               xml(arena, output_or_empty(reply->framework_id)), xml(arena, reply->problem));
    }
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Migration *const migration = reply->migrations[i];
        const char *const failure = failure_of(migration);
        printf("    <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\"",
               xml(arena, output_or_empty(reply->framework_id)), xml(arena, migration->name),
               (double)migration->duration_ms / 1000);
        if (failure != NULL) {
            printf(">\n      <failure message=\"%s\">%s</failure>\n    </testcase>\n", xml(arena, failure),
                   xml(arena, output_or_empty(migration->note)));
        } else if (migration->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING) {
            printf(">\n      <skipped message=\"pending\"/>\n    </testcase>\n");
        } else {
            printf("/>\n");
        }
    }
    printf("  </testsuite>\n</testsuites>\n");
}

static void status_github(struct arena *arena, const StatusReply *reply)
{
    if (reply->_problem_case != 0) {
        printf("::error title=migrations::%s\n", command_text(arena, reply->problem, false));
    }
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Migration *const migration = reply->migrations[i];
        const char *const failure = failure_of(migration);
        const bool pending = migration->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING;
        if (failure == NULL && !pending) {
            continue;
        }
        printf("::%s title=%s", failure != NULL ? "error" : "notice", command_text(arena, migration->name, true));
        if (output_or_empty(migration->filename)[0] != '\0') {
            printf(",file=%s",
                   command_text(arena, path_of(arena, output_or_empty(reply->folder), migration->filename), true));
        }
        printf("::%s\n", command_text(arena, failure != NULL ? failure : "It is pending.", false));
    }
}

bool report_status(struct cli *cli, const StatusReply *reply)
{
    if (strcmp(cli->given.output, "junit") == 0) {
        status_junit(cli->arena, reply);
    } else if (strcmp(cli->given.output, "github") == 0) {
        status_github(cli->arena, reply);
    } else {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--output of a status is junit or github, not \"%s\".",
                           cli->given.output);
    }
    return true;
}

/* ---- plans ---- */

enum rule { RULE_STOPS_WRITERS, RULE_MAY_BLOCK, RULE_STOPS_READERS };

static const char *const rules[] = {
    [RULE_STOPS_WRITERS] = "stops-writers",
    [RULE_MAY_BLOCK] = "may-block",
    [RULE_STOPS_READERS] = "stops-readers",
};

/* A statement that stops somebody, or may. */
struct finding {
    const char *path;
    const PlannedStatement *statement;
    enum rule rule;
    const char *text;
};

struct findings {
    struct arena *arena;
    struct finding *items;
    size_t count;
    size_t capacity;
};

static const char *filename_of(const StatusReply *status, const char *name)
{
    for (size_t i = 0; i < status->n_migrations; i++) {
        if (strcmp(status->migrations[i]->name, name) == 0) {
            return output_or_empty(status->migrations[i]->filename);
        }
    }
    return name;
}

static void add_statement(struct findings *findings, const char *path, const PlannedStatement *statement)
{
    struct buffer text = {.arena = findings->arena};
    enum rule rule = statement->unknown ? RULE_MAY_BLOCK : RULE_STOPS_WRITERS;
    for (size_t i = 0; i < statement->n_locks; i++) {
        const Truss__Migration__V1__PlannedLock *const lock = statement->locks[i];
        if (lock->blocks_reads || lock->blocks_writes) {
            buffer_printf(&text, "%s%s on %s stops %s.", text.size == 0 ? "" : " ", lock->mode, lock->relation,
                          lock->blocks_reads ? "readers and writers" : "writers");
            rule = lock->blocks_reads ? RULE_STOPS_READERS : rule;
        }
    }
    if (statement->unknown) {
        buffer_printf(&text, "%sWhat it%s locks is not known: it may block readers and writers.",
                      text.size == 0 ? "" : " ", text.size == 0 ? "" : " also");
    }
    if (text.size == 0) {
        return;
    }
    if (output_or_empty(statement->advice)[0] != '\0') {
        buffer_printf(&text, " %s", statement->advice);
    }
    findings->items =
        arena_grow(findings->arena, findings->items, findings->count, &findings->capacity, sizeof *findings->items);
    findings->items[findings->count++] = (struct finding){path, statement, rule, buffer_string(&text)};
}

static struct findings find_all(struct arena *arena, const PlanResponse *reply, const StatusReply *status)
{
    struct findings findings = {.arena = arena};
    for (size_t i = 0; i < reply->n_migrations; i++) {
        const Truss__Migration__V1__PlannedMigration *const migration = reply->migrations[i];
        const char *const path = path_of(arena, output_or_empty(status->folder), filename_of(status, migration->name));
        for (size_t j = 0; j < migration->n_steps; j++) {
            for (size_t k = 0; k < migration->steps[j]->n_statements; k++) {
                add_statement(&findings, path, migration->steps[j]->statements[k]);
            }
        }
    }
    return findings;
}

static void plan_github(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *const one = &findings->items[i];
        printf("::%s file=%s,line=%u,col=%u,title=Lock::%s\n", one->rule == RULE_STOPS_WRITERS ? "notice" : "warning",
               command_text(findings->arena, one->path, true), one->statement->line, one->statement->column,
               command_text(findings->arena, one->text, false));
    }
}

static void plan_sarif(const struct findings *findings)
{
    printf("{\"version\": \"2.1.0\", \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"runs\": [{\n"
           "  \"tool\": {\"driver\": {\"name\": \"truss\", \"version\": \"" TRUSS_VERSION "\", \"rules\": [\n"
           "    {\"id\": \"stops-readers\", \"shortDescription\": {\"text\": \"Takes a lock that stops readers and "
           "writers\"}},\n"
           "    {\"id\": \"stops-writers\", \"shortDescription\": {\"text\": \"Takes a lock that stops writers\"}},\n"
           "    {\"id\": \"may-block\", \"shortDescription\": {\"text\": \"What it locks is not known\"}}]}},\n"
           "  \"results\": [");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *const one = &findings->items[i];
        printf("%s\n    {\"ruleId\": \"%s\", \"level\": \"%s\", \"message\": {\"text\": \"%s\"}, \"locations\": "
               "[{\"physicalLocation\": {\"artifactLocation\": {\"uri\": \"%s\"}, \"region\": {\"startLine\": %u, "
               "\"startColumn\": %u}}}]}",
               i == 0 ? "" : ",", rules[one->rule], one->rule == RULE_STOPS_WRITERS ? "note" : "warning",
               json(findings->arena, one->text), json(findings->arena, one->path), one->statement->line,
               one->statement->column);
    }
    printf("%s]\n}]}\n", findings->count == 0 ? "" : "\n  ");
}

bool report_plan(struct cli *cli, const PlanResponse *reply, const StatusReply *status)
{
    const struct findings findings = find_all(cli->arena, reply, status);
    if (strcmp(cli->given.output, "github") == 0) {
        plan_github(&findings);
    } else if (strcmp(cli->given.output, "sarif") == 0) {
        plan_sarif(&findings);
    } else {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--output of a plan is github or sarif, not \"%s\".",
                           cli->given.output);
    }
    return true;
}
