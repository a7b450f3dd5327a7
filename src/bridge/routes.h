/*
 * The table of routes: what is asked for by HTTP, and which RPC answers it. What is special about a route is said in
 * its row; dispatch, the JSON and /openapi.json are made from it.
 */
#ifndef BRIDGE_ROUTES_H
#define BRIDGE_ROUTES_H

#include "base/arena.h"
#include "rpc/json.h"

#include <protobuf-c/protobuf-c.h>

enum route_flags {
    ROUTE_SAFE = 1,          /* may be asked twice: tried on another worker where one cannot be reached */
    ROUTE_CREATES = 2,       /* 201 */
    ROUTE_LONG = 4,          /* takes as long as a run takes */
    ROUTE_NOT_OK_IS_503 = 8, /* `ok: false` is 503 and not 400 */
    ROUTE_ASKS_ALL = 16,     /* what one worker does not know another one may */
    ROUTE_STREAM = 32,       /* Server-Sent Events */
    ROUTE_SLASHES = 64,      /* the path's field, at its end, may hold slashes */
    ROUTE_ANY_QUERY = 128,   /* words of the query that it does not know are passed over, as somebody's cache-buster */
    ROUTE_LOGIN = 256,       /* its answer has the browser keep the token that it was called with */
    ROUTE_DOWNLOAD = 512,    /* a file, piece by piece */
    ROUTE_BEGINS = 1024,     /* 202: what was asked for goes on behind the answer */
    ROUTE_REFUSED = 2048,    /* whatever it is asked with, the RPC says why not: the body is not read */
    ROUTE_TAGGED = 4096,     /* has an ETag, and takes `fields`: it is asked again and again, and may be large */
    ROUTE_KEYED = 8192       /* its RPC keeps an Idempotency-Key: with one it may be asked twice */
};

/* What the bridge answers by itself. */
enum route_own {
    ROUTE_OWN_NONE,
    ROUTE_OWN_ALIVE,
    ROUTE_OWN_OPENAPI,
    ROUTE_OWN_INDEX,
    ROUTE_OWN_LOGOUT,
    ROUTE_OWN_METRICS
};

/* Makes the message that is shown out of the RPC's reply, in the arena or borrowed from it. */
typedef ProtobufCMessage *route_view(struct arena *arena, const ProtobufCMessage *reply);

/* The GetStatusRequest behind a request, in the arena. */
typedef const ProtobufCMessage *route_question(struct arena *arena, const ProtobufCMessage *input);

/* Puts what a GetStatusResponse says into a view. */
typedef void route_count(ProtobufCMessage *view, const ProtobufCMessage *status);

struct route {
    const char *method;                        /* GET, POST, PUT, PATCH, DELETE */
    const char *pattern;                       /* with at most one {field} */
    const char *summary;                       /* for /openapi.json and the index */
    const char *id;                            /* the operationId there, where it is not the RPC's name */
    const ProtobufCServiceDescriptor *service; /* NULL: answered by the bridge itself */
    const char *rpc;
    enum route_own own;
    enum json_names names;
    unsigned flags;
    route_view *view;                            /* NULL: the reply as it is */
    const ProtobufCMessageDescriptor *view_type; /* of the view */
    route_question *question;                    /* the GetStatus that the view wants behind it; NULL: none */
    route_count *count;                          /* what its answer says, for the view */
    const char *async_rpc;                       /* what is called for Prefer: respond-async; NULL: that is nothing */
    const char *begun_at;                        /* where what has begun so is asked for, before its id */
    const char *reveal_rpc;                      /* what is called where the field `reveal` is true; NULL: nothing */
    const char *asked_rpc; /* what is called where the field `asks` is set (an enum); NULL: nothing */
    const char *asks;
    const char *also_in_query; /* a string of a body's that the query may say, too; NULL: none */
    const char *hidden;        /* a field of the request that no client sets; NULL: none */
    const struct route *more;  /* of the end of a table: the next table; NULL: that was the last */
};

/* The tables, each of which ends with a NULL method and the table behind it. */
extern const struct route routes[];
extern const struct route routes_of_databases[];
extern const struct route routes_of_house[];

/* The route behind this one; NULL where it was the last. The first one is `routes`. */
const struct route *route_next(const struct route *route);

/* The route of a path, whose {field} is put percent-decoded into *name. NULL where there is none; then *allowed has the
 * methods that the path knows, or NULL. *name is NULL where the escapes are broken. */
const struct route *route_find(struct arena *arena, const char *method, const char *path, const char **name,
                               const char **allowed);

/* The HTTP status of an answer that is no error. */
unsigned route_success(const struct route *route);

/* Has a request of this method no body, and its fields in the query? */
bool route_is_bodyless(const struct route *route);

/* Where a field of the request is: in the path, or, for what has no body, in the query. */
bool route_in_path(const struct route *route, const char *field);
bool route_in_query(const struct route *route, const char *field);

/* Index of a route's RPC in its service. */
unsigned route_rpc(const struct route *route);

#endif
