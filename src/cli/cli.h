/*
 * The commands of truss, as data: help, parsing and dispatch are made from one table.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/options.h"

#define CLI_MOST_OPTIONS      48
#define CLI_MOST_EXAMPLES     4
#define CLI_MOST_VERB_OPTIONS 12

enum exit_code { EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_PENDING = 2, EXIT_CHANGED = 3, EXIT_LOCKED = 4 };

struct cli_command;
struct interrupt;
struct worker;

/* A parsed command line, and what a command works with. */
struct cli {
    const struct cli_command *command;
    struct arena *arena;
    struct status *status;
    char **words; /* after the command's name */
    int word_count;
    struct options given;        /* those that the command accepts; others are unset */
    const char *const *from;     /* where each option came from: "--project", "DATABASE_URL"; NULL: not set */
    bool wants_json;             /* --json was given */
    bool has_head;               /* the line that names the target was printed */
    struct worker *worker;       /* the worker to call, cli/reach/worker.h; NULL: none, or not decided */
    struct interrupt *interrupt; /* cli/reach/interrupt.h; NULL: signals have their default effect */
};

/* Runs a command and returns the exit code. If it returns EXIT_ERROR, main prints the message in cli->status. */
typedef int cli_command_fn(struct cli *cli);

/* A subcommand, such as truss branch create. */
struct cli_verb {
    const char *name;
    const char *arguments; /* its arguments, for help: "ID"; NULL: none */
    int least_words;       /* number of words after it */
    int most_words;
    const char *help;
    const char *missing;              /* the message if a word is missing; NULL: the usage */
    bool (*prepare)(struct cli *cli); /* called first: false with a status ends the command; NULL: nothing to do */
    cli_command_fn *run;
    enum option_id
        options[CLI_MOST_VERB_OPTIONS + 1]; /* those of the command's options that it accepts, ended by OPTION_NONE */
};

struct cli_command {
    const char *name;
    const char *arguments; /* for help: "[NAME…]"; NULL: none */
    int least_words;
    int most_words;                          /* -1: any number */
    const char *help;                        /* NULL: not listed; for our own scripts */
    const char *examples[CLI_MOST_EXAMPLES]; /* each a shell line; at least one */
    cli_command_fn *run;
    bool finds_worker;            /* it calls worker_find itself when it needs a worker */
    const struct cli_verb *verbs; /* its first word must be one of them; ended by a NULL name. NULL: none */
    enum option_id options[CLI_MOST_OPTIONS + 1]; /* that it accepts, ended by OPTION_NONE */
};

extern const struct cli_verb cli_branch_verbs[];
extern const struct cli_verb cli_backup_verbs[];
extern const struct cli_verb cli_token_verbs[];

int command_status(struct cli *cli);
int command_plan(struct cli *cli);
int command_run(struct cli *cli);
int command_operations(struct cli *cli);
int command_cancel(struct cli *cli);
int command_watch(struct cli *cli);
int command_wait(struct cli *cli);
int command_doctor(struct cli *cli);
int command_completion(struct cli *cli);
int command_complete(struct cli *cli);
int command_services(struct cli *cli);
int command_call(struct cli *cli);
int command_man(struct cli *cli);
int command_preview(struct cli *cli);
int command_diff(struct cli *cli);
int command_audit(struct cli *cli);
int command_baseline(struct cli *cli);
int command_mark_applied(struct cli *cli);
int command_mark_rolled_back(struct cli *cli);
int command_check(struct cli *cli);
int command_detect_schema(struct cli *cli);
int command_create(struct cli *cli);
int command_init(struct cli *cli);
int command_health(struct cli *cli);
int command_sql(struct cli *cli);
int command_connection(struct cli *cli);
int command_branch(struct cli *cli);
int command_backup(struct cli *cli);
int command_dev(struct cli *cli);
int command_demo(struct cli *cli);
int command_token(struct cli *cli);
int command_approve(struct cli *cli);
int command_approvals(struct cli *cli);

#endif
