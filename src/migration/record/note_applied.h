/*
 * Writing down who had migrations applied (look/applied_by.h).
 */
#ifndef MIGRATION_RECORD_NOTE_APPLIED_H
#define MIGRATION_RECORD_NOTE_APPLIED_H

#include "migration/look/applied_by.h"

/* What a run has applied, or what was marked or recorded as a baseline. */
struct applied_names {
    const char *const *items; /* never without one */
    size_t count;
    uint32_t run_ms; /* for how long the run, or the marking, has gone on */
};

/* Writes them down, in place of what was known of them before; makes the table first. Does nothing in a database in
 * which Truss keeps nothing else: an ordinary run leaves no trace but its rows in the tracking table. The session must
 * not be inside a transaction. */
bool applied_by_write(const struct request *request, struct pg_session *session, const struct ledger *ledger,
                      const struct applied_names *names, struct status *status);

/* The same of what is marked already: that it cannot be written down is logged, and changes nothing. */
void applied_by_note(const struct request *request, struct pg_session *session, const struct ledger *ledger,
                     const struct applied_names *names);

#endif
