/*
 * Follows an operation to its end: polls its events, shows them, and handles Ctrl-C.
 */
#ifndef CLI_COMMANDS_WATCH_H
#define CLI_COMMANDS_WATCH_H

#include "cli/cli.h"
#include "rpc/channel.h"

/* Blocks Ctrl-C so that watch_operation can handle it. Call it before a channel is opened: its threads inherit the
 * mask. */
void watch_hold_interrupts(void);

/* Lets Ctrl-C end the process again. */
void watch_let_interrupts(void);

/* Waits up to `ms` for a blocked Ctrl-C. */
bool watch_is_interrupted(uint32_t ms);

/* May the worker be reachable again in a moment? */
bool watch_is_passing(const struct status *status);

#define WATCH_PATIENCE_MS 10000 /* for a worker that cannot be reached */

/* Shows the operation until it has ended, and its result. Ctrl-C: if this command `owns` the operation, the first one
 * cancels it and the second stops watching; otherwise the first stops watching. Also stops after timeout_ms (0: no
 * limit). Returns the exit code. */
int watch_operation(struct cli *cli, struct rpc_channel *channel, const char *id, bool owns, uint32_t timeout_ms);

#endif
