/*
 * Where a framework's ledger is, or will be made.
 */
#ifndef MIGRATION_LOOK_LEDGER_PLACE_H
#define MIGRATION_LOOK_LEDGER_PLACE_H

#include "migration/look/looking.h"

/* Has anybody said which schema or table is meant: an option, the URL, the connection, the project's configuration?
 * folder NULL: there is none. */
bool ledger_is_named(const struct looking *looking, const struct folder *folder);

/* The schema in which a table is made that a script names without one. */
const char *session_schema(const struct looking *looking);

/* The place that golang-migrate's x-migrations-table of the URL says; NULL members: it says nothing. */
struct ledger ledger_place_of_url(const struct looking *looking, const struct framework *framework);

/* Where the ledger is made: the option decides, then the configuration, the framework, the connection. folder NULL:
 * there is none. */
struct ledger ledger_place_of(const struct looking *looking, const struct framework *framework,
                              const struct folder *folder);

bool ledger_same_place(const struct ledger *a, const struct ledger *b);

#endif
