/*
 * Which statements throw away what people have stored: a person is asked about these with more than a key.
 */
#ifndef SQL_LOSS_H
#define SQL_LOSS_H

#include "base/text.h"

#include <stdbool.h>

/* Does it drop or empty what may hold rows, or delete rows? Read by its words; whether anything is there is for the
 * caller to know. What it calls (functions, DO blocks) is not looked into. */
bool sql_loses_data(struct text statement);

#endif
