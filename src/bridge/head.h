/*
 * The head of an HTTP/1.1 request, as RFC 9112 has it and no looser: request line, headers, and how the body is framed.
 * What can be read in two ways is refused, because somebody in front of us may have read it in the other one. Knows
 * nothing of sockets.
 */
#ifndef BRIDGE_HEAD_H
#define BRIDGE_HEAD_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_LIMIT      ((size_t)16 * 1024) /* of request line and headers together; they fit in the pool of http.c */
#define HEAD_LINE_LIMIT ((size_t)8 * 1024)  /* of the request line */
#define HEAD_HEADERS    100
#define HEAD_PARAMETERS 128 /* of the query */

struct http_header {
    const char *name; /* as it was sent; NUL-terminated, as is the value, without the blanks around it */
    const char *value;
};

struct http_head {
    const char *method;
    const char *path;  /* "/…" or, of another form, as it was sent; without the query, still percent-encoded */
    const char *query; /* behind "?"; NULL where there is none */
    const char *host;  /* of the absolute form, else of the header; NULL where there is none (HTTP/1.0) */
    struct http_header headers[HEAD_HEADERS];
    size_t header_count;
    bool is_1_0;
    bool is_chunked;
    bool keeps_alive;
    bool expects_continue;
    uint64_t length; /* of the body, where it is not chunked */
};

/* What is wrong with a head: the HTTP status to answer, and a sentence. */
struct http_problem {
    unsigned status;
    const char *message;
};

/* Bytes of the head at the front of what has come, with the empty lines before it and the one behind it; 0 where more
 * is to come. `problem` is set, and SIZE_MAX is returned, where it can be no head whatever comes. */
size_t http_head_size(struct text bytes, struct http_problem *problem);

/* Reads a head of that size; everything is copied to the arena. False where it is refused. */
bool http_head_read(struct arena *arena, struct text bytes, struct http_head *head, struct http_problem *problem);

/* Moves the blanks behind each header's value in front of it, where libmicrohttpd allows them as well: it takes
 * "Content-Length: 18 " for no number. The head is one that http_head_read took; its size stays. */
void http_head_move_blanks(char *bytes, size_t size);

/* The value of the first header of this name, borrowed; NULL where there is none. */
const char *http_head_find(const struct http_head *head, const char *name);

/* All values of this name as one list with commas, in the arena. */
struct text http_head_list(struct arena *arena, const struct http_head *head, const char *name);

#endif
