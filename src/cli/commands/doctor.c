/*
 * truss doctor: asks the worker everything that a person would check in turn when something does not work, and says for
 * each point what to do.
 */
#include "cli/commands/grants.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "rpc/json.h"
#include "truss/health/v1/health.pb-c.h"

#include "base/words.h"
#include <stdio.h>
#include <string.h>

#define HEALTH &truss__health__v1__health__descriptor

typedef Truss__Migration__V1__CheckResponse CheckReply;
typedef Truss__Migration__V1__GetStatusResponse StatusReply;

enum finding { FINDING_GOOD, FINDING_NOTE, FINDING_BAD };

/* For a program: one object per line, so that what was found so far is there even if the next question hangs. */
static void say_json(struct cli *cli, const char *state, const char *what, const char *found, const char *advice)
{
    const struct {
        const char *name;
        const char *value;
    } fields[] = {{"state", state}, {"what", what}, {"found", found}, {"advice", advice}};
    struct buffer json = {.arena = cli->arena};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        buffer_printf(&json, "%s\"%s\":", i == 0 ? "{" : ",", fields[i].name);
        if (fields[i].value == NULL) {
            buffer_puts(&json, "null");
        } else {
            json_write_string(&json, text_of(fields[i].value));
        }
    }
    printf("%s}\n", buffer_string(&json));
    fflush(stdout);
}

/* Prints one line: what was checked, what was found, and if it is bad, what to do. */
static void say(struct cli *cli, enum finding finding, const char *what, const char *found, const char *advice)
{
    static const struct {
        const char *mark;
        const char *state; /* for a program */
        enum colour colour;
    } marks[] = {
        [FINDING_GOOD] = {"ok  ", "ok", COLOUR_GREEN},
        [FINDING_NOTE] = {"note", "note", COLOUR_YELLOW},
        [FINDING_BAD] = {"BAD ", "bad", COLOUR_RED},
    };
    if (cli->given.json) {
        say_json(cli, marks[finding].state, what, found, advice);
        return;
    }
    output_put(marks[finding].colour, marks[finding].mark);
    printf("  %-14s %s\n", what, output_safe(cli->arena, found, false));
    if (advice != NULL) {
        printf("                      %s\n", output_safe(cli->arena, advice, false));
    }
}

/* What is asked, and what to say if there is no answer. */
struct question {
    const ProtobufCServiceDescriptor *service;
    const char *method;
    const char *what;
    const char *advice; /* if the error has no advice of its own */
};

/* What to check if the database cannot be reached: the place where its URL was given. */
static const char *database_advice(const struct cli *cli)
{
    const char *const from = cli->from[OPTION_database_url];
    if (!worker_is_private(cli)) {
        return "The worker runs; look at its DATABASE_URL: host, port, database, user and password.";
    }
    return arena_printf(cli->arena, "Look at %s: host, port, database, user and password.",
                        from != NULL ? from : "DATABASE_URL in the project's .env");
}

/* Asks the worker. An error is a finding and contains its own advice. A worker that this command started itself is
 * never the cause; the URL that it was given is. */
static const void *ask(struct cli *cli, const struct question *question, const ProtobufCMessage *request)
{
    struct status status = {.arena = cli->arena};
    struct cli asking = *cli;
    asking.status = &status;
    const void *const reply = call(&asking, question->service, question->method, request, READ_SECONDS);
    if (reply == NULL) {
        /* The worker does answer, but says that its database does not. */
        const bool is_worker = strcmp(question->what, "worker") == 0;
        const bool is_database =
            status_is_because(&status, REASON_NO_DATABASE) || (is_worker && worker_is_private(cli));
        const char *const advice = is_database ? database_advice(cli) : question->advice;
        say(cli, FINDING_BAD, is_database ? "database" : question->what, status.message,
            status.hint != NULL ? status.hint : advice);
    }
    return reply;
}

