/*
 * truss: finds the command in the table, reads its options, and runs it.
 */
#include "base/program.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/print/output.h"
#include "cli/reach/interrupt.h"
#include "cli/reach/worker.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "rpc/status_message.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HELP_COLUMN 28 /* the column where the description of a command begins */

static void print_usage(FILE *out)
{
    fprintf(out, "Usage: truss COMMAND [ARGUMENT…] [OPTION…]\n\n");
    for (const struct cli_command *command = cli_commands; command->help != NULL; command++) {
        const char *const arguments = command->arguments == NULL ? "" : command->arguments;
        const int bytes = fprintf(out, "  %s %s", command->name, arguments);
        /* "…" is three bytes but one character. */
        const int used = bytes - (strstr(arguments, "…") != NULL ? 2 : 0);
        const bool fits = used < HELP_COLUMN;
        fprintf(out, "%s%*s%s\n", fits ? "" : "\n", HELP_COLUMN - (fits ? used : 0), "", command->help);
    }
    fprintf(out,
            "\nExit status: 0 fine, 1 an error, a failed or declined run, a plan that would be refused or fail, or "
            "a check\n"
            "that is not safe, 2 migrations are pending, 3 applied ones were modified or are orphaned (both: status "
            "--exit-code; wait: 2;\n"
            "diff --exit-code: 3), 4 another run is going on.\n"
            "truss COMMAND --help shows a command's options.\n");
}

/* A person reads it on standard error; a program gets one object on standard output, the same as from the HTTP
 * route. */
static int print_error(const struct cli *cli)
{
    const struct status *const status = cli->status;
    struct arena *const arena = cli->arena;
    if (cli->wants_json) {
        printf("%s", status_json(arena, status).data);
    }
    output_tell(arena, "truss", status->message, false);
    output_tell(arena, "  detail", status->detail, true);
    output_tell(arena, "  hint", status->hint, true);
    output_tell(arena, "  sqlstate", status->sqlstate, false);
    for (size_t i = 0; i < STATUS_SUGGESTIONS && status->suggestions[i] != NULL; i++) {
        if (i > 0 || strstr(status->message, status->suggestions[0]) == NULL) {
            output_tell(arena, i == 0 ? "  did you mean" : "  or", status->suggestions[i], false);
        }
    }
    output_tell(arena, "  reason", status->reason, false);
    return status_is_because(status, REASON_LOCKED) ? EXIT_LOCKED : EXIT_ERROR;
}

/* Prints the common options, or the command's own, or its verb's; a title is printed above them if there are any. */
static void print_options(const struct cli_command *command, const struct cli_verb *verb, bool are_common,
                          const char *title)
{
    enum option_id shown[OPTION_COUNT + 1];
    size_t count = 0;
    for (size_t i = 0; command->options[i] != OPTION_NONE; i++) {
        const enum option_id id = command->options[i];
        if (cli_has_option(cli_common_options, id) == are_common && (verb == NULL || cli_verb_takes(verb, id))) {
            shown[count++] = id;
        }
    }
    shown[count] = OPTION_NONE;
    if (count > 0) {
        printf("\n%s:\n", title);
        options_help(shown, stdout);
    }
}

