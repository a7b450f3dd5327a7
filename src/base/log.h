/*
 * Log lines on standard error, as logfmt or JSON: time, level, event, then key=value pairs. Lines of different
 * threads never mix. One that nobody takes is dropped, or cut where it is longer than PIPE_BUF, and counted. Never log
 * a password or a connection URL.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Sets the lowest level that is written; at first LOG_INFO. */
void log_set_level(enum log_level level);

/* Are lines of this level written? Ask before computing an expensive line. */
bool log_wants(enum log_level level);

/* Parses "debug", "info", "warn" or "error"; false for other words. */
bool log_parse_level(const char *word, enum log_level *level);

enum log_format { LOG_LOGFMT, LOG_JSON };

/* Sets the format of the lines; at first LOG_LOGFMT. */
void log_set_format(enum log_format format);

/* Adds pairs in logfmt ("request_id=\"…\"") to all later lines of this thread; borrowed until the next call. NULL:
 * none. */
void log_set_context(const char *pairs);

/* The pairs that are set now. */
const char *log_context(void);

/* Writes a line. event: a few constant words. The format produces the pairs, for example "method=%s ms=%d"; use
 * log_quoted for foreign text. */
void log_write(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#define LOG_QUOTED_SIZE 512

/* Quotes text, escapes control characters, quotes and backslashes, and cuts it to the buffer; returns out. */
const char *log_quoted(const char *text, char out[LOG_QUOTED_SIZE]);

#endif
