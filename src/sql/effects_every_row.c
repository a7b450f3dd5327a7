/*
 * Does an UPDATE, DELETE or MERGE take all rows of its table? It does if its condition is true for every row, by its
 * constants or by NOT NULL columns; and, if for any, for all if its condition says nothing of the table's rows, as in a
 * USING that is not joined. A condition that cannot be judged counts as one that chooses.
 */
#include "sql/effects_reader.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 64 /* levels of a condition that are judged */

enum truth { NOT_KNOWN, ALWAYS, NEVER, IS_NULL };

struct condition {
    const struct effects_reader *reader;
    const json_t *range; /* the table whose rows are taken */
    const char *alias;   /* its name in the statement */
    bool is_alone;       /* no other relation is named beside it, so an unqualified column is its own */
};

static enum truth truth_of(const struct condition *of, const json_t *node, int depth);

static enum truth truth(bool value)
{
    return value ? ALWAYS : NEVER;
}

/* ---- columns ---- */

/* The name of a column of the table; NULL if the node is no column, or may be another relation's. */
static const char *own_column(const struct condition *of, const json_t *node)
{
    const json_t *const fields = json_object_get(tree_body(node, "ColumnRef"), "fields");
    const char *const table = tree_name(fields, 1);
    const bool is_own = table == NULL ? of->is_alone : strcmp(table, of->alias) == 0;
    return is_own && json_array_size(fields) <= 2 ? tree_name(fields, 0) : NULL;
}

static bool is_never_null(const struct condition *of, const json_t *node)
{
    const struct sql_facts *const facts = of->reader->facts;
    const char *const schema = tree_string(of->range, "schemaname");
    const char *const column = own_column(of, node);
    return column != NULL && facts->never_null != NULL &&
           facts->never_null(facts->asked, schema[0] == '\0' ? NULL : schema, tree_string(of->range, "relname"),
                             column);
}

static bool is_same_column(const struct condition *of, const json_t *left, const json_t *right)
{
    const char *const one = own_column(of, left);
    const char *const other = own_column(of, right);
    return one != NULL && other != NULL && strcmp(one, other) == 0;
}

/* ---- constants ---- */

static const json_t *constant_of(const json_t *node, const char *kind)
{
    return json_object_get(tree_body(node, "A_Const"), kind);
}

/* 'true', 't', 'yes', 'on', '1' and their opposites, as PostgreSQL reads a boolean. */
static enum truth truth_of_string(const char *word)
{
    return word_is_among("t tr tru true y ye yes on 1", word)         ? ALWAYS
           : word_is_among("f fa fal fals false n no of off 0", word) ? NEVER
                                                                      : NOT_KNOWN;
}

static enum truth truth_of_constant(const json_t *node)
{
    const json_t *const truth_value = constant_of(node, "boolval");
    if (truth_value != NULL) {
        return truth(tree_flag(truth_value, "boolval"));
    }
    const json_t *const string = constant_of(node, "sval");
    return constant_of(node, "isnull") != NULL ? IS_NULL
           : string != NULL                    ? truth_of_string(tree_string(string, "sval"))
                                               : NOT_KNOWN;
}

static enum truth truth_of_cast(const struct condition *of, const json_t *cast, int depth)
{
    const char *const type = tree_name(json_object_get(json_object_get(cast, "typeName"), "names"), 0);
    return type != NULL && word_is_among("bool boolean", type) ? truth_of(of, json_object_get(cast, "arg"), depth)
                                                               : NOT_KNOWN;
}

/* Compares two whole numbers, or two equal strings or fractions. */
static enum truth compare_constants(const char *sign, const json_t *left, const json_t *right)
{
    const json_t *const one = constant_of(left, "ival");
    const json_t *const other = constant_of(right, "ival");
    const json_int_t a = tree_integer(one, "ival");
    const json_int_t b = tree_integer(other, "ival");
    const struct {
        const char *signs;
        bool holds;
    } signs[] = {{"=", a == b}, {"<> !=", a != b}, {"<", a < b}, {">", a > b}, {"<=", a <= b}, {">=", a >= b}};
    for (size_t i = 0; one != NULL && other != NULL && i < sizeof signs / sizeof signs[0]; i++) {
        if (word_is_among(signs[i].signs, sign)) {
            return truth(signs[i].holds);
        }
    }
    const char *const string = effects_constant(left);
    const json_t *const fraction = constant_of(left, "fval");
    const bool is_equal = (string[0] != '\0' && strcmp(string, effects_constant(right)) == 0) ||
                          (fraction != NULL && json_equal(fraction, constant_of(right, "fval")));
    return !is_equal ? NOT_KNOWN : word_is_among("= <= >=", sign) ? ALWAYS : NOT_KNOWN;
}

/* ---- operators ---- */

