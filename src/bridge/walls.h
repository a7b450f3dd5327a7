/*
 * What a bridge may still reach and do once it serves: base/sandbox.h with the files that its options name.
 */
#ifndef BRIDGE_WALLS_H
#define BRIDGE_WALLS_H

#include "base/options.h"

/* Enters the sandbox that the options ask for; before there is a second thread. False and a status where it is strict
 * and not all can be had. */
bool walls_enter(const struct options *options, struct status *status);

#endif
