/*
 * "a" is always the script's side and "b" the server's.
 */
#include "sql/same.h"

#include "base/words.h"
#include "sql/parse.h"
#include "sql/parse_tree.h"

#include <string.h>

/* What surrounds two nodes. */
struct around {
    const char *key;     /* their member */
    bool is_operand;     /* of an operator or function: there the server also prints implicit casts */
    bool is_always_full; /* the server prints this relation with its schema in any case */
};

static bool same(const struct around *around, json_t *a, json_t *b);

/* Places in the text, and what does not belong to the definition. */
static bool is_ignored(const char *key)
{
    static const char *const keys[] = {"location",    "stmt_location", "stmt_len",   "concurrent",      "if_not_exists",
                                       "replace",     "conname",       "domainname", "initially_valid", "skipData",
                                       "policy_name", "table",         "typevar",    "skip_validation", NULL};
    return word_is_one_of(text_of(key), keys);
}

/* ---- names ---- */

static const char *without_own(const char *schema)
{
    return schema != NULL && strcmp(schema, "pg_catalog") == 0 ? NULL : schema;
}

static bool same_schema(const char *a, const char *b)
{
    a = without_own(a);
    b = without_own(b);
    if (a != NULL && b != NULL) {
        return strcmp(a, b) == 0;
    }
    return b == NULL && (a == NULL || strcmp(a, "public") == 0);
}

static bool same_name(json_t *a, json_t *b)
{
    const char *const last_a = tree_name(a, 0);
    const char *const last_b = tree_name(b, 0);
    return last_a != NULL && last_b != NULL && strcmp(last_a, last_b) == 0 &&
           same_schema(tree_name(a, 1), tree_name(b, 1));
}

/* A column's table may be left out on either side: then there is only one that has it. */
static bool same_column(const struct around *around, json_t *a, json_t *b)
{
    const size_t size_a = json_array_size(a);
    const size_t size_b = json_array_size(b);
    const size_t most = size_a < size_b ? size_a : size_b;
    bool equal = most > 0;
    for (size_t i = 1; equal && i <= most; i++) {
        equal = same(around, json_array_get(a, size_a - i), json_array_get(b, size_b - i));
    }
    return equal;
}

/* ---- nodes ---- */

static bool same_list(const struct around *around, json_t *a, json_t *b)
{
    static const char *const names[] = {"funcname", "opclass", "collname", "names", "name", NULL};
    if (word_is_one_of(text_of(around->key), names)) {
        return same_name(a, b);
    }
    if (strcmp(around->key, "typeName") == 0) {
        return true; /* the name of what CREATE TYPE makes */
    }
    if (strcmp(around->key, "fields") == 0) {
        return same_column(around, a, b);
    }
    bool equal = json_array_size(a) == json_array_size(b);
    for (size_t i = 0; equal && i < json_array_size(a); i++) {
        equal = same(around, json_array_get(a, i), json_array_get(b, i));
    }
    return equal;
}

/* Does the script's node lack this member rightly? */
static bool may_lack(const struct around *around, const char *key, const json_t *b)
{
    const bool is_unnamed =
        strcmp(key, "name") == 0 && json_is_string(b) && strcmp(json_string_value(b), "?column?") == 0;
    return is_ignored(key) || is_unnamed || (around->is_always_full && strcmp(key, "schemaname") == 0);
}

static bool same_member(const struct around *around, const char *key, json_t *a, json_t *b)
{
    static const char *const operands[] = {"A_Expr", "FuncCall", "NullTest", "lexpr", "rexpr", NULL};
    static const char *const breaks[] = {"SelectStmt", "targetList", NULL};
    const struct around inside = {
        .key = key,
        .is_operand =
            !word_is_one_of(text_of(key), breaks) && (around->is_operand || word_is_one_of(text_of(key), operands)),
        .is_always_full = strcmp(key, "relation") == 0,
    };
    return same(&inside, a, b);
}

