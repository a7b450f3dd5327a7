#include "base/trace.h"

#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#define ID_AT     3  /* "00-" */
#define PARENT_AT 36 /* "00-" 32 digits "-" */
#define FLAGS_AT  53

static bool is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

static bool is_zero(const char *text, size_t size)
{
    return strspn(text, "0") >= size;
}

/* A later version may continue after the flags, with another "-". */
static bool has_form(const char *header, size_t size)
{
    const bool is_first = strncmp(header, "00", 2) == 0;
    const bool has_size = size == TRACE_HEADER_SIZE - 1 || (!is_first && size > TRACE_HEADER_SIZE && header[55] == '-');
    return has_size && strncmp(header, "ff", 2) != 0 && header[2] == '-' && header[35] == '-' && header[52] == '-' &&
           is_hex(header, 2) && is_hex(header + ID_AT, 32) && is_hex(header + PARENT_AT, 16) &&
           is_hex(header + FLAGS_AT, 2);
}

bool trace_read(const char *header, struct trace *trace)
{
    *trace = (struct trace){0};
    if (header == NULL || !has_form(header, strlen(header)) || is_zero(header + ID_AT, 32) ||
        is_zero(header + PARENT_AT, 16)) {
        return false;
    }
    memcpy(trace->id, header + ID_AT, 32);
    if (strncmp(header + ID_AT, header + PARENT_AT, 16) != 0) {
        memcpy(trace->parent, header + PARENT_AT, 16);
    }
    return true;
}

void trace_begin(struct trace *trace)
{
    uuid_digits(trace->id);
    trace->parent[0] = '\0';
}

void trace_write(const struct trace *trace, char header[TRACE_HEADER_SIZE])
{
    snprintf(header, TRACE_HEADER_SIZE, "00-%s-%.16s-01", trace->id,
             trace->parent[0] == '\0' ? trace->id : trace->parent);
}

void trace_span(char span[TRACE_SPAN_SIZE])
{
    char digits[UUID_DIGITS_SIZE];
    uuid_digits(digits);
    snprintf(span, TRACE_SPAN_SIZE, "%.*s", TRACE_SPAN_SIZE - 1, digits);
}
