/*
 * Chooses the migrations of a run: those requested, if order, history and earlier attempts allow it.
 */
#ifndef MIGRATION_PLAN_SELECTION_H
#define MIGRATION_PLAN_SELECTION_H

#include "migration/plan/preparation.h"
#include "migration/plan/run_options.h"

/* Chooses among the items of preparation->catalog and fills preparation's items, count and delegate; nothing is planned
 * yet. Fails for an unknown name, an unresolved failed attempt, and a forbidden order or history. */
bool selection_make(const struct request *request, struct pg_session *session, const struct run_options *options,
                    struct preparation *preparation);

#endif