static bool same_object(const struct around *around, json_t *a, json_t *b)
{
    const char *key;
    json_t *member;
    json_object_foreach(b, key, member)
    {
        if (json_object_get(a, key) == NULL && !may_lack(around, key, member)) {
            return false;
        }
    }
    json_object_foreach(a, key, member)
    {
        json_t *const other = json_object_get(b, key);
        const bool is_public =
            strcmp(key, "schemaname") == 0 && other == NULL && same_schema(json_string_value(member), NULL);
        if (!is_ignored(key) && !is_public && (other == NULL || !same_member(around, key, member, other))) {
            return false;
        }
    }
    return true;
}

/* Ascending order and IN are defaults that need not be written. */
static const char *usual(const char *word)
{
    return strcmp(word, "SORTBY_ASC") == 0      ? "SORTBY_DEFAULT"
           : strcmp(word, "FUNC_PARAM_IN") == 0 ? "FUNC_PARAM_DEFAULT"
                                                : word;
}

static bool same(const struct around *around, json_t *a, json_t *b)
{
    const json_t *const cast = tree_body(b, "TypeCast");
    if (cast != NULL && tree_body(a, "TypeCast") == NULL) {
        json_t *const inner = json_object_get(cast, "arg");
        return (around->is_operand || tree_body(inner, "A_Const") != NULL) && same(around, a, inner);
    }
    if (json_is_object(a) && json_is_object(b)) {
        return same_object(around, a, b);
    }
    if (json_is_array(a) && json_is_array(b)) {
        return same_list(around, a, b);
    }
    if (json_is_string(a) && json_is_string(b)) {
        return strcmp(usual(json_string_value(a)), usual(json_string_value(b))) == 0;
    }
    return json_equal(a, b) == 1;
}

/* ---- statements ---- */

static const struct around nowhere = {.key = ""};

static bool same_statement(json_t *a, json_t *b)
{
    return same(&nowhere, a, b);
}

/* Does the server's list have this option of the script, or is it compared elsewhere? */
static bool has_option(json_t *option, const json_t *options)
{
    static const char *const elsewhere[] = {"language", "volatility", "strict", "security", "as", NULL};
    bool is_there = word_is_one_of(text_of(tree_string(tree_body(option, "DefElem"), "defname")), elsewhere);
    for (size_t i = 0; !is_there && i < json_array_size(options); i++) {
        is_there = same(&nowhere, option, json_array_get(options, i));
    }
    return is_there;
}

static bool same_function(json_t *a, json_t *b)
{
    static const char *const compared[] = {"parameters", "returnType", "sql_body", "is_procedure"};
    const json_t *const script = tree_body(a, "CreateFunctionStmt");
    const json_t *const printed = tree_body(b, "CreateFunctionStmt");
    const json_t *const options = json_object_get(script, "options");
    bool equal = script != NULL && printed != NULL;
    for (size_t i = 0; equal && i < sizeof compared / sizeof compared[0]; i++) {
        json_t *const one = json_object_get(script, compared[i]);
        json_t *const other = json_object_get(printed, compared[i]);
        const struct around around = {.key = compared[i]};
        /* Parameters with OUT make the result that the server prints. */
        const bool is_made = one == NULL && strcmp(compared[i], "returnType") == 0;
        equal = is_made || (one == NULL || other == NULL ? one == other : same(&around, one, other));
    }
    for (size_t i = 0; equal && i < json_array_size(options); i++) {
        equal = has_option(json_array_get(options, i), json_object_get(printed, "options"));
    }
    return equal;
}

static bool compare(struct arena *arena, struct text script, struct text printed, bool (*same_of)(json_t *a, json_t *b))
{
    json_t *const a = sql_parse(arena, script);
    json_t *const b = a == NULL ? NULL : sql_parse(arena, printed);
    json_t *const one = tree_only_statement(a);
    json_t *const other = tree_only_statement(b);
    const bool equal = one != NULL && other != NULL && same_of(one, other);
    json_decref(a);
    json_decref(b);
    return equal;
}

bool sql_same_meaning(struct arena *arena, struct text script, struct text printed)
{
    return compare(arena, script, printed, same_statement);
}

bool sql_same_function(struct arena *arena, struct text script, struct text printed)
{
    return compare(arena, script, printed, same_function);
}
