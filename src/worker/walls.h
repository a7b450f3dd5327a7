/*
 * What a worker may still access while it serves: base/sandbox.h with the files that its settings name.
 */
#ifndef WORKER_WALLS_H
#define WORKER_WALLS_H

#include "worker/settings.h"

/* Enters the sandbox as configured; call it while there is only one thread. Fails if the sandbox is strict and not
 * fully available. */
bool walls_enter(const struct config *config, struct status *status);

#endif
