/*
 * The worker of one command (--serves-parent): it says when it listens, and leaves nothing behind: not even the
 * directory of its socket, which its parent may not live to remove.
 */
#ifndef WORKER_PRIVATE_H
#define WORKER_PRIVATE_H

#include "base/status.h"

#include <stdbool.h>

/* Makes the directory of an ipc:// socket, which only its user may enter. False and a status where it is there already,
 * or cannot be made. */
bool private_begin(const char *url, struct status *status);

/* Says on standard output that calls are answered now; created: the database that was made for it, or NULL. */
void private_say_ready(const char *created);

/* Removes the socket of an ipc:// URL and its directory, as far as they are still there. */
void private_end(const char *url);

#endif
