/*
 * Services and messages as a worker describes them (Health/GetDescriptors): protobuf-c descriptors that are built at
 * run time. JSON (rpc/json.h) and channels work by descriptor, and so also with methods that did not exist when this
 * program was built.
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

/* Builds descriptors from a packed google.protobuf.FileDescriptorSet (proto3); everything lives in the arena. Fails as
 * rpc_unpack does if the bytes are not one, and with INTERNAL if the descriptions contradict each other. Fields can be
 * found by number or by iterating, not by name. */
bool described_read(struct arena *arena, struct text set, struct described *described, struct status *status);

#endif
