/*
 * Ctrl-C, and the signals that end a command, during a run that nobody watches. At the command's own worker the run is
 * cancelled and its end waited for, so that the final message is what really happened. At another worker the run goes
 * on, and the command says so before it ends.
 */
#ifndef CLI_REACH_INTERRUPT_H
#define CLI_REACH_INTERRUPT_H

#include "cli/cli.h"

/* From now on, with the command's own worker: the first SIGINT, SIGTERM or SIGHUP cancels the run, the second says what
 * a third will do. With another worker the first one ends the command. */
void interrupt_guard(struct cli *cli);

/* Stops handling the signals, which then have no effect. Call it after the worker has ended, which a signal may hasten,
 * and before what `cli` points to is freed. */
void interrupt_end(struct cli *cli);

/* The message after the second Ctrl-C; the third ends everything at once. */
#define INTERRUPT_LAST                                                                                                 \
    "The run has not ended yet: it waits for the server, or reads the project. This command's own worker carries it "  \
    "out, so it cannot be left to itself: Ctrl-C once more ends both at once. Then the server rolls back what is "     \
    "open, and `truss status` tells what is applied."

/* The exit code of a process ended by SIGINT, as in shells. */
#define EXIT_INTERRUPTED 130

#endif
