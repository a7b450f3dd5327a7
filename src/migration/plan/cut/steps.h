/*
 * truss.migration_steps: how far a migration of several transactions has come. A step's row commits with the step, so
 * that a rerun after a crash goes on at the first unfinished one. The SQL here is schema-qualified and works whatever
 * settings a script has left.
 */
#ifndef MIGRATION_PLAN_CUT_STEPS_H
#define MIGRATION_PLAN_CUT_STEPS_H

#include "framework/core/framework.h"
#include "migration/plan/cut/cut.h"

/* The number of what is no step: the project's own tool was started for this migration, and is not known to have ended.
 */
#define STEP_OF_TOOL 0

/* One row. */
struct step_record {
    uint32_t step; /* 1-based, or STEP_OF_TOOL */
    uint32_t steps;
    const char *attempt;  /* the ledger row's id */
    const char *checksum; /* of the step's own text */
    bool finished;
    const char *indexes_before; /* "{16401,16402}", for what an interrupted one may have left; NULL: nothing to know */
};

/* Those of one migration. */
struct step_records {
    const char *migration;
    struct step_record *items; /* in the order of the steps */
    size_t count;
};

/* What a ledger is called in these rows: "schema.table". */
const char *steps_ledger(struct arena *arena, const struct ledger *ledger);

/* Reads the rows of records->migration into the status's arena; none where the table does not exist. */
bool steps_read(struct pg_session *session, const struct ledger *ledger, struct step_records *records,
                struct status *status);

/* Was the project's own tool started for this migration, and nobody saw how it ended? */
bool steps_are_of_tool(const struct step_records *records);

/* Are there rows of any migration of this ledger? */
bool steps_exist(struct pg_session *session, const struct ledger *ledger, bool *exist, struct status *status);

/* SHA-256 of a step's text, lower-case hex. */
const char *step_checksum(struct arena *arena, struct text content, const struct step *step);

/* Is what was finished still what the script says? On success *done is the number of finished steps. Else
 * FAILED_PRECONDITION says which step differs. */
bool steps_match(const struct step_records *records, struct text content, const struct plan *plan, size_t *done,
                 struct status *status);

#endif
