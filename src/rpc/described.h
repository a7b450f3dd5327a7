/*
 * Services and messages as a worker describes them (Health/GetDescriptors): protobuf-c's descriptors, made at run time.
 * JSON (rpc/json.h) and channels go by descriptors, and so work with methods that were not known when this program was
 * built.
 */
#ifndef RPC_DESCRIBED_H
#define RPC_DESCRIBED_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

struct described {
    const ProtobufCServiceDescriptor *const *services;
    size_t count;
};

/* Reads a packed google.protobuf.FileDescriptorSet, of proto3; everything lives in the arena. Fails where the bytes are
 * none (rpc_unpack), or with INTERNAL where what they describe does not fit together. Fields are found by their numbers
 * and one after the other, not by name. */
bool described_read(struct arena *arena, struct text set, struct described *described, struct status *status);

#endif
