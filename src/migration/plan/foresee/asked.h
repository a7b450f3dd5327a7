/*
 * What the statements of a plan want to know of the database while their effects are read (struct sql_facts): types,
 * columns, indexes. CHECKs that the plan itself adds, validates and drops, and domains that it makes, are followed.
 */
#ifndef MIGRATION_PLAN_FORESEE_ASKED_H
#define MIGRATION_PLAN_FORESEE_ASKED_H

#include "base/words.h"
#include "migration/plan/foresee/proven.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* A type of the database, or a name that it has for none. */
struct asked_type {
    const char *name; /* "schema.type", ".type" without a schema */
    const char *base; /* of a domain, as format_type() writes it */
    enum sql_type_kind kind;
};

struct asked {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct proven proven;
    struct asked_type *types;
    size_t type_count;
    size_t type_capacity;
    struct words bases;        /* domains that columns have, each with its base type, as format_type() writes them */
    struct words free_domains; /* of the plan; in whatever schema */
    struct words checked_domains;
};

/* At a plan's beginning. All are the plan's, and live longer than what is returned; the arena is the request's. */
struct asked asked_begin(struct arena *arena, struct questions *questions, struct world *world);

/* The type of a column as format_type() writes it; NULL where it is not known. */
const char *asked_column_type(struct asked *asked, const char *schema, const char *table, const char *column);

/* Sets the functions and the data of facts. */
void asked_answer(struct asked *asked, struct sql_facts *facts);

/* Notes what the statement, of these effects, does to constraints, columns and domains. */
void asked_note(struct asked *asked, struct text statement, const struct sql_effects *effects);

#endif
