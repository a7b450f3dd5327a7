/*
 * The statements of a PL/pgSQL body, by its words: which of them control the transaction. Only a COMMIT that begins a
 * statement does; in ON COMMIT, as a column or inside a string the word means nothing. EXECUTE is ignored; it cannot
 * commit.
 */
#ifndef SQL_PLPGSQL_H
#define SQL_PLPGSQL_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <stdbool.h>

/* Returns the next statement: up to its semicolon, or for IF, CASE, WHEN, WHILE and FOR what precedes THEN or LOOP.
 * Declarations count as statements. False at the end. */
bool plpgsql_next(struct sql_lexer *lexer, struct sql_statement *statement);

/* Can a body (inside its quotes) end its transaction: by COMMIT or ROLLBACK, by a DO inside it that does, or by a CALL
 * of one of these procedures ("app.archive", folded; NULL: none known)? */
bool plpgsql_commits(struct arena *arena, struct text body, const struct words *committing);

/* The same for ROLLBACK only, which would undo what precedes the call in the same transaction. */
bool plpgsql_rolls_back(struct arena *arena, struct text body, const struct words *rolling_back);

/* Procedures by their effect on the caller's transaction; {0} is empty. */
struct procedures {
    struct words committing; /* COMMIT or ROLLBACK */
    struct words rolling_back;
};

/* Adds a procedure with this body. Returns true if it can end its transaction. */
bool procedures_note(struct arena *arena, struct procedures *procedures, const char *name, struct text body);

/* Adds those of another list. */
void procedures_join(struct arena *arena, struct procedures *procedures, const struct procedures *others);

/* The procedure that a CALL calls, as written but folded; NULL for other statements. */
const char *sql_called(struct arena *arena, struct text statement);

/* The code of DO or CREATE PROCEDURE. */
struct sql_code {
    struct text body; /* unquoted: a part of the statement if possible, else in the arena */
    bool plpgsql;
    bool is_do;
    const char *name; /* of the procedure, as written but folded; NULL for DO */
};

/* Reads the code; returns false for other statements. */
bool sql_code(struct arena *arena, struct text statement, struct sql_code *code);

/* May the body RETURN, so that something appended to it may not run? */
bool plpgsql_returns(struct text body);

#endif
