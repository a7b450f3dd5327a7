/*
 * Starts a tool and reads its output, which is for people: it is reported as events, with the password masked, and the
 * end of it is kept. Neither the output nor the exit status decides what was applied.
 */
#ifndef MIGRATION_TOOL_LISTEN_H
#define MIGRATION_TOOL_LISTEN_H

#include "migration/events.h"
#include "migration/tool/start.h"

/* One use of a tool; what is allocated lives in the request's arena. */
struct tool_use {
    const struct request *request;
    const struct watch *watch;
    struct tool tool;
    int held;                 /* as in struct process */
    bool (*look)(void *data); /* called repeatedly while it runs; returning false ends the tool. NULL: not needed */
    void *look_data;
    struct buffer *whole;                       /* receives all output; NULL: not wanted */
    void (*hear)(void *data, struct text line); /* called with each line of its output; NULL: not needed */
    void *hear_data;

    /* Set when it has ended. */
    const char *outcome; /* how it ended, in words */
    int code;
    bool was_ended; /* killed, by us or by somebody else */
    bool was_cancelled;
    bool is_cut; /* it printed more than `whole` may hold */

    /* While it runs. */
    struct arena *scratch; /* for one line */
    struct buffer tail;
    size_t told; /* bytes reported so far */
};

/* Starts the tool with these arguments and waits for its end; the request's deadline, the site's limit for tools, or a
 * cancel end it. Returns false if it could not be started; otherwise *use says how it ended. */
bool tool_call(struct tool_use *use, const char *const *arguments);

/* The last lines of its output; NULL: none. */
const char *tool_tail(const struct tool_use *use);

/* What the tool would send for one migration, according to itself. *sql is empty if it has no command for that or may
 * not be started. */
bool tool_preview(const struct request *request, const struct detection *detection, const struct migration_file *file,
                  struct text *sql);

#endif
