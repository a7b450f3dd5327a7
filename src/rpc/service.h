/*
 * What a service is to its server: a row per method, and what a handler knows of its call. Who watches over what is
 * done stands beside the handlers.
 */
#ifndef RPC_SERVICE_H
#define RPC_SERVICE_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/admission.h"

#include <protobuf-c/protobuf-c.h>

enum rpc_lane { RPC_LANE_READ, RPC_LANE_RUN, RPC_LANE_WAIT, RPC_LANE_CANCEL, RPC_LANE_HEALTH, RPC_LANE_SQL, RPC_LANES };

/* What a handler knows of its request. */
struct rpc_call {
    struct arena *arena; /* lives until the reply was sent */
    struct status *status;
    const struct rpc_request *request;
    const struct principal *principal;    /* who calls; he has the method's scope */
    const struct rpc_peer *peer;          /* where the connection comes from */
    int64_t deadline;                     /* clock_ms units, or NO_DEADLINE */
    void *witnessed;                      /* the witness's own, from `before` to `after`; NULL */
    bool (*is_wanted)(const void *visit); /* rpc_call_is_wanted's; NULL: always */
    const void *visit;
};

/* False once the connection that the call came by is gone: nobody will read the reply. Any thread, while the handler
 * runs. */
static inline bool rpc_call_is_wanted(const struct rpc_call *call)
{
    return call->is_wanted == NULL || call->is_wanted(call->visit);
}

/* Runs on a thread of its method's lane, where it may block. A handler fills a reply made in call->arena and returns
 * it; NULL where it failed, with call->status saying why. input has the method's input type. */
typedef ProtobufCMessage *rpc_handler(void *context, struct rpc_call *call, const ProtobufCMessage *input);

/* A row per method, in the order of the service's descriptor. */
struct rpc_method {
    rpc_handler *handler;
    enum rpc_lane lane;
    bool shared;      /* only read: the answer to one is the answer to all that are equal and have waited as long */
    enum scope scope; /* what the caller must have; a method that asks for nothing says SCOPE_OPEN */
};

/* Sees what is done, and may prevent it. `scope` is the method's. Any of these may be NULL. */
struct rpc_witness {
    /* In front of the handler, on its thread. False and call->status: the handler is not called. */
    bool (*before)(void *context, struct rpc_call *call, enum scope scope, const ProtobufCMessage *input);
    /* Behind it, where `before` said yes; the reply is NULL where it failed. */
    void (*after)(void *context, const struct rpc_call *call, enum scope scope, const ProtobufCMessage *reply);
    /* Of a call that was refused for who it is from. On nng's thread: it must not block. */
    void (*refused)(void *context, const struct rpc_call *call, enum scope scope);
    void *context;
};

struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    const struct rpc_method *methods; /* descriptor->n_methods of them */
    void *context;
};

/* A method of a service. */
struct rpc_place {
    const struct rpc_service *service;
    unsigned method;
};

/* Finds "/package.Service/Method" among these. UNIMPLEMENTED where there is none. */
bool rpc_find_method(const struct rpc_service *services, size_t count, const char *name, struct rpc_place *place,
                     struct status *status);

/* Calls the handler, between the witness's two looks. NULL where it failed or was not called. */
ProtobufCMessage *rpc_call_handler(const struct rpc_witness *witness, const struct rpc_place *place,
                                   struct rpc_call *call, const ProtobufCMessage *input);

#endif
