/*
 * Kinds that are compared part by part, because the script may leave out what the server always has: sequences,
 * domains, policies, composite and range types, and what a function is besides its source.
 */
#ifndef MIGRATION_LOOK_DEFINITION_KINDS_H
#define MIGRATION_LOOK_DEFINITION_KINDS_H

#include "migration/look/definition_words.h"

/* `existing`: "bigint 1 1 9223372036854775807 1 1 f": type, increment, least, most, start, cache, cycle. */
enum definition_match definition_compare_sequence(struct arena *arena, struct text statement, const char *existing);

/* `existing`: "character varying(20) NOT NULL DEFAULT … CHECK (…)", as far as it has these. */
enum definition_match definition_compare_domain(struct arena *arena, struct text statement, const char *existing);

/* `existing`: "PERMISSIVE FOR ALL TO public USING (…) WITH CHECK (…)". */
enum definition_match definition_compare_policy(struct arena *arena, struct text statement, const char *existing);

/* CREATE TYPE … AS (…) or AS RANGE (…); `existing`: "a integer, b text", or "subtype = integer". */
enum definition_match definition_compare_parts(struct arena *arena, struct text statement, const char *existing);

/* `existing`: "plpgsql volatile invoker called", as pg_proc has it. DIFFERENT or SAME. */
enum definition_match definition_compare_habits(struct arena *arena, struct text statement, const char *existing);

#endif
