/*
 * The private worker of one command (--serves-parent): it reports when it listens, and removes everything that it made
 * at its end, even its socket's directory, since its parent may be killed.
 */
#ifndef WORKER_PRIVATE_H
#define WORKER_PRIVATE_H

#include "base/status.h"

#include <stdbool.h>

/* Creates the directory of an ipc:// socket, accessible only to its user. Fails if it exists already or cannot be
 * created. Then removes those beside it whose workers were killed. */
bool private_begin(const char *url, struct status *status);

/* Prints on standard output that calls are now answered; created: the database that was created, or NULL. */
void private_say_ready(const char *created);

/* Removes the socket of an ipc:// URL and its directory, if they exist. */
void private_end(const char *url);

#endif