static void print_verbs(const struct cli_command *command)
{
    printf("\nVerbs:\n");
    for (const struct cli_verb *verb = command->verbs; verb->name != NULL; verb++) {
        const char *const arguments = verb->arguments == NULL ? "" : verb->arguments;
        const int used = printf("  %s %s", verb->name, arguments);
        printf("%*s%s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 2, "", verb->help);
    }
    printf("\ntruss %s VERB --help shows the options of one.\n", command->name);
}

static void print_help(const struct cli_command *command)
{
    const char *const arguments = command->arguments == NULL ? "" : command->arguments;
    printf("Usage: truss %s %s%s[OPTION…]\n\n%s\n\nExamples:\n", command->name, arguments,
           arguments[0] == '\0' ? "" : " ", command->help);
    for (size_t i = 0; i < CLI_MOST_EXAMPLES && command->examples[i] != NULL; i++) {
        printf("  %s\n", command->examples[i]);
    }
    if (command->verbs != NULL) {
        print_verbs(command);
        return;
    }
    print_options(command, NULL, false, "Options");
    print_options(command, NULL, true, "Common options");
}

static void print_verb_help(const struct cli_command *command, const struct cli_verb *verb)
{
    const char *const arguments = verb->arguments == NULL ? "" : verb->arguments;
    printf("Usage: truss %s %s %s%s[OPTION…]\n\n%s\n", command->name, verb->name, arguments,
           arguments[0] == '\0' ? "" : " ", verb->help);
    print_options(command, verb, false, "Options");
    print_options(command, verb, true, "Common options");
}

/* What other tools have and we do not; NULL: it is not that. */
static const char *why_not(const char *name)
{
    static const char *const back[] = {"down", "downgrade",    "rollback",    "undo", "revert",
                                       "redo", "migrate:down", "db:rollback", NULL};
    static const char *const empty[] = {"reset", "fresh", "refresh", "clean", "drop", NULL};
    static const char *const mend[] = {"repair", "fix", NULL};
    const struct text word = text_of(name);
    return word_is_one_of(word, back)
               ? "Truss runs no down migrations. Write a migration that undoes it, or let the project's own tool do "
                 "it: "
                 "Truss reads that from the tracking table. truss mark-rolled-back NAME is for an attempt that failed "
                 "and was undone by hand."
           : word_is_one_of(word, empty) ? "Truss empties no database. To try something: truss branch create makes a "
                                           "copy, and truss dev without a "
                                           "DATABASE_URL a PostgreSQL of the project's own."
           : word_is_one_of(word, mend)
               ? "A failed attempt that was undone by hand: truss mark-rolled-back NAME. An applied file that was "
                 "edited: truss diff NAME shows how to bring it back; Truss changes no recorded checksum. An INVALID "
                 "index: truss run --repair."
               : NULL;
}

static void print_unknown(const char *name)
{
    const struct cli_command *const near = cli_nearest(name);
    fprintf(stderr, "truss: There is no command \"%s\"", name);
    const char *const hint = why_not(name);
    if (hint != NULL) {
        fprintf(stderr, ".\n  hint: %s\n", hint);
    } else if (near != NULL) {
        fprintf(stderr, "; did you mean \"%s\"?\n  truss %s  %s\n", near->name, near->name, near->help);
    } else {
        fprintf(stderr, ".\n");
    }
    fprintf(stderr, "truss --help lists the commands.\n");
}

/* Does this word, before the command, take the next one as its value? */
static bool takes_next(const char *word)
{
    enum option_id known[OPTION_COUNT + 1];
    options_of(OF_TRUSS, known);
    for (size_t i = 0; known[i] != OPTION_NONE && strchr(word, '=') == NULL; i++) {
        const struct option *const option = option_of(known[i]);
        if (strcmp(word + 2, option->name) == 0) {
            return option->kind != OPTION_FLAG;
        }
    }
    return false;
}

/* Options may come in front of the command: moves the command to the front. Returns true if there is one. */
static bool find_command(int argc, char **argv)
{
    int at = 1;
    while (at < argc && strncmp(argv[at], "--", 2) == 0 && argv[at][2] != '\0') {
        at += takes_next(argv[at]) ? 2 : 1;
    }
    if (at >= argc || argv[at][0] == '-') {
        return false;
    }
    char *const command = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = command;
    return true;
}

/* Also used when the options cannot be read. */
static bool says_json(int argc, char **argv)
{
    for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
        if (strcmp(argv[at], "--json") == 0) {
            return true;
        }
    }
    return false;
}

