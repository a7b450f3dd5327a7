/*
 * Streams of an operation's events, as Server-Sent Events.
 */
#ifndef BRIDGE_STREAM_H
#define BRIDGE_STREAM_H

#include "bridge/passage.h"

/* Begins one: the passage's input is a WaitOperationRequest. */
void stream_begin(struct passage *passage);

#endif
