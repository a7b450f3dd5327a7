/*
 * Where a framework's ledger is, or will be made.
 */
#ifndef MIGRATION_LOOK_LEDGER_PLACE_H
#define MIGRATION_LOOK_LEDGER_PLACE_H

#include "migration/look/looking.h"

/* Did anybody name the schema or table: an option, the URL, the connection, the project's configuration? folder may be
 * NULL. */
bool ledger_is_named(const struct looking *looking, const struct folder *folder);

/* The schema in which an unqualified CREATE TABLE would create its table. */
const char *session_schema(const struct looking *looking);

/* The schema that its tool makes for its table if it is missing: the first of the URL's search path (dbmate). NULL: it
 * makes none. */
const char *ledger_made_schema(const struct request *request, const struct framework *framework);

/* Does its tool read x-migrations-table in the URL (golang-migrate, morph)? */
bool ledger_is_of_url(const struct framework *framework);

/* The place that x-migrations-table in the URL gives; members are NULL if it is absent. */
struct ledger ledger_place_of_url(const struct looking *looking, const struct framework *framework);

/* Where the ledger is made. Precedence: option, configuration, framework, connection. folder may be NULL. */
struct ledger ledger_place_of(const struct looking *looking, const struct framework *framework,
                              const struct folder *folder);

bool ledger_same_place(const struct ledger *a, const struct ledger *b);

#endif
