/*
 * Statements that cannot be judged by their words alone: REINDEX and CLUSTER share a transaction unless their relation
 * is partitioned, DROP SUBSCRIPTION if it has no slot, and an index of a partitioned table can never be built or
 * dropped CONCURRENTLY (PostgreSQL's PreventInTransactionBlock, and its checks in indexcmds.c; measured on 15 to 18).
 * Callers register what exists; what a script creates, drops and renames is followed statement by statement.
 */
#ifndef SQL_TARGETS_H
#define SQL_TARGETS_H

#include "base/arena.h"
#include "base/text.h"
#include "base/word_set.h"

#include <stdbool.h>
#include <stddef.h>

enum target_kind {
    TARGET_UNKNOWN,
    TARGET_OTHER,        /* it exists, and is none of these */
    TARGET_PARTITIONED,  /* a table or an index */
    TARGET_WITHOUT_SLOT, /* a subscription without a slot */
};

/* {0} is empty. The latest entry for a name counts. */
struct targets {
    struct word_set kinds;       /* by name */
    const struct targets *outer; /* borrowed: consulted for other names; NULL: none */
};

/* Registers what this is. name: "app.events" or "events", folded, as statements may write it. */
void targets_add(struct arena *arena, struct targets *targets, const char *name, enum target_kind kind);

/* Registers what the statement creates, drops or renames. */
void targets_note(struct arena *arena, struct targets *targets, struct text statement);

/* Does the script contain a word for which targets are needed? */
bool targets_matter(struct text script);

/* Why the statement must be alone because of its target: "REINDEX of a partitioned table"; NULL: it need not. */
const char *targets_alone(struct arena *arena, const struct targets *targets, struct text statement);

/* May it share a transaction because of its target, although its words say otherwise? DROP SUBSCRIPTION without a
 * slot. */
bool targets_share(struct arena *arena, const struct targets *targets, struct text statement);

/* Why the server refuses the statement in any context; NULL: nothing known. */
const char *targets_refused(struct arena *arena, const struct targets *targets, struct text statement);

#endif
