/*
 * Internals of sql/effects: statements that contradict themselves, so that no database takes them. What is found is the
 * effects' `wrong`; only the first counts.
 */
#ifndef SQL_NEVER_H
#define SQL_NEVER_H

#include "sql/parse_tree.h"

#define LIMIT_CONSTRAINTS 200 /* of a statement, whose names are compared */

struct sql_effects;

struct never {
    struct sql_effects *effects;
    bool is_of_18;     /* the server is PostgreSQL 18, or newer */
    bool is_before_17; /* known to be older than PostgreSQL 17 */
};

/* Why it cannot succeed, as a sentence that lives as long as the program. */
void never_say(const struct never *never, const char *why);

/* Is it a type that no column, attribute or domain has? By the body of its TypeName. */
bool never_is_pseudo(const json_t *type);

/* The elements of CREATE TABLE: effects_never_table.c. */
void never_elements(const struct never *never, const json_t *elements);
void never_alter_table(const struct never *never, const json_t *body);

/* Privileges, sequences, publications: effects_never_objects.c. */
void never_grant(const struct never *never, const json_t *body);
void never_default_privileges(const struct never *never, const json_t *body);
void never_new_sequence(const struct never *never, const json_t *body);
void never_sequence(const struct never *never, const json_t *body);
void never_publication(const struct never *never, const json_t *body);
/* A sequence that is made with these options. column_type: the body of a TypeName, which counts without AS; NULL:
 * bigint.
 */
void never_made_sequence(const struct never *never, const json_t *options, const json_t *column_type);

/* The storage parameters of a statement of this kind: effects_never_options.c. */
void never_options(const struct never *never, const char *kind, const json_t *body);

#endif
