/*
 * Which functions lock no more than rows. Judges their bodies by their words: statements beginning with LOCK, ALTER,
 * EXECUTE and similar are not known to be harmless, nor are calls of functions that may do so, nor changes of tables
 * for which more is run.
 */
#ifndef MIGRATION_PLAN_FORESEE_STEADY_H
#define MIGRATION_PLAN_FORESEE_STEADY_H

#include "base/word_set.h"
#include "base/words.h"
#include "migration/plan/foresee/questions.h"

/* Start with {.arena, .questions} at a plan's beginning; the arena is the request's. */
struct steady {
    struct arena *arena;
    struct questions *questions;
    struct word_set quiet;  /* functions of the plan that lock no more than rows */
    struct word_set others; /* functions of the plan for which that is not known */
    struct word_set asked;  /* functions of the database that were queried */
    struct words firing;    /* tables of the database with triggers or the like */
    struct words operators; /* the database's and the plan's, each with its function; not those of only reading ones */
    bool knows_firing;      /* `firing` was queried */
    bool knows_operators;   /* `operators` was queried */
};

/* SQL: of the function p, of the language l, nothing is to be read. It may not write, or is an extension's program. */
#define STEADY_UNREAD                                                                                                  \
    "(p.provolatile <> 'v' OR (l.lanname IN ('c', 'internal') AND (p.pronamespace = "                                  \
    "'pg_catalog'::pg_catalog.regnamespace OR EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = "           \
    "'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e'))))"

/* SQL: does the foreign key k pass a change on to referencing rows? */
#define STEADY_HANDS_ON "k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))"

/* SQL: does the rule w do something else or more, if it is enabled? Not the query of a view, nor DO INSTEAD NOTHING. */
#define STEADY_DOES "w.ev_type <> '1' AND pg_catalog.pg_get_ruledef(w.oid) !~ ' DO INSTEAD +NOTHING;$'"
#define STEADY_ACTS "w.ev_enabled <> 'D' AND " STEADY_DOES

/* The fields of a row about a function. */
enum { STEADY_BODY, STEADY_LANGUAGE, STEADY_NAME };

/* Do all of these functions of the database lock no more than rows? Each row has the fields above. */
bool steady_are(struct steady *steady, const PGresult *functions);

/* Is that known of every function with this name, in the plan and in the database? */
bool steady_is(struct steady *steady, const char *function);

/* The same, if the database alone says `is` of those that it has. */
bool steady_says(const struct steady *steady, const char *function, bool is);

/* Is this the name of an operator? */
bool steady_names_operator(const char *name);

/* Is that known of the functions behind every operator with this name. */
bool steady_is_operator(struct steady *steady, const char *name);

/* Records an operator that the plan creates, and its function. */
void steady_note_operator(struct steady *steady, const char *name, const char *function);

/* Has the plan created a function of one of these names for which it is not known? */
bool steady_lost(const struct steady *steady, const struct words *names);

/* Records CREATE and ALTER FUNCTION. Returns false for other statements. */
bool steady_note(struct steady *steady, struct text statement);

#endif
