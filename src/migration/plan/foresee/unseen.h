/*
 * Whether something of a plan may make or rename relations without saying so: by a function that a trigger, an event
 * trigger, a default, a view, an operator calls. Where that may be, nobody knows beforehand that a relation is missing.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNSEEN_H
#define MIGRATION_PLAN_FORESEE_UNSEEN_H

#include "base/text.h"
#include "pg/session.h"

/* {0} is the beginning of a plan. */
struct unseen {
    bool has_defined;  /* a statement before has changed the schema */
    bool has_computed; /* a statement before may have called functions */
    bool makes_maker;  /* a statement before has made a function that may make relations */
    bool was_asked;    /* the database was, about these two: */
    bool has_maker;    /* a function of its users' may make relations */
    bool has_event_trigger;
};

/* Notes what the statement does, for those behind it. */
void unseen_note(struct unseen *unseen, struct text statement);

/* May one of the statements that were noted have made a relation that is not in its words? The database is asked at
 * most once; where it does not answer, it may be. */
bool unseen_may_be(struct unseen *unseen, struct arena *arena, struct pg_session *session);

#endif