static bool look_at_worker(struct cli *cli)
{
    const Truss__Health__V1__GetInfoRequest request = TRUSS__HEALTH__V1__GET_INFO_REQUEST__INIT;
    const Truss__Health__V1__GetInfoResponse *const info =
        ask(cli,
            &(const struct question){
                HEALTH, "GetInfo", "worker",
                "Is truss-worker running, and --worker (or TRUSS_WORKER) its address? Is its DATABASE_URL right?"},
            &request.base);
    if (info == NULL) {
        return false;
    }
    if (!cli->given.json) {
        head_print(cli, info->target);
    }
    const bool same = strcmp(info->version, TRUSS_VERSION) == 0;
    say(cli, same ? FINDING_GOOD : FINDING_NOTE, "worker",
        arena_printf(cli->arena, "%s at %s", info->version, worker_address(cli)),
        same ? NULL : arena_printf(cli->arena, "This command is version %s: use the same of both.", TRUSS_VERSION));
    if (info->sandbox != NULL && !worker_is_private(cli)) {
        const Truss__Health__V1__Sandbox *const sandbox = info->sandbox;
        say(cli, sandbox->missing[0] == '\0' ? FINDING_GOOD : FINDING_NOTE, "sandbox",
            arena_printf(cli->arena, "%s: files %s, system calls %s", sandbox->mode, sandbox->files, sandbox->calls),
            sandbox->missing[0] == '\0' ? NULL : arena_printf(cli->arena, "Not all holds: %s.", sandbox->missing));
    }
    if (info->connection == NULL) {
        say(cli, FINDING_BAD, "database", "the worker has no database", "Give it DATABASE_URL.");
        return false;
    }
    say(cli, FINDING_GOOD, "database",
        arena_printf(cli->arena, "%s as %s, PostgreSQL %s",
                     output_target(cli->arena, info->target, info->connection->database_name),
                     info->connection->db_user, info->connection->pg_version),
        NULL);
    return true;
}

static bool look_at_framework(struct cli *cli, const StatusReply *reply)
{
    for (size_t i = 0; i < reply->n_sources; i++) {
        const Truss__Migration__V1__Source *const source = reply->sources[i];
        struct buffer evidence = {.arena = cli->arena};
        for (size_t j = 0; j < source->n_evidence; j++) {
            if (strcmp(source->evidence[j], source->reason) != 0) {
                buffer_printf(&evidence, "%s%s", evidence.size == 0 ? "" : "; ", source->evidence[j]);
            }
        }
        say(cli, source->chosen ? FINDING_GOOD : FINDING_NOTE, source->chosen ? "framework" : "found too",
            arena_printf(cli->arena, "%s%s%s: %s", source->display_name, source->_folder_case == 0 ? "" : " in ",
                         output_or_empty(source->folder), source->reason),
            evidence.size == 0 ? NULL : buffer_string(&evidence));
    }
    /* A problem says what to do: what follows from it is not reported as well. */
    if (reply->_problem_case != 0) {
        say(cli, FINDING_BAD, reply->_framework_case == 0 ? "framework" : "problem", reply->problem, NULL);
    } else if (reply->_framework_case == 0) {
        say(cli, FINDING_BAD, "framework", "none was found, or it is not clear which",
            "Give the project's directory with --project DIR (to truss, or to the worker that it asks); if there are "
            "several folders of migrations, choose with --migrations or --framework.");
    }
    if (reply->_framework_case == 0 || (reply->_folder_case == 0 && reply->_problem_case != 0)) {
        return false;
    }
    /* If there is a problem, the folder may not exist: this line must not look like good news. */
    say(cli,
        reply->_folder_case == 0    ? FINDING_BAD
        : reply->_problem_case != 0 ? FINDING_NOTE
                                    : FINDING_GOOD,
        "folder", reply->_folder_case == 0 ? "the project has no folder of migrations" : reply->folder,
        reply->_folder_case == 0 ? "Is --project of the worker the right directory?" : NULL);
    say(cli, reply->_tracking_table_case == 0 ? FINDING_NOTE : FINDING_GOOD, "tracking table",
        reply->_tracking_table_case != 0 ? reply->tracking_table
        : reply->_problem_case != 0      ? "not known"
                                         : "not made yet",
        reply->_tracking_table_case == 0 && reply->_problem_case == 0
            ? "The first run makes it. Where the tables are there already, made by other means, adopt them first: "
              "truss baseline --all --verify"
            : NULL);
    return reply->_folder_case != 0 && reply->_problem_case == 0;
}

