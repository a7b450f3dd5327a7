/*
 * A reading transaction, and what is asked of its session first. Inside of it nothing is written, names mean what
 * pg_catalog says (an operator of somebody's schema is never taken), and row-level security is an error: a policy that
 * hides rows of a ledger must not look like migrations that were never applied.
 */
#ifndef MIGRATION_LOOK_SESSION_FACTS_H
#define MIGRATION_LOOK_SESSION_FACTS_H

#include "migration/look/place.h"

struct session_facts {
    const char **schemas; /* those of the search path that exist, without pg_catalog */
    size_t schema_count;
    const char *search_path; /* the setting */
    /* Somebody chose it: the URL, the role or the database has one. A schema that only happens to have the role's name
     * ("$user" of the usual path) is nobody's choice: it may have been made after the ledger. */
    bool names_schema;
    bool means_ours; /* the role is called as our own schema is, and "$user" of the search path means it */
};

/* Begins, and asks. The session is not inside of a transaction. False and the request's status where the server does
 * not answer; then there is nothing to end. */
bool reading_begin(const struct request *request, struct pg_session *session, struct session_facts *facts);

/* Ends it, however it went. */
void reading_end(struct pg_session *session);

#endif
