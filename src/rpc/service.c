#include "rpc/service.h"

#include <string.h>

bool rpc_find_method(const struct rpc_service *services, size_t count, const char *name, struct rpc_place *place,
                     struct status *status)
{
    const char *const slash = name[0] == '/' ? strchr(name + 1, '/') : NULL;
    for (size_t i = 0; slash != NULL && i < count; i++) {
        const ProtobufCServiceDescriptor *const descriptor = services[i].descriptor;
        const struct text service = {name + 1, (size_t)(slash - name - 1)};
        if (!text_is(service, descriptor->name)) {
            continue;
        }
        const ProtobufCMethodDescriptor *const method =
            protobuf_c_service_descriptor_get_method_by_name(descriptor, slash + 1);
        if (method != NULL) {
            *place = (struct rpc_place){&services[i], (unsigned)(method - descriptor->methods)};
            return true;
        }
    }
    return status_fail(status, STATUS_UNIMPLEMENTED, "There is no method \"%.200s\".", name);
}

ProtobufCMessage *rpc_call_handler(const struct rpc_witness *witness, const struct rpc_place *place,
                                   struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct rpc_method *const method = &place->service->methods[place->method];
    if (witness->before != NULL && !witness->before(witness->context, call, method->scope, input)) {
        return NULL;
    }
    ProtobufCMessage *const reply = method->handler(place->service->context, call, input);
    if (witness->after != NULL) {
        witness->after(witness->context, call, method->scope, reply);
    }
    return reply;
}
