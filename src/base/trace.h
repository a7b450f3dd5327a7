/*
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): the header that tells to which trace a request belongs.
 * Only the header's format is handled here.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>

#define TRACE_ID_SIZE     33 /* hex digits and a NUL */
#define TRACE_SPAN_SIZE   17
#define TRACE_HEADER_SIZE 56

struct trace {
    char id[TRACE_ID_SIZE];
    char parent[TRACE_SPAN_SIZE]; /* the calling span; "": the trace begins here */
};

/* Parses a traceparent header. Returns false if it is invalid (NULL, another format, an id of zeros), which the
 * standard says to ignore. A parent invented by trace_write counts as none. */
bool trace_read(const char *header, struct trace *trace);

/* Begins a new trace. */
void trace_begin(struct trace *trace);

/* Makes the header for the next callee. A trace that begins here has no span yet: the first half of its id is used
 * instead, which trace_read recognises. */
void trace_write(const struct trace *trace, char header[TRACE_HEADER_SIZE]);

/* Makes a new span id. */
void trace_span(char span[TRACE_SPAN_SIZE]);

#endif