static enum truth truth_of_operator(const struct condition *of, const json_t *expression)
{
    const json_t *const left = json_object_get(expression, "lexpr");
    const json_t *const right = json_object_get(expression, "rexpr");
    const char *const sign = tree_name(json_object_get(expression, "name"), 0);
    if (tree_is(expression, "kind", "AEXPR_NOT_DISTINCT")) {
        return is_same_column(of, left, right) ? ALWAYS : compare_constants("=", left, right);
    }
    if (tree_is(expression, "kind", "AEXPR_LIKE") || tree_is(expression, "kind", "AEXPR_ILIKE")) {
        const bool is_all = strcmp(effects_constant(right), "%") == 0 && is_never_null(of, left);
        return is_all ? truth(sign != NULL && sign[0] == '~') : NOT_KNOWN; /* NOT LIKE is !~~ */
    }
    if (!tree_is(expression, "kind", "AEXPR_OP") || sign == NULL) {
        return NOT_KNOWN;
    }
    if (constant_of(left, "isnull") != NULL || constant_of(right, "isnull") != NULL) {
        return IS_NULL;
    }
    return is_same_column(of, left, right)
               ? (word_is_among("= <= >=", sign) && is_never_null(of, left) ? ALWAYS : NOT_KNOWN)
               : compare_constants(sign, left, right);
}

/* c IS NULL OR c IS NOT NULL. */
static bool is_complement(const struct condition *of, const json_t *one, const json_t *other)
{
    const json_t *const left = tree_body(one, "NullTest");
    const json_t *const right = tree_body(other, "NullTest");
    return left != NULL && right != NULL &&
           strcmp(tree_string(left, "nulltesttype"), tree_string(right, "nulltesttype")) != 0 &&
           is_same_column(of, json_object_get(left, "arg"), json_object_get(right, "arg"));
}

static enum truth truth_of_not(enum truth part)
{
    return part == ALWAYS ? NEVER : part == NEVER ? ALWAYS : part;
}

static enum truth truth_of_words(const struct condition *of, const json_t *expression, int depth)
{
    const json_t *const parts = json_object_get(expression, "args");
    const bool is_or = tree_is(expression, "boolop", "OR_EXPR");
    const enum truth decides = is_or ? ALWAYS : NEVER;
    enum truth all = is_or ? NEVER : ALWAYS;
    if (tree_is(expression, "boolop", "NOT_EXPR")) {
        return truth_of_not(truth_of(of, json_array_get(parts, 0), depth));
    }
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *const part = json_array_get(parts, i);
        const enum truth one = truth_of(of, part, depth);
        if (one == decides || (is_or && i > 0 && is_complement(of, json_array_get(parts, i - 1), part))) {
            return decides;
        }
        all = one == NOT_KNOWN || all == NOT_KNOWN ? NOT_KNOWN : one == IS_NULL ? IS_NULL : all;
    }
    return all;
}

static enum truth truth_of_null_test(const struct condition *of, const json_t *test)
{
    const json_t *const argument = json_object_get(test, "arg");
    const bool is_null = constant_of(argument, "isnull") != NULL;
    const bool is_value = (tree_body(argument, "A_Const") != NULL && !is_null) || is_never_null(of, argument);
    return !is_null && !is_value ? NOT_KNOWN : truth(is_null == tree_is(test, "nulltesttype", "IS_NULL"));
}

static enum truth truth_of_test(const struct condition *of, const json_t *test, int depth)
{
    const enum truth argument = truth_of(of, json_object_get(test, "arg"), depth);
    return argument == ALWAYS && word_is_among("IS_TRUE IS_NOT_FALSE IS_NOT_UNKNOWN", tree_string(test, "booltesttype"))
               ? ALWAYS
               : NOT_KNOWN;
}

/* ---- subqueries ---- */

/* SELECT … with nothing but a WHERE that could leave out a row. */
static bool selects_by_where(const json_t *query)
{
    static const char *const chooses[] = {"groupClause", "havingClause",  "limitCount", "limitOffset",  "withClause",
                                          "valuesLists", "lockingClause", "larg",       "windowClause", "intoClause"};
    for (size_t i = 0; i < sizeof chooses / sizeof chooses[0]; i++) {
        if (json_object_get(query, chooses[i]) != NULL) {
            return false;
        }
    }
    return query != NULL && tree_count(query, "targetList") == 1;
}

/* EXISTS (SELECT 1 WHERE …), which reads no table. */
static enum truth truth_of_exists(const struct condition *of, const json_t *query, int depth)
{
    const json_t *const condition = json_object_get(query, "whereClause");
    const enum truth holds = condition == NULL ? ALWAYS : truth_of(of, condition, depth);
    return tree_count(query, "fromClause") > 0 ? NOT_KNOWN : holds == IS_NULL ? NEVER : holds;
}

/* c IN (SELECT c FROM the same table). */
static bool is_in_itself(const struct condition *of, const json_t *link, const json_t *query)
{
    const json_t *const from = json_object_get(query, "fromClause");
    const json_t *const range = tree_body(json_array_get(from, 0), "RangeVar");
    const json_t *const target = tree_body(json_array_get(json_object_get(query, "targetList"), 0), "ResTarget");
    const json_t *const fields = json_object_get(tree_body(json_object_get(target, "val"), "ColumnRef"), "fields");
    const char *const outer = own_column(of, json_object_get(link, "testexpr"));
    const char *const inner = tree_name(fields, 0);
    return json_array_size(from) == 1 && range != NULL && outer != NULL && inner != NULL && strcmp(outer, inner) == 0 &&
           tree_is(range, "relname", tree_string(of->range, "relname")) &&
           tree_is(range, "schemaname", tree_string(of->range, "schemaname")) &&
           is_never_null(of, json_object_get(link, "testexpr"));
}

