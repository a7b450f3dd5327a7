/*
 * truss.migration_steps: how far a migration of several transactions has come. A step's row commits with the step, so
 * that a rerun after a crash continues with the first unfinished one. The SQL is schema-qualified and works under any
 * settings that a script has left.
 */
#ifndef MIGRATION_PLAN_CUT_STEPS_H
#define MIGRATION_PLAN_CUT_STEPS_H

#include "base/words.h"
#include "framework/core/framework.h"
#include "migration/plan/cut/cut.h"

/* In place of a step's number: the project's own tool was started for this migration, and is not known to have
 * ended. */
#define STEP_OF_TOOL 0

/* A row of truss.migration_steps. */
struct step_record {
    uint32_t step; /* 1-based, or STEP_OF_TOOL */
    uint32_t steps;
    const char *attempt;  /* the id of the ledger row */
    const char *checksum; /* of the step's own text */
    bool finished;
    const char *indexes_before; /* the oids of the indexes that existed before ("{16401,16402}"), to find what an
                                   interrupted step left; NULL: not needed */
};

/* The rows of one migration. */
struct step_records {
    const char *migration;
    struct step_record *items; /* by step */
    size_t count;
};

/* Reads the rows of records->migration into the status's arena; none if the table does not exist. */
bool steps_read(struct pg_session *session, const struct ledger *ledger, struct step_records *records,
                struct status *status);

/* Was the project's own tool started for this migration, and its end not recorded? */
bool steps_are_of_tool(const struct step_records *records);

/* Does any migration of this ledger have rows? */
bool steps_exist(struct pg_session *session, const struct ledger *ledger, bool *exist, struct status *status);

/* The migrations of this ledger that have rows of steps, in the status's arena; none if the table does not exist. */
bool steps_names(struct pg_session *session, const struct ledger *ledger, struct words *names, struct status *status);

/* SHA-256 of a step's text, lower-case hex. */
const char *step_checksum(struct arena *arena, struct text content, const struct step *step);

/* Do the finished steps still match the script? If so *done is their number; otherwise FAILED_PRECONDITION names the
 * step that differs. */
bool steps_match(const struct step_records *records, struct text content, const struct plan *plan, size_t *done,
                 struct status *status);

#endif
