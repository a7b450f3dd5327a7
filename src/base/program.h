/*
 * How a program that serves begins: it reads its options, and answers --help, --man and --version.
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

enum program_start { PROGRAM_SERVES, PROGRAM_HAS_ANSWERED, PROGRAM_IS_WRONG };

/* Reads options (which live in the arena, argv and environ) and sets the log's level. PROGRAM_IS_WRONG with a status
 * that says what is. */
enum program_start program_begin(const struct program *program, int argc, char **argv, struct options *options,
                                 struct status *status);

/* Cuts a list at its commas; the last item is followed by NULL, so that items has room for most + 1. False where there
 * are more than that, or none. */
bool program_list(struct arena *arena, const char *list, const char **items, size_t most);

/* Has SIGTERM, SIGINT and SIGHUP come to sigwait for these signals and nowhere else: threads that begin later inherit
 * the mask. SIGHUP stays as it is where a terminal has us, as its end is then ours. Ignores SIGPIPE: a peer that goes
 * while it is written to is an error of that call. */
void program_block_signals(sigset_t *signals);

#endif
