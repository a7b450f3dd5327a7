/*
 * A first run on a database that has tables already: some tools refuse it until a person has said which migrations
 * those tables are.
 */
#ifndef MIGRATION_LOOK_BASELINE_H
#define MIGRATION_LOOK_BASELINE_H

#include "migration/look/detection.h"

/* What is where a ledger is to be made. */
struct ledger_ground {
    bool has_schema;
    const char *occupant; /* a table or view of somebody in that schema; NULL: none, or its framework does not mind */
    const char *habit;    /* what the framework's tool does there by its configuration; NULL: it refuses */
};

/* Asks for both, in one question. */
bool ledger_ground_look(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct ledger_ground *ground);

/* FAILED_PRECONDITION where a first run is refused for what is there. */
bool ledger_ground_check(const struct request *request, const struct detection *detection,
                         const struct ledger_ground *ground);

/* For a framework that wants a baseline: why a first run is refused, where the ledger's schema has tables or views of
 * somebody and no ledger; NULL where nothing is against it. False where the database did not answer. */
bool baseline_problem(const struct request *request, struct pg_session *session, const struct detection *detection,
                      const char **problem);

/* The same as FAILED_PRECONDITION. */
bool baseline_check(const struct request *request, struct pg_session *session, const struct detection *detection);

#endif
