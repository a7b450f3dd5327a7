/*
 * How a script is sent: as few transactions as it can be, and never so that it means something else than under its own
 * framework. The usual file is one transaction, unread; a file with statements that cannot share one is cut with
 * PostgreSQL's parser into the longest runs that can, with the others alone between them. Where a script ends a
 * transaction itself, ours end there, too. What a cut of ours would lose is made again behind it, or the file is
 * refused (hold.h).
 */
#ifndef MIGRATION_PLAN_CUT_CUT_H
#define MIGRATION_PLAN_CUT_CUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "migration/plan/cut/step.h"

#include <stdbool.h>
#include <stddef.h>

/* Plans a script (UTF-8 without NUL). Fails with FAILED_PRECONDITION and the line for what can never run (COPY FROM
 * STDIN, psql meta-commands, a quote that is never closed, a BEGIN that nobody ends) and for what a cut would change.
 * An empty script has a plan of no steps. */
bool plan_build(struct arena *arena, struct text script, const struct plan_options *options, struct plan *plan,
                struct status *status);

/* The settings that the first `count` steps leave in their session, as statements; "" where they leave none. */
const char *plan_settings(struct arena *arena, const struct plan *plan, size_t count);

/* A copy of a plan in another arena. */
struct plan plan_copy(struct arena *arena, const struct plan *plan);

/* What the server says of an error in a part of a script. */
struct complaint {
    struct text script;
    size_t start; /* the part that was sent */
    size_t end;
    size_t position;  /* 1-based, in characters of the part; 0: none */
    size_t statement; /* its number in the part, where there is no position */
    const struct script_parts *parts;
};

/* The statement that it complains about. *where is the position, or the statement's start, in the whole script. A long
 * statement becomes an excerpt of at most 500 characters around the position. NULL where it cannot be told. *name is
 * set where it is of another file than the migration's, else to NULL. */
const char *plan_failing_statement(struct arena *arena, const struct complaint *complaint, struct position *where,
                                   const char **name);

#endif
