/*
 * Knowledge about PostgreSQL's own functions beyond their volatility: those that do more than read, and those that are
 * VOLATILE but harmless. Found by experiment on PostgreSQL 13 to 18: every function whose arguments SQL can provide was
 * called in BEGIN READ ONLY, and the server was compared before and after the ROLLBACK.
 */
#ifndef WORKBENCH_FUNCTIONS_H
#define WORKBENCH_FUNCTIONS_H

#include <stdbool.h>

/* Why a function of this name is refused whatever its volatility: the end of a sentence. NULL: nothing known. */
const char *function_danger(const char *name);

/* Is it a VOLATILE function of pg_catalog that changes nothing and waits for nothing? */
bool function_is_harmless(const char *name);

/* Is it something that the grammar of 15 reads as a function, and newer servers as a keyword (json_value)? */
bool function_is_word(const char *name);

/* Does it make a row of values, which evaluates the CHECKs of their domains? */
bool function_fills_rows(const char *name);

#endif
