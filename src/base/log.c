/*
 * Each line is composed on the stack and written under a mutex: no allocation, and no mixing with other threads' lines.
 * A pipe whose reader has stopped reading would stop every thread that has something to say, and with them the worker.
 * So a line that it does not take in a moment is dropped, and the first one that it takes again is preceded by how many
 * were.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/unseen.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE        4096
#define PATIENCE_MS 200
#define DROPPED     "log: nobody has read it, and lines were dropped"

static _Atomic int log_level = LOG_INFO;
static _Atomic int log_format = LOG_LOGFMT;
static _Thread_local const char *context;

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static unsigned dropped; /* lines since one was taken; hold the mutex */
static bool is_cut;      /* a part of the last line is in the pipe; hold the mutex */

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

void log_set_format(enum log_format format)
{
    atomic_store(&log_format, (int)format);
}

void log_set_context(const char *pairs)
{
    context = pairs;
}

const char *log_context(void)
{
    return context;
}

/* ---- from logfmt to JSON ---- */

/* The line being written. One character of logfmt becomes at most six of JSON. */
struct line {
    char bytes[6 * LINE + 64];
    size_t size;
};

static void put_char(struct line *out, char c)
{
    out->bytes[out->size++] = c;
}

static void put_escaped(struct line *out, char c)
{
    if ((unsigned char)c < 0x20) {
        out->size += (size_t)snprintf(out->bytes + out->size, 7, "\\u%04x", (unsigned)(unsigned char)c);
        return;
    }
    if (c == '"' || c == '\\') {
        put_char(out, '\\');
    }
    put_char(out, c);
}

/* Copies a quoted value without its quotes. Its escapes are \", \\ and \xNN; the last one stays unchanged, so that both
 * formats show the same. Returns the position after it. */
static const char *put_quoted(struct line *out, const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++) {
        at += *at == '\\' && (at[1] == '"' || at[1] == '\\') ? 1 : 0;
        put_escaped(out, *at);
    }
    return *at == '"' ? at + 1 : at;
}

/* JSON numbers have no leading zeros and no sign but a minus. */
static bool is_number(const char *word, size_t size)
{
    const size_t start = size > 1 && word[0] == '-' ? 1 : 0;
    const size_t digits = strspn(word + start, "0123456789");
    return size > 0 && size <= 15 && start + digits == size && digits > 0 && (word[start] != '0' || digits == 1);
}

/* A value as a number, if it is one, or a string; returns the position after it. */
static const char *put_value(struct line *out, const char *at)
{
    const size_t bare = strcspn(at, " ");
    if (is_number(at, bare)) {
        memcpy(out->bytes + out->size, at, bare);
        out->size += bare;
        return at + bare;
    }
    put_char(out, '"');
    if (*at == '"') {
        at = put_quoted(out, at);
    } else {
        for (const char *const end = at + bare; at < end; at++) {
            put_escaped(out, *at);
        }
    }
    put_char(out, '"');
    return at;
}

/* The pairs of a line as members of an object. Anything else is skipped. */
static void put_pairs(struct line *out, const char *at)
{
    bool is_first = true;
    while (*at != '\0') {
        const size_t name = strcspn(at, "= ");
        if (at[name] != '=' || name == 0) {
            at += name + (at[name] == '\0' ? 0 : 1);
            continue;
        }
        if (!is_first) {
            put_char(out, ',');
        }
        is_first = false;
        put_char(out, '"');
        for (const char *const end = at + name; at < end; at++) {
            put_escaped(out, *at);
        }
        put_char(out, '"');
        put_char(out, ':');
        at = put_value(out, at + 1);
    }
}

/* JSON is UTF-8, but a value may have been cut in the middle of a character. */
static void mend_utf8(struct line *out)
{
    size_t bad;
    while (!text_is_utf8((struct text){out->bytes, out->size}, &bad)) {
        out->bytes[bad] = '?';
    }
}

/* Is there room? A pipe that poll(2) calls writable takes PIPE_BUF bytes without blocking; a file, always. */
static bool is_taken(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    int ready;
    do {
        ready = poll(&out, 1, dropped == 0 ? PATIENCE_MS : 0);
    } while (ready < 0 && errno == EINTR);
    return ready != 0;
}

