/*
 * libpg_query has the grammar of one version of PostgreSQL: what a newer server might know is refused with a sentence
 * that says so. Its memory is some hundred times that of its text, so that large texts are read one at a time.
 */
#include "workbench/statement.h"

#include "sql/effects.h"
#include "sql/lexer.h"
#include "workbench/nodes.h"

#include <jansson.h>
#include <pg_query.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define SMALL ((size_t)32 * 1024)

static pthread_mutex_t one_large = PTHREAD_MUTEX_INITIALIZER;

/* ---- reading ---- */

static bool fail_syntax(const char *message, uint32_t position, struct status *status)
{
    status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX, "%s", message);
    status->position = position;
    status->hint = arena_printf(status->arena,
                                "The checker reads the grammar of PostgreSQL %d. A newer server may know this; write "
                                "it as %d does.",
                                sql_grammar_version(), sql_grammar_version());
    return false;
}

/* What the parser must not see. */
static bool check_text(struct text text, struct status *status)
{
    if (text.size > STATEMENT_LIMIT) {
        return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                                   "The query has %zu bytes; at most %zu are taken.", text.size, STATEMENT_LIMIT);
    }
    if (memchr(text.size == 0 ? "" : text.data, '\0', text.size) != NULL || !text_is_utf8(text, NULL)) {
        return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                                   "The query has a NUL byte or is not UTF-8.");
    }
    return true;
}

/* The tree, to be released; NULL and a status where there is none. */
static json_t *parse(struct arena *arena, struct text text, struct status *status)
{
    const bool is_large = text.size > SMALL;
    const bool may_be_parsed = sql_may_be_parsed_up_to(text, STATEMENT_LIMIT);
    json_t *tree = NULL;
    if (is_large) {
        pthread_mutex_lock(&one_large);
    }
    /* One that is broken for the lexer has an error for the parser too, and a better message. */
    const PgQueryParseResult result = may_be_parsed || text.size < SMALL / 8
                                          ? pg_query_parse(arena_strndup(arena, text.data, text.size))
                                          : (PgQueryParseResult){0};
    if (result.error != NULL) {
        fail_syntax(arena_strdup(arena, result.error->message),
                    result.error->cursorpos > 0 ? (uint32_t)result.error->cursorpos : 0, status);
    } else if (may_be_parsed && result.parse_tree != NULL) {
        tree = json_loads(result.parse_tree, 0, NULL);
    }
    if (result.error == NULL && tree == NULL) {
        status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                            "The query is nested too deeply to be checked; make it shorter.");
    }
    if (result.error != NULL || result.parse_tree != NULL) {
        pg_query_free_parse_result(result);
    }
    if (is_large) {
        pthread_mutex_unlock(&one_large);
    }
    return tree;
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

/* Only what is known of them is passed on; FORMAT is ours. */
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

/* Where the SELECT begins behind EXPLAIN and its options. libpg_query gives no place for it: it is the rest of the text
 * behind the options, which are a list in parentheses or the words ANALYZE and VERBOSE. */
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

/* The body of the one SelectStmt of a tree, and its text; NULL where it is something else. */
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

static bool read_select(struct arena *arena, json_t *tree, const struct statement_rules *rules,
                        struct sql_statement *statement, struct status *status)
{
    json_t *const select = select_of(tree, &statement->query);
    return select != NULL ? nodes_walk(arena, select, rules, &statement->uses, status) : fail_kind(status);
}

/* What is walked is what is sent: the text behind the options, by itself. */
static bool read_explained(struct arena *arena, json_t *explain, const struct statement_rules *rules,
                           struct sql_statement *statement, struct status *status)
{
    const json_t *const options = json_object_get(explain, "options");
    if (json_object_get(json_object_get(explain, "query"), "SelectStmt") == NULL) {
        return fail_kind(status);
    }
    statement->is_explain = true;
    statement->explain = (struct explain_options){.costs = true};
    for (size_t i = 0; i < json_array_size(options); i++) {
        read_option(json_object_get(json_array_get(options, i), "DefElem"), &statement->explain);
    }
    statement->query = behind_options(statement->query);
    json_t *const tree = parse(arena, statement->query, status);
    const bool ok = tree != NULL && is_one(tree, status) && read_select(arena, tree, rules, statement, status);
    json_decref(tree);
    return ok;
}

bool statement_read(struct arena *arena, struct text text, const struct statement_rules *rules,
                    struct sql_statement *statement, struct status *status)
{
    *statement = (struct sql_statement){.query = text};
    if (!check_text(text, status)) {
        return false;
    }
    json_t *const tree = parse(arena, text, status);
    bool ok = tree != NULL && is_one(tree, status);
    if (ok) {
        const json_t *const raw = json_array_get(json_object_get(tree, "stmts"), 0);
        json_t *const explain = json_object_get(json_object_get(raw, "stmt"), "ExplainStmt");
        if (explain != NULL) {
            statement->query = part_of(text, raw);
            ok = read_explained(arena, explain, rules, statement, status);
        } else {
            ok = read_select(arena, tree, rules, statement, status);
        }
    }
    json_decref(tree);
    const size_t before = ok ? (size_t)(statement->query.data - text.data) : 0;
    statement->characters = text_characters(text_slice(text, 0, before));
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
