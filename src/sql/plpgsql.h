/*
 * The statements of a PL/pgSQL body, by its words: which of them control the transaction that the body runs in. Only a
 * COMMIT that begins a statement does; the same word in ON COMMIT, as a column or inside a string means nothing. What a
 * body makes up at run time (EXECUTE) is not seen, and cannot commit.
 */
#ifndef SQL_PLPGSQL_H
#define SQL_PLPGSQL_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <stdbool.h>

/* The next statement: up to its semicolon, or of IF, CASE, WHEN, WHILE and FOR what stands before THEN or LOOP.
 * Declarations count as statements. False at the end. */
bool plpgsql_next(struct sql_lexer *lexer, struct sql_statement *statement);

/* Can a body (inside its quotes) end its transaction: by COMMIT or ROLLBACK, a DO inside it that does, or by a CALL of
 * one of these procedures ("app.archive", folded; NULL: none is known)? */
bool plpgsql_commits(struct arena *arena, struct text body, const struct words *committing);

/* The same of a ROLLBACK: what stands before it in one transaction with it would be undone. */
bool plpgsql_rolls_back(struct arena *arena, struct text body, const struct words *rolling_back);

/* Procedures by what they may do to the transaction of who calls them; {0} is none. */
struct procedures {
    struct words committing; /* COMMIT or ROLLBACK */
    struct words rolling_back;
};

/* Notes a procedure with this body. True where it can end its transaction. */
bool procedures_note(struct arena *arena, struct procedures *procedures, const char *name, struct text body);

/* Adds those of another list. */
void procedures_join(struct arena *arena, struct procedures *procedures, const struct procedures *others);

/* The procedure that a CALL calls, as it is written there but folded; NULL for other statements. */
const char *sql_called(struct arena *arena, struct text statement);

/* The code of DO or CREATE PROCEDURE. */
struct sql_code {
    struct text body; /* between its quotes, unquoted: in the statement itself where it can be, else in the arena */
    bool plpgsql;
    bool is_do;
    const char *name; /* of the procedure, as written but folded; NULL for DO */
};

/* False for other statements. */
bool sql_code(struct arena *arena, struct text statement, struct sql_code *code);

/* True where the body can RETURN: then what is put behind it need not run. */
bool plpgsql_returns(struct text body);

#endif
