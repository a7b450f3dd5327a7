/*
 * Statements that their words alone do not judge: REINDEX and CLUSTER share a transaction unless their relation is
 * partitioned, DROP SUBSCRIPTION where it has no slot, and an index of a partitioned table is never built or dropped
 * CONCURRENTLY (PostgreSQL's PreventInTransactionBlock, and its refusals in indexcmds.c; measured on 15 to 18). Whoever
 * knows the catalogs notes what is there; what a script makes, drops and renames is followed statement by statement.
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
    TARGET_OTHER,        /* it is there, and none of these */
    TARGET_PARTITIONED,  /* a table or an index */
    TARGET_WITHOUT_SLOT, /* a subscription that has none */
};

/* {0} knows nothing. What was noted last of a name counts. */
struct targets {
    struct word_set kinds;       /* by name */
    const struct targets *outer; /* borrowed: knows what is not noted here; NULL: nobody does */
};

/* Notes what this is. name: "app.events" or "events", folded, as statements may write it. */
void targets_add(struct arena *arena, struct targets *targets, const char *name, enum target_kind kind);

/* Notes what the statement makes, drops or renames. */
void targets_note(struct arena *arena, struct targets *targets, struct text statement);

/* Might it be asked for, by a word in the script? */
bool targets_matter(struct text script);

/* Why the statement stands alone by its target: "REINDEX of a partitioned table"; NULL: it does not. */
const char *targets_alone(struct arena *arena, const struct targets *targets, struct text statement);

/* True where its words say that it stands alone, and its target that it need not: DROP SUBSCRIPTION without a slot. */
bool targets_share(struct arena *arena, const struct targets *targets, struct text statement);

/* Why the server refuses the statement wherever it stands; NULL: nothing is known against it. */
const char *targets_refused(struct arena *arena, const struct targets *targets, struct text statement);

#endif
