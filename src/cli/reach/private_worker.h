/*
 * The worker of this one command: where no worker is named, the command starts one for itself, on a socket that nobody
 * else can reach, and ends it. It dies with the command, however that ends.
 */
#ifndef CLI_REACH_PRIVATE_WORKER_H
#define CLI_REACH_PRIVATE_WORKER_H

#include "cli/cli.h"

#include <sys/types.h>

struct private_worker {
    pid_t pid;           /* 0: there is none */
    const char *address; /* "ipc://…/worker" */
    const char *created; /* the database that it has made; NULL: none */
    int log;             /* what it has said on standard error */
    char *directory;     /* of its socket */
};

/* Starts it with what the command line says about project and database, and waits until it listens. url: the database,
 * where it must be handed over; NULL: it finds it itself. Before nng is used for the first time. */
bool private_worker_start(struct cli *cli, const char *url, struct private_worker *worker);

/* Asks it to end: a run is cancelled first. Does not wait. */
void private_worker_cancel(const struct private_worker *worker);

/* Ends it and waits for that; no worker is fine. */
void private_worker_end(struct private_worker *worker);

/* Ends it at once; what the server does then with the open transaction is to roll it back. */
void private_worker_kill(struct private_worker *worker);

#endif
