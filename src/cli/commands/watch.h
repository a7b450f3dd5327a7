/*
 * Watching an operation to its end: asks for its events again and again, shows them, and listens to Ctrl-C.
 */
#ifndef CLI_COMMANDS_WATCH_H
#define CLI_COMMANDS_WATCH_H

#include "cli/cli.h"
#include "rpc/channel.h"

/* Keeps Ctrl-C for watch_operation, which looks at it. Before a channel is opened: its threads inherit it. */
void watch_hold_interrupts(void);

/* Lets Ctrl-C end the process again. */
void watch_let_interrupts(void);

/* Waits so long for a Ctrl-C that is kept. */
bool watch_is_interrupted(uint32_t ms);

/* The worker may be there again in a moment. */
bool watch_is_passing(const struct status *status);

#define WATCH_PATIENCE_MS 10000 /* with a worker that cannot be reached */

/* Shows the operation until it has ended, and its result. Ctrl-C: one who `owns` it asks the worker to cancel it, and
 * leaves it with the second; another leaves it with the first. Without an end within timeout_ms (0: no limit) it is
 * left too. Returns what the process exits with. */
int watch_operation(struct cli *cli, struct rpc_channel *channel, const char *id, bool owns, uint32_t timeout_ms);

#endif