/* There is room for the first PIPE_BUF bytes; those of a longer line wait for theirs. If the log cannot be written
 * there is nothing to be done. */
static void put_line(const char *bytes, size_t size)
{
    size_t done = 0;
    do {
        const size_t piece = size - done < PIPE_BUF ? size - done : PIPE_BUF;
        const ssize_t written = write(STDERR_FILENO, bytes + done, piece);
        (void)written;
        done += piece;
        is_cut = done < size && !is_taken();
    } while (done < size && !is_cut);
    dropped += is_cut ? 1 : 0;
}

static void tell_dropped(void)
{
    char time[RFC3339_SIZE];
    char line[256];
    const char *const start = is_cut ? "\n" : "";
    clock_rfc3339(clock_wall_us(), time);
    const int size = atomic_load(&log_format) == LOG_JSON
                         ? snprintf(line, sizeof line,
                                    "%s{\"time\":\"%s\",\"level\":\"warn\",\"event\":\"" DROPPED "\",\"lines\":%u}\n",
                                    start, time, dropped)
                         : snprintf(line, sizeof line, "%stime=%s level=warn event=\"" DROPPED "\" lines=%u\n", start,
                                    time, dropped);
    dropped = 0;
    put_line(line, (size_t)size);
}

static void write_locked(const char *bytes, size_t size)
{
    bool has_room = is_taken();
    if (has_room && dropped > 0) {
        tell_dropped();
        has_room = is_taken();
    }
    if (has_room) {
        put_line(bytes, size);
    } else {
        dropped++;
    }
}

/* Between poll(2) and write(2) nobody else takes the room. A signal waits meanwhile: its handler, or who answers what
 * the handler calls (sandbox_calls.c), may log, and would wait for the thread that it has interrupted. */
static void write_line(const char *bytes, size_t size)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t others;
    sigset_t before;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&others, faults[i]);
    }
    pthread_sigmask(SIG_BLOCK, &others, &before);
    pthread_mutex_lock(&writing);
    write_locked(bytes, size);
    pthread_mutex_unlock(&writing);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void write_json(const char *line)
{
    struct line out;
    out.size = 0;
    put_char(&out, '{');
    put_pairs(&out, line);
    put_char(&out, '}');
    mend_utf8(&out);
    put_char(&out, '\n');
    write_line(out.bytes, out.size);
}

bool log_wants(enum log_level level)
{
    return (int)level >= atomic_load(&log_level);
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    if (!log_wants(level)) {
        return;
    }
    char time[RFC3339_SIZE];
    char line[LINE];
    clock_rfc3339(clock_wall_us(), time);
    const int head = snprintf(line, sizeof line, "time=%s level=%s event=\"%s\" %s%s", time, level_names[level], event,
                              context == NULL ? "" : context, context == NULL ? "" : " ");
    const size_t start = (size_t)head < sizeof line - 1 ? (size_t)head : sizeof line - 1;
    va_list args;
    va_start(args, format);
    const int tail = vsnprintf(line + start, sizeof line - start, format, args);
    va_end(args);
    size_t size = start + (tail > 0 ? (size_t)tail : 0);
    size = size > sizeof line - 1 ? sizeof line - 1 : size;
    if (atomic_load(&log_format) == LOG_JSON) {
        line[size] = '\0';
        write_json(line);
        return;
    }
    line[size] = '\n';
    write_line(line, size + 1);
}

const char *log_quoted(const char *text, char out[LOG_QUOTED_SIZE])
{
    size_t size = 0;
    out[size++] = '"';
    const char *hidden_end = NULL; /* of an invisible character */
    for (const char *c = text == NULL ? "" : text; *c != '\0' && size < LOG_QUOTED_SIZE - 6; c++) {
        hidden_end = hidden_end == NULL || c >= hidden_end ? c + text_unseen(c) : hidden_end;
        if (*c == '"' || *c == '\\') {
            out[size++] = '\\';
            out[size++] = *c;
        } else if (c < hidden_end) {
            size += (size_t)snprintf(out + size, 5, "\\x%02x", (unsigned char)*c);
        } else {
            out[size++] = *c;
        }
    }
    out[size++] = '"';
    out[size] = '\0';
    return out;
}
