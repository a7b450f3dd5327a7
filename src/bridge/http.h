/*
 * The HTTP server, by libmicrohttpd: reads requests, calls a handler for each when its body is complete, and sends the
 * answer, which may come later and from any thread. Knows no routes.
 *
 * What libmicrohttpd 0.9.75 leaves to its user is done in front of it (relay.h, head.h): refusing two Hosts, two
 * Content-Lengths, or both framings at once (request smuggling) and other transfer encodings, and waiting for heads and
 * bodies that arrive byte by byte. Bodies over the limit are refused here.
 */
#ifndef BRIDGE_HTTP_H
#define BRIDGE_HTTP_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "bridge/proxies.h"
#include "rpc/tls.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_BODIES_LIMIT (3 * LIMIT_SCRIPT) /* bytes of the bodies of all requests together */

/* Memory for the answers to several requests; freed with the last of them. */
struct http_shared;

/* A request as its handler sees it. Lives until its answer was sent. */
struct http_request {
    struct arena *arena;
    struct http_shared *shared; /* NULL: its answer shares nothing */
    const char *method;
    const char *path; /* without the query, still percent-encoded */
    struct text body;
    unsigned slot;  /* set by the handler: under which it is counted */
    const char *id; /* set by the handler: the id in its log line; NULL: it had no handler */
    const char *trace;
    const struct proxies *proxies; /* trusted to name their clients; NULL: none */
    void *connection;              /* libmicrohttpd's */
};

/* Called on the server's thread for each well-formed request. It must not block, and must make sure that http_answer is
 * called exactly once, now or later. */
typedef void http_handler(void *context, struct http_request *request);

/* Called on the server's thread when an answer was sent or has failed, with its status and the microseconds since the
 * body was complete (-1: the answer was a stream, or the body never was). Must not block. */
typedef void http_served(void *context, const struct http_request *request, unsigned status, int64_t us);

/* Has `left` called when the client closes its connection, or its sending half, before the request is answered; once at
 * most, on a thread that must not block. Returns false if that has happened already: then `left` is not called. Only
 * from the handler. */
bool http_watch(struct http_request *request, void (*left)(void *context), void *context);

/* The value of a header, borrowed; NULL if it is absent. On the server's thread only. */
const char *http_header(const struct http_request *request, const char *name);

/* All values of a header as one list with commas. On the server's thread only. */
struct text http_header_list(const struct http_request *request, const char *name);

/* The address of the client, or of the client for whom a proxy asks, in the request's arena; NULL if it is not known.
 * On the server's thread only. */
const char *http_client(const struct http_request *request);

/* Does a proxy say that its client uses HTTPS? On the server's thread only. */
bool http_is_https(const struct http_request *request);

struct http_extra_header {
    const char *name;
    const char *value;
};

/* Makes such memory; its arena; the maker calls http_shared_leave after the last answer. */
struct http_shared *http_shared_new(void);
struct arena *http_shared_arena(const struct http_shared *shared);
void http_shared_leave(struct http_shared *shared);

/* Lets the answer to this request live in the shared memory. Once, before http_answer. */
void http_share(struct http_request *request, struct http_shared *shared);

/* Sends the answer. The body and the headers' texts must live in the request's arena, or in what it shares. Without a
 * Cache-Control header "no-store" is sent. From any thread; do not touch the request afterwards. extra is ended by a
 * NULL name. */
void http_answer(struct http_request *request, unsigned status, const char *content_type, struct text body,
                 const struct http_extra_header *extra);

/* Receives each parameter of the query, still percent-encoded; value is NULL if there is no "=". */
typedef void http_parameter(void *context, const char *name, const char *value);
void http_query(const struct http_request *request, http_parameter *parameter, void *context);

/* An answer whose body comes in pieces. `wants` is called on the server's thread when the client has taken the last
 * piece; then call http_stream_send or http_stream_end once, now or later, from any thread. The connection is suspended
 * meanwhile, so the request stays valid. `gone` is called once at the end, in any case, but never between `wants` and
 * its answer; pieces are released after it. */
struct http_source {
    void (*wants)(void *context);
    void (*gone)(void *context);
    void *context;
    unsigned status; /* 0: 200 */
    uint64_t size;   /* of all pieces; 0: not known, and the body is chunked */
};

/* Begins such an answer, instead of http_answer. */
void http_stream_begin(struct http_request *request, const char *content_type, const struct http_extra_header *extra,
                       const struct http_source *source);

/* Sends a piece, which must not be empty and must live until `wants` or `gone` is called. */
void http_stream_send(struct http_request *request, struct text piece);

/* Sends the last piece, which may be empty. */
void http_stream_end(struct http_request *request, struct text piece);

/* Instead of a piece: breaks the connection, so that the client sees that the body is incomplete. */
void http_stream_break(struct http_request *request);

struct http_server;

/* Where to serve; borrowed. */
struct http_place {
    const char *listen;            /* "ADDRESS:PORT": "[::1]:8787", "127.0.0.1:0" */
    const struct tls_files *tls;   /* for HTTPS; NULL: HTTP */
    const struct proxies *proxies; /* see struct http_request */
    http_served *served;           /* with the handler's context; NULL: not called */
};

/* Listens; clients are accepted from http_server_begin on. NULL with a status if it cannot listen. */
struct http_server *http_server_start(const struct http_place *place, http_handler *handler, void *context,
                                      struct status *status);

/* Accepts clients; until then they wait in the kernel's queue. Returns false if there is no thread to be had. */
bool http_server_begin(struct http_server *server);

/* "127.0.0.1:8787", with the real port; borrowed. */
const char *http_server_address(const struct http_server *server);

/* Can only this machine connect? */
bool http_server_is_loopback(const struct http_server *server);

/* Accepts no more connections, and closes each existing one after the answer to its next request. */
void http_server_quiesce(struct http_server *server);

/* The number of requests whose answers were not sent yet. */
size_t http_server_busy(struct http_server *server);

/* Frees the server. Every request must have been answered. */
void http_server_free(struct http_server *server);

#endif
