/*
 * pg_query_split_with_parser, never _with_scanner: that one drops a statement that begins with no keyword, and cuts the
 * bodies of BEGIN ATOMIC functions (libpg_query 15-4.0.0).
 */
#include "sql/split.h"

#include "sql/lexer.h"

#include <pg_query.h>

/* From the first token to the end of the last one: the parser's location starts behind the semicolon before it. */
static struct sql_statement trim(struct text script, size_t start, size_t end)
{
    struct sql_lexer lexer = {.text = text_slice(script, 0, end), .offset = start};
    const struct sql_token first = sql_next(&lexer);
    const struct text trimmed = text_trim(text_slice(script, first.offset, end));
    return (struct sql_statement){.start = first.offset, .end = first.offset + trimmed.size};
}

void sql_split(struct arena *arena, struct text script, struct sql_split *split)
{
    *split = (struct sql_split){0};
    /* libpg_query wants a C string; a slice of a larger text has none. */
    const char *const source = arena_strndup(arena, script.data, script.size);
    PgQuerySplitResult result = pg_query_split_with_parser(source);
    split->parsed = result.error == NULL;
    if (!split->parsed) {
        /* On an error its list of statements is not to be touched. Its position counts characters, from 1. */
        split->error = arena_strdup(arena, result.error->message);
        split->error_offset =
            result.error->cursorpos > 0 ? text_byte_of_character(script, (size_t)result.error->cursorpos) : script.size;
    } else {
        split->statements = arena_array(arena, (size_t)result.n_stmts, sizeof *split->statements);
        for (int i = 0; i < result.n_stmts; i++) {
            const size_t start = (size_t)result.stmts[i]->stmt_location;
            const size_t size = (size_t)result.stmts[i]->stmt_len;
            const struct sql_statement statement = trim(script, start, size == 0 ? script.size : start + size);
            if (statement.end > statement.start) {
                split->statements[split->count++] = statement;
            }
        }
    }
    pg_query_free_split_result(result);
}
