/*
 * "a" is always the script's side and "b" the server's. Everything that is not known to be a difference is none.
 */
#include "sql/differs.h"

#include "base/words.h"
#include "sql/parse.h"
#include "sql/parse_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    bool strings_are_exact;
};

static bool differs(const struct walk *walk, const char *key, json_t *a, json_t *b);

static bool is_one_of(const char *key, const char *const *keys)
{
    return word_is_one_of(text_of(key), keys);
}

/* ---- constants ---- */

/* The number of a constant, also in quotes. */
static bool number_of(const json_t *constant, double *number)
{
    const json_t *const integer = json_object_get(constant, "ival");
    const char *text = tree_string(json_object_get(constant, "fval"), "fval");
    if (integer != NULL) {
        *number = (double)tree_integer(integer, "ival");
        return true;
    }
    text = text[0] != '\0' ? text : tree_string(json_object_get(constant, "sval"), "sval");
    char *end = NULL;
    *number = strtod(text, &end);
    return text[0] != '\0' && *end == '\0' && isfinite(*number);
}

static bool constant_differs(const struct walk *walk, const json_t *a, const json_t *b)
{
    const json_t *const string_a = json_object_get(a, "sval");
    const json_t *const string_b = json_object_get(b, "sval");
    double number_a = 0;
    double number_b = 0;
    if (string_a != NULL && string_b != NULL && walk->strings_are_exact) {
        return strcmp(tree_string(string_a, "sval"), tree_string(string_b, "sval")) != 0;
    }
    if (json_object_get(a, "boolval") != NULL && json_object_get(b, "boolval") != NULL) {
        return tree_flag(json_object_get(a, "boolval"), "boolval") !=
               tree_flag(json_object_get(b, "boolval"), "boolval");
    }
    return number_of(a, &number_a) && number_of(b, &number_b) && number_a != number_b;
}

/* A cast to one of the types whose strings the server does not rewrite; those of users may be any. */
static bool is_to_text(const json_t *cast)
{
    static const char *const texts[] = {"text", "varchar", "bpchar", "name", NULL};
    const char *const name = tree_name(json_object_get(json_object_get(cast, "typeName"), "names"), 0);
    return name != NULL && is_one_of(name, texts);
}

/* ---- indexes ---- */

/* NULLS FIRST and LAST as they are without a word. */
static const char *nulls_of(const json_t *element)
{
    const char *const said = tree_string(element, "nulls_ordering");
    const bool is_usual = said[0] == '\0' || strcmp(said, "SORTBY_NULLS_DEFAULT") == 0;
    const bool descends = tree_is(element, "ordering", "SORTBY_DESC");
    return !is_usual ? said : descends ? "SORTBY_NULLS_FIRST" : "SORTBY_NULLS_LAST";
}

/* The server prints an operator class if it is not the default. */
static bool element_differs(const struct walk *walk, const json_t *a, const json_t *b)
{
    const char *const class_a = tree_name(json_object_get(a, "opclass"), 0);
    const char *const class_b = tree_name(json_object_get(b, "opclass"), 0);
    const bool is_pattern = class_a != NULL && text_ends_with(text_of(class_a), "_pattern_ops"); /* never the default */
    const bool is_other_class = class_b == NULL ? is_pattern : class_a == NULL || strcmp(class_a, class_b) != 0;
    return is_other_class || tree_is(a, "ordering", "SORTBY_DESC") != tree_is(b, "ordering", "SORTBY_DESC") ||
           strcmp(nulls_of(a), nulls_of(b)) != 0 || strcmp(tree_string(a, "name"), tree_string(b, "name")) != 0 ||
           (json_object_get(a, "expr") != NULL && json_object_get(b, "expr") != NULL &&
            differs(walk, "expr", json_object_get(a, "expr"), json_object_get(b, "expr")));
}

/* ---- nodes ---- */

static bool name_differs(const json_t *a, const json_t *b)
{
    const char *const name_a = tree_name(a, 0);
    const char *const name_b = tree_name(b, 0);
    return name_a != NULL && name_b != NULL && strcmp(name_a, name_b) != 0;
}

