/*
 * What the files of the cutter share: cut.c knows when there is something to cut, transactions.c where.
 */
#ifndef MIGRATION_PLAN_CUT_CUTTING_H
#define MIGRATION_PLAN_CUT_CUTTING_H

#include "migration/plan/cut/hold.h"
#include "migration/plan/cut/step.h"
#include "sql/classify.h"
#include "sql/split.h"

#define NONE SIZE_MAX

/* A script that is being planned. */
struct planning {
    struct arena *arena;
    struct text script; /* as it is looked at: sql_conforming */
    struct plan *plan;
    struct status *status;
    const struct plan_options *options;
    size_t capacity;
    struct sql_split split;
    enum sql_class *classes;      /* of each statement */
    const char **reasons;         /* of each, why it stands alone where its words do not say so; else NULL */
    const char *refused;          /* what the server refuses, whatever is around it; NULL: nothing is known */
    size_t refused_at;            /* where that stands */
    struct procedures procedures; /* that end transactions: the database's, and those that the script makes */
    struct hidden hidden;         /* what functions leave: the database's, and those that the script makes */
    struct hold hold;
    size_t values_sought;
    size_t open;       /* first statement of the part under construction; NONE: none */
    const char *carry; /* of that part */
    const char *carried;
    const char *modes;  /* of its transaction */
    bool modes_settled; /* something of it has a snapshot: modes come too late */
    /* Statements outside of the script's BEGIN … COMMIT share a transaction: the tool's, or that of one query. */
    bool is_shared;
    bool is_behind_end; /* the script has ended a transaction: that of its tool is over */
};

/* Refuses the script because of what is at this offset. False, for who calls it. */
bool planning_fail(const struct planning *planning, size_t offset, const char *what);

/* Appends a step of these bytes; valid until the next one. */
struct step *planning_add(struct planning *planning, enum step_kind kind, size_t start, size_t end, const char *reason);

/* Gives each statement its class. */
void planning_classify(struct planning *planning);

/* Why statement i, of class ALONE, stands alone. */
const char *planning_alone_reason(const struct planning *planning, size_t i);

/* Does a statement stand alone, or is it refused, because of what it is about? The classes are not needed for it. */
bool planning_has_targets(const struct planning *planning);

/* Plans statements that have been cut. */
bool planning_transactions(struct planning *planning);

/* Plans statement i, of class ALONE, as a step. */
void planning_alone(struct planning *planning, size_t i);

/* Takes the modes of BEGIN or SET TRANSACTION for our own BEGIN, which has statements of ours behind it. */
void planning_note_modes(struct planning *planning, struct text statement);

/* Are these statements a transaction of the script that is READ ONLY from its beginning to its COMMIT? A row of ours
 * cannot be written in it. */
bool planning_reads_only(const struct planning *planning, size_t first, size_t end);

/* Does something in a statement that cannot be known end transactions? A DO may CALL what does. */
bool planning_may_commit(struct text statement);

/* Its own tool commits behind it. */
bool planning_is_wrapped(const struct planning *planning);

/* Its own tool sends each statement by itself. */
bool planning_is_sent_by_statement(const struct planning *planning);

/* Does the statement begin with this word? */
bool planning_begins(struct text statement, const char *word);

#endif
