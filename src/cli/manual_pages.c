/*
 * truss man and truss completion: made of the same table as --help, so that they cannot disagree with it.
 */
#include "base/manual.h"
#include "base/text.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

/* ---- manual pages ---- */

static void put_exit_status(void)
{
    printf(".SH EXIT STATUS\n"
           ".TP\n.B 0\nFine.\n"
           ".TP\n.B 1\nAn error, a failed run, or a plan that would be refused.\n"
           ".TP\n.B 2\nMigrations are pending (status \\-\\-exit\\-code, wait).\n"
           ".TP\n.B 3\nApplied migrations were modified or are orphaned (status \\-\\-exit\\-code).\n"
           ".TP\n.B 4\nAnother run is going on.\n");
}

static void put_command(struct cli *cli, const struct cli_command *command)
{
    struct option_spec specs[CLI_MOST_OPTIONS];
    cli_options(command, cli, specs);
    manual_head(arena_printf(cli->arena, "truss-%s", command->name), 1, command->help);
    printf(".SH SYNOPSIS\n.B truss %s\n", command->name);
    manual_text(command->arguments);
    printf(" [\\fIOPTION\\fR...]\n");
    manual_options(specs);
    put_exit_status();
    printf(".SH SEE ALSO\n.BR truss (1)\n");
}

static void put_all(void)
{
    manual_head("truss", 1, "PostgreSQL migrations of every framework");
    printf(".SH SYNOPSIS\n.B truss\n"
           "\\fICOMMAND\\fR [\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
           "Asks a truss\\-worker, which finds the framework by its ledger and its files, and runs what is pending.\n"
           ".SH COMMANDS\n");
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        printf(".TP\n.B %s ", command->name);
        manual_text(command->arguments);
        putchar('\n');
        manual_text(command->help);
        printf(".\nSee\n.BR truss\\-%s (1).\n", command->name);
    }
    put_exit_status();
}

int command_man(struct cli *cli)
{
    if (cli->word_count == 0) {
        put_all();
        return EXIT_FINE;
    }
    const struct cli_command *const command = cli_find(cli->words[0]);
    if (command == NULL) {
        status_fail(cli->status, STATUS_NOT_FOUND, "There is no command \"%s\".", cli->words[0]);
        return EXIT_ERROR;
    }
    put_command(cli, command);
    return EXIT_FINE;
}

/* ---- completion ---- */

static bool takes_names(const struct cli_command *command)
{
    return strstr(command->arguments, "NAME") != NULL && strcmp(command->name, "create") != 0;
}

static void put_names(void)
{
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        printf("%s%s", command == cli_commands ? "" : " ", command->name);
    }
}

static void put_dashed(struct cli *cli, const struct cli_command *command)
{
    struct option_spec specs[CLI_MOST_OPTIONS];
    cli_options(command, cli, specs);
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        printf("%s--%s", spec == specs ? "" : " ", spec->name);
    }
}

/* Names of migrations come from the worker, when it answers at once. */
#define ASK_NAMES "truss status --json --timeout 2 2>/dev/null | sed -n 's/.*\"name\": *\"\\([^\"]*\\)\".*/\\1/p'"

static void put_bash(struct cli *cli)
{
    printf("_truss() {\n    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    put_names();
    printf("\"\n    else\n        case $command in\n");
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        printf("        %s) words=\"", command->name);
        put_dashed(cli, command);
        putchar('"');
        if (takes_names(command)) {
            printf("; case $word in -*) ;; *) words=$(" ASK_NAMES ") ;; esac");
        }
        printf(" ;;\n");
    }
    printf(
        "        esac\n    fi\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -F _truss truss\n");
}

static void put_zsh(struct cli *cli)
{
    printf("#compdef truss\n_truss() {\n    local -a commands\n    commands=(\n");
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        printf("        '%s:", command->name);
        for (const char *c = command->help; *c != '\0'; c++) {
            if (*c == '\'') {
                printf("'\\''");
            } else {
                printf("%s%c", *c == ':' ? "\\" : "", *c);
            }
        }
        printf("'\n");
    }
    printf("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
           "    case $words[2] in\n");
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        printf("    %s) compadd -- ", command->name);
        put_dashed(cli, command);
        if (takes_names(command)) {
            printf("; [[ $PREFIX == -* ]] || compadd -- ${(f)\"$(" ASK_NAMES ")\"}");
        }
        printf(" ;;\n");
    }
    printf("    esac\n}\ncompdef _truss truss\n");
}

static void put_fish(struct cli *cli)
{
    printf("complete -c truss -f\n");
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        struct option_spec specs[CLI_MOST_OPTIONS];
        cli_options(command, cli, specs);
        printf("complete -c truss -n __fish_use_subcommand -a %s -d \"%s\"\n", command->name, command->help);
        for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
            printf("complete -c truss -n \"__fish_seen_subcommand_from %s\" -l %s%s -d \"%s\"\n", command->name,
                   spec->name, spec->argument == NULL ? "" : " -r", spec->help);
        }
        if (takes_names(command)) {
            printf("complete -c truss -n \"__fish_seen_subcommand_from %s\" -a \"(%s)\"\n", command->name,
                   "truss status --json --timeout 2 2>/dev/null | string match -rg '\"name\": *\"([^\"]*)\"'");
        }
    }
}

int command_completion(struct cli *cli)
{
    static const struct {
        const char *shell;
        void (*put)(struct cli *cli);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(cli->words[0], shells[i].shell) == 0) {
            shells[i].put(cli);
            return EXIT_FINE;
        }
    }
    status_fail(cli->status, STATUS_INVALID_ARGUMENT, "There is completion for bash, zsh and fish, not for \"%s\".",
                cli->words[0]);
    return EXIT_ERROR;
}
