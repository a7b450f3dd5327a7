/*
 * Answers what the plan needs to know about the database while it reads the effects of its statements (struct
 * sql_facts): types, columns, indexes. It follows the CHECK constraints that the plan adds, validates and drops, and
 * the domains that it creates.
 */
#ifndef MIGRATION_PLAN_FORESEE_ASKED_H
#define MIGRATION_PLAN_FORESEE_ASKED_H

#include "base/words.h"
#include "migration/plan/foresee/columns.h"
#include "migration/plan/foresee/needs.h"
#include "migration/plan/foresee/proven.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/volatility.h"
#include "migration/plan/foresee/world.h"

/* A type of the database; or a name for which there is none. */
struct asked_type {
    const char *name; /* "schema.type"; ".type" if unqualified */
    const char *base; /* a domain's base type, by format_type() */
    enum sql_type_kind kind;
};

struct asked {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    const struct needs *needs; /* what earlier statements have set */
    struct columns columns;
    struct proven proven;
    struct volatility volatility;
    struct asked_type *types;
    size_t type_count;
    size_t type_capacity;
    struct words bases;        /* the domains of columns, each with its base type by format_type() */
    struct words free_domains; /* created by the plan; in any schema */
    struct words checked_domains;
    struct words enums;
};

/* Call it at a plan's beginning. The arguments must live longer than the result; the arena is the request's. */
struct asked asked_begin(struct arena *arena, struct questions *questions, struct world *world);

/* The type of a column, by format_type(); NULL: not known. */
const char *asked_column_type(struct asked *asked, const char *schema, const char *table, const char *column);

/* Sets the functions and the data of `facts`; the needs are the plan's. */
void asked_answer(struct asked *asked, const struct needs *needs, struct sql_facts *facts);

/* Records what the statement does to constraints, columns and domains. */
void asked_note(struct asked *asked, struct text statement, const struct sql_effects *effects);

#endif
