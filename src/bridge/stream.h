/*
 * Streams the events of a run, or of a branch that is being made, as Server-Sent Events.
 */
#ifndef BRIDGE_STREAM_H
#define BRIDGE_STREAM_H

#include "bridge/passage.h"

/* Begins a stream: the passage's input is a WaitOperationRequest or a WaitBranchRequest. */
void stream_begin(struct passage *passage);

#endif
