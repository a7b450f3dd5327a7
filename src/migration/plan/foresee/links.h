/*
 * What a plan links relations with, by the relation that each link leads from: a plan may make thousands, and asks for
 * those of one relation at each statement.
 */
#ifndef MIGRATION_PLAN_FORESEE_LINKS_H
#define MIGRATION_PLAN_FORESEE_LINKS_H

#include "migration/plan/foresee/undo.h"
#include "sql/effects.h"

struct relation;

/* The links from one relation, in the order in which they were made. {0}: none. */
struct links_from {
    size_t first; /* its number, from 1 */
    size_t last;
};

struct link {
    struct relation *to;
    enum sql_link kind;
    size_t next; /* the number of the next one from the same relation; of the last one it says nothing */
};

struct links {
    struct link *items;
    size_t count;
    size_t capacity;
};

/* Adds one, in the arena of `undo`. */
void links_add(struct links *links, struct undo *undo, struct links_from *from, struct relation *to,
               enum sql_link kind);

/* The first link, or the one behind another; NULL: there are no more. Good until one is added. */
const struct link *links_next(const struct links *links, const struct links_from *from, const struct link *before);

#endif
