/*
 * Compares the places where a tool cuts by lines with the statements that psql would see.
 */
#include "framework/core/line_cuts.h"

#include "framework/core/script.h"

#include <string.h>

size_t line_semicolon(struct text line)
{
    size_t last = SIZE_MAX;
    for (size_t at = 0; at < line.size;) {
        const bool is_blank = strchr(" \t\v\f\r", line.data[at]) != NULL;
        const size_t start = at;
        while (at < line.size && (strchr(" \t\v\f\r", line.data[at]) != NULL) == is_blank) {
            at++;
        }
        if (!is_blank && text_starts_with(text_slice(line, start, at), "--")) {
            break;
        }
        last = is_blank ? last : at - 1;
    }
    return last == SIZE_MAX || line.data[last] != ';' ? SIZE_MAX : last;
}

struct text line_ends(struct arena *arena, struct text sql, const char *words, bool nocase)
{
    char *const copy = arena_strndup(arena, sql.data == NULL ? "" : sql.data, sql.size);
    struct text rest = sql;
    struct text ignored;
    for (struct text line; text_next_line(&rest, &line);) {
        if (line_is_comment(line, words, nocase, &ignored)) {
            char *const start = copy + (line.data - sql.data);
            memset(start, ' ', line.size);
            start[0] = ';';
        }
    }
    return (struct text){copy, sql.size};
}

bool line_cut(struct line_cuts *cuts, size_t semicolon, bool marked)
{
    const char *what = NULL;
    const struct text piece = text_slice(cuts->lexer.text, cuts->piece, semicolon + 1);
    cuts->piece = semicolon + 1;
    if (marked) {
        return true;
    }
    while (!cuts->is_over && cuts->statement.end <= semicolon) {
        cuts->is_over = !sql_next_statement(&cuts->lexer, &cuts->statement);
    }
    const bool is_inside = !cuts->is_over && cuts->statement.start < semicolon;
    return !is_inside && sql_unclosed(piece, &what) == SIZE_MAX; /* a comment between statements may be cut, too */
}
