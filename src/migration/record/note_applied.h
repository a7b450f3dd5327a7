/*
 * Stores who had migrations applied (look/applied_by.h).
 */
#ifndef MIGRATION_RECORD_NOTE_APPLIED_H
#define MIGRATION_RECORD_NOTE_APPLIED_H

#include "migration/look/applied_by.h"

/* The migrations that a run has applied, or that were marked or recorded as a baseline. */
struct applied_names {
    const struct ledger *ledger;
    const char *const *items; /* at least one */
    const uint32_t *ms;       /* how long each took, 0: not measured; NULL: none was */
    size_t count;
    bool are_marked; /* without having been executed */
    uint32_t run_ms; /* the duration of the run or the marking so far */
};

/* Stores them in place of older entries; creates the table first. Does nothing, with *keeps false, in a database in
 * which Truss stores nothing else: an ordinary run leaves only its rows in the tracking table. The session must not be
 * inside a transaction. */
bool applied_by_write(const struct request *request, struct pg_session *session, const struct applied_names *names,
                      bool *keeps, struct status *status);

/* The same for migrations that are already marked: an error is only logged. */
void applied_by_note(const struct request *request, struct pg_session *session, const struct applied_names *names);

#endif
