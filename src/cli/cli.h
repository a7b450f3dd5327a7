/*
 * The commands of truss, as data: help, parsing and dispatch are made from one table.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>

enum exit_code { EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_PENDING = 2, EXIT_CHANGED = 3, EXIT_LOCKED = 4 };

/* What was asked for. Option values are NULL where they were not given and have no default. */
struct cli {
    struct arena *arena;
    struct status *status;
    char **words; /* behind the command's name */
    int word_count;
    const char *worker;
    const char *json;
    const char *timeout;
    const char *exit_code;
    const char *output;
    const char *applied;
    const char *yes;
    const char *framework;
    const char *ignore_history;
    const char *sql;
    const char *allow_delegate;
    const char *target;
    const char *dry_run;
    const char *transaction;
    const char *lock_timeout;
    const char *lock_retry;
    const char *statement_timeout;
    const char *plan_hash;
    const char *allow_out_of_order;
    const char *no_out_of_order;
    const char *key;
    const char *detach;
    const char *progress;
    const char *follow;
    const char *verbose;
    const char *listen;
    const char *worker_listen;
    const char *migrations;
    const char *pg_bin;
    const char *reset;
    const char *help;
};

/* A command returns what the process exits with; EXIT_ERROR with a message in cli->status is printed by main. */
typedef int cli_command_fn(struct cli *cli);

struct cli_command {
    const char *name;
    const char *arguments; /* for help: "[NAME…]" */
    const char *options;   /* names of the options that it takes, separated by spaces */
    int least_words;
    int most_words; /* -1: any number */
    const char *help;
    cli_command_fn *run;
};

int command_status(struct cli *cli);
int command_plan(struct cli *cli);
int command_run(struct cli *cli);
int command_operations(struct cli *cli);
int command_cancel(struct cli *cli);
int command_watch(struct cli *cli);
int command_wait(struct cli *cli);
int command_doctor(struct cli *cli);
int command_completion(struct cli *cli);
int command_man(struct cli *cli);
int command_preview(struct cli *cli);
int command_mark_applied(struct cli *cli);
int command_mark_rolled_back(struct cli *cli);
int command_check(struct cli *cli);
int command_detect_schema(struct cli *cli);
int command_create(struct cli *cli);
int command_health(struct cli *cli);
int command_dev(struct cli *cli);

#endif
