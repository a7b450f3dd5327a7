/*
 * Sending a piece of a migration's script, and telling what came of it in terms of the file. What would make others
 * queue behind it is sent under a ladder of short lock_timeouts: it never waits long for a lock at a time, and comes
 * back for it until its time is over.
 */
#ifndef MIGRATION_RUN_SEND_H
#define MIGRATION_RUN_SEND_H

#include "migration/failure.h"
#include "migration/look/detect.h"
#include "migration/plan/cut.h"
#include "migration/run/current.h"

/* How a lock_timeout is set for it. */
enum query_ladder {
    LADDER_NONE,
    LADDER_LOCAL,   /* by a SET LOCAL in the query itself */
    LADDER_SESSION, /* by a SET before it: it stands alone, or has a transaction of its own */
};

/* A query under construction, with the part of it that is the script's own. Start with {.sql = {.arena = arena}}. */
struct query {
    struct buffer sql;
    size_t statements_before; /* of ours, in front of the script's part */
    size_t characters_before;
    enum query_ladder ladder;
    size_t timeout_at; /* of LADDER_LOCAL: where its number is */
    bool is_wrapped;   /* positions in it say nothing of the file */
};

/* Appends statements of ours. */
void query_put(struct query *query, const char *sql);

/* What an earlier migration may have changed is as the connection began, and as the framework's own connection is; then
 * the run's own limits. */
void query_put_session(struct query *query, const struct run *run, const struct detection *detection);

/* BEGIN, the lock_timeout of the ladder where the piece stalls others, and what keeps the framework's own tool out of
 * the ledger meanwhile. */
void query_put_begin(struct query *query, const struct detection *detection, bool stalls);

/* The last of these alone, inside a transaction that is open. */
void query_put_lock(struct query *query, const struct detection *detection);

/* What lets the framework's own tool in again, and COMMIT. */
void query_put_commit(struct query *query, const struct detection *detection);

/* A SET LOCAL lock_timeout of the ladder alone, inside a transaction that is open. */
void query_put_timeout(struct query *query);

/* The script's own part. */
void query_put_script(struct query *query, struct text part);

/* A row of the ledger, written as who we are, whatever role the script has left. */
void query_put_ledger(struct query *query, const struct detection *detection, const struct ledger_record *record,
                      enum ledger_part part);

/* The rungs: how long the next try may wait, and whether there is one. */
struct ladder {
    int64_t began;
    uint32_t timeout_ms;
    uint32_t pause_ms;
    uint32_t attempt;
};

struct ladder ladder_start(const struct run *run);

/* After a failure: true where it was for a lock, and it is to be tried again now (the pause is over). The failure then
 * says nothing; else it says who had the lock, and how often it was tried. */
bool ladder_again(struct ladder *ladder, struct run *run, const char *migration, struct failure *failure);

/* Sends it once, under the ladder's present rung where it has one. Where it fails the failure is described and an open
 * transaction is rolled back. */
bool query_send_once(struct run *run, struct text content, const struct step *step, struct query *query,
                     const struct ladder *ladder, struct failure *failure);

/* Sends it as often as its ladder says. */
bool query_send(struct run *run, const char *migration, struct text content, const struct step *step,
                struct query *query, struct failure *failure);

#endif
