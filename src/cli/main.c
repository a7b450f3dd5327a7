/*
 * truss: finds the command in the table, reads its options, runs it.
 */
#include "base/options.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define RPC_OPTIONS  "worker json timeout"
#define PLAN_OPTIONS " framework target transaction allow-out-of-order no-out-of-order ignore-history"
#define RUN_OPTIONS  " dry-run plan-hash lock-timeout lock-retry statement-timeout key progress detach"

static const struct cli_command commands[] = {
    {"status", "", RPC_OPTIONS " framework exit-code", 0, 0, "show every migration with its state", command_status},
    {"plan", "[NAME…]", RPC_OPTIONS PLAN_OPTIONS " verbose", 0, -1,
     "show what a run would do: transactions, locks, whom they stop", command_plan},
    {"run", "[NAME…]", RPC_OPTIONS PLAN_OPTIONS RUN_OPTIONS, 0, -1, "run what is pending, or these of it", command_run},
    {"operations", "[ID]", RPC_OPTIONS " follow", 0, 1, "list runs, or show one with its events", command_operations},
    {"cancel", "ID", RPC_OPTIONS, 1, 1, "end a run; its step is rolled back", command_cancel},
    {"preview", "NAME", RPC_OPTIONS " framework sql", 1, 1, "show the SQL of a migration", command_preview},
    {"mark-applied", "NAME", RPC_OPTIONS " framework", 1, 1, "record a migration as applied without running it",
     command_mark_applied},
    {"mark-rolled-back", "NAME", RPC_OPTIONS " framework", 1, 1, "record that a failed attempt was undone by hand",
     command_mark_rolled_back},
    {"check", "", RPC_OPTIONS " framework", 0, 0, "say whether now is a good moment to run", command_check},
    {"detect-schema", "FILE", RPC_OPTIONS, 1, 1, "say which objects of a script exist already (- reads standard input)",
     command_detect_schema},
    {"create", "NAME", RPC_OPTIONS " framework", 1, 1, "make a new, empty migration in the project", command_create},
    {"health", "", RPC_OPTIONS, 0, 0, "show the worker and its database", command_health},
    {"dev", "[DIR]", "listen worker-listen migrations framework allow-delegate pg-bin reset", 0, 1,
     "serve a project, with a private PostgreSQL where it has no DATABASE_URL", command_dev},
    {0},
};

#define MOST_OPTIONS 32

static bool takes_option(const struct cli_command *command, const char *name)
{
    struct text rest = text_of(command->options);
    while (rest.size > 0) {
        const size_t space = text_find(rest, " ", 0);
        if (text_is(text_slice(rest, 0, space), name)) {
            return true;
        }
        rest = space == SIZE_MAX ? (struct text){0} : text_slice(rest, space + 1, rest.size);
    }
    return false;
}

/* The options of one command, out of those of all. */
static void options_of(const struct cli_command *command, struct cli *cli, struct option_spec specs[MOST_OPTIONS])
{
    const struct option_spec all[] = {
        {"worker", "URL", "TRUSS_WORKER", "tcp://127.0.0.1:8788", "the worker to ask", &cli->worker, false},
        {"json", NULL, NULL, NULL, "answer in JSON, as the REST routes do", &cli->json, false},
        {"timeout", "SECONDS", "TRUSS_TIMEOUT", NULL,
         "how long to wait for the answer (default 30; a run 3600; watched or detached: no limit)", &cli->timeout,
         false},
        {"exit-code", NULL, NULL, NULL, "exit with 2 where migrations are pending", &cli->exit_code, false},
        {"framework", "NAME", "TRUSS_FRAMEWORK", NULL,
         "which one is meant where there are several: its name, or its folder", &cli->framework, false},
        {"ignore-history", NULL, NULL, NULL, "run although applied files were edited or are missing",
         &cli->ignore_history, false},
        {"sql", NULL, NULL, NULL, "show what is sent to the server instead of the file", &cli->sql, false},
        {"allow-delegate", NULL, "TRUSS_ALLOW_DELEGATE", NULL,
         "start the project's own tool for migrations that are programs: it runs the project's code",
         &cli->allow_delegate, false},
        {"target", "NAME", NULL, NULL, "up to and including this one", &cli->target, false},
        {"transaction", "each|all", NULL, NULL, "commit each migration by itself, or the whole batch or nothing",
         &cli->transaction, false},
        {"allow-out-of-order", NULL, NULL, NULL, "run pending ones also where a later one is applied",
         &cli->allow_out_of_order, false},
        {"no-out-of-order", NULL, NULL, NULL, "refuse those", &cli->no_out_of_order, false},
        {"verbose", NULL, NULL, NULL, "list every statement", &cli->verbose, false},
        {"dry-run", NULL, NULL, NULL, "try it in a transaction that is rolled back", &cli->dry_run, false},
        {"plan-hash", "HASH", NULL, NULL, "run only what `truss plan` has shown", &cli->plan_hash, false},
        {"lock-timeout", "MS", NULL, NULL, "how long the first try for a lock may stall others (the worker's: 50)",
         &cli->lock_timeout, false},
        {"lock-retry", "SECONDS", NULL, NULL, "how long to try again for a lock in all (the worker's: 60)",
         &cli->lock_retry, false},
        {"statement-timeout", "SECONDS", NULL, NULL, "the longest that a statement may take", &cli->statement_timeout,
         false},
        {"key", "KEY", NULL, NULL, "idempotency key: the same one again runs nothing and answers the same", &cli->key,
         false},
        {"progress", NULL, NULL, NULL, "show progress also where the output is no terminal", &cli->progress, false},
        {"detach", NULL, NULL, NULL, "begin it, print its ID and exit", &cli->detach, false},
        {"follow", NULL, NULL, NULL, "show it until it ends; Ctrl-C leaves it", &cli->follow, false},
        {"listen", "ADDR:PORT", "TRUSS_HTTP_LISTEN", "127.0.0.1:8787", "where to serve HTTP", &cli->listen, false},
        {"worker-listen", "URL", "TRUSS_LISTEN", "tcp://127.0.0.1:8788", "where to serve RPC", &cli->worker_listen,
         false},
        {"migrations", "DIR", "TRUSS_MIGRATIONS", NULL, "the folder of migrations, where it is not in a usual place",
         &cli->migrations, false},
        {"pg-bin", "DIR", "TRUSS_PG_BIN", NULL, "where the programs of PostgreSQL are (default: Debian's newest)",
         &cli->pg_bin, false},
        {"reset", NULL, NULL, NULL, "throw the private database away and begin anew", &cli->reset, false},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (takes_option(command, all[i].name)) {
            specs[count++] = all[i];
        }
    }
    specs[count++] = (struct option_spec){"help", NULL, NULL, NULL, "show this", &cli->help, false};
    specs[count] = (struct option_spec){0};
}

