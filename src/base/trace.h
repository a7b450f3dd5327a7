/*
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): which request of somebody else's a piece of work belongs
 * to, as a header has it. Only its form is known here.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>

#define TRACE_ID_SIZE     33 /* hex digits and a NUL */
#define TRACE_SPAN_SIZE   17
#define TRACE_HEADER_SIZE 56

struct trace {
    char id[TRACE_ID_SIZE];
    char parent[TRACE_SPAN_SIZE]; /* the span that asked; "": the trace begins here */
};

/* Reads a traceparent header. False for what is none (NULL, another form, an id of zeros): the standard has it passed
 * over. The parent that trace_begin made up is none. */
bool trace_read(const char *header, struct trace *trace);

/* A new trace. */
void trace_begin(struct trace *trace);

/* The header for who is asked next. A trace that begins here has no span yet: the first half of its id stands for it,
 * by which trace_read knows it again. */
void trace_write(const struct trace *trace, char header[TRACE_HEADER_SIZE]);

/* A new span's id. */
void trace_span(char span[TRACE_SPAN_SIZE]);

#endif
