/*
 * Several migrations in one transaction, which stays open between queries. Each part of a script is a query of its own,
 * so that the failing one is known. A lock that is not obtained rolls everything back, and all of it is tried again.
 */
#ifndef MIGRATION_RUN_BATCH_H
#define MIGRATION_RUN_BATCH_H

#include "migration/record/transaction.h"
#include "migration/run/executor.h"
#include "migration/run/ladder.h"

struct batch {
    const struct execution *execution;
    struct run *run;
    struct ladder ladder;
    bool stalls;        /* some statement may make others queue behind it */
    bool locks;         /* the framework's own tool is kept out of the ledger until the end */
    size_t at;          /* the current migration */
    bool is_incomplete; /* a dry run: something that may have an effect was not tried */
    bool is_doubtful;   /* and so its failure may be none */
    struct status status;
    struct failure failure;
};

/* locks: as in struct transaction. */
struct batch batch_start(const struct execution *execution, bool locks);

/* Begins one attempt, with memory of its own, and the transaction. End it with batch_roll_back or batch_commit. */
bool batch_begin(struct batch *batch);

/* Reads a migration, which must still be what was planned. */
bool batch_load(struct batch *batch, const struct prepared *prepared, struct loaded *loaded);

/* Sends one part of a migration's script in a reset session, after the statements in `carry` (NULL: none), followed by
 * its row if record is not NULL. */
bool batch_send(struct batch *batch, const struct loaded *loaded, const struct step *step, const char *carry,
                const struct ledger_record *record);

bool batch_commit(struct batch *batch);
void batch_roll_back(struct batch *batch);

/* After a failure: returns true if it was for a lock and everything is to be tried again now. */
bool batch_again(struct batch *batch);

/* Puts the batch's failure of the current migration into the result. */
void batch_keep_failure(const struct batch *batch);

/* Adds the current migration to the result as applied. */
void batch_add_applied(const struct batch *batch, const struct loaded *loaded, int64_t began);

/* Frees the memory of the last attempt. */
void batch_end(struct batch *batch);

#endif
