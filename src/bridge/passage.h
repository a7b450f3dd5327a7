/*
 * A request on its way through an RPC, and what its parts share: the message out of the request (request.c), the call
 * and its answer (dispatch.c), and the answer that goes on (stream.c).
 */
#ifndef BRIDGE_PASSAGE_H
#define BRIDGE_PASSAGE_H

#include "bridge/dispatch.h"
#include "bridge/routes.h"

struct passage {
    struct bridge *bridge;
    struct http_request *http;
    const struct route *route;
    const char *rpc; /* the route's, or what it is in the background */
    const char *request_id;
    struct rpc_call_options options;
    const ProtobufCMessage *input;
    struct rpc_channel *worker;                      /* the last that was asked */
    const struct rpc_channel *tried[BRIDGE_WORKERS]; /* not to be asked again */
    size_t tried_count;
    bool is_partial;        /* one of those could not be reached */
    ProtobufCMessage *view; /* made, waiting for a count */
    struct arena *piece;    /* of a stream: the memory of what is being sent */
    int64_t asked_at;       /* of a stream: when its worker was asked for more */
};

/* Makes the message, and the options of the call. name is the path's part that stands for the placeholder; NULL where
 * its escapes are broken. *http is set where the code does not tell the HTTP status. */
bool request_read(struct passage *passage, const char *name, struct status *status, unsigned *http);

/* Calls a method of the route's service; the passage may be gone when this returns. */
void passage_call(struct passage *passage, const char *rpc, const ProtobufCMessage *input, rpc_reply_fn *done);

/* After a call that ended so: true where another worker is to be asked instead, which the next passage_call does. */
bool passage_goes_on(struct passage *passage, const struct status *status);

/* What is to be told of a call that ended so: the status itself, or a truer one in the arena. */
const struct status *passage_outcome(const struct passage *passage, struct arena *arena, const struct status *status);

/* Answers with an error. */
void passage_fail(struct passage *passage, const struct status *status);

/* {"error": …, "code": …} and what else is known, with a newline. */
struct text error_json(struct arena *arena, const struct status *status);

/* Begins a stream of an operation's events: the input is a WaitOperationRequest. */
void stream_begin(struct passage *passage);

#endif
