/*
 * What a reader of a statement takes at once: a name with all its parts, and the words with which a CREATE begins.
 */
#ifndef SQL_TAKE_H
#define SQL_TAKE_H

#include "sql/lexer.h"

/* Reads the name at the reader with all its parts, "app.t", folded, in the arena, and moves behind it. NULL if there is
 * no name, or none after a dot. */
const char *sql_take_dotted(struct arena *arena, struct sql_reader *reader);

/* If CREATE or CREATE OR REPLACE comes next, skips it and returns true. */
bool sql_take_create(struct sql_reader *reader);

/* If CREATE [OR REPLACE] FUNCTION or PROCEDURE comes next, moves to the name behind it and returns true; otherwise the
 * reader may have moved. */
bool sql_take_create_function(struct sql_reader *reader);

#endif