static size_t count_of(const StatusReply *reply, Truss__Migration__V1__DetailState detail)
{
    size_t count = 0;
    for (size_t i = 0; i < reply->n_migrations; i++) {
        count += reply->migrations[i]->detail_state == detail ? 1 : 0;
    }
    return count;
}

/* What can be wrong with single migrations, and what to do about each kind. */
static const struct detail_finding {
    Truss__Migration__V1__DetailState detail;
    enum finding finding;
    const char *one;
    const char *many;
    const char *advice;
} detail_findings[] = {
    {TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED, FINDING_BAD, "attempt failed and is not resolved",
     "attempts failed and are not resolved",
     "truss status shows their logs. Run again if Truss began them; otherwise undo them and truss mark-rolled-back "
     "NAME, or complete them and truss mark-applied NAME."},
    {TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FILE_MISSING, FINDING_BAD, "migration has no script",
     "migrations have no script", "Restore the files, or delete their directories."},
    {TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_DUPLICATE, FINDING_BAD, "file has the version of another",
     "files have the version of another", "Rename them."},
    {TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_OUT_OF_ORDER, FINDING_NOTE,
     "pending migration is older than an applied one", "pending migrations are older than applied ones",
     "truss status says what the framework's own tool does with them."},
    {TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_SKIPPED, FINDING_BAD,
     "pending migration would never be run by the framework's own tool",
     "pending migrations would never be run by the framework's own tool",
     "Run them with: truss run --allow-out-of-order"},
};

static bool say_details(struct cli *cli, const StatusReply *reply)
{
    bool good = true;
    for (size_t i = 0; i < sizeof detail_findings / sizeof detail_findings[0]; i++) {
        const struct detail_finding *const row = &detail_findings[i];
        const size_t count = count_of(reply, row->detail);
        if (count > 0) {
            say(cli, row->finding, "migrations", words_counted(cli->arena, count, row->one, row->many), row->advice);
            good = good && row->finding != FINDING_BAD;
        }
    }
    return good;
}

static bool look_at_history(struct cli *cli, const StatusReply *reply)
{
    const Truss__Migration__V1__Summary none = TRUSS__MIGRATION__V1__SUMMARY__INIT;
    const Truss__Migration__V1__Summary *const summary = reply->summary == NULL ? &none : reply->summary;
    say(cli, FINDING_GOOD, "migrations",
        arena_printf(cli->arena, "%u applied, %u pending", summary->applied, summary->pending), NULL);
    const bool good = say_details(cli, reply) && summary->modified == 0;
    if (summary->modified > 0) {
        say(cli, FINDING_BAD, "migrations",
            words_counted(cli->arena, summary->modified, "applied one was edited since",
                          "applied ones were edited since"),
            "Put the files back as they were (truss diff NAME shows how), and write what is missing as a new "
            "migration.");
    }
    if (summary->orphaned > 0) {
        say(cli, FINDING_NOTE, "migrations",
            words_counted(cli->arena, summary->orphaned, "applied one has no file", "applied ones have no file"),
            "Is this checkout older than the database, or the wrong branch?");
    }
    return good;
}

