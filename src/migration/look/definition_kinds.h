/*
 * Compares those kinds of objects part by part for which a script may omit what the server always prints: sequences,
 * domains, policies, composite and range types, and a function's attributes. `existing` is what the server reports; an
 * example stands at each function.
 */
#ifndef MIGRATION_LOOK_DEFINITION_KINDS_H
#define MIGRATION_LOOK_DEFINITION_KINDS_H

#include "migration/look/definition_words.h"

/* `existing`: "bigint 1 1 9223372036854775807 1 1 f": type, increment, minimum, maximum, start, cache, cycle. */
enum definition_match definition_compare_sequence(struct arena *arena, struct text statement, const char *existing);

/* `existing`: "character varying(20) NOT NULL DEFAULT … CHECK (…)"; each part but the type may be missing. */
enum definition_match definition_compare_domain(struct arena *arena, struct text statement, const char *existing);

/* `existing`: "PERMISSIVE FOR ALL TO public USING (…) WITH CHECK (…)". */
enum definition_match definition_compare_policy(struct arena *arena, struct text statement, const char *existing);

/* CREATE TYPE … AS (…) or AS RANGE (…); `existing`: "a integer, b text", or "subtype = integer". */
enum definition_match definition_compare_parts(struct arena *arena, struct text statement, const char *existing);

/* `existing`: "plpgsql volatile invoker called", from pg_proc. Returns DIFFERENT or SAME. */
enum definition_match definition_compare_habits(struct arena *arena, struct text statement, const char *existing);

#endif
