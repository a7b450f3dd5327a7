/*
 * The HTTP server, by libmicrohttpd: it reads requests, hands each over once its body is there, and sends the answer,
 * which may be given later and from any thread. Knows nothing of routes.
 *
 * What libmicrohttpd 0.9.75 leaves to its user is done in front of it (relay.h, head.h): two Hosts, two Content-Lengths
 * or both framings at once (request smuggling), other transfer encodings, heads and bodies that come a byte at a time.
 * Bodies over the limit are refused here.
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

/* Memory in which the answers to several requests live: it goes with the last of them. */
struct http_shared;

/* A request as its handler sees it. Lives until its answer was sent. */
struct http_request {
    struct arena *arena;
    struct http_shared *shared; /* NULL: its answer shares nothing */
    const char *method;
    const char *path; /* without the query, still percent-encoded */
    struct text body;
    unsigned slot;  /* the handler's: under which it is counted, */
    const char *id; /* and by which its log line is found; NULL: it had no handler */
    const char *trace;
    const struct proxies *proxies; /* whose word of their clients counts; NULL: nobody's */
    void *connection;              /* MHD's */
};

/* Called on the server's thread for each request that is well-formed. Must not block, and must see to it that
 * http_answer is called exactly once, at once or later. */
typedef void http_handler(void *context, struct http_request *request);

/* Told of each request whose answer has come to its end, on the server's thread: the status, and the time since its
 * body was there in microseconds (-1: it had a stream for an answer, or did not come that far). Must not block. */
typedef void http_served(void *context, const struct http_request *request, unsigned status, int64_t us);

/* Has `left` called, once at most and only until the request is answered, when its client sends no more: it has gone,
 * or closed its sending half, which nobody does who still waits for a query. On a thread that must not block. False
 * where that has happened: then `left` is not called. From the handler only. */
bool http_watch(struct http_request *request, void (*left)(void *context), void *context);

/* A header's value, borrowed; NULL where it is absent. On the server's thread only. */
const char *http_header(const struct http_request *request, const char *name);

/* All values of a header that may be there several times, as one list with commas. Likewise. */
struct text http_header_list(const struct http_request *request, const char *name);

/* The address of the client, or of whom a proxy asks for, in the request's arena; NULL where it is not known. On the
 * server's thread only. */
const char *http_client(const struct http_request *request);

/* True where a proxy says that its client came by HTTPS. Likewise. */
bool http_is_https(const struct http_request *request);

struct http_extra_header {
    const char *name;
    const char *value;
};

/* Such memory, for who makes the answers and leaves it behind the last. */
struct http_shared *http_shared_new(void);
struct arena *http_shared_arena(const struct http_shared *shared);
void http_shared_leave(struct http_shared *shared);

/* From now on the answer to this request may live there. Once, before http_answer. */
void http_share(struct http_request *request, struct http_shared *shared);

/* Answers. The body and the headers' texts must live in the request's arena, or in what it shares. Without a
 * Cache-Control of its own it is not to be kept (no-store). From any thread; the request is not to be touched
 * afterwards. extra ends with a NULL name. */
void http_answer(struct http_request *request, unsigned status, const char *content_type, struct text body,
                 const struct http_extra_header *extra);

/* Called with each parameter of the query, still percent-encoded; value is NULL where there is no "=". */
typedef void http_parameter(void *context, const char *name, const char *value);
void http_query(const struct http_request *request, http_parameter *parameter, void *context);

/* An answer whose body comes piece by piece. Its source is asked for a piece when the client has taken the one before:
 * `wants` is called on the server's thread, and then http_stream_send or http_stream_end must be called once, at once
 * or later and from any thread. In between the connection sleeps, so that nothing of it can go. `gone` is called once
 * at the end, however it came, while nobody is asked; what it got is released behind it. */
struct http_source {
    void (*wants)(void *context);
    void (*gone)(void *context);
    void *context;
    unsigned status; /* 0: 200 */
    uint64_t size;   /* of all pieces; 0: not known, and the body is chunked */
};

/* Begins such an answer in place of http_answer. */
void http_stream_begin(struct http_request *request, const char *content_type, const struct http_extra_header *extra,
                       const struct http_source *source);

/* A piece, not empty, which must live until the source is asked again or told that all is over. */
void http_stream_send(struct http_request *request, struct text piece);

/* The same for the last piece, which may be empty. */
void http_stream_end(struct http_request *request, struct text piece);

/* Ends it without its end, so that the client sees that something is missing. In place of the next piece. */
void http_stream_break(struct http_request *request);

struct http_server;

/* Where to serve; borrowed. */
struct http_place {
    const char *listen;            /* "ADDRESS:PORT": "[::1]:8787", "127.0.0.1:0" */
    const struct tls_files *tls;   /* HTTPS; NULL: HTTP */
    const struct proxies *proxies; /* see http_request */
    http_served *served;           /* with the handler's context; NULL: nobody is told */
};

/* Listens; clients come in with http_server_begin. NULL and a status where it cannot listen. */
struct http_server *http_server_start(const struct http_place *place, http_handler *handler, void *context,
                                      struct status *status);

/* Lets clients in; until then they wait in front. False where there is no thread to be had. */
bool http_server_begin(struct http_server *server);

/* "127.0.0.1:8787", with the real port; borrowed. */
const char *http_server_address(const struct http_server *server);

/* True where only this machine can reach it. */
bool http_server_is_loopback(const struct http_server *server);

/* Takes no more connections, and ends those that are there after the answer to their next request. */
void http_server_quiesce(struct http_server *server);

/* Requests that were handed over and whose answers have not been sent yet. */
size_t http_server_busy(struct http_server *server);

/* Every request must have been answered. */
void http_server_free(struct http_server *server);

#endif
