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

/* Puts what a GetStatusResponse says is pending into the view of view_up. */
void view_up_count(ProtobufCMessage *view, const ProtobufCMessage *status);

#endif
