/*
 * Whose code the server runs when it only reads a statement: it converts constants to their types, and for a row, an
 * array or a range that runs the CHECKs of domains inside it.
 */
#ifndef MIGRATION_PLAN_FORESEE_CONSTANTS_H
#define MIGRATION_PLAN_FORESEE_CONSTANTS_H

#include "migration/plan/foresee/needs.h"

/* May reading this text of SQL run code of somebody whom we do not trust, or code that may do anything? True also if
 * that is not known, unless questions are only noted now. */
bool constants_run_code(struct needs *needs, struct text text);

#endif
