/*
 * The table of routes: HTTP method and path, and the RPC that answers them. Each row states what is special about its
 * route; dispatch, the JSON and /openapi.json are made from it.
 */
#ifndef BRIDGE_ROUTES_H
#define BRIDGE_ROUTES_H

#include "base/arena.h"
#include "rpc/json.h"

#include <protobuf-c/protobuf-c.h>

enum route_flags {
    ROUTE_SAFE = 1,          /* may be repeated: tried on another worker if one cannot be reached */
    ROUTE_CREATES = 2,       /* answers 201 */
    ROUTE_LONG = 4,          /* may take as long as a run */
    ROUTE_NOT_OK_IS_503 = 8, /* `ok: false` is answered 503 instead of 400 */
    ROUTE_ASKS_ALL = 16,     /* if one worker does not know the answer, ask the others */
    ROUTE_STREAM = 32,       /* Server-Sent Events */
    ROUTE_SLASHES = 64,      /* the placeholder, at the path's end, may contain slashes */
    ROUTE_ANY_QUERY = 128,   /* unknown query parameters are ignored, such as cache-busters */
    ROUTE_LOGIN = 256,       /* its answer makes the browser keep the token of the call */
    ROUTE_DOWNLOAD = 512,    /* a file, in pieces */
    ROUTE_BEGINS = 1024,     /* answers 202: the work goes on after the answer */
    ROUTE_REFUSED = 2048,    /* always refused, with the RPC's reason: the body is not read */
    ROUTE_TAGGED = 4096,     /* has an ETag, and accepts `fields`: it is polled, and may be large */
    ROUTE_KEYED = 8192       /* its RPC stores an Idempotency-Key: with one it may be repeated */
};

/* Routes that the bridge answers by itself. */
enum route_own {
    ROUTE_OWN_NONE,
    ROUTE_OWN_ALIVE,
    ROUTE_OWN_OPENAPI,
    ROUTE_OWN_INDEX,
    ROUTE_OWN_LOGOUT,
    ROUTE_OWN_METRICS
};

/* Makes the message to show from the RPC's reply, in the arena or borrowed from it. */
typedef ProtobufCMessage *route_view(struct arena *arena, const ProtobufCMessage *reply);

/* The GetStatusRequest to send after a request, in the arena. */
typedef const ProtobufCMessage *route_question(struct arena *arena, const ProtobufCMessage *input);

/* Puts what a GetStatusResponse says into a view. */
typedef void route_count(ProtobufCMessage *view, const ProtobufCMessage *status);

struct route {
    const char *method;                        /* GET, POST, PUT, PATCH, DELETE */
    const char *pattern;                       /* with at most one {field} */
    const char *summary;                       /* for /openapi.json and the index */
    const char *id;                            /* its operationId there, if that is not the RPC's name */
    const ProtobufCServiceDescriptor *service; /* NULL: the bridge answers by itself */
    const char *rpc;
    enum route_own own;
    enum json_names names;
    unsigned flags;
    route_view *view;                            /* NULL: the reply is shown unchanged */
    const ProtobufCMessageDescriptor *view_type; /* type of the view */
    route_question *question;                    /* the GetStatus that the view needs afterwards; NULL: none */
    route_count *count;                          /* puts its answer into the view */
    const char *async_rpc;                       /* called for Prefer: respond-async; NULL: ignore that */
    const char *begun_at;                        /* where to ask for background work, followed by its id */
    const char *reveal_rpc;                      /* called if the field `reveal` is true; NULL: none */
    const char *asked_rpc;                       /* called if the enum field `asks` is set; NULL: none */
    const char *asks;
    const char *also_in_query; /* a string field of the body that the query may also set; NULL: none */
    const char *hidden;        /* a request field that clients cannot set; NULL: none */
    const struct route *more;  /* at the end of a table: the next table; NULL: none */
};

/* The tables, each ended by a NULL method and the next table. */
extern const struct route routes[];
extern const struct route routes_of_databases[];
extern const struct route routes_of_house[];

/* The route after this one; NULL at the end. The first one is `routes`. */
const struct route *route_next(const struct route *route);

/* Finds the route of a path; *name becomes the placeholder's value, percent-decoded, or NULL if its escapes are
 * invalid. NULL if there is no route; *allowed then lists the methods of the path, or is NULL. */
const struct route *route_find(struct arena *arena, const char *method, const char *path, const char **name,
                               const char **allowed);

/* The HTTP status of a successful answer. */
unsigned route_success(const struct route *route);

/* Do requests of this method have no body, with their fields in the query? */
bool route_is_bodyless(const struct route *route);

/* Where a request field is: in the path; in the query, for methods without a body. */
bool route_in_path(const struct route *route, const char *field);
bool route_in_query(const struct route *route, const char *field);

/* The index of the route's RPC in its service, and the message of its request. */
unsigned route_rpc(const struct route *route);
const ProtobufCMessageDescriptor *route_input(const struct route *route);

#endif
