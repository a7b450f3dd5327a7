/*
 * The errors of a pg_restore that is newer than its server. From 17 on it begins with SET transaction_timeout, which
 * older servers do not know. There it is let go on, and what it says is counted: with any other error it has failed.
 */
#ifndef PG_RESTORING_H
#define PG_RESTORING_H

#include "base/text.h"

#include <stdbool.h>

struct restore_errors {
    bool is_lenient;
    size_t count;
    size_t expected;    /* how many of them are that one */
    size_t passed_over; /* as it counts them itself, at its end */
};

/* program_major: 17 of pg_restore 17.2. server_version: 150018 of PostgreSQL 15.18. */
struct restore_errors restore_errors_of(int program_major, int server_version);

/* The argument that says what it does with errors. */
const char *restore_errors_argument(const struct restore_errors *errors);

/* A line that it said, without its newline; NUL follows it. */
void restore_errors_see(struct restore_errors *errors, struct text line);

/* Is it a warning of pg_dump or pg_restore? What is said of the errors that are passed over is none. */
bool restore_line_warns(struct text line);

/* Has it restored everything, when it ended with this code? */
bool restore_errors_are_none(const struct restore_errors *errors, int code);

#endif
