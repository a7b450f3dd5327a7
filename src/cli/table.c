/*
 * The commands and their options, the one place that a new one is entered.
 */
#include "cli/table.h"

#include "base/text.h"

#include <string.h>

#define RPC_OPTIONS  "worker json timeout"
#define PLAN_OPTIONS " framework target transaction allow-out-of-order no-out-of-order ignore-history"
#define RUN_OPTIONS  " dry-run plan-hash lock-timeout lock-retry statement-timeout key progress detach yes"

const struct cli_command cli_commands[] = {
    {"status", "", RPC_OPTIONS " framework exit-code output", 0, 0, "show every migration with its state",
     command_status},
    {"plan", "[NAME…]", RPC_OPTIONS PLAN_OPTIONS " verbose output", 0, -1,
     "show what a run would do: transactions, locks, whom they stop", command_plan},
    {"run", "[NAME…]", RPC_OPTIONS PLAN_OPTIONS RUN_OPTIONS, 0, -1, "run what is pending, or these of it", command_run},
    {"operations", "[ID]", RPC_OPTIONS " follow", 0, 1, "list runs, or show one with its events", command_operations},
    {"watch", "", "worker json", 0, 0, "show the run that is going on, or the next one", command_watch},
    {"wait", "", RPC_OPTIONS " framework applied", 0, 0, "wait until nothing is pending (for init containers)",
     command_wait},
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
    {"doctor", "", "worker json framework", 0, 0, "find what is wrong with the set-up, and say how to mend it",
     command_doctor},
    {"completion", "bash|zsh|fish", "", 1, 1, "print the shell's completion of these commands", command_completion},
    {"man", "[COMMAND]", "", 0, 1, "print the manual page, for man(1)", command_man},
    {"dev", "[DIR]", "listen worker-listen migrations framework allow-delegate pg-bin reset", 0, 1,
     "serve a project, with a private PostgreSQL where it has no DATABASE_URL", command_dev},
    {0},
};

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

void cli_options(const struct cli_command *command, struct cli *cli, struct option_spec specs[CLI_MOST_OPTIONS])
{
    const struct option_spec all[] = {
        {"worker", "URL", "TRUSS_WORKER", "tcp://127.0.0.1:8788", "the worker to ask", &cli->worker, false},
        {"json", NULL, NULL, NULL, "answer in JSON, as the REST routes do", &cli->json, false},
        {"timeout", "SECONDS", "TRUSS_TIMEOUT", NULL,
         "how long to wait for the answer (default 30; a run 3600; watched or detached: no limit)", &cli->timeout,
         false},
        {"exit-code", NULL, NULL, NULL,
         "exit with 2 where migrations are pending, 3 where applied ones have changed or are gone", &cli->exit_code,
         false},
        {"output", "FORMAT", NULL, NULL, "for CI: junit (status), github, sarif (plan)", &cli->output, false},
        {"applied", NULL, NULL, NULL, "until every migration is applied (the default)", &cli->applied, false},
        {"yes", NULL, NULL, NULL, "do not ask first, on a terminal", &cli->yes, false},
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

const struct cli_command *cli_find(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}
