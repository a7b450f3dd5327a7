/*
 * Judges the errors of a pg_restore that is newer than its server. From 17 on it starts with SET transaction_timeout,
 * which older servers do not know. There it is told to continue after errors, and its messages are counted: any other
 * error means failure.
 */
#ifndef PG_RESTORING_H
#define PG_RESTORING_H

#include "base/text.h"

#include <stdbool.h>

struct restore_errors {
    bool is_lenient;
    size_t count;
    size_t expected;    /* errors about transaction_timeout */
    size_t passed_over; /* the number that it reports itself, at its end */
};

/* program_major: 17 for pg_restore 17.2. server_version: 150018 for PostgreSQL 15.18. */
struct restore_errors restore_errors_of(int program_major, int server_version);

/* The argument that tells pg_restore what to do after errors. */
const char *restore_errors_argument(const struct restore_errors *errors);

/* Takes a line of its output, without the newline but followed by a NUL. */
void restore_errors_see(struct restore_errors *errors, struct text line);

/* Is the line a warning of pg_dump or pg_restore? Its summary of ignored errors is not. */
bool restore_line_warns(struct text line);

/* Was everything restored, given this exit code? */
bool restore_errors_are_none(const struct restore_errors *errors, int code);

#endif
