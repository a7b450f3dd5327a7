/*
 * The start of a server program: reads its options, and answers --help, --man and --version.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/options.h"

#include <signal.h>

struct program {
    const char *name;    /* "truss-worker" */
    const char *summary; /* what it does: "serves …" */
    enum option_programs options;
};

/* Opens what of standard input, output and error is closed: else the next file or connection would get its number, and
 * what is printed would go there. The input is empty then, writing to the output fails with EBADF, and errors go
 * nowhere. Call it before anything is opened. */
void program_open_streams(void);

enum program_start { PROGRAM_SERVES, PROGRAM_HAS_ANSWERED, PROGRAM_IS_WRONG };

/* Reads the options (they live in the arena, argv and environ) and sets the log level. PROGRAM_IS_WRONG comes with a
 * status. */
enum program_start program_begin(const struct program *program, int argc, char **argv, struct options *options,
                                 struct status *status);

/* Splits a list at its commas and adds a NULL item; items has room for most + 1. Returns false if there are more than
 * `most`, or none. */
bool program_list(struct arena *arena, const char *list, const char **items, size_t most);

/* Blocks SIGTERM, SIGINT and SIGHUP, for sigwait with `signals`; later threads inherit the mask. SIGHUP is not blocked
 * if we have a terminal, whose end should then be ours. Ignores SIGPIPE: a peer that disconnects while it is written to
 * is an error of that call. */
void program_block_signals(sigset_t *signals);

#endif
