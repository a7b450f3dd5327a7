/*
 * What the statements of a plan want to know of the database while their effects are read (struct sql_facts): types,
 * columns, indexes. CHECKs that the plan itself adds, validates and drops, and domains that it makes, are followed.
 */
#ifndef MIGRATION_PLAN_ASKED_H
#define MIGRATION_PLAN_ASKED_H

#include "base/words.h"
#include "migration/plan/world.h"
#include "pg/session.h"

/* {.arena, .session, .world} at a plan's beginning; the arena is the request's. */
struct asked {
    struct arena *arena;
    struct pg_session *session;
    struct world *world;
    struct words proofs;    /* by twos: a constraint of the plan's that is valid, and "table.column" that it proves */
    struct words promises;  /* the same of those that are NOT VALID yet */
    struct words validated; /* constraints of the database that the plan has validated */
    struct words dropped;   /* and those that it has dropped */
    struct words free_domains;
    struct words checked_domains;
};

/* Sets the functions and the data of facts. */
void asked_answer(struct asked *asked, struct sql_facts *facts);

/* Notes what the statement does to constraints and domains. */
void asked_note(struct asked *asked, struct text statement);

#endif
