/*
 * Which rights a statement needs besides those on the relations that it locks: on things of other kinds, on schemas and
 * the database, on the parameters that it sets; and what the role must be. Measured with PostgreSQL 12, 15 and 18.
 */
#ifndef SQL_RIGHTS_H
#define SQL_RIGHTS_H

#include "sql/needs.h"

/* What is needed on a thing: */
#define RIGHT_OWNER      "OWNER"   /* to own it */
#define RIGHT_DROP       "DROP"    /* to own it, or the schema in which it is */
#define RIGHT_RENAME     "RENAME"  /* to own it, and CREATE in its schema */
#define RIGHT_REPLACE    "REPLACE" /* to own it if it is there */
#define RIGHT_GIVE       "GIVE"    /* to own it, and to be able to become `to`, which may CREATE in its schema */
#define RIGHT_GRANT      "GRANT"   /* to own it, or an option to grant */
#define RIGHT_BESIDE     "BESIDE"  /* CREATE in its schema */
#define RIGHT_CREATE     "CREATE"  /* the privileges of these names */
#define RIGHT_USAGE      "USAGE"
#define RIGHT_EXECUTE    "EXECUTE"
#define RIGHT_CREATE_FOR "CREATE FOR" /* of a schema: CREATE for `to`, unless a superuser gives that something */
#define RIGHT_TEMP       "TEMPORARY"
#define RIGHT_MAPPING    "MAPPING" /* of a server: to own it, or USAGE if `to` is the role itself */

/* On a relation. */
#define RIGHT_NEXT     "NEXT"     /* a number of a sequence */
#define RIGHT_SET_NEXT "SET NEXT" /* to set it */
#define RIGHT_DEFAULTS                                                                                                 \
    "DEFAULTS" /* numbers for the columns that are not in `part`, of the sequences in their defaults */
#define RIGHT_TRIGGERS "TRIGGERS" /* to switch its foreign keys off */
#define RIGHT_SELECT   "SELECT" /* on the columns in `part` (SEPARATED as in struct sql_need), as far as it has them; */
#define RIGHT_INSERT   "INSERT" /* "*": on all; a number in `types`: on so many; NULL: on any */
#define RIGHT_UPDATE   "UPDATE"

/* On a role. With an empty name: the role itself must have an attribute. */
#define RIGHT_SUPERUSER     "SUPERUSER"
#define RIGHT_CREATEDB      "CREATEDB"
#define RIGHT_CREATEROLE    "CREATEROLE"
#define RIGHT_GIVE_CREATEDB "GIVE CREATEDB" /* to give this attribute, and the next ones */
#define RIGHT_REPLICATION   "REPLICATION"
#define RIGHT_BYPASSRLS     "BYPASSRLS"
#define RIGHT_SUBSCRIBE     "SUBSCRIBE"
#define RIGHT_CHECKPOINT    "CHECKPOINT"
#define RIGHT_READ_FILES    "pg_read_server_files" /* to be a member of these */
#define RIGHT_WRITE_FILES   "pg_write_server_files"
#define RIGHT_PROGRAM       "pg_execute_server_program"
#define RIGHT_SET_ROLE      "SET ROLE" /* to become it; `to` RIGHT_LOCAL: until the transaction ends */
#define RIGHT_LOCAL         "local"
#define RIGHT_LOGIN         "SET SESSION AUTHORIZATION"
#define RIGHT_USE           "USE"       /* its rights */
#define RIGHT_REASSIGN      "REASSIGN"  /* the same, to give away what it owns */
#define RIGHT_MAKE_FOR      "MAKE FOR"  /* to make something that it owns */
#define RIGHT_ALTER         "ALTER"     /* to change, drop or rename it */
#define RIGHT_ALTER_OWN     "ALTER OWN" /* the same; the role itself may */
#define RIGHT_MEMBERS       "MEMBERS"   /* to add members to it */

/* On a setting. */
#define RIGHT_SET          "SET"
#define RIGHT_ALTER_SYSTEM "ALTER SYSTEM"

struct sql_right {
    const char *needed;
    struct sql_need on; /* its name NULL: CREATE in the first schema of the search path */
    const char *to;     /* a role; "": the current one; of GRANT the privileges, separated as in struct sql_need */
};

#endif
