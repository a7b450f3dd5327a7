/*
 * What the files of the cutter share: cut.c decides whether to cut, transactions.c where.
 */
#ifndef MIGRATION_PLAN_CUT_CUTTING_H
#define MIGRATION_PLAN_CUT_CUTTING_H

#include "migration/plan/cut/hold.h"
#include "migration/plan/cut/step.h"
#include "sql/classify.h"
#include "sql/split.h"

#define NONE SIZE_MAX

/* The state of planning one script. */
struct planning {
    struct arena *arena;
    struct text script; /* as it is parsed: sql_conforming, and without a byte order mark */
    size_t skipped;     /* the bytes of that */
    struct plan *plan;
    struct status *status;
    const struct plan_options *options;
    size_t capacity;
    struct sql_split split;
    enum sql_class *classes;      /* of each statement */
    const char **reasons;         /* for each statement: why it stands alone, if its words do not show it; else NULL */
    const char *refused;          /* what the server refuses in any context; NULL: nothing known */
    size_t refused_at;            /* its offset */
    struct procedures procedures; /* that end transactions: of the database, and those that the script creates */
    struct hidden hidden;         /* what functions leave: of the database, and those that the script creates */
    struct hold hold;
    size_t values_sought;
    size_t open;       /* the first statement of the part under construction; NONE: none */
    const char *carry; /* for that part */
    const char *carried;
    const char *modes;  /* of that part's transaction */
    bool modes_settled; /* a statement of it takes a snapshot: setting modes is too late */
    /* Statements outside the script's BEGIN … COMMIT share a transaction: the tool's, or that of one query. */
    bool is_shared;
    bool is_behind_end; /* the script has ended a transaction, so its tool's transaction is over */
};

/* Refuses the script because of what is at this offset. Returns false. */
bool planning_fail(const struct planning *planning, size_t offset, const char *what);

/* Appends a step with these bytes. The pointer is valid until the next call. */
struct step *planning_add(struct planning *planning, enum step_kind kind, size_t start, size_t end, const char *reason);

/* Does the script carry the data of the COPY that begins at this offset? */
bool planning_has_data(const struct planning *planning, size_t statement);

/* Where what is sent of statement i ends: behind the data of a COPY. */
size_t planning_end_of(const struct planning *planning, size_t i);

/* The text of statement i, which is a slice of the script. */
struct text planning_statement(const struct planning *planning, size_t i);

/* Classifies each statement. */
void planning_classify(struct planning *planning);

/* Why statement i, of class ALONE, stands alone. */
const char *planning_alone_reason(const struct planning *planning, size_t i);

/* Can the object of a statement force it to stand alone, or to be refused? Works before planning_classify. */
bool planning_has_targets(const struct planning *planning);

/* Plans the statements, which have been split. */
bool planning_transactions(struct planning *planning);

/* Makes statement i, of class ALONE, a step. */
void planning_alone(struct planning *planning, size_t i);

/* Moves the modes of BEGIN or SET TRANSACTION to our own BEGIN, which is followed by statements of ours. */
void planning_note_modes(struct planning *planning, struct text statement);

/* Are these statements a transaction of the script that is READ ONLY from BEGIN to COMMIT? Then our row cannot be
 * written in it. */
bool planning_reads_only(const struct planning *planning, size_t first, size_t end);

/* May the statement contain something unknown that ends transactions? A DO may CALL such a procedure. */
bool planning_may_commit(struct text statement);

/* Does the script's own tool commit after it? */
bool planning_is_wrapped(const struct planning *planning);

/* Does the script's own tool send each statement separately? */
bool planning_is_sent_by_statement(const struct planning *planning);

/* Does the statement begin with this word? */
bool planning_begins(struct text statement, const char *word);

#endif
