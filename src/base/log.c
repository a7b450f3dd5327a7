/*
 * Each line is put together on the stack and written at once: no lock, no allocation, and no half line of another
 * thread in between.
 */
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic int log_level = LOG_INFO;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

void log_set_level(enum log_level level)
{
    atomic_store(&log_level, (int)level);
}

bool log_parse_level(const char *word, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (strcmp(word, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    if ((int)level < atomic_load(&log_level)) {
        return;
    }
    char time[RFC3339_SIZE];
    char line[4096];
    clock_rfc3339(clock_wall_us(), time);
    const int head = snprintf(line, sizeof line, "time=%s level=%s event=\"%s\" ", time, level_names[level], event);
    va_list args;
    va_start(args, format);
    const int tail = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    va_end(args);
    size_t size = (size_t)head + (tail > 0 ? (size_t)tail : 0);
    size = size > sizeof line - 1 ? sizeof line - 1 : size;
    line[size] = '\n';
    /* Nothing can be done about a log that cannot be written. */
    const ssize_t written = write(STDERR_FILENO, line, size + 1);
    (void)written;
}

const char *log_quoted(const char *text, char out[LOG_QUOTED_SIZE])
{
    size_t size = 0;
    out[size++] = '"';
    for (const char *c = text == NULL ? "" : text; *c != '\0' && size < LOG_QUOTED_SIZE - 6; c++) {
        if (*c == '"' || *c == '\\') {
            out[size++] = '\\';
            out[size++] = *c;
        } else if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            size += (size_t)snprintf(out + size, 5, "\\x%02x", (unsigned char)*c);
        } else {
            out[size++] = *c;
        }
    }
    out[size++] = '"';
    out[size] = '\0';
    return out;
}
