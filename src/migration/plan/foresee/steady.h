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
    struct words operators; /* the database's and the plan's, each with its function; casts by "::" and their type */
    struct words unnamed;   /* functions that are called without being named: of casts, and of operator classes */
    bool knows_firing;      /* `firing` was queried */
    bool knows_operators;   /* `operators` was queried */
};

/* SQL: of the function p, of the language l, nothing is to be read. It may not write, or is an extension's program. */
#define STEADY_UNREAD                                                                                                  \
    "(p.provolatile <> 'v' OR (l.lanname IN ('c', 'internal') AND (p.pronamespace = "                                  \
    "'pg_catalog'::pg_catalog.regnamespace OR EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = "           \
    "'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e'))))"

/* SQL: the function p, of the language l, is PostgreSQL's own, or a program of which nothing can be read and that may
 * not write, or is an extension's. Unlike above, a function that only reads may call one that does not. */
#define STEADY_TRUSTED "(p.oid < 16384 OR (l.lanname IN ('c', 'internal') AND " STEADY_UNREAD "))"

/* SQL: the language of such a function as a row about it has it. */
#define STEADY_SAID "(l.lanname || CASE p.provolatile WHEN 'v' THEN '' ELSE '" STEADY_READS "' END)"

/* Behind the language of a function that may not write by itself. */
#define STEADY_READS " only reading"

/* SQL: the functions behind an aggregate, a row a of pg_aggregate, as oids. */
#define STEADY_AGGREGATES                                                                                              \
    "ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, "                \
    "a.aggminvtransfn, a.aggmfinalfn]::oid[]"

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

/* Is this the name of an operator, or of a cast ("::" and the name of its type)? */
bool steady_names_operator(const char *name);

/* Is that known of the functions behind every operator with this name. */
bool steady_is_operator(struct steady *steady, const char *name);

/* Is that known of the functions that a statement may call without naming them, with an implicit cast or an index? */
bool steady_are_unnamed(struct steady *steady);

/* Records an operator or a cast that the plan creates, and its function; is_unnamed: it is called without being named.
 */
void steady_note_operator(struct steady *steady, const char *name, const char *function, bool is_unnamed);

/* Records an aggregate that the plan creates: is it known? */
void steady_note_aggregate(struct steady *steady, const char *name, bool is);

/* Has the plan created a function of one of these names for which it is not known? */
bool steady_lost(const struct steady *steady, const struct words *names);

/* Records CREATE and ALTER FUNCTION. Returns false for other statements. */
bool steady_note(struct steady *steady, struct text statement);

#endif
