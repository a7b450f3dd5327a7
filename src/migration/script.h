/*
 * A migration's script: read and checked, and sent to the server together with its ledger row.
 */
#ifndef MIGRATION_SCRIPT_H
#define MIGRATION_SCRIPT_H

#include "migration/catalog.h"
#include "migration/plan.h"

/* Why and where a migration failed; strings are NULL and numbers 0 where nothing is known. */
struct script_failure {
    const char *error;
    const char *statement;
    const char *sqlstate;
    const char *detail;
    const char *hint;
    struct position where; /* in the file */
    bool partially_applied;
    bool connection_lost; /* whether the server committed is not known from this connection */
};

/* Reads the script of a migration into the arena. Fails with FAILED_PRECONDITION where it is not UTF-8 or has a NUL
 * byte, saying in which line. */
bool script_read(struct arena *arena, const struct migration_file *file, struct text *content, struct status *status);

/* Runs a planned script and records it. In one transaction with its row where the plan says so; else the row is started
 * before the first step and finished with the last, as the framework does. False where it failed; then the failure
 * says why, the transaction is rolled back, and the row says what the framework's own would. */
bool script_run(struct work *work, const struct detection *detection, const struct ledger_record *record,
                struct text content, const struct plan *plan, struct script_failure *failure);

/* Writes down a failure between steps: the row is forgotten where nothing of the migration stays, else it is left
 * unfinished with its log. script_run does so itself; this is for a connection that was lost and found again. */
void script_record_failure(struct work *work, const struct detection *detection, const struct ledger_record *record,
                           const struct script_failure *failure);

#endif