/* Reports an unknown command; as JSON to a program that wants JSON. */
static int fail_unknown(const char *name, bool is_json)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct cli_command *const near = cli_nearest(name);
    status_fail(&status, STATUS_INVALID_ARGUMENT, "There is no command \"%s\".", name);
    status.hint = why_not(name);
    status.suggestions[0] = near == NULL || status.hint != NULL ? NULL : near->name;
    if (is_json) {
        printf("%s", status_json(arena, &status).data);
    }
    print_unknown(name);
    arena_free(arena);
    return EXIT_ERROR;
}

/* Reports too few or too many words; names the first that is too many. */
static void fail_by_words(const struct cli *cli, const struct cli_command *command)
{
    const char *const arguments = command->arguments == NULL ? "" : command->arguments;
    const char *const usage =
        arena_printf(cli->arena, "Usage: truss %s%s%s", command->name, arguments[0] == '\0' ? "" : " ", arguments);
    if (cli->word_count < command->least_words) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "%s", usage);
    } else {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "The word \"%s\" is one too many. %s",
                    cli->words[command->most_words], usage);
    }
}

static int run_command(const struct cli_command *command, struct cli *cli, int argc, char **argv)
{
    struct options_request request = {
        .arena = cli->arena, .taken = command->options, .argc = argc, .argv = argv, .ignores_project = true};
    cli->wants_json = cli_has_option(command->options, OPTION_json) && says_json(argc, argv);
    if (!options_read(&request, &cli->given, cli->status)) {
        return print_error(cli);
    }
    cli->command = command;
    cli->from = request.from;
    cli->words = argv;
    cli->word_count = request.words;
    if (cli->given.help) {
        const struct cli_verb *const verb = request.words > 0 ? cli_verb_find(command, argv[0]) : NULL;
        verb == NULL ? print_help(command) : print_verb_help(command, verb);
        return EXIT_FINE;
    }
    if (cli->word_count < command->least_words || (command->most_words >= 0 && cli->word_count > command->most_words)) {
        fail_by_words(cli, command);
        cli->status->hint = arena_printf(cli->arena, "truss %s --help shows its options and examples.", command->name);
        return print_error(cli);
    }
    const int code = cli_has_option(command->options, OPTION_worker) && !command->finds_worker && !worker_find(cli)
                         ? EXIT_ERROR
                         : command->run(cli);
    worker_leave(cli);
    interrupt_end(cli);
    return code == EXIT_ERROR && cli->status->code != STATUS_OK ? print_error(cli) : code;
}

/* The reader of a pipe has gone, as `head` does when it has enough: there is nothing to say. */
static bool has_no_reader(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

/* What was printed, and could not be written, must not look complete. */
static int close_output(int code)
{
    const bool failed = ferror(stdout) != 0; /* some time before: the reason is not known any more */
    const bool is_flushed = fflush(stdout) == 0;
    const char *const why = is_flushed ? "" : strerror(errno);
    if (is_flushed && !failed) {
        return code;
    }
    if (!has_no_reader()) {
        fprintf(stderr, "truss: The output could not be written%s%s.%s\n", is_flushed ? "" : ": ", why,
                code == EXIT_FINE ? " What the command does was done." : "");
    }
    return EXIT_ERROR;
}

int main(int argc, char **argv)
{
    program_open_streams();
    const bool has_command = find_command(argc, argv);
    const char *const name = argc > 1 ? argv[1] : "help";
    char help[] = "--help";
    char *help_argv[] = {argv[0], help, NULL};
    int code = EXIT_FINE;
    signal(SIGPIPE, SIG_IGN);
    /* "truss help CMD" is "truss CMD --help". */
    const bool asks_help = strcmp(name, "help") == 0 && argc > 2;
    const struct cli_command *const command = has_command ? cli_find(asks_help ? argv[2] : name) : NULL;
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
        code = fail_unknown(asks_help ? argv[2] : name, says_json(argc, argv));
    }
    return close_output(code);
}
