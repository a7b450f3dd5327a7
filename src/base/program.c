#include "base/program.h"

#include "base/log.h"
#include "base/manual.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECTION 8

/* The lowest number that is free is taken, so that they are opened in their order. */
void program_open_streams(void)
{
    static const int modes[] = {[STDIN_FILENO] = O_RDONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        const int opened = fcntl(fd, F_GETFD) < 0 ? open("/dev/null", modes[fd]) : fd;
        if (opened != fd) {
            _exit(1);
        }
    }
}

static void print_help(const struct program *program, const enum option_id *taken)
{
    printf("Usage: %s [OPTION…]\nIt %s.\n\n", program->name, program->summary);
    options_help(taken, stdout);
}

static void print_manual(const struct program *program, const enum option_id *taken)
{
    manual_head(program->name, SECTION, program->summary);
    printf(".SH SYNOPSIS\n.B ");
    manual_text(program->name);
    printf("\n[\\fIOPTION\\fR...]\n");
    manual_options(taken);
    manual_foot();
}

enum program_start program_begin(const struct program *program, int argc, char **argv, struct options *options,
                                 struct status *status)
{
    enum option_id taken[OPTION_COUNT + 1];
    enum log_level level;
    struct options_request request = {.arena = status->arena, .taken = taken, .argc = argc, .argv = argv};
    options_of(program->options, taken);
    if (!options_read(&request, options, status)) {
        return PROGRAM_IS_WRONG;
    }
    if (request.words > 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "\"%s\" is not an option; see --help.", argv[0]);
        return PROGRAM_IS_WRONG;
    }
    if (options->help || options->man || options->version) {
        if (options->man) {
            print_manual(program, taken);
        } else if (options->help) {
            print_help(program, taken);
        } else {
            printf("%s %s\n", program->name, TRUSS_VERSION);
        }
        return PROGRAM_HAS_ANSWERED;
    }
    log_set_level(log_parse_level(options->log_level, &level) ? level : LOG_INFO);
    log_set_format(options->log_format != NULL && strcmp(options->log_format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
    return PROGRAM_SERVES;
}

bool program_list(struct arena *arena, const char *list, const char **items, size_t most)
{
    size_t count = 0;
    char *rest;
    for (char *item = strtok_r(arena_strdup(arena, list), ",", &rest); item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        if (count == most) {
            return false;
        }
        items[count++] = item;
    }
    items[count] = NULL;
    return count > 0;
}

void program_block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    if (isatty(STDERR_FILENO) == 0) {
        sigaddset(signals, SIGHUP);
    }
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}
