#include "cli/commands/confirm.h"

#include "cli/commands/run_request.h"
#include "cli/print/output.h"
#include "cli/print/plan_view.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_ANSWER 256
#define PIPE_WAIT_MS   10000 /* how long a pipe may be silent */

typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__RunRequest RunRequest;

static bool is_for_program(const struct cli *cli)
{
    return cli->given.json || cli->given.output != NULL;
}

/* The stream that a person reads: standard error if standard output is for a program. */
static FILE *person(const struct cli *cli)
{
    return is_for_program(cli) || isatty(STDOUT_FILENO) == 0 ? stderr : stdout;
}

/* Who is at standard input. For a pipe that has ended and for /dev/null it is nobody, and the answer is no. */
enum answerer { NOBODY, SOMEBODY, SILENT };

static enum answerer find_answerer(void)
{
    struct stat info;
    if (isatty(STDIN_FILENO) != 0) {
        return SOMEBODY;
    }
    if (fstat(STDIN_FILENO, &info) != 0 ||
        !(S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || S_ISREG(info.st_mode))) {
        return NOBODY;
    }
    struct pollfd wish = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&wish, 1, PIPE_WAIT_MS) == 0) {
        return SILENT;
    }
    const int first = getc(stdin);
    return first == EOF || ungetc(first, stdin) == EOF ? NOBODY : SOMEBODY;
}

/* Reads one line without its end; "" at the end of the input. */
static const char *read_answer(char answer[LONGEST_ANSWER])
{
    if (fgets(answer, LONGEST_ANSWER, stdin) == NULL) {
        answer[0] = '\0';
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return answer;
}

static bool has_environment(const PlanResponse *plan)
{
    return plan->target != NULL && plan->target->_environment_case != 0;
}

/* The question stands after a long plan: that it is known to fail is said here, too. */
static void say_failure(struct cli *cli, const PlanResponse *plan, FILE *out)
{
    if (plan->n_failures == 0) {
        return;
    }
    const size_t others = plan->n_failures - 1;
    fprintf(out, "\nThis run would fail now: %s%s\n", output_safe(cli->arena, plan->failures[0], false),
            others == 0 ? "" : arena_printf(cli->arena, " (And %zu more, above.)", others));
}

static bool asks_name(struct cli *cli, const PlanResponse *plan, FILE *out, RunRequest *request)
{
    char answer[LONGEST_ANSWER];
    const char *const database = plan->target == NULL ? "" : plan->target->database;
    if (has_environment(plan)) {
        fprintf(out, "\nThis is %s.\n", output_safe(cli->arena, plan->target->environment, false));
    }
    fprintf(out,
            "%s"
            "Type the name of the database (%s) to run it on %s: ",
            plan->loses_data ? "\nThis plan loses data: it drops, empties or cuts what is there, or deletes rows.\n"
                             : "",
            output_safe(cli->arena, database, false), output_target(cli->arena, plan->target, ""));
    fflush(out);
    request->confirm = arena_strdup(cli->arena, read_answer(answer));
    return database[0] != '\0' && strcmp(request->confirm, database) == 0;
}

static bool asks_yes(struct cli *cli, const PlanResponse *plan, FILE *out)
{
    char answer[LONGEST_ANSWER];
    fprintf(out, "\nRun this on %s? [y/N] ", output_target(cli->arena, plan->target, ""));
    fflush(out);
    read_answer(answer);
    return answer[0] == 'y' || answer[0] == 'Y';
}

/* Shows the whole plan to a person; next to JSON or a report, it is one sentence. */
static void show(struct cli *cli, const PlanResponse *plan, FILE *out)
{
    if (is_for_program(cli)) {
        fprintf(out, "%s\n", output_safe(cli->arena, plan->summary, false));
    } else {
        plan_print(cli, plan, false);
    }
    fflush(stdout);
}

bool confirm_run(struct cli *cli, RunRequest *request)
{
    FILE *const out = person(cli);
    const bool is_decided =
        cli->given.yes || cli->given.dry_run || cli->given.key != NULL || request->plan_hash[0] != '\0';
    const enum answerer answerer = is_decided ? NOBODY : find_answerer();
    if (answerer == NOBODY) {
        return true;
    }
    if (answerer == SILENT) {
        status_fail(cli->status, STATUS_CANCELLED,
                    "Nothing was run. Standard input is a pipe that has said neither yes nor no for %d s.",
                    PIPE_WAIT_MS / 1000);
        cli->status->hint = "In a pipeline: truss run --yes, or --plan FILE for the plan that was approved.";
        return false;
    }
    const PlanResponse *const plan = run_request_plan(cli, request);
    if (plan == NULL) {
        return false;
    }
    if (plan->n_migrations == 0) {
        return true;
    }
    show(cli, plan, out);
    if (plan->_refusal_case != 0) {
        return is_for_program(cli) && status_fail(cli->status, STATUS_FAILED_PRECONDITION, "%s", plan->refusal);
    }
    say_failure(cli, plan, out);
    request->plan_hash = plan->plan_hash;
    const bool wants_name = plan->loses_data || (has_environment(plan) && request->confirm[0] == '\0');
    if (wants_name ? asks_name(cli, plan, out, request) : asks_yes(cli, plan, out)) {
        return true;
    }
    return status_fail(cli->status, STATUS_CANCELLED, "Nothing was run. The plan was not confirmed.");
}
