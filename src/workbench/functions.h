/*
 * What is known of PostgreSQL's own functions that their volatility does not say: those that do more than read, and
 * those that are VOLATILE and harmless all the same. By experiment on PostgreSQL 13 to 18: every function whose
 * arguments SQL can give was called in BEGIN READ ONLY, and the server compared before and behind ROLLBACK.
 */
#ifndef WORKBENCH_FUNCTIONS_H
#define WORKBENCH_FUNCTIONS_H

#include <stdbool.h>

/* Why a function of this name is refused, whatever its volatility: the end of a sentence. NULL: nothing is known. */
const char *function_danger(const char *name);

/* True for a VOLATILE function of pg_catalog that changes nothing and waits for nothing. */
bool function_is_harmless(const char *name);

/* True for what the grammar of 15 reads as a function, and newer servers as a word of theirs (json_value). */
bool function_is_word(const char *name);

/* True for those that make a row of its values: the CHECKs of its domains are run. */
bool function_fills_rows(const char *name);

#endif
