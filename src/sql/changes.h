/*
 * Whether a statement changes rows of certain tables, by its words: INSERT INTO, UPDATE, DELETE FROM, MERGE INTO and
 * COPY, as a statement, in WITH, or in the body of a DO. What functions, views and triggers change is not seen.
 */
#ifndef SQL_CHANGES_H
#define SQL_CHANGES_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"

/* The first table that it changes of these (without their schemas, as the catalogue has them; NULL: none); NULL where
 * it changes none of them. Borrowed from the list. */
const char *sql_changed_table(struct arena *arena, struct text statement, const struct words *tables);

/* Adds the tables, named as above, whose changes the server will check at COMMIT because of what this statement makes:
 * CREATE TABLE, ALTER TABLE and CREATE CONSTRAINT TRIGGER with INITIALLY DEFERRED; those that it references, too. */
void sql_deferred_tables(struct arena *arena, struct text statement, struct words *tables);

#endif
