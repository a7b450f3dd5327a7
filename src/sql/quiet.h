/*
 * Scripts of which it is certain that their session is afterwards as it was before, advisory locks and all, so that
 * nothing has to be put back before the next one. A white list: what is not surely quiet is not.
 */
#ifndef SQL_QUIET_H
#define SQL_QUIET_H

#include "base/text.h"

#include <stdbool.h>

/* Does every statement only make, drop or describe tables, indexes, types and schemas, none of them temporary, without
 * computing anything? Then it calls no function that somebody could have written. That holds where no event trigger
 * fires, where no temporary schema comes first in the search path, and where a type's own name means PostgreSQL's type
 * (pg_catalog is first); the caller must know that. */
bool sql_is_quiet(struct text script);

#endif
