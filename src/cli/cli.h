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

/* What was asked for. */
struct cli {
    const struct cli_command *command;
    struct arena *arena;
    struct status *status;
    char **words; /* behind the command's name */
    int word_count;
    struct options given;        /* those that the command takes; the others are unset */
    const char *const *from;     /* where each was said: "--project", "DATABASE_URL"; NULL: nowhere */
    bool wants_json;             /* --json stands on its line */
    bool has_head;               /* the line that names the target stands there */
    struct worker *worker;       /* who is asked, cli/reach/worker.h; NULL: nobody, or not decided */
    struct interrupt *interrupt; /* cli/reach/interrupt.h; NULL: signals do what they do everywhere */
};

/* A command returns what the process exits with; EXIT_ERROR with a message in cli->status is printed by main. */
typedef int cli_command_fn(struct cli *cli);

/* One of the things that a command such as branch does: truss branch create. */
struct cli_verb {
    const char *name;
    const char *arguments; /* behind it, for help: "ID"; NULL: none */
    int least_words;       /* behind it */
    int most_words;
    const char *help;
    const char *missing; /* what is said where a word is missing; NULL: the usage */
    cli_command_fn *run;
    enum option_id
        options[CLI_MOST_VERB_OPTIONS + 1]; /* of the command's own those that it takes, ending with OPTION_NONE */
};

struct cli_command {
    const char *name;
    const char *arguments; /* for help: "[NAME…]"; NULL: none */
    int least_words;
    int most_words;                          /* -1: any number */
    const char *help;                        /* NULL: for our own scripts; it is not listed */
    const char *examples[CLI_MOST_EXAMPLES]; /* each a line for a shell; at least one */
    cli_command_fn *run;
    bool finds_worker;            /* by itself, where it needs one */
    const struct cli_verb *verbs; /* its first word is one of them; ends with a NULL name. NULL: it has none */
    enum option_id options[CLI_MOST_OPTIONS + 1]; /* that it takes, ending with OPTION_NONE */
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
