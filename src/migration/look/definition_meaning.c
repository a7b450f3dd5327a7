/*
 * What the server prints for some kinds is only the end of a statement, so the same beginning is set before both sides.
 */
#include "migration/look/definition_meaning.h"

#include "sql/differs.h"
#include "sql/lexer.h"
#include "sql/same.h"
#include "sql/take.h"

#include <string.h>

static struct text joined(struct arena *arena, const char *beginning, struct text end, const char *last)
{
    return text_of(arena_printf(arena, "%s%.*s%s", beginning, (int)end.size, end.data, last));
}

/* Do the two ends mean the same behind this beginning? */
static bool same_behind(struct arena *arena, const char *beginning, struct text script, const char *existing)
{
    return sql_same_meaning(arena, joined(arena, beginning, script, ""),
                            joined(arena, beginning, text_of(existing), ""));
}

/* ---- kinds ---- */

struct text definition_constraint(struct arena *arena, const struct sql_object *object, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    while (!sql_is_end(&reader.token)) {
        if (!sql_take(&reader, "constraint")) {
            sql_advance(&reader);
            continue;
        }
        const char *const name = sql_identifier(arena, &reader.token);
        if (name == NULL || strcmp(name, object->name) != 0) {
            continue;
        }
        sql_advance(&reader);
        const size_t start = reader.token.offset;
        for (int depth = 0; !sql_is_end(&reader.token) &&
                            !(depth == 0 && (sql_is_symbol(&reader.token, ',') || sql_is_symbol(&reader.token, ';')));
             sql_advance(&reader)) {
            depth += sql_is_symbol(&reader.token, '(') ? 1 : sql_is_symbol(&reader.token, ')') ? -1 : 0;
        }
        return text_slice(statement, start, sql_is_end(&reader.token) ? statement.size : reader.token.offset);
    }
    return (struct text){0};
}

/* The query of a view of which the statement says only name and query: a list of columns or an option
 * (security_invoker) is not in what the server prints. Empty: it says more. */
static struct text plain_query(struct arena *arena, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    sql_skip_to(&reader, "view");
    sql_take_if(&reader);
    const bool is_plain = sql_take_dotted(arena, &reader) != NULL && sql_take(&reader, "as");
    return is_plain ? text_slice(statement, reader.token.offset, statement.size) : (struct text){0};
}

static bool same_view(struct arena *arena, struct text statement, const char *existing)
{
    static const char beginning[] = "CREATE MATERIALIZED VIEW v AS "; /* it may end with WITH NO DATA */
    const struct text query = plain_query(arena, statement);
    return query.size > 0 && same_behind(arena, beginning, query, existing);
}

#define ADD_CONSTRAINT "ALTER TABLE t ADD CONSTRAINT c "

bool definition_clause_same(struct arena *arena, struct text clause, const char *existing)
{
    return clause.size > 0 && same_behind(arena, ADD_CONSTRAINT, clause, existing);
}

bool definition_clause_differs(struct arena *arena, struct text clause, const char *existing)
{
    return clause.size > 0 && sql_differs_surely(arena, joined(arena, ADD_CONSTRAINT, clause, ""),
                                                 joined(arena, ADD_CONSTRAINT, text_of(existing), ""), false);
}

bool definition_index_differs(struct arena *arena, struct text statement, const char *existing)
{
    return sql_differs_surely(arena, statement, text_of(existing), false);
}

/* An enum's labels are only words. */
static bool same_type(struct arena *arena, struct text statement, const char *existing)
{
    if (sql_has_word(statement, "enum")) {
        return true;
    }
    const bool is_range = sql_has_word(statement, "range");
    return sql_same_meaning(
        arena, statement,
        joined(arena, is_range ? "CREATE TYPE x AS RANGE (" : "CREATE TYPE x AS (", text_of(existing), ")"));
}

bool definition_means_the_same(struct arena *arena, const struct sql_object *object, struct text statement,
                               const char *existing)
{
    const char *const type = object->type;
    if (strcmp(type, "index") == 0 || strcmp(type, "trigger") == 0) {
        return sql_same_meaning(arena, statement, text_of(existing));
    }
    if (strcmp(type, "view") == 0 || strcmp(type, "materialized view") == 0) {
        return same_view(arena, statement, existing);
    }
    if (strcmp(type, "type") == 0) {
        return same_type(arena, statement, existing);
    }
    const char *const beginning = strcmp(type, "domain") == 0   ? "CREATE DOMAIN d AS "
                                  : strcmp(type, "policy") == 0 ? "CREATE POLICY p ON t AS "
                                                                : NULL;
    return beginning == NULL || sql_same_meaning(arena, statement, joined(arena, beginning, text_of(existing), ""));
}

bool definition_function_same(struct arena *arena, struct text statement, const char *existing)
{
    return existing != NULL && sql_same_function(arena, statement, text_of(existing));
}

bool definition_expression_differs(struct arena *arena, struct text script, const char *existing,
                                   bool strings_are_exact)
{
    return sql_differs_surely(arena, joined(arena, "SELECT ", script, ""),
                              joined(arena, "SELECT ", text_of(existing), ""), strings_are_exact);
}

bool definition_expression_same(struct arena *arena, struct text script, const char *existing)
{
    return same_behind(arena, "SELECT ", script, existing);
}
