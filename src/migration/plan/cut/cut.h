/*
 * How a script is sent: in as few transactions as possible, and never so that it means something else than under its
 * own framework. The usual file is one transaction and is not parsed. A file with statements that cannot share a
 * transaction is cut, with PostgreSQL's parser, into the longest runs that can, and the other statements stand alone
 * between them. Where a script ends a transaction itself, ours ends, too. What a cut would lose is restored after it,
 * or the file is refused (hold.h).
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
 * STDIN, psql meta-commands, an unterminated quote, a BEGIN without an end) and for what a cut would change. The plan
 * of an empty script has no steps. */
bool plan_build(struct arena *arena, struct text script, const struct plan_options *options, struct plan *plan,
                struct status *status);

/* The session settings that the first `count` steps leave, as statements; "" if there are none. */
const char *plan_settings(struct arena *arena, const struct plan *plan, size_t count);

/* Copies a plan into another arena. */
struct plan plan_copy(struct arena *arena, const struct plan *plan);

/* Where the server reports an error in a part of a script. */
struct complaint {
    struct text script;
    size_t start; /* the part that was sent: [start, end) */
    size_t end;
    size_t position;  /* 1-based, in characters of the part; 0: none */
    size_t statement; /* the statement's number in the part, if there is no position */
    const struct script_parts *parts;
};

/* Returns the failing statement; NULL if it cannot be told. *where becomes the position of the error, or the
 * statement's start, in the whole script. A long statement is cut to 500 characters around the position. *name becomes
 * the file if that is not the migration's own, else NULL. */
const char *plan_failing_statement(struct arena *arena, const struct complaint *complaint, struct position *where,
                                   const char **name);

#endif
