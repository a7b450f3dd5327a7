/*
 * The PostgreSQL error codes that we handle, by their names in errcodes.txt. No other file spells out a code.
 */
#ifndef BASE_SQLSTATE_H
#define BASE_SQLSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SQLSTATE_PROTOCOL_VIOLATION              "08P01" /* e.g. PgBouncer, for a prepared statement that it does not have */
#define SQLSTATE_STRING_DATA_RIGHT_TRUNCATION    "22001" /* a text that is too long for its type */
#define SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE      "22003"
#define SQLSTATE_STRING_DATA_LENGTH_MISMATCH     "22026" /* of bits */
#define SQLSTATE_INVALID_TEXT_REPRESENTATION     "22P02" /* a text that its type does not accept */
#define SQLSTATE_UNTRANSLATABLE_CHARACTER        "22P05" /* the database's encoding does not have it */
#define SQLSTATE_READ_ONLY                       "25006" /* a write in a transaction that is read-only */
#define SQLSTATE_TRANSACTION_TIMEOUT             "25P04" /* ends the session */
#define SQLSTATE_NO_SUCH_STATEMENT               "26000" /* no prepared statement of that name */
#define SQLSTATE_INVALID_TRANSACTION_TERMINATION "2D000" /* a COMMIT in the wrong place */
#define SQLSTATE_NOT_NULL_VIOLATION              "23502"
#define SQLSTATE_UNIQUE_VIOLATION                "23505"
#define SQLSTATE_CHECK_VIOLATION                 "23514"
#define SQLSTATE_INVALID_CATALOG_NAME            "3D000" /* no such database */
#define SQLSTATE_INVALID_SCHEMA_NAME             "3F000" /* no such schema */
#define SQLSTATE_SERIALIZATION_FAILURE           "40001"
#define SQLSTATE_DEADLOCK_DETECTED               "40P01"
#define SQLSTATE_INSUFFICIENT_PRIVILEGE          "42501"
#define SQLSTATE_SYNTAX_ERROR                    "42601"
#define SQLSTATE_DUPLICATE_COLUMN                "42701"
#define SQLSTATE_DUPLICATE_FUNCTION              "42723"
#define SQLSTATE_QUERY_CANCELED                  "57014"
#define SQLSTATE_UNDEFINED_OBJECT                "42704"
#define SQLSTATE_DUPLICATE_OBJECT                "42710" /* a tablespace, a subscription, ... */
#define SQLSTATE_WRONG_OBJECT_TYPE               "42809" /* a procedure instead of a function */
#define SQLSTATE_UNDEFINED_TABLE                 "42P01"
#define SQLSTATE_DUPLICATE_DATABASE              "42P04"
#define SQLSTATE_DUPLICATE_STATEMENT             "42P05" /* a prepared statement */
#define SQLSTATE_DUPLICATE_SCHEMA                "42P06"
#define SQLSTATE_DUPLICATE_TABLE                 "42P07"
#define SQLSTATE_INVALID_FUNCTION_DEFINITION     "42P13" /* e.g. another return type in CREATE OR REPLACE */
#define SQLSTATE_NOT_IN_PREREQUISITE_STATE       "55000" /* e.g. a partition that cannot be detached in this way */
#define SQLSTATE_OBJECT_IN_USE                   "55006" /* a database with sessions */
#define SQLSTATE_LOCK_NOT_AVAILABLE              "55P03" /* lock_timeout, NOWAIT */
#define SQLSTATE_UNSAFE_NEW_ENUM_VALUE_USAGE     "55P04" /* a value that was added in the same transaction */
#define SQLSTATE_ADMIN_SHUTDOWN                  "57P01" /* also by pg_terminate_backend */
#define SQLSTATE_CRASH_SHUTDOWN                  "57P02"
#define SQLSTATE_CANNOT_CONNECT_NOW              "57P03"
#define SQLSTATE_IDLE_SESSION_TIMEOUT            "57P05"

/* Classes: the first two characters. */
#define SQLSTATE_CLASS_CONNECTION "08"
#define SQLSTATE_CLASS_INTEGRITY  "23" /* a constraint */
#define SQLSTATE_CLASS_DATA       "22" /* a value that is none of its type */
#define SQLSTATE_CLASS_RESOURCES  "53" /* no memory, disk, connection */
#define SQLSTATE_CLASS_LIMITS     "54" /* too large, too deep */
#define SQLSTATE_CLASS_OPERATOR   "57" /* cancelled, shut down */
#define SQLSTATE_CLASS_SYSTEM     "58" /* files, the operating system */
#define SQLSTATE_CLASS_INTERNAL   "XX"
#define SQLSTATE_CLASS_FEATURE    "0A" /* not supported: refused before it began */
#define SQLSTATE_CLASS_SYNTAX     "42" /* syntax error or access rule violation: refused before it began */

/* sqlstate may be NULL, if the error is not PostgreSQL's: then it matches none. */
static inline bool sqlstate_is(const char *sqlstate, const char *which)
{
    return sqlstate != NULL && strcmp(sqlstate, which) == 0;
}

static inline bool sqlstate_is_of_class(const char *sqlstate, const char *which)
{
    return sqlstate != NULL && strncmp(sqlstate, which, 2) == 0;
}

#endif
