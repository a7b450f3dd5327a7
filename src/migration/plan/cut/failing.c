/*
 * Finds the statement of a script about which the server reported an error.
 */
#include "migration/plan/cut/cut.h"

#include "framework/core/script.h"
#include "sql/split.h"

#define EXCERPT_LIMIT 500 /* characters */

/* The text [start, end), or an excerpt around byte `at` if it is long. */
static const char *excerpt(struct arena *arena, struct text script, size_t start, size_t end, size_t at)
{
    const struct text whole = text_slice(script, start, end);
    if (text_characters(whole) <= EXCERPT_LIMIT) {
        return arena_strndup(arena, whole.data, whole.size);
    }
    const size_t before = text_characters(text_slice(script, start, at));
    const size_t first = before > EXCERPT_LIMIT / 2 ? before - EXCERPT_LIMIT / 2 : 0;
    const size_t from = text_byte_of_character(whole, first + 1);
    const size_t to = text_byte_of_character(whole, first + EXCERPT_LIMIT + 1);
    return arena_printf(arena, "%s%.*s%s", from > 0 ? "…" : "", (int)(to - from), whole.data + from,
                        to < whole.size ? "…" : "");
}

const char *plan_failing_statement(struct arena *arena, const struct complaint *complaint, struct position *where,
                                   const char **name)
{
    const struct text script = complaint->script;
    const struct text part = text_slice(script, complaint->start, complaint->end);
    const size_t at = complaint->position > 0 ? text_byte_of_character(part, complaint->position) : SIZE_MAX;
    struct sql_lexer lexer = {.text = part};
    struct sql_statement one;
    for (size_t i = 0; sql_next_statement(&lexer, &one); i++) {
        if (at == SIZE_MAX ? i == complaint->statement : at <= one.end) {
            const size_t error = at == SIZE_MAX ? one.start : at;
            *where = script_position(script, complaint->parts, complaint->start + error, name);
            return excerpt(arena, part, one.start, one.end, error);
        }
    }
    if (at == SIZE_MAX) {
        return NULL;
    }
    *where = script_position(script, complaint->parts, complaint->start + at, name);
    return excerpt(arena, part, 0, part.size, at);
}