static bool is_among(const char *warning, char *const *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(warning, warnings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Is this the reason of a warning? An older worker sends none. */
static bool is_because(char *const *reasons, size_t count, size_t warning, enum reason reason)
{
    return warning < count && strcmp(reasons[warning], reason_word(reason)) == 0;
}

static bool check_is_because(const CheckReply *check, size_t warning, enum reason reason)
{
    return is_because(check->warning_reasons, check->n_warning_reasons, warning, reason);
}

/* Is this warning of the check about what say_details and look_at_history said? */
static bool is_of_history(const StatusReply *status, const CheckReply *check, size_t warning)
{
    const size_t failed = count_of(status, TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED);
    const bool is_edited = status->summary != NULL && status->summary->modified > 0;
    return (is_edited && check_is_because(check, warning, REASON_EDITED)) ||
           (failed > 0 && check_is_because(check, warning, REASON_UNRESOLVED));
}

/* Is this warning of the status about what the check says of the same run? */
static bool is_of_run(const StatusReply *status, const CheckReply *check, size_t warning)
{
    bool is_told = false;
    for (size_t i = 0; i < check->n_warnings; i++) {
        is_told = is_told || check_is_because(check, i, REASON_UNDER_WAY);
    }
    return is_told && is_because(status->warning_reasons, status->n_warning_reasons, warning, REASON_UNDER_WAY);
}

/* The warnings of the status, which are bad where the check has them too, and the check's others. What was said above
 * (the refusal, the history) is not said again. Returns how many are bad. */
static size_t say_warnings(struct cli *cli, const StatusReply *status, const CheckReply *check, const char *refusal)
{
    size_t bad = 0;
    for (size_t i = 0; i < status->n_warnings; i++) {
        const bool is_bad = is_among(status->warnings[i], check->warnings, check->n_warnings);
        if (is_of_run(status, check, i)) {
            continue;
        }
        say(cli, is_bad ? FINDING_BAD : FINDING_NOTE, "warning", status->warnings[i], NULL);
        bad += is_bad ? 1 : 0;
    }
    for (size_t i = 0; i < check->n_warnings; i++) {
        const char *const one = check->warnings[i];
        if (!is_of_history(status, check, i) && !is_among(one, status->warnings, status->n_warnings) &&
            (refusal == NULL || strcmp(one, refusal) != 0)) {
            say(cli, FINDING_BAD, "check", one, NULL);
            bad++;
        }
    }
    return bad;
}

/* Would a run start, and is this a good moment for it? */
static bool look_at_run(struct cli *cli, const StatusReply *status)
{
    Truss__Migration__V1__PlanRequest plan = TRUSS__MIGRATION__V1__PLAN_REQUEST__INIT;
    Truss__Migration__V1__CheckRequest check = TRUSS__MIGRATION__V1__CHECK_REQUEST__INIT;
    plan.framework = check.framework = framework_of(cli);
    const Truss__Migration__V1__PlanResponse *const planned =
        ask(cli, &(const struct question){MIGRATION, "Plan", "run", NULL}, &plan.base);
    const CheckReply *const checked =
        planned == NULL ? NULL : ask(cli, &(const struct question){MIGRATION, "Check", "moment", NULL}, &check.base);
    if (checked == NULL) {
        return false;
    }
    const char *const refusal = planned->_refusal_case == 0 ? NULL : planned->refusal;
    const size_t bad = say_warnings(cli, status, checked, refusal);
    /* Not "ok" where something above says that it would not go well. */
    const size_t failed = count_of(status, TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED);
    say(cli,
        refusal != NULL    ? FINDING_BAD
        : bad + failed > 0 ? FINDING_NOTE
                           : FINDING_GOOD,
        "run", refusal != NULL ? refusal : planned->summary, NULL);
    for (size_t i = 0; i < checked->n_notes; i++) {
        if (!is_among(checked->notes[i], status->warnings, status->n_warnings)) {
            say(cli, FINDING_NOTE, "note", checked->notes[i], NULL);
        }
    }
    say(cli, checked->lock_count == 0 ? FINDING_GOOD : FINDING_NOTE, "moment",
        arena_printf(cli->arena, "%s for a lock, %s active",
                     words_counted(cli->arena, checked->lock_count, "session waits", "sessions wait"),
                     words_counted(cli->arena, checked->active_tx_count, "transaction is", "transactions are")),
        NULL);
    return refusal == NULL && bad == 0;
}

int command_doctor(struct cli *cli)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    request.framework = framework_of(cli);
    if (cli->given.print_grants) {
        return grants_print(cli);
    }
    if (!look_at_worker(cli)) {
        return EXIT_ERROR;
    }
    const StatusReply *const reply =
        ask(cli, &(const struct question){MIGRATION, "GetStatus", "status", NULL}, &request.base);
    if (reply == NULL || !look_at_framework(cli, reply)) {
        return EXIT_ERROR;
    }
    const bool history = look_at_history(cli, reply);
    return look_at_run(cli, reply) && history ? EXIT_FINE : EXIT_ERROR;
}
