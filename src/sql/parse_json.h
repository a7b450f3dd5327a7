/*
 * libpg_query's JSON as jansson's values, in half of the time that jansson takes to read it.
 */
#ifndef SQL_PARSE_JSON_H
#define SQL_PARSE_JSON_H

#include <jansson.h>

/* What json_loads(json, 0, NULL) returns, which is asked for anything that libpg_query does not write for most trees.
 */
json_t *sql_json_read(const char *json);

#endif
