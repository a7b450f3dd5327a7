/*
 * truss man: writes the manual pages from the same tables as --help, so that the two cannot disagree.
 */
#include "base/manual.h"
#include "cli/table.h"

#include <stdio.h>

static const char *arguments_of(const struct cli_command *command)
{
    return command->arguments == NULL ? "" : command->arguments;
}

static void put_exit_status(void)
{
    printf(".SH EXIT STATUS\n"
           ".TP\n.B 0\nFine.\n"
           ".TP\n.B 1\nAn error, a failed or declined run, a plan that would be refused or fail, or a check that is "
           "not safe.\n"
           ".TP\n.B 2\nMigrations are pending (status \\-\\-exit\\-code, wait).\n"
           ".TP\n.B 3\nApplied migrations were modified or are orphaned (status \\-\\-exit\\-code), or a file differs "
           "from what was applied\n"
           "(diff \\-\\-exit\\-code).\n"
           ".TP\n.B 4\nAnother run is going on.\n");
}

static void put_examples(const struct cli_command *command)
{
    printf(".SH EXAMPLES\n.nf\n");
    for (size_t i = 0; i < CLI_MOST_EXAMPLES && command->examples[i] != NULL; i++) {
        manual_text(command->examples[i]);
        putchar('\n');
    }
    printf(".fi\n");
}

static void put_verbs(const struct cli_command *command)
{
    if (command->verbs != NULL) {
        printf(".SH VERBS\n");
    }
    for (const struct cli_verb *verb = command->verbs; verb != NULL && verb->name != NULL; verb++) {
        printf(".TP\n.B %s ", verb->name);
        manual_text(verb->arguments == NULL ? "" : verb->arguments);
        putchar('\n');
        manual_text(verb->help);
        printf(".\n");
        for (size_t i = 0; verb->options[i] != OPTION_NONE; i++) {
            printf("%s\\fB\\-\\-", i == 0 ? "Takes " : ",\n");
            manual_text(option_of(verb->options[i])->name);
            printf("\\fR%s", verb->options[i + 1] == OPTION_NONE ? ".\n" : "");
        }
    }
}

static void put_command(struct cli *cli, const struct cli_command *command)
{
    manual_head(arena_printf(cli->arena, "truss-%s", command->name), 1, command->help);
    printf(".SH SYNOPSIS\n.B truss %s\n", command->name);
    manual_text(arguments_of(command));
    printf(" [\\fIOPTION\\fR...]\n");
    put_verbs(command);
    manual_options(command->options);
    put_examples(command);
    put_exit_status();
    manual_foot();
}

static void put_all(void)
{
    manual_head("truss", 1, "PostgreSQL migrations of every framework");
    printf(".SH SYNOPSIS\n.B truss\n"
           "\\fICOMMAND\\fR [\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
           "Finds the framework of a project by its files and its tracking table, shows what is applied and what is "
           "pending, and runs it.\n"
           "It connects to the database itself. With \\-\\-worker, or if it is given no database, it asks a "
           "truss\\-worker.\n"
           ".SH COMMANDS\n");
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        printf(".TP\n.B %s ", command->name);
        manual_text(arguments_of(command));
        putchar('\n');
        manual_text(command->help);
        printf(".\nSee\n.BR truss\\-%s (1).\n", command->name);
    }
    put_exit_status();
    manual_foot();
}

int command_man(struct cli *cli)
{
    if (cli->word_count == 0) {
        put_all();
        return EXIT_FINE;
    }
    const struct cli_command *const command = cli_find(cli->words[0]);
    if (command == NULL || command->help == NULL) {
        status_fail(cli->status, STATUS_NOT_FOUND, "There is no command \"%s\".", cli->words[0]);
        cli->status->hint =
            "truss --help lists the commands. If Truss is installed, man -k truss lists its other pages.";
        return EXIT_ERROR;
    }
    put_command(cli, command);
    return EXIT_FINE;
}
