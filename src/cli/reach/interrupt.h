/*
 * Ctrl-C, and the signals that end a command, during a run that nobody watches. At the command's own worker the run is
 * cancelled, and its end is waited for, so that what is said at the end is what has happened. At another worker it goes
 * on, and the command says so before it ends.
 */
#ifndef CLI_REACH_INTERRUPT_H
#define CLI_REACH_INTERRUPT_H

#include "cli/cli.h"

/* From now on the first SIGINT, SIGTERM or SIGHUP cancels the run, the second says what the third does; at a worker
 * that is not the command's own the first one ends the command. */
void interrupt_guard(struct cli *cli);

/* Nobody waits for signals any more; they end nothing from here on. Behind the end of the worker, which a signal may
 * hasten, and before what `cli` points to goes. */
void interrupt_end(struct cli *cli);

/* What the second Ctrl-C says; the third one ends everything at once. */
#define INTERRUPT_LAST                                                                                                 \
    "The server has not ended the statement yet. This command's own worker carries out the run, so it cannot be left " \
    "to itself: Ctrl-C once more ends both at once. Then the server rolls back what is open, and `truss status` "      \
    "tells what is applied."

/* What a process exits with that SIGINT has ended, as shells say it. */
#define EXIT_INTERRUPTED 130

#endif
