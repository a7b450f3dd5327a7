/*
 * A first run on a database that already has tables: some tools refuse it until a person has said which migrations made
 * those tables.
 */
#ifndef MIGRATION_LOOK_BASELINE_H
#define MIGRATION_LOOK_BASELINE_H

#include "migration/look/detection.h"

/* What exists in the place where a ledger is to be made. */
struct ledger_ground {
    bool has_schema;
    const char *occupant; /* a user's table or view in that schema; NULL: none, or the framework does not mind */
    const char *habit;    /* what the framework's tool does about it by its configuration; NULL: it refuses */
};

/* Finds out both with one query. */
bool ledger_ground_look(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct ledger_ground *ground);

/* Fails with FAILED_PRECONDITION if a first run is refused because of what exists. */
bool ledger_ground_check(const struct request *request, const struct detection *detection,
                         const struct ledger_ground *ground);

/* For a framework that wants a baseline: sets *problem to why a first run is refused (the ledger's schema has tables or
 * views of users and no ledger), or to NULL. Returns false if the database did not answer. */
bool baseline_problem(const struct request *request, struct pg_session *session, const struct detection *detection,
                      const char **problem);

/* The same, failing with FAILED_PRECONDITION. */
bool baseline_check(const struct request *request, struct pg_session *session, const struct detection *detection);

#endif
