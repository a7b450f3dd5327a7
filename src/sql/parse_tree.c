#include "sql/parse_tree.h"

#include "base/words.h"

#include <string.h>
#include <strings.h>

/* ---- members ---- */

const char *tree_string(const json_t *body, const char *key)
{
    const char *const value = json_string_value(json_object_get(body, key));
    return value == NULL ? "" : value;
}

bool tree_flag(const json_t *body, const char *key)
{
    return json_is_true(json_object_get(body, key));
}

bool tree_is(const json_t *body, const char *key, const char *value)
{
    return strcmp(tree_string(body, key), value) == 0;
}

json_int_t tree_integer(const json_t *body, const char *key)
{
    return json_integer_value(json_object_get(body, key));
}

size_t tree_count(const json_t *body, const char *key)
{
    return json_array_size(json_object_get(body, key));
}

const char *tree_node(json_t *node, json_t **body)
{
    void *const member = json_object_iter(node);
    *body = member == NULL ? NULL : json_object_iter_value(member);
    return json_is_object(*body) ? json_object_iter_key(member) : "";
}

const json_t *tree_body(const json_t *node, const char *kind)
{
    return json_object_get(node, kind);
}

json_t *tree_only_statement(const json_t *tree)
{
    const json_t *const statements = json_object_get(tree, "stmts");
    return json_array_size(statements) == 1 ? json_object_get(json_array_get(statements, 0), "stmt") : NULL;
}

const char *tree_name(const json_t *names, size_t from_end)
{
    const size_t count = json_array_size(names);
    return from_end < count ? json_string_value(json_object_get(
                                  tree_body(json_array_get(names, count - 1 - from_end), "String"), "sval"))
                            : NULL;
}

const json_t *tree_first_select(const json_t *select)
{
    while (json_object_get(select, "larg") != NULL) {
        select = json_object_get(select, "larg");
    }
    return select;
}

const json_t *tree_option(const json_t *options, const char *name)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *const option = tree_body(json_array_get(options, i), "DefElem");
        if (tree_is(option, "defname", name)) {
            return option;
        }
    }
    return NULL;
}

bool tree_option_on(const json_t *options, const char *name)
{
    const json_t *const option = tree_option(options, name);
    json_t *value;
    const bool is_number = strcmp(tree_node(json_object_get(option, "arg"), &value), "Integer") == 0;
    const char *const word = tree_string(value, "sval");
    const bool is_off =
        is_number ? tree_integer(value, "ival") == 0 : strcasecmp(word, "false") == 0 || strcasecmp(word, "off") == 0;
    return option != NULL && !is_off;
}

bool tree_has_any(json_t *body, const char *keys)
{
    void *member = json_object_iter(body);
    while (member != NULL && !word_is_among(keys, json_object_iter_key(member))) {
        member = json_object_iter_next(body, member);
    }
    return member != NULL;
}

/* ---- WITH ---- */

/* The queries of a WITH, as far as they are seen at a place. */
struct ctes {
    const struct ctes *outer;
    const json_t *list;
    size_t count;
};

static bool names_cte(const struct ctes *seen, const json_t *range)
{
    for (; seen != NULL && tree_string(range, "schemaname")[0] == '\0'; seen = seen->outer) {
        for (size_t i = 0; i < seen->count; i++) {
            const json_t *const cte = tree_body(json_array_get(seen->list, i), "CommonTableExpr");
            if (tree_is(cte, "ctename", tree_string(range, "relname"))) {
                return true;
            }
        }
    }
    return false;
}

static void mark(const char *key, json_t *value, const struct ctes *seen)
{
    const json_t *const with = json_object_get(value, "withClause");
    const json_t *const list = json_object_get(with, "ctes");
    const struct ctes all = {seen, list, json_array_size(list)};
    for (size_t i = 0; i < json_array_size(value); i++) {
        mark("", json_array_get(value, i), seen);
    }
    for (size_t i = 0; i < all.count; i++) {
        mark("", json_array_get(list, i), tree_flag(with, "recursive") ? &all : &(struct ctes){seen, list, i});
    }
    if (strcmp(key, "RangeVar") == 0 && names_cte(seen, value)) {
        json_object_set_new(value, "is_cte", json_true());
    }
    for (void *member = json_object_iter(value); member != NULL; member = json_object_iter_next(value, member)) {
        json_t *const inner = json_object_iter_value(member);
        if (inner != with && (json_is_object(inner) || json_is_array(inner))) {
            mark(json_object_iter_key(member), inner, with == NULL ? seen : &all);
        }
    }
}

void tree_mark_ctes(json_t *tree)
{
    mark("", tree, NULL);
}

bool tree_is_cte(const json_t *range)
{
    return tree_flag(range, "is_cte");
}

/* ---- the walk ---- */

/* Most members of a tree are words and numbers: only what has members itself is walked into. */
static void walk(const char *key, json_t *value, tree_visitor visit, void *data)
{
    const size_t count = json_is_array(value) ? json_array_size(value) : 0;
    for (size_t i = 0; i < count; i++) {
        walk("", json_array_get(value, i), visit, data);
    }
    if (!json_is_object(value) || !visit(data, key, value)) {
        return;
    }
    for (void *member = json_object_iter(value); member != NULL; member = json_object_iter_next(value, member)) {
        json_t *const inner = json_object_iter_value(member);
        if (json_is_object(inner) || json_is_array(inner)) {
            walk(json_object_iter_key(member), inner, visit, data);
        }
    }
}

void tree_walk(json_t *tree, tree_visitor visit, void *data)
{
    walk("", tree, visit, data);
}