static enum truth truth_of_link(const struct condition *of, const json_t *link, int depth)
{
    const json_t *const query = tree_body(json_object_get(link, "subselect"), "SelectStmt");
    if (!selects_by_where(query)) {
        return NOT_KNOWN;
    }
    if (tree_is(link, "subLinkType", "EXISTS_SUBLINK")) {
        return truth_of_exists(of, query, depth);
    }
    return tree_is(link, "subLinkType", "ANY_SUBLINK") && json_object_get(query, "whereClause") == NULL &&
                   is_in_itself(of, link, query)
               ? ALWAYS
               : NOT_KNOWN;
}

static enum truth truth_of(const struct condition *of, const json_t *node, int depth)
{
    const json_t *body;
    if (depth >= DEEPEST) {
        return NOT_KNOWN;
    }
    if (tree_body(node, "A_Const") != NULL) {
        return truth_of_constant(node);
    }
    if ((body = tree_body(node, "TypeCast")) != NULL) {
        return truth_of_cast(of, body, depth + 1);
    }
    if ((body = tree_body(node, "A_Expr")) != NULL) {
        return truth_of_operator(of, body);
    }
    if ((body = tree_body(node, "BoolExpr")) != NULL) {
        return truth_of_words(of, body, depth + 1);
    }
    if ((body = tree_body(node, "NullTest")) != NULL) {
        return truth_of_null_test(of, body);
    }
    if ((body = tree_body(node, "BooleanTest")) != NULL) {
        return truth_of_test(of, body, depth + 1);
    }
    return truth_of_link(of, tree_body(node, "SubLink"), depth + 1);
}

/* ---- conditions that choose no rows ---- */

/* A value, and whether it may differ from row to row. */
struct telling {
    const struct condition *of;
    bool tells;
};

static bool tell(void *data, const char *key, json_t *object)
{
    struct telling *const telling = data;
    const char *const table = tree_name(json_object_get(object, "fields"), 1);
    telling->tells = telling->tells || word_is_among("CurrentOfExpr ParamRef", key) ||
                     (strcmp(key, "ColumnRef") == 0 && (table == NULL || strcmp(table, telling->of->alias) == 0));
    return !telling->tells;
}

/* Does it name a column of the table, or one that may be it? */
static bool tells_rows(const struct condition *of, json_t *tree)
{
    struct telling telling = {of, false};
    tree_walk(tree, tell, &telling);
    return telling.tells;
}

static enum every_row judge(const struct condition *of, json_t *node)
{
    if (node == NULL) {
        return EVERY_ROW;
    }
    const enum truth holds = truth_of(of, node, 0);
    return holds == ALWAYS ? EVERY_ROW
           : holds == NEVER || holds == IS_NULL || tells_rows(of, node) || effects_is_volatile(of->reader, node)
               ? SOME_ROWS
               : EVERY_ROW_OR_NONE;
}

static enum every_row least(enum every_row one, enum every_row other)
{
    return one < other ? one : other;
}

/* A MERGE: the strongest of its WHEN MATCHED … THEN UPDATE or DELETE. */
static enum every_row judge_merge(const struct condition *of, const json_t *merge)
{
    const json_t *const actions = json_object_get(merge, "mergeWhenClauses");
    const enum every_row joined = judge(of, json_object_get(merge, "joinCondition"));
    enum every_row most = SOME_ROWS;
    for (size_t i = 0; i < json_array_size(actions); i++) {
        const json_t *const action = tree_body(json_array_get(actions, i), "MergeWhenClause");
        if (tree_flag(action, "matched") &&
            word_is_among("CMD_UPDATE CMD_DELETE", tree_string(action, "commandType"))) {
            const enum every_row one = least(joined, judge(of, json_object_get(action, "condition")));
            most = one > most ? one : most;
        }
    }
    return most;
}

enum every_row effects_every_row(const struct effects_reader *reader, const json_t *statement)
{
    const json_t *const range = json_object_get(statement, "relation");
    const char *const alias = tree_string(json_object_get(range, "alias"), "aliasname");
    const struct condition of = {.reader = reader,
                                 .range = range,
                                 .alias = alias[0] == '\0' ? tree_string(range, "relname") : alias,
                                 .is_alone = tree_count(statement, "usingClause") == 0 &&
                                             tree_count(statement, "fromClause") == 0 &&
                                             json_object_get(statement, "sourceRelation") == NULL};
    return json_object_get(statement, "mergeWhenClauses") != NULL
               ? judge_merge(&of, statement)
               : judge(&of, json_object_get(statement, "whereClause"));
}
