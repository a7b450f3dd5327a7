/*
 * What is locked along when the rows of a relation are read or changed: the tables of a view, partitions and children,
 * both tables of foreign keys with what they cascade to, and the sequences of defaults.
 */
#ifndef MIGRATION_PLAN_FORESEE_TOUCHED_H
#define MIGRATION_PLAN_FORESEE_TOUCHED_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

#define TOUCHED_MOST 200 /* rows of an answer */
#define TOUCHED_FEW  5   /* of these, in a plan that has listed many */

/* The fields of a row. The last is the number of all relations: more than the rows, if these are cut off. */
enum { TOUCHED_OID, TOUCHED_LOCK, TOUCHED_NAME, TOUCHED_KIND, TOUCHED_COUNT };

/* Is nothing else locked when these rows are read or changed? Asks nobody. */
bool touched_is_alone(const struct relation *relation, const struct sql_touch *touch);

/* Asks for the other relations; lock: the lock on the relation itself. Tables come before partitions and children of
 * others. Release the answer with PQclear; NULL: no answer. */
PGresult *touched_ask(struct arena *arena, struct questions *questions, const struct relation *relation,
                      const struct sql_touch *touch, enum sql_lock lock);

#endif
