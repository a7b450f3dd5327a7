/*
 * The answers whose documented shape is not that of an RPC's reply.
 */
#ifndef BRIDGE_VIEWS_H
#define BRIDGE_VIEWS_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>

/* Of GetStatusResponse, RunResponse and health's CheckResponse. Everything is made in the arena or borrowed from reply.
 */
ProtobufCMessage *view_status(struct arena *arena, const ProtobufCMessage *reply);
ProtobufCMessage *view_up(struct arena *arena, const ProtobufCMessage *reply);
ProtobufCMessage *view_ready(struct arena *arena, const ProtobufCMessage *reply);

/* The status that says what is pending behind a run: of the framework that the RunRequest names. In the arena. */
const ProtobufCMessage *view_up_question(struct arena *arena, const ProtobufCMessage *input);

/* Puts what a GetStatusResponse says is pending into the view of view_up; nothing where it could not be counted. */
void view_up_count(ProtobufCMessage *view, const ProtobufCMessage *status);

#endif
