/*
 * What a service is to its server: a row for each method, what a handler knows about its call, and the witness that
 * observes the calls.
 */
#ifndef RPC_SERVICE_H
#define RPC_SERVICE_H

#include "base/arena.h"
#include "base/shared_bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "rpc/admission.h"

#include <protobuf-c/protobuf-c.h>

enum rpc_lane { RPC_LANE_READ, RPC_LANE_RUN, RPC_LANE_WAIT, RPC_LANE_CANCEL, RPC_LANE_HEALTH, RPC_LANE_SQL, RPC_LANES };

/* What a handler knows about its call. */
struct rpc_call {
    struct arena *arena; /* lives until the reply is sent */
    struct status *status;
    const struct rpc_request *request;
    const struct principal *principal; /* the caller, who has the method's scope */
    const struct rpc_peer *peer;       /* where the connection comes from */
    int64_t deadline;                  /* clock_ms units, or NO_DEADLINE */
    struct text packed;                /* set by the handler if it has packed the response itself (rpc_reply_pack), in
                                          the arena: then that is sent, and of its reply only the type counts */
    struct shared_bytes *kept; /* set beside it if it is these bytes, and not in the arena; held for the server */
    void *witnessed;           /* for the witness: set by `before`, read by `after`; NULL at first */
    bool (*is_wanted)(const void *visit); /* use rpc_call_is_wanted; NULL: always true */
    const void *visit;
};

/* Returns false once the connection that the call arrived on is gone: nobody will read the reply. Any thread, while the
 * handler runs. */
static inline bool rpc_call_is_wanted(const struct rpc_call *call)
{
    return call->is_wanted == NULL || call->is_wanted(call->visit);
}

/* Answers a request. Runs on a thread of the method's lane and may block. Returns a reply made in call->arena, or NULL
 * with call->status. input has the method's input type. */
typedef ProtobufCMessage *rpc_handler(void *context, struct rpc_call *call, const ProtobufCMessage *input);

/* A row per method, in the order of the service's descriptor. */
struct rpc_method {
    rpc_handler *handler;
    enum rpc_lane lane;
    bool shared;      /* read-only: equal requests that wait at the same time share one answer */
    enum scope scope; /* what the caller must have; SCOPE_OPEN: nothing */
};

/* Observes the calls, and may prevent them. `scope` is the method's. Each function may be NULL. */
struct rpc_witness {
    /* Called before the handler, on its thread. Returns false with call->status to prevent the call. */
    bool (*before)(void *context, struct rpc_call *call, enum scope scope, const ProtobufCMessage *input);
    /* Called after the handler if `before` returned true; reply is NULL if the handler failed. */
    void (*after)(void *context, const struct rpc_call *call, enum scope scope, const ProtobufCMessage *reply);
    /* Called for a request that was refused because of its caller. Runs where the gate runs (admission.h), and must not
     * block. */
    void (*refused)(void *context, const struct rpc_call *call, enum scope scope);
    void *context;
};

struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    const struct rpc_method *methods; /* descriptor->n_methods of them */
    void *context;
};

/* A method, by its service and index. */
struct rpc_place {
    const struct rpc_service *service;
    unsigned method;
};

/* Finds "/package.Service/Method"; UNIMPLEMENTED if there is none. */
bool rpc_find_method(const struct rpc_service *services, size_t count, const char *name, struct rpc_place *place,
                     struct status *status);

/* Calls the handler between the witness's `before` and `after`. Returns NULL if it failed or was prevented. */
ProtobufCMessage *rpc_call_handler(const struct rpc_witness *witness, const struct rpc_place *place,
                                   struct rpc_call *call, const ProtobufCMessage *input);

#endif
