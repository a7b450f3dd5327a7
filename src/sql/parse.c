/*
 * From a statement's text to its parse tree. Statements that the parser cannot handle are kept from it: libpg_query
 * walks its tree by recursion without a limit and crashes on "1+1+1+…" with 200,000 terms (15-4.0.0).
 */
#include "sql/parse.h"

#include "sql/lexer.h"
#include "sql/parse_json.h"
#include "sql/parse_tree.h"
#include "sql/split.h"

#include <pg_query.h>
#include <string.h>

#define DEPTH_LIMIT   1500 /* levels of the tree, at most; jansson refuses JSON that is deeper than 2048 */
#define NESTING_LIMIT 200  /* parentheses */

int sql_grammar_version(void)
{
    return PG_VERSION_NUM / 10000;
}

/* How deep a statement's tree may be, estimated from its tokens: each token between two commas may be a level (1+1+…,
 * NOT NOT …), and so may each SELECT of a UNION, whatever is between them. */
struct depth {
    size_t chains[NESTING_LIMIT]; /* tokens since the last comma, for each open parenthesis */
    size_t nesting;
    size_t sum; /* of all chains */
    size_t set_operations;
    size_t most; /* levels */
};

static bool is_set_operation(const struct sql_token *token)
{
    return sql_is_word(token, "union") || sql_is_word(token, "except") || sql_is_word(token, "intersect");
}

/* Returns false if this token makes the statement too deep. */
static bool take_token(struct depth *depth, const struct sql_token *token)
{
    const char symbol = token->kind == SQL_SYMBOL ? token->text.data[0] : '\0';
    depth->set_operations += is_set_operation(token) ? 1 : 0;
    depth->chains[depth->nesting]++;
    depth->sum++;
    if (symbol == '(' || symbol == '[') {
        depth->nesting++;
    } else if (symbol == ',' || ((symbol == ')' || symbol == ']') && depth->nesting > 0)) {
        depth->sum -= depth->chains[depth->nesting];
        depth->chains[depth->nesting] = 0;
        depth->nesting -= symbol == ',' ? 0 : 1;
    }
    return depth->nesting < NESTING_LIMIT && depth->sum + depth->set_operations < depth->most &&
           token->kind != SQL_BROKEN;
}

bool sql_may_be_parsed(struct text statement)
{
    return sql_may_be_parsed_up_to(statement, SQL_PARSE_LIMIT, DEPTH_LIMIT);
}

bool sql_may_be_parsed_up_to(struct text statement, size_t most, size_t levels)
{
    struct sql_lexer lexer = {.text = statement};
    struct depth depth = {.most = levels};
    if (statement.size > most || sql_is_scanner_trap(statement) || !text_is_utf8(statement, NULL) ||
        memchr(statement.data, '\0', statement.size) != NULL) {
        return false;
    }
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        if (!take_token(&depth, &token)) {
            return false;
        }
    }
    return true;
}

json_t *sql_parse_checked(struct arena *arena, struct text text, const char **error)
{
    const PgQueryParseResult result = pg_query_parse(sql_for_parser(arena, text));
    *error = result.error == NULL ? NULL : arena_strdup(arena, result.error->message);
    json_t *const tree = result.error == NULL ? sql_json_read(result.parse_tree) : NULL;
    if (tree != NULL && strstr(result.parse_tree, "\"withClause\"") != NULL) {
        tree_mark_ctes(tree);
    }
    pg_query_free_parse_result(result);
    return tree;
}

json_t *sql_parse(struct arena *arena, struct text statement)
{
    const char *error;
    return statement.size == 0 || !sql_may_be_parsed(statement) ? NULL : sql_parse_checked(arena, statement, &error);
}
