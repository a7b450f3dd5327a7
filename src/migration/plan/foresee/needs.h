/*
 * What is followed through a plan for all that looks for what its statements need: which names they have mentioned, and
 * how much was asked of the server. Of a name that a statement before has so much as mentioned nothing is said.
 */
#ifndef MIGRATION_PLAN_FORESEE_NEEDS_H
#define MIGRATION_PLAN_FORESEE_NEEDS_H

#include "base/word_set.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

struct needs_bounds;

/* {.arena, .questions, .world} at a plan's beginning; the arena is the request's. */
struct needs {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct word_set mentioned;   /* names, by the statements before */
    struct word_set taken;       /* of these, by what drops, renames or moves */
    struct needs_bounds *bounds; /* of partitions that were read: bounds.c */
    const char *own_schema;      /* of the tracking table, which the run makes before; NULL: none */
    const char *own_table;
    size_t asked;
    bool may_set_zone;       /* the session's time zone may be another when a statement runs */
    bool has_unnamed_schema; /* CREATE SCHEMA AUTHORIZATION: of that role's name */
    bool gave_up;            /* too much was asked for: nothing more is */
    bool has_cascaded;       /* a statement before has taken away what it does not name */
    bool may_have_emptied;   /* a statement before may have taken rows, from whatever table */
    bool is_tried_again;     /* the statement was interrupted before, and has left some of what it makes */
};

/* How often the statement names it: what it makes itself it names twice. */
size_t needs_count_in(struct text statement, const char *name);

/* Has a statement before mentioned the name? */
bool needs_mentioned(const struct needs *needs, const char *name);

/* Has a statement that takes something away? */
bool needs_took(const struct needs *needs, const char *name);

/* Has one mentioned a type of this list (struct sql_need), or taken away or renamed its schema? */
bool needs_mentioned_type(const struct needs *needs, const char *list);

/* Has one mentioned a relation that this one inherits from, as a child or a partition at any depth? What happens to
 * that happens to it: indexes and constraints come and go with its. oid: 0 is nobody's. */
bool needs_mentioned_above(struct needs *needs, uint32_t oid);

/* As pg_query, within what one plan may ask; NULL as well behind that. */
PGresult *needs_ask(struct needs *needs, const char *sql, int count, const char *const *values);

/* That something is there already, and what to do. called: "type"; NULL: its name says enough. */
const char *needs_say_there(struct arena *arena, const char *called, const char *name);

/* The summary of the plan, in the needs' arena; it says so where not all was looked for. */
const char *needs_summary(const struct needs *needs, const char *summary);

/* Notes what the statement mentions, where it makes, changes or takes away something. */
void needs_note(struct needs *needs, struct text statement);

#endif
