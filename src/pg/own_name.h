/*
 * The default name of the schema of our own tables (pg/own_sql.h).
 */
#ifndef PG_OWN_NAME_H
#define PG_OWN_NAME_H

#define OWN_SCHEMA_USUAL "truss"

#endif
