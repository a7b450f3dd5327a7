/*
 * Several migrations in one transaction, which stays open from one query to the next: each part of a script is a query
 * of its own, so that what fails is known. A lock that cannot be had undoes all of it, which is tried again from its
 * beginning.
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
    bool stalls; /* something in it may make others queue behind it */
    bool locks;  /* the framework's own tool is kept out of the ledger until the end */
    size_t at;   /* the migration under way */
    struct status status;
    struct failure failure;
};

/* locks: as in struct transaction. */
struct batch batch_start(const struct execution *execution, bool locks);

/* A try at all of it, in memory of its own; BEGIN. To be ended by batch_roll_back or batch_commit. */
bool batch_begin(struct batch *batch);

/* Reads a migration, which must still be what was planned. */
bool batch_load(struct batch *batch, const struct prepared *prepared, struct loaded *loaded);

/* Sends one part of a migration's script in a session as it began, with what `carry` makes again (NULL: nothing), and
 * its row where record is not NULL. */
bool batch_send(struct batch *batch, const struct loaded *loaded, const struct step *step, const char *carry,
                const struct ledger_record *record);

bool batch_commit(struct batch *batch);
void batch_roll_back(struct batch *batch);

/* After a failure: true where it was for a lock and all is to be tried again now. */
bool batch_again(struct batch *batch);

/* The migration under way has failed, as the batch's failure says. */
void batch_keep_failure(const struct batch *batch);

/* It came through. */
void batch_add_applied(const struct batch *batch, const struct loaded *loaded, int64_t began);

/* The memory of the last try goes. */
void batch_end(struct batch *batch);

#endif
