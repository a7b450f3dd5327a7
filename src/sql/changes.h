/*
 * Does a statement change rows of certain tables? Decided by its words: INSERT INTO, UPDATE, DELETE FROM, MERGE INTO
 * and COPY, as a statement, in WITH, or in the body of a DO. What functions, views and triggers change is not seen.
 */
#ifndef SQL_CHANGES_H
#define SQL_CHANGES_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"
#include "sql/lexer.h"

/* The first of these tables that the statement changes, borrowed from the list; NULL: none. Table names are
 * unqualified, as in the catalogs; tables may be NULL. */
const char *sql_changed_table(struct arena *arena, struct text statement, const struct words *tables);

/* Tables (unqualified) for whose changes the server acts only at COMMIT; {0} is empty. */
struct deferred {
    struct words checked; /* with INITIALLY DEFERRED constraints, which are checked */
    struct words fires;   /* with such CONSTRAINT TRIGGERs, whose functions are run */
    struct words emptied; /* temporary, ON COMMIT DELETE ROWS */
};

/* Adds those of another list. */
void deferred_join(struct arena *arena, struct deferred *deferred, const struct deferred *others);

/* Adds the tables for which this statement causes that: CREATE TABLE, ALTER TABLE and CREATE CONSTRAINT TRIGGER with
 * INITIALLY DEFERRED, and the tables that they reference; CREATE TEMP TABLE … ON COMMIT DELETE ROWS. */
void sql_deferred_tables(struct arena *arena, struct text statement, struct deferred *deferred);

/* If the statement renames one of these (ALTER TABLE … RENAME TO), adds the new name and returns true. */
bool sql_deferred_renamed(struct arena *arena, struct text statement, struct deferred *deferred);

/* If a change of rows begins here (INSERT INTO, DELETE FROM, MERGE INTO, UPDATE, COPY), returns the last part of the
 * table's name, on which the reader then stands. Otherwise NULL, and the reader does not move. */
const char *sql_take_changed(struct arena *arena, struct sql_reader *words);

#endif
