/*
 * A preparation shown to a person: statement by statement, with the locks that each takes and whom they block.
 */
#ifndef MIGRATION_PLAN_VIEW_H
#define MIGRATION_PLAN_VIEW_H

#include "migration/plan/explained.h"

/* Reads the scripts again, and asks the database for the types of columns that change theirs. */
bool explain(const struct request *request, struct pg_session *session, const struct run_options *options,
             const struct preparation *preparation, struct explanation *explanation);

#endif
