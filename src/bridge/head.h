/*
 * The head of an HTTP/1.1 request, strictly according to RFC 9112: request line, headers, and how the body is framed.
 * Anything ambiguous is refused, because a proxy in front of us may have read it differently. Knows no sockets.
 */
#ifndef BRIDGE_HEAD_H
#define BRIDGE_HEAD_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_LIMIT      ((size_t)16 * 1024) /* request line and headers together; they fit in the pool of http.c */
#define HEAD_LINE_LIMIT ((size_t)8 * 1024)  /* of the request line */
#define HEAD_HEADERS    100
#define HEAD_PARAMETERS 128 /* of the query */

struct http_header {
    const char *name; /* as sent; NUL-terminated, like the value, which has no surrounding blanks */
    const char *value;
};

struct http_head {
    const char *method;
    const char *path;  /* "/…", or another form as sent; without the query, still percent-encoded */
    const char *query; /* after "?"; NULL: none */
    const char *host;  /* from the absolute form, else from the header; NULL: none (HTTP/1.0) */
    struct http_header headers[HEAD_HEADERS];
    size_t header_count;
    bool is_1_0;
    bool is_chunked;
    bool keeps_alive;
    bool expects_continue;
    uint64_t length; /* of a body that is not chunked */
};

/* Why a head is refused: the HTTP status to answer, and a sentence. */
struct http_problem {
    unsigned status;
    const char *message;
};

/* Returns the size of the head at the front of `bytes`, with the empty lines before it and after it; 0 if it is not
 * complete yet. SIZE_MAX with `problem` if it cannot become a head. */
size_t http_head_size(struct text bytes, struct http_problem *problem);

/* Parses a head of that size; everything is copied to the arena. Returns false if it is refused. */
bool http_head_read(struct arena *arena, struct text bytes, struct http_head *head, struct http_problem *problem);

/* Replaces all cookies but the session's with blanks at the end of the value: libmicrohttpd parses each, and ends the
 * connection without an answer if there are some hundreds, which other services of the same host may have set. For a
 * head that http_head_read accepted; its size stays the same. */
#define SESSION_COOKIE     "truss-session"
#define SESSION_TLS_COOKIE "__Host-truss-session"
void http_head_keep_session(char *bytes, size_t size);

/* Moves the blanks after each header's value to its front, where libmicrohttpd accepts them, too: it does not read
 * "Content-Length: 18 " as a number. For a head that http_head_read accepted; its size stays the same. */
void http_head_move_blanks(char *bytes, size_t size);

/* The value of the first header of this name, borrowed; NULL: none. */
const char *http_head_find(const struct http_head *head, const char *name);

/* All values of this header as one list with commas, in the arena. */
struct text http_head_list(struct arena *arena, const struct http_head *head, const char *name);

#endif
