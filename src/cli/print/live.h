/*
 * What a person sees of a run that goes on. What matters becomes a line that stays: a lock that is waited for and who
 * has it, a migration that is applied. What changes all the time is one line that is rewritten, on a terminal;
 * elsewhere lines now and then, without control characters.
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
    struct arena *arena; /* of what is remembered to the end */
    struct arena *now;   /* of the next ones: what happens at this moment */
    bool is_terminal;
    bool is_drawn;     /* the line that is rewritten stands there */
    const char *label; /* nine characters wide; NULL: nothing to show */
    enum colour colour;
    const char *what;   /* "NAME (2 of 5)" */
    const char *more;   /* "building index, 40 %"; "" for nothing */
    int64_t since;      /* wall clock, microseconds */
    int64_t waits_till; /* clock_ms: a wait for a lock that is not told of again is over then; 0: no wait */
    bool is_said;       /* elsewhere than on a terminal: there is a line of this already */

    const char **told; /* names of the migrations that are applied and said so */
    size_t told_count;
    size_t told_capacity;
    uint32_t number; /* of the migration that was begun last, of how many */
    uint32_t count;
    const char *blockers; /* of the step under way, who were named last; NULL: nobody yet */
    int64_t named_at;     /* clock_ms, when */
    const char *phase;    /* of the progress that was said last */
    double percent;
};

struct live live_new(struct arena *arena);
void live_free(struct live *live);

void live_event(struct live *live, const Truss__Migration__V1__Event *event);

/* Call it a few times a second: time passes also where nothing happens. */
void live_tick(struct live *live);

/* A line of its own. */
void live_say(struct live *live, enum colour colour, const char *label, const char *text);

/* Ctrl-C was pressed: the terminal has written "^C" to the line, which goes with the next live_clear. */
void live_interrupted(struct live *live);

/* Takes the line that is rewritten away. */
void live_clear(struct live *live);

#endif