static bool list_differs(const struct walk *walk, const char *key, json_t *a, json_t *b)
{
    static const char *const names[] = {"funcname", "fields", "name", NULL};
    static const char *const counted[] = {"keys",      "fk_attrs",   "pk_attrs", "indexParams", "indexIncludingParams",
                                          "including", "exclusions", NULL};
    if (is_one_of(key, names)) {
        return name_differs(a, b);
    }
    const size_t count = json_array_size(a);
    bool is_other = count != json_array_size(b) && is_one_of(key, counted);
    for (size_t i = 0; !is_other && count == json_array_size(b) && i < count; i++) {
        is_other = differs(walk, is_one_of(key, counted) ? "names" : "", json_array_get(a, i), json_array_get(b, i));
    }
    return is_other;
}

/* A member that only one of them has means something. */
static bool is_option(const char *key)
{
    static const char *const options[] = {
        "deferrable",  "initdeferred", "nulls_not_distinct",   "is_no_inherit", "unique",
        "whereClause", "where_clause", "indexIncludingParams", "including",     NULL};
    return is_one_of(key, options);
}

static bool object_differs(const struct walk *walk, json_t *a, json_t *b)
{
    const char *key;
    json_t *member;
    json_object_foreach(a, key, member)
    {
        json_t *const other = json_object_get(b, key);
        if (other == NULL ? is_option(key) : differs(walk, key, member, other)) {
            return true;
        }
    }
    json_object_foreach(b, key, member)
    {
        if (json_object_get(a, key) == NULL && is_option(key)) {
            return true;
        }
    }
    return false;
}

static bool string_differs(const char *key, const json_t *a, const json_t *b)
{
    static const char *const exact[] = {"fk_upd_action", "fk_del_action", "contype",      "relname", "accessMethod",
                                        "nulltesttype",  "boolop",        "booltesttype", "names",   NULL};
    return is_one_of(key, exact) && strcmp(json_string_value(a), json_string_value(b)) != 0;
}

static bool differs(const struct walk *walk, const char *key, json_t *a, json_t *b)
{
    const json_t *const cast = tree_body(b, "TypeCast");
    const json_t *const constant = tree_body(a, "A_Const");
    const json_t *const element = tree_body(a, "IndexElem");
    if (cast != NULL) {
        const json_t *const own = tree_body(a, "TypeCast");
        const struct walk inside = {walk->strings_are_exact || is_to_text(cast)};
        return differs(&inside, key, own == NULL ? a : json_object_get(own, "arg"), json_object_get(cast, "arg"));
    }
    if (constant != NULL && tree_body(b, "A_Const") != NULL) {
        return constant_differs(walk, constant, tree_body(b, "A_Const"));
    }
    if (element != NULL && tree_body(b, "IndexElem") != NULL) {
        return element_differs(walk, element, tree_body(b, "IndexElem"));
    }
    const json_t *const operation = tree_body(a, "A_Expr");
    const json_t *const other = tree_body(b, "A_Expr");
    if (operation != NULL && other != NULL && !tree_is(operation, "kind", tree_string(other, "kind"))) {
        return false; /* IN, LIKE, BETWEEN: the server writes them with operators */
    }
    const json_t *const name = tree_body(a, "String");
    if (name != NULL && tree_body(b, "String") != NULL && strcmp(key, "names") == 0) {
        return strcmp(tree_string(name, "sval"), tree_string(tree_body(b, "String"), "sval")) != 0;
    }
    if (json_is_object(a) && json_is_object(b)) {
        return object_differs(walk, a, b);
    }
    if (json_is_array(a) && json_is_array(b)) {
        return list_differs(walk, key, a, b);
    }
    return json_is_string(a) && json_is_string(b) && string_differs(key, a, b);
}

bool sql_differs_surely(struct arena *arena, struct text script, struct text printed, bool strings_are_exact)
{
    const struct walk walk = {strings_are_exact};
    json_t *const a = sql_parse(arena, script);
    json_t *const b = a == NULL ? NULL : sql_parse(arena, printed);
    json_t *const one = tree_only_statement(a);
    json_t *const other = tree_only_statement(b);
    const bool is_other = one != NULL && other != NULL && differs(&walk, "", one, other);
    json_decref(a);
    json_decref(b);
    return is_other;
}
