/*
 * What a worker may still reach and do once it serves: base/sandbox.h with what its settings name.
 */
#ifndef WORKER_WALLS_H
#define WORKER_WALLS_H

#include "worker/settings.h"

/* Enters the sandbox that the settings ask for; before there is a second thread. False and a status where it is strict
 * and not all can be had. */
bool walls_enter(const struct config *config, struct status *status);

#endif
