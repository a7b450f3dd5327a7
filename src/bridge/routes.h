/*
 * The table of routes: what is asked for by HTTP, and which RPC answers it. One row is all that a route is; dispatch,
 * the JSON and /openapi.json are made from it.
 */
#ifndef BRIDGE_ROUTES_H
#define BRIDGE_ROUTES_H

#include "base/arena.h"
#include "rpc/json.h"

#include <protobuf-c/protobuf-c.h>

enum route_flags {
    ROUTE_SAFE = 1,           /* may be asked twice: tried on another worker where one cannot be reached */
    ROUTE_CREATES = 2,        /* 201 */
    ROUTE_LONG = 4,           /* takes as long as a run takes */
    ROUTE_COUNTS_AFTER = 8,   /* the view wants a GetStatus behind it */
    ROUTE_NOT_OK_IS_503 = 16, /* `ok: false` is 503 and not 400 */
    ROUTE_ASKS_ALL = 32,      /* what one worker does not know another one may */
    ROUTE_STREAM = 64         /* Server-Sent Events */
};

/* Makes the message that is shown out of the RPC's reply. */
typedef ProtobufCMessage *route_view(struct arena *arena, const ProtobufCMessage *reply);

struct route {
    const char *method;                        /* GET, POST */
    const char *pattern;                       /* with at most one {field}; at its end it may hold slashes */
    const char *summary;                       /* for /openapi.json and the index */
    const ProtobufCServiceDescriptor *service; /* NULL: answered by the bridge itself */
    const char *rpc;
    enum json_names names;
    unsigned flags;
    route_view *view;                            /* NULL: the reply as it is */
    const ProtobufCMessageDescriptor *view_type; /* of the view */
    const char *async_rpc;                       /* what is called for Prefer: respond-async; NULL: that is nothing */
};

/* Every route; ends with a NULL method. */
extern const struct route routes[];

/* The route of a path, whose {field} is put percent-decoded into *name. NULL where there is none; then *allowed has the
 * methods that the path knows, or NULL. *name is NULL where the escapes are broken. */
const struct route *route_find(struct arena *arena, const char *method, const char *path, const char **name,
                               const char **allowed);

/* Where a field of the request is: in the path, or, for a GET, in the query. */
bool route_in_path(const struct route *route, const char *field);
bool route_in_query(const struct route *route, const char *field);

/* Index of a route's RPC in its service. */
unsigned route_rpc(const struct route *route);

#endif
