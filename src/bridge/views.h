/*
 * Answers whose documented shape differs from the RPC's reply.
 */
#ifndef BRIDGE_VIEWS_H
#define BRIDGE_VIEWS_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>

/* Views of GetStatusResponse, RunResponse and health's CheckResponse. Made in the arena or borrowed from the reply. */
ProtobufCMessage *view_status(struct arena *arena, const ProtobufCMessage *reply);
ProtobufCMessage *view_up(struct arena *arena, const ProtobufCMessage *reply);
ProtobufCMessage *view_ready(struct arena *arena, const ProtobufCMessage *reply);

/* The status request that counts what is pending after a run, for the RunRequest's framework. In the arena. */
const ProtobufCMessage *view_up_question(struct arena *arena, const ProtobufCMessage *input);

/* Puts the number of pending migrations into the view of view_up; nothing if they could not be counted. */
void view_up_count(ProtobufCMessage *view, const ProtobufCMessage *status);

#endif
