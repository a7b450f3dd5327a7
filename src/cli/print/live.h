/*
 * Shows the progress of a run to a person. Important events become permanent lines: a lock that is waited for and who
 * holds it, a migration that is applied. On a terminal, what changes all the time is one line that is redrawn;
 * otherwise a line from time to time, without control characters.
 */
#ifndef CLI_PRINT_LIVE_H
#define CLI_PRINT_LIVE_H

#include "base/arena.h"
#include "cli/print/output.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live {
    struct arena *arena; /* for what is remembered to the end */
    struct arena *now;   /* for the next ones: the present state */
    bool is_terminal;
    bool is_drawn;     /* the redrawn line is visible */
    const char *label; /* nine characters wide; NULL: nothing to show */
    enum colour colour;
    const char *what;   /* "NAME (2 of 5)" */
    const char *more;   /* "building index, 40 %"; "" for nothing */
    int64_t since;      /* wall clock, microseconds */
    int64_t waits_till; /* clock_ms: the end of a lock wait that gets no further events; 0: no wait */
    bool is_said;       /* without a terminal: a line about this was printed */

    const char **told; /* names of the applied migrations that have a line */
    size_t told_count;
    size_t told_capacity;
    uint32_t number; /* of the migration that began last, out of `count` */
    uint32_t count;
    const char *blockers; /* of the current step, as last named; NULL: none yet */
    int64_t named_at;     /* clock_ms, when they were named */
    const char *phase;    /* of the last progress line */
    double percent;
};

struct live live_new(struct arena *arena);
void live_free(struct live *live);

void live_event(struct live *live, const Truss__Migration__V1__Event *event);

/* Call it a few times a second, so that times are updated. */
void live_tick(struct live *live);

/* Prints a permanent line. */
void live_say(struct live *live, enum colour colour, const char *label, const char *text);

/* Ctrl-C was pressed: the terminal has echoed "^C" on the line, which the next live_clear removes. */
void live_interrupted(struct live *live);

/* Removes the redrawn line. */
void live_clear(struct live *live);

#endif
