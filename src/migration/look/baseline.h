/*
 * A first run on a database that has tables already: some tools refuse it until a person has said which migrations
 * those tables are.
 */
#ifndef MIGRATION_LOOK_BASELINE_H
#define MIGRATION_LOOK_BASELINE_H

#include "migration/look/detect.h"

/* For a framework that wants a baseline: FAILED_PRECONDITION where the ledger's schema has tables or views of somebody
 * and no ledger. */
bool baseline_check(const struct request *request, struct pg_session *session, const struct detection *detection);

#endif
