/*
 * May a statement of a plan create or rename relations without saying so, through a function that a trigger, an event
 * trigger, a default, a view or an operator calls? If so, nobody can know beforehand that a relation is missing.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNSEEN_H
#define MIGRATION_PLAN_FORESEE_UNSEEN_H

#include "base/text.h"
#include "pg/session.h"

/* Start with {0} at the beginning of a plan. */
struct unseen {
    bool has_defined;  /* an earlier statement has changed the schema */
    bool has_computed; /* an earlier statement may have called functions */
    bool makes_maker;  /* an earlier statement has created a function that may create relations */
    bool was_asked;    /* the database was queried about the next two: */
    bool has_maker;    /* a user's function may create relations */
    bool has_event_trigger;
};

/* Records what the statement does, for later ones. */
void unseen_note(struct unseen *unseen, struct text statement);

/* May one of the recorded statements have created a relation that it does not name? The database is queried at most
 * once; if it does not answer, the result is true. */
bool unseen_may_be(struct unseen *unseen, struct arena *arena, struct pg_session *session);

#endif
