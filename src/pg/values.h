/*
 * Writes values into SQL, and reads them from results.
 */
#ifndef PG_VALUES_H
#define PG_VALUES_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Append a quoted literal ('it''s'), and a quoted identifier ("Name"), valid under either value of
 * standard_conforming_strings. The text must be UTF-8 without NUL. */
void pg_quote_literal(struct buffer *sql, struct text value);
void pg_quote_identifier(struct buffer *sql, const char *name);

/* Appends a DO statement with this body, as a literal: the body could contain the tag of a dollar quote, but cannot end
 * a literal. No semicolon follows. */
void pg_put_do(struct buffer *sql, struct text body);

/* Append a value as a literal, NULL as NULL; and our own text, with a literal for each $n of its `count` values. */
void pg_put_value(struct buffer *sql, const char *value);
void pg_put_filled(struct buffer *sql, const char *text, int count, const char *const *values);

/* Appends an element to an array in text form, {"a",NULL; a NULL pointer becomes NULL. pg_array_text ends it. */
void pg_put_element(struct buffer *array, const char *value);

/* Ends the array, {} without elements. Call it once. The text is the buffer's, and so lives in its arena. */
const char *pg_array_text(struct buffer *array);

/* PQclear for __attribute__((cleanup)): `PG_RESULT(result) = pg_query(…);` */
void pg_result_cleanup(PGresult **result);
#define PG_RESULT(name) PGresult *name __attribute__((cleanup(pg_result_cleanup)))

/* Fields of a result. SQL NULL becomes NULL, false, fallback, or NO_TIME. pg_field_us reads a bigint of microseconds
 * since 1970. */
const char *pg_field(const PGresult *result, int row, int column);
bool pg_field_bool(const PGresult *result, int row, int column);
int64_t pg_field_int(const PGresult *result, int row, int column, int64_t fallback);
int64_t pg_field_us(const PGresult *result, int row, int column);

/* Copies a field so that it outlives its result; "" for NULL. */
const char *pg_field_copy(struct arena *arena, const PGresult *result, int row, int column);

#endif
