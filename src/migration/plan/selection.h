/*
 * Which migrations a run takes: those that are asked for, where order, history and earlier attempts allow it.
 */
#ifndef MIGRATION_PLAN_SELECTION_H
#define MIGRATION_PLAN_SELECTION_H

#include "migration/plan/preparation.h"
#include "migration/plan/run_options.h"

/* Chooses among the items of preparation->catalog and fills preparation's items, count and delegate; nothing is planned
 * yet. Fails for an unknown name, an attempt that failed and is not resolved, and an order or a history that is not
 * allowed. */
bool selection_make(const struct request *request, struct pg_session *session, const struct run_options *options,
                    struct preparation *preparation);

#endif
