/*
 * Internals shared by the readers of sql/lasting.h.
 */
#ifndef SQL_LASTING_READER_H
#define SQL_LASTING_READER_H

#include "sql/lasting.h"
#include "sql/lexer.h"

/* The statement being examined. */
struct looking {
    struct arena *arena;
    struct text statement;
    struct text written;
    struct sql_lastings *out;
    bool in_body; /* inside a DO's body: whether it runs is not known */
};

void lasting_add(const struct looking *looking, struct sql_lasting lasting);
void lasting_add_what(const struct looking *looking, enum sql_lasting_kind kind, const char *what);

/* The statement's bytes [start, end), as written. */
const char *lasting_written(const struct looking *looking, size_t start, size_t end);

/* SET …, RESET … and DISCARD …, with the reader after that word. */
void lasting_of_set(const struct looking *looking, struct sql_reader *reader);
void lasting_of_reset(const struct looking *looking, struct sql_reader *reader);
void lasting_of_discard(const struct looking *looking, struct sql_reader *reader);

/* The modes of SET TRANSACTION or BEGIN. */
void lasting_of_modes(const struct looking *looking);

/* set_config(name, value, is_local), with the reader after its opening parenthesis. `alone`: so far the statement is a
 * SELECT of nothing else. */
void lasting_of_set_config(const struct looking *looking, struct sql_reader *reader, bool alone);

/* Calls anywhere in a statement, and FOR UPDATE and INTO TEMP. */
void lasting_of_calls(const struct looking *looking, bool changes_rows);

#endif
