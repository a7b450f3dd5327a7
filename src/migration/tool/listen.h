/*
 * Starting a tool and listening to it: its words are for people. They are told as events, with the password masked, and
 * the last of them are kept. Nothing is concluded from them, nor from how it ended.
 */
#ifndef MIGRATION_TOOL_LISTEN_H
#define MIGRATION_TOOL_LISTEN_H

#include "migration/events.h"
#include "migration/tool/start.h"

/* One use of a tool; what is made of it lives in the request's arena. */
struct tool_use {
    const struct request *request;
    const struct watch *watch;
    struct tool tool;
    int held;                 /* as of struct process */
    bool (*look)(void *data); /* called again and again while it runs; false: it is ended. NULL: nothing to look at */
    void *look_data;
    struct buffer *whole; /* all that it printed is added here; NULL: not wanted */

    /* How it ended. */
    const char *outcome; /* in words */
    int code;
    bool was_ended; /* by us, or by somebody else */
    bool was_cancelled;
    bool is_cut; /* it printed more than `whole` may hold */

    /* While it runs. */
    struct arena *scratch; /* of one line */
    struct buffer tail;
    size_t told; /* bytes */
};

/* Starts it with these arguments, and waits for its end: the request's deadline, the site's limit for tools, or a wish
 * to end the run end it. False where it could not be started; how it ended is in *use. */
bool tool_call(struct tool_use *use, const char *const *arguments);

/* The last lines that it printed; NULL: none. */
const char *tool_tail(const struct tool_use *use);

/* What the tool says that it would send for one migration; *sql is empty where it has no such command or may not be
 * started. */
bool tool_preview(const struct request *request, const struct detection *detection, const struct migration_file *file,
                  struct text *sql);

#endif
