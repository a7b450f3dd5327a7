/*
 * What a bridge may still access while it serves: base/sandbox.h with the files that its options name.
 */
#ifndef BRIDGE_WALLS_H
#define BRIDGE_WALLS_H

#include "base/options.h"

/* Enters the sandbox as configured; call it while there is only one thread. Fails if the sandbox is strict and not
 * fully available. */
bool walls_enter(const struct options *options, struct status *status);

#endif
