/*
 * Which statements delete stored data: a person is asked about these more explicitly.
 */
#ifndef SQL_LOSS_H
#define SQL_LOSS_H

#include "base/text.h"

#include <stdbool.h>

/* Does it drop or empty something that may contain rows, or delete rows? Judged by its words; the caller knows whether
 * there are any. Functions and DO blocks are not examined. */
bool sql_loses_data(struct text statement);

#endif
