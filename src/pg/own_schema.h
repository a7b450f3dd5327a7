/*
 * A role that is called "truss", as our schema is: "$user" of its search path would mean our schema as soon as we have
 * made it, and what a script makes without a schema would land beside our tables. Where the schema is ours alone, the
 * session is one without "$user", so that names mean what they mean to the framework's own tool.
 */
#ifndef PG_OWN_SCHEMA_H
#define PG_OWN_SCHEMA_H

#include "pg/session.h"

/* The connection to be opened instead, in *other; false where this one is right, or it cannot be asked. A schema
 * "truss" with tables of somebody else is that role's own, and stays in its path. */
bool own_schema_is_in_path(struct pg_session *session, const struct conninfo *conninfo, struct arena *arena,
                           struct conninfo *other);

#endif
