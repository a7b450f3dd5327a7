/*
 * Tools that cut a script into statements by its lines: a statement ends with a line whose last word, before a comment,
 * ends with a semicolon. goose, sql-migrate.
 */
#ifndef FRAMEWORK_CORE_LINE_CUTS_H
#define FRAMEWORK_CORE_LINE_CUTS_H

#include "base/arena.h"
#include "sql/split.h"

/* The offset of the semicolon that ends a statement at the end of this line; SIZE_MAX: none. The same in both tools
 * (endsWithSemicolon of goose's parser.go and sql-migrate's sqlparse.go). */
size_t line_semicolon(struct text line);

/* A copy of a script in which a semicolon stands for each line "-- words": the tool sends what is above by itself, so
 * it needs no semicolon of its own. nocase: ignore the case of ASCII letters. All lines and offsets stay. */
struct text line_ends(struct arena *arena, struct text sql, const char *words, bool nocase);

/* Where the tool has cut so far. Begin with .lexer.text = the script, all else 0. */
struct line_cuts {
    struct sql_lexer lexer;
    struct sql_statement statement;
    size_t piece; /* where the piece begins that is cut next */
    bool is_over;
};

/* Notes that the tool ends a piece behind this offset. Returns false if that is inside of a statement or comment:
 * PostgreSQL refuses both halves. Offsets must grow; `marked`: the file says that the piece is one statement. */
bool line_cut(struct line_cuts *cuts, size_t semicolon, bool marked);

#endif
