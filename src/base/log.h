/*
 * Log lines on standard error, in logfmt or as JSON: time, level, what happened, then key=value pairs. One call, one
 * write(2), so that lines of several threads never mix. Never give it a password or a connection URL.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* What is below this is not written; at the start LOG_INFO. */
void log_set_level(enum log_level level);

/* Is a line of this level written? For who has to make what it says. */
bool log_wants(enum log_level level);

/* "debug", "info", "warn", "error"; false for another word. */
bool log_parse_level(const char *word, enum log_level *level);

enum log_format { LOG_LOGFMT, LOG_JSON };

/* The form of the lines; at the start LOG_LOGFMT. */
void log_set_format(enum log_format format);

/* What every line of this thread says besides, as pairs in logfmt ("request_id=\"…\""); borrowed until it is set anew.
 * NULL: nothing. */
void log_set_context(const char *pairs);

/* What is set now. */
const char *log_context(void);

/* event: a few constant words. The format makes the pairs, for example "method=%s ms=%d"; use log_quoted for text from
 * outside. */
void log_write(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#define LOG_QUOTED_SIZE 512

/* Puts text in quotes with control characters, quotes and backslashes escaped, cut at the buffer's size; returns out.
 */
const char *log_quoted(const char *text, char out[LOG_QUOTED_SIZE]);

#endif
