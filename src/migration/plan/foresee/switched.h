/*
 * Triggers and rules that a plan turns off and on, or drops: ALTER TABLE … DISABLE TRIGGER, DROP TRIGGER, SET
 * session_replication_role. What is turned off fires nothing, until it is turned on again.
 */
#ifndef MIGRATION_PLAN_FORESEE_SWITCHED_H
#define MIGRATION_PLAN_FORESEE_SWITCHED_H

#include "migration/plan/foresee/world.h"
#include "pg/values.h"

/* Start with {.arena, .world}; the arena is the request's. */
struct switched {
    struct arena *arena;
    struct world *world;
    struct buffer said;  /* an array of what was said, in its order: see SWITCHED_STATE */
    size_t number;       /* how much was said or unsaid, so that an old answer is known as old */
    const char *firing;  /* the states of triggers that fire now (pg_trigger.tgenabled); NULL: as the session has it */
    unsigned migration;  /* the one for which `firing` holds */
    bool is_transaction; /* `firing` ends with the transaction */
};

/* SQL: the state of the trigger (kind "t") or rule ("r") named `name` of the relation `oid`, which is `state` in the
 * database; said: the parameter with the array. */
#define SWITCHED_STATE(kind, oid, name, state, said)                                                                   \
    "coalesce((SELECT pg_catalog.split_part(s.said, pg_catalog.chr(31), 4) FROM pg_catalog.unnest(" said               \
    "::text[]) WITH ORDINALITY AS s(said, number) WHERE pg_catalog.split_part(s.said, pg_catalog.chr(31), 1) = '" kind \
    "' AND pg_catalog.split_part(s.said, pg_catalog.chr(31), 2) = " oid                                                \
    "::text AND pg_catalog.split_part(s.said, pg_catalog.chr(31), 3) IN ('', " name                                    \
    "::text) ORDER BY s.number DESC LIMIT 1), " state "::text)"

/* SQL: is this one of the states that fire? firing: the parameter with them. */
#define SWITCHED_FIRES(state, firing)                                                                                  \
    "pg_catalog.strpos(coalesce(" firing "::text, CASE pg_catalog.current_setting('session_replication_role') WHEN "   \
    "'replica' THEN 'RA' ELSE 'OA' END), " state ") > 0"

/* The array of what was said, for a query. */
const char *switched_said(const struct switched *switched);

/* The states that fire now, for a query; NULL: as the session has it. */
const char *switched_firing(const struct switched *switched);

/* Records what the statement turns off or on. */
void switched_note(struct switched *switched, struct text statement);

#endif