static void print_usage(FILE *out)
{
    fprintf(out, "Usage: truss COMMAND [ARGUMENT…] [OPTION…]\n\n");
    for (const struct cli_command *command = commands; command->name != NULL; command++) {
        const int used = fprintf(out, "  %s %s", command->name, command->arguments);
        /* "…" is three bytes and one character. */
        const int wide = strstr(command->arguments, "…") != NULL ? 2 : 0;
        fprintf(out, "%*s%s\n", 28 - used + wide, "", command->help);
    }
    fprintf(out, "\nExit status: 0 fine, 1 an error, a failed run or a plan that would be refused,\n"
                 "2 migrations are pending (status --exit-code), 4 another run is going on.\n"
                 "truss COMMAND --help tells of a command's options.\n");
}

static int print_error(const struct cli *cli)
{
    const struct status *const status = cli->status;
    struct arena *const arena = cli->arena;
    fprintf(stderr, "truss: %s\n", output_safe(arena, status->message, false));
    if (status->detail != NULL) {
        fprintf(stderr, "  detail: %s\n", output_safe(arena, status->detail, true));
    }
    if (status->hint != NULL) {
        fprintf(stderr, "  hint: %s\n", output_safe(arena, status->hint, true));
    }
    if (status->sqlstate != NULL) {
        fprintf(stderr, "  sqlstate: %s\n", output_safe(arena, status->sqlstate, false));
    }
    for (size_t i = 1; i < STATUS_SUGGESTIONS && status->suggestions[i] != NULL; i++) {
        fprintf(stderr, "  or: %s\n", output_safe(arena, status->suggestions[i], false));
    }
    if (status->reason != NULL) {
        fprintf(stderr, "  reason: %s\n", output_safe(arena, status->reason, false));
    }
    return status->reason != NULL && strcmp(status->reason, "LOCKED") == 0 ? EXIT_LOCKED : EXIT_ERROR;
}

static int run_command(const struct cli_command *command, struct cli *cli, int argc, char **argv)
{
    struct option_spec specs[MOST_OPTIONS];
    options_of(command, cli, specs);
    if (!options_parse(cli->arena, specs, argc, argv, &cli->word_count, cli->status)) {
        return print_error(cli);
    }
    cli->words = argv;
    if (cli->help != NULL) {
        printf("Usage: truss %s %s%s[OPTION…]\n\n%s\n\n", command->name, command->arguments,
               command->arguments[0] == '\0' ? "" : " ", command->help);
        options_help(specs, stdout);
        return EXIT_FINE;
    }
    if (cli->word_count < command->least_words || (command->most_words >= 0 && cli->word_count > command->most_words)) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "Usage: truss %s %s", command->name, command->arguments);
        return print_error(cli);
    }
    const int code = command->run(cli);
    return code == EXIT_ERROR && cli->status->code != STATUS_OK ? print_error(cli) : code;
}

static const struct cli_command *find_command(const char *name)
{
    for (const struct cli_command *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    char help[] = "--help";
    char *help_argv[] = {argv[0], help, NULL};
    int code = EXIT_FINE;
    signal(SIGPIPE, SIG_IGN);
    /* "truss help CMD" is "truss CMD --help". */
    const bool asks_help = strcmp(name, "help") == 0 && argc > 2;
    const struct cli_command *const command = find_command(asks_help ? argv[2] : name);
    if (command != NULL) {
        struct arena *const arena = arena_new(0);
        struct status status = {.arena = arena};
        struct cli cli = {.arena = arena, .status = &status};
        code = asks_help ? run_command(command, &cli, 2, help_argv) : run_command(command, &cli, argc - 1, argv + 1);
        arena_free(arena);
    } else if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("truss %s\n", TRUSS_VERSION);
    } else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (strcmp(name, "help") == 0 && argc <= 2)) {
        print_usage(stdout);
    } else {
        fprintf(stderr, "truss: there is no command \"%s\"\n\n", asks_help ? argv[2] : name);
        print_usage(stderr);
        code = EXIT_ERROR;
    }
    if (fflush(stdout) != 0) {
        code = EXIT_ERROR;
    }
    return code;
}
