/*
 * Whether a statement changes rows of certain tables, by its words: INSERT INTO, UPDATE, DELETE FROM, MERGE INTO and
 * COPY, as a statement, in WITH, or in the body of a DO. What functions, views and triggers change is not seen.
 */
#ifndef SQL_CHANGES_H
#define SQL_CHANGES_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"
#include "sql/lexer.h"

/* The first table that it changes of these (without their schemas, as the catalogue has them; NULL: none); NULL where
 * it changes none of them. Borrowed from the list. */
const char *sql_changed_table(struct arena *arena, struct text statement, const struct words *tables);

/* Tables, named as above, of whose changes the server does something at COMMIT only; {0} is none. */
struct deferred {
    struct words checked; /* INITIALLY DEFERRED constraints: it checks them */
    struct words fires;   /* CONSTRAINT TRIGGERs that are: it runs their functions */
    struct words emptied; /* temporary ones ON COMMIT DELETE ROWS */
};

/* Adds those of another list. */
void deferred_join(struct arena *arena, struct deferred *deferred, const struct deferred *others);

/* Adds those that are so by what this statement makes: CREATE TABLE, ALTER TABLE and CREATE CONSTRAINT TRIGGER with
 * INITIALLY DEFERRED, and tables that they reference; CREATE TEMP TABLE … ON COMMIT DELETE ROWS. */
void sql_deferred_tables(struct arena *arena, struct text statement, struct deferred *deferred);

/* Where the statement renames one of these (ALTER TABLE … RENAME TO), its new name is one of them, too: true. */
bool sql_deferred_renamed(struct arena *arena, struct text statement, struct deferred *deferred);

/* Where a change of rows begins here (INSERT INTO, DELETE FROM, MERGE INTO, UPDATE, COPY): the last part of the table's
 * name, and the reader is on it. NULL where none does; the reader stays then. */
const char *sql_take_changed(struct arena *arena, struct sql_reader *words);

#endif
