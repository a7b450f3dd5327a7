/*
 * Which worker a command uses: the named one; else a private one if there is a database; else the one at the usual
 * address. All calls of a command use one channel.
 */
#ifndef CLI_REACH_WORKER_H
#define CLI_REACH_WORKER_H

#include "cli/cli.h"
#include "rpc/channel.h"

struct worker;

/* Decides, and starts a private worker if that is the choice; sets cli->worker. Fails if options contradict each other,
 * or the private worker cannot start. */
bool worker_find(struct cli *cli);

/* The channel to it, owned by the worker; NULL with the command's status if its address is invalid. */
struct rpc_channel *worker_channel(struct cli *cli);

/* "tcp://127.0.0.1:8788", or a name for a private one. */
const char *worker_address(const struct cli *cli);

/* Does it end with this command? */
bool worker_is_private(const struct cli *cli);

/* For --detach: fails if the worker ends with this command, because then nobody would continue. */
bool worker_stays(struct cli *cli);

/* For a private worker: cancels its run. Any thread; does not wait. */
void worker_cancel(const struct cli *cli);

/* For a private worker: kills it. */
void worker_kill(struct cli *cli);

/* What to do if it cannot be reached. */
const char *worker_advice(const struct cli *cli);

/* Closes the channel, and ends a private worker. */
void worker_leave(struct cli *cli);

#endif
