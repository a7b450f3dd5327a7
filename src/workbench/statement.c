/*
 * libpg_query has the grammar of one version of PostgreSQL: syntax that only a newer server knows is refused with a
 * message that says so.
 */
#include "workbench/statement.h"

#include "sql/lexer.h"
#include "workbench/tree.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

/* ---- reading ---- */

/* Refuses text that the parser must not get. */
static bool check_text(struct text text, struct status *status)
{
    if (text.size > STATEMENT_LIMIT) {
        return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                                   "The query has %zu bytes; at most %zu are taken.", text.size, STATEMENT_LIMIT);
    }
    if (!text_is_legible(text)) {
        return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                                   "The query has a NUL byte or is not UTF-8.");
    }
    return true;
}

/* ---- the statement ---- */

static struct text part_of(struct text text, const json_t *raw)
{
    const size_t start = (size_t)json_integer_value(json_object_get(raw, "stmt_location"));
    const size_t size = (size_t)json_integer_value(json_object_get(raw, "stmt_len"));
    return text_slice(text, start, size == 0 ? text.size : start + size);
}

static bool is_on(const json_t *option)
{
    const json_t *const value = json_object_get(option, "arg");
    const json_t *const number = json_object_get(value, "Integer");
    const char *const word = json_string_value(json_object_get(json_object_get(value, "String"), "sval"));
    const bool is_off_word = word != NULL && (strcasecmp(word, "off") == 0 || strcasecmp(word, "false") == 0 ||
                                              strcasecmp(word, "none") == 0 || strcmp(word, "0") == 0);
    return !(number != NULL && json_integer_value(json_object_get(number, "ival")) == 0) && !is_off_word;
}

/* Passes on only options that are known; FORMAT is always ours. */
static void read_option(const json_t *option, struct explain_options *options)
{
    const struct {
        const char *name;
        bool *value;
    } known[] = {
        {"analyze", &options->analyze},     {"verbose", &options->verbose},           {"costs", &options->costs},
        {"settings", &options->settings},   {"buffers", &options->buffers},           {"wal", &options->wal},
        {"summary", &options->summary},     {"generic_plan", &options->generic_plan}, {"memory", &options->memory},
        {"serialize", &options->serialize},
    };
    const char *const name = json_string_value(json_object_get(option, "defname"));
    for (size_t i = 0; name != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strcasecmp(known[i].name, name) == 0) {
            *known[i].value = is_on(option);
            options->has_summary = options->has_summary || known[i].value == &options->summary;
        }
    }
}

static bool fail_kind(struct status *status)
{
    return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_KIND,
                               "Only read-only queries are allowed (SELECT/WITH/EXPLAIN).");
}

/* Where the SELECT begins after EXPLAIN and its options. libpg_query gives no position for it: it is the rest of the
 * text after the options, which are a list in parentheses or the words ANALYZE and VERBOSE. */
static struct text behind_options(struct text text)
{
    struct sql_lexer lexer = {.text = text};
    struct sql_token token = sql_next(&lexer); /* EXPLAIN */
    struct sql_lexer before = lexer;
    token = sql_next(&lexer);
    if (sql_is_symbol(&token, '(')) {
        struct sql_lexer inside = lexer;
        token = sql_next(&inside);
        const bool is_query = sql_is_symbol(&token, '(') || sql_is_word(&token, "select") ||
                              sql_is_word(&token, "with") || sql_is_word(&token, "values") ||
                              sql_is_word(&token, "table");
        for (; !is_query && !sql_is_symbol(&token, ')') && token.kind != SQL_END; token = sql_next(&lexer)) {
        }
        return is_query ? text_slice(text, before.offset, text.size) : text_slice(text, lexer.offset, text.size);
    }
    while (sql_is_word(&token, "analyze") || sql_is_word(&token, "analyse") || sql_is_word(&token, "verbose")) {
        before = lexer;
        token = sql_next(&lexer);
    }
    return text_slice(text, before.offset, text.size);
}

/* The body of the only SelectStmt in a tree, and its text; NULL if it is something else. */
static json_t *select_of(json_t *tree, struct text *text)
{
    const json_t *const raw = json_array_get(json_object_get(tree, "stmts"), 0);
    json_t *const select = json_object_get(json_object_get(raw, "stmt"), "SelectStmt");
    *text = select == NULL ? *text : part_of(*text, raw);
    return select;
}

static bool is_one(json_t *tree, struct status *status)
{
    const size_t count = json_array_size(json_object_get(tree, "stmts"));
    return count == 1 || status_fail_because(status, STATUS_INVALID_ARGUMENT, count == 0 ? REASON_EMPTY : REASON_MULTI,
                                             count == 0 ? "Query is required." : "Only one statement is allowed.");
}

static bool read_select(const struct nodes_walk *walk, json_t *tree, struct sql_statement *statement)
{
    json_t *const select = select_of(tree, &statement->query);
    return select != NULL ? nodes_walk(walk, select) : fail_kind(walk->status);
}

/* The tree that is checked must be that of the text that is sent: so the text after the options is parsed by itself. */
static bool read_explained(const struct nodes_walk *walk, json_t *explain, struct sql_statement *statement)
{
    const json_t *const options = json_object_get(explain, "options");
    if (json_object_get(json_object_get(explain, "query"), "SelectStmt") == NULL) {
        return fail_kind(walk->status);
    }
    statement->is_explain = true;
    statement->explain = (struct explain_options){.costs = true};
    for (size_t i = 0; i < json_array_size(options); i++) {
        read_option(json_object_get(json_array_get(options, i), "DefElem"), &statement->explain);
    }
    statement->query = behind_options(statement->query);
    json_t *const tree = tree_read(walk, statement->query);
    const bool ok = tree != NULL && is_one(tree, walk->status) && read_select(walk, tree, statement);
    json_decref(tree);
    return ok;
}

bool statement_read(struct arena *arena, struct text text, const struct statement_rules *rules,
                    struct sql_statement *statement, struct status *status)
{
    const struct nodes_walk walk = {.arena = arena, .rules = rules, .uses = &statement->uses, .status = status};
    const struct text whole = text_without_mark(text); /* psql skips it, too */
    *statement = (struct sql_statement){.query = whole};
    if (!check_text(text, status)) {
        return false;
    }
    json_t *const tree = tree_read(&walk, statement->query);
    bool ok = tree != NULL && is_one(tree, status);
    if (ok) {
        const json_t *const raw = json_array_get(json_object_get(tree, "stmts"), 0);
        json_t *const explain = json_object_get(json_object_get(raw, "stmt"), "ExplainStmt");
        if (explain != NULL) {
            statement->query = part_of(statement->query, raw);
            ok = read_explained(&walk, explain, statement);
        } else {
            ok = read_select(&walk, tree, statement);
        }
    }
    json_decref(tree);
    const size_t before = ok ? (size_t)(statement->query.data - whole.data) : 0;
    statement->characters = text_characters(text_slice(whole, 0, before));
    return ok;
}

bool statement_uses(struct arena *arena, struct text text, struct sql_uses *uses)
{
    const struct statement_rules rules = {.parameters = SIZE_MAX};
    struct status status = {.arena = arena};
    struct sql_statement statement;
    if (!statement_read(arena, text, &rules, &statement, &status)) {
        return false;
    }
    *uses = statement.uses;
    return true;
}
