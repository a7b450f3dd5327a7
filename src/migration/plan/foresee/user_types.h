/*
 * A column that becomes an enum or a domain: which of its values that would not take.
 */
#ifndef MIGRATION_PLAN_FORESEE_USER_TYPES_H
#define MIGRATION_PLAN_FORESEE_USER_TYPES_H

#include "migration/plan/foresee/rows.h"
#include "sql/retypes.h"

/* Is a value of some row no label of the enum that its column becomes? table: its name for our session. */
enum rows_answer user_types_find_label(struct needs *needs, const struct sql_retype *retype,
                                       const struct relation *relation, const char *table);

/* Is a value of some row against a constraint of the domain that its column becomes? from: a query that gives the new
 * values, of the domain's base type, as "value" and calls only functions of PostgreSQL's. *state is the SQLSTATE then.
 */
enum rows_answer user_types_find_refused(struct needs *needs, const struct sql_retype *retype, const char *from,
                                         const char **state);

/* Records the labels of the enums that the plan creates. */
void user_types_note(struct needs *needs, struct text statement);

#endif
