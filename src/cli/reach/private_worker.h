/*
 * The private worker of one command: if no worker is named, the command starts one for itself, on a socket that nobody
 * else can reach, and ends it. It dies with the command in any case.
 */
#ifndef CLI_REACH_PRIVATE_WORKER_H
#define CLI_REACH_PRIVATE_WORKER_H

#include "cli/cli.h"

#include <sys/types.h>

struct private_worker {
    pid_t pid;           /* 0: none */
    const char *address; /* "ipc://…/worker" */
    const char *created; /* the database that it created; NULL: none */
    int log;             /* its standard error so far */
    char *directory;     /* of its socket */
};

/* Starts it with the command line's project and database, and waits until it listens. url: the database, if it must be
 * passed on; NULL: the worker finds it itself. Call it before nng is first used. */
bool private_worker_start(struct cli *cli, const char *url, struct private_worker *worker);

/* Asks it to end, cancelling its run. Does not wait. */
void private_worker_cancel(const struct private_worker *worker);

/* Ends it and waits for that; fine if there is none. */
void private_worker_end(struct private_worker *worker);

/* Kills it; the server then rolls back its open transaction. */
void private_worker_kill(struct private_worker *worker);

#endif
