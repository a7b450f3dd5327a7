/*
 * A reading transaction, and what is asked of its session first. Inside it nothing can be written, names resolve to
 * pg_catalog first (an operator in a user's schema is never used), and row-level security raises an error: a policy
 * that hides ledger rows must not look like migrations that were never applied.
 */
#ifndef MIGRATION_LOOK_SESSION_FACTS_H
#define MIGRATION_LOOK_SESSION_FACTS_H

#include "migration/look/place.h"

struct session_facts {
    const char **schemas; /* the existing schemas of the search path, without pg_catalog */
    size_t schema_count;
    const char *search_path; /* the setting */
    /* The search path was set on purpose: by the URL, the role or the database. A schema that merely has the role's
     * name ("$user" of the default path) was not chosen: it may have been created after the ledger. */
    bool names_schema;
    bool means_ours; /* the role has the name of our own schema, so that "$user" in the search path means it */
};

/* Begins the transaction and asks. The session must not be in a transaction. Returns false with the request's status if
 * the server does not answer; then there is nothing to end. */
bool reading_begin(const struct request *request, struct pg_session *session, struct session_facts *facts);

/* Ends the transaction, whatever its outcome. */
void reading_end(struct pg_session *session);

#endif
