/*
 * Which worker a command asks: the one that is named, else one of its own where there is a database, else the one at
 * the usual address. All calls of a command go over one channel.
 */
#ifndef CLI_REACH_WORKER_H
#define CLI_REACH_WORKER_H

#include "cli/cli.h"
#include "rpc/channel.h"

struct worker;

/* Decides, and starts a private one where that is wanted; sets cli->worker. False and a status where what was said does
 * not fit together, or the private worker cannot start. */
bool worker_find(struct cli *cli);

/* The channel to it; NULL and the command's status where its address is none. Owned by the worker. */
struct rpc_channel *worker_channel(struct cli *cli);

/* "tcp://127.0.0.1:8788", or what a private one is called. */
const char *worker_address(const struct cli *cli);

/* Does it end with this command? */
bool worker_is_private(const struct cli *cli);

/* For --detach: false and a status where it ends with this command, so that nobody would go on. */
bool worker_stays(struct cli *cli);

/* Of a private one: its run is cancelled. Safe on any thread; does not wait. */
void worker_cancel(const struct cli *cli);

/* Of a private one: it is ended at once, whatever it does. */
void worker_kill(struct cli *cli);

/* What to do where it cannot be reached. */
const char *worker_advice(const struct cli *cli);

/* Closes the channel, and ends a private worker. */
void worker_leave(struct cli *cli);

#endif
