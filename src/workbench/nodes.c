/*
 * Each row lists the members of one kind of node; a member that is not in its row is refused, as is a node without a
 * row. "member:Type" is a node that is in its parent without its type name around it. Made from pg_query.proto
 * 15-4.0.0.
 */
#include "workbench/nodes.h"

#include "base/digest.h"

#include <string.h>

static const struct node {
    const char *name;
    const char *members;
} nodes[] = {
    {"A_ArrayExpr", "elements location"},
    {"A_Const", "ival:Integer fval:Float boolval:Boolean sval:String bsval:BitString isnull location"},
    {"A_Expr", "kind name lexpr rexpr location"},
    {"A_Indices", "is_slice lidx uidx"},
    {"A_Indirection", "arg indirection"},
    {"A_Star", ""},
    {"Alias", "aliasname colnames"},
    {"BitString", "bsval"},
    {"BoolExpr", "boolop args location"},
    {"Boolean", "boolval"},
    {"BooleanTest", "arg booltesttype location"},
    {"CTECycleClause",
     "cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default cycle_path_column location"},
    {"CTESearchClause", "search_col_list search_breadth_first search_seq_column location"},
    {"CaseExpr", "arg args defresult location"},
    {"CaseWhen", "expr result location"},
    {"CoalesceExpr", "args location"},
    {"CollateClause", "arg collname location"},
    {"ColumnDef", "colname typeName:TypeName is_local collClause:CollateClause location"},
    {"ColumnRef", "fields location"},
    {"CommonTableExpr", "ctename aliascolnames ctematerialized ctequery search_clause:CTESearchClause "
                        "cycle_clause:CTECycleClause location"},
    {"Float", "fval"},
    {"FuncCall", "funcname args agg_order agg_filter over:WindowDef agg_within_group agg_star agg_distinct "
                 "func_variadic funcformat location"},
    {"GroupingFunc", "args location"},
    {"GroupingSet", "kind content location"},
    {"Integer", "ival"},
    {"JoinExpr", "jointype isNatural larg rarg usingClause join_using_alias:Alias quals alias:Alias"},
    {"List", "items"},
    {"MinMaxExpr", "op args location"},
    {"NamedArgExpr", "arg name argnumber location"},
    {"NullTest", "arg nulltesttype location"},
    {"ParamRef", "number location"},
    {"RangeFunction", "lateral ordinality is_rowsfrom functions alias:Alias coldeflist"},
    {"RangeSubselect", "lateral subquery alias:Alias"},
    {"RangeTableFunc", "lateral docexpr rowexpr namespaces columns alias:Alias location"},
    {"RangeTableFuncCol", "colname typeName:TypeName for_ordinality is_not_null colexpr coldefexpr location"},
    {"RangeTableSample", "relation method args repeatable location"},
    {"RangeVar", "catalogname schemaname relname inh relpersistence alias:Alias location"},
    {"ResTarget", "name indirection val location"},
    {"RowExpr", "args row_format colnames location"},
    {"SQLValueFunction", "op typmod location"},
    {"SelectStmt",
     "distinctClause targetList fromClause whereClause groupClause groupDistinct havingClause windowClause "
     "valuesLists sortClause limitOffset limitCount limitOption withClause:WithClause op all "
     "larg:SelectStmt rarg:SelectStmt"},
    {"SortBy", "node sortby_dir sortby_nulls useOp location"},
    {"String", "sval"},
    {"SubLink", "subLinkType subLinkId testexpr operName subselect location"},
    {"TypeCast", "arg typeName:TypeName location"},
    {"TypeName", "names setof pct_type typmods typemod arrayBounds location"},
    {"WindowDef", "name refname partitionClause orderClause frameOptions startOffset endOffset location"},
    {"WithClause", "ctes recursive location"},
    {"XmlExpr", "op name named_args arg_names args xmloption location"},
    {"XmlSerialize", "xmloption expr typeName:TypeName location"},
};

/* Nodes that are refused with a reason of their own. */
static const struct {
    const char *name;
    enum reason reason;
    const char *said;
} refused[] = {
    {"InsertStmt", REASON_DML, "The query has an INSERT inside."},
    {"UpdateStmt", REASON_DML, "The query has an UPDATE inside."},
    {"DeleteStmt", REASON_DML, "The query has a DELETE inside."},
    {"MergeStmt", REASON_DML, "The query has a MERGE inside."},
    {"intoClause", REASON_INTO, "INTO makes a table."},
    {"lockingClause", REASON_LOCK, "FOR UPDATE, FOR SHARE and their like lock rows."},
    {"CurrentOfExpr", REASON_KIND, "WHERE CURRENT OF belongs to UPDATE and DELETE."},
    {"SetToDefault", REASON_KIND, "DEFAULT belongs to INSERT and UPDATE."},
};

/* ---- refusing ---- */

static bool refuse(const struct nodes_walk *walk, const char *name)
{
    enum reason reason = REASON_KIND;
    const char *said = NULL;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(refused[i].name, name) == 0) {
            reason = refused[i].reason;
            said = refused[i].said;
        }
    }
    status_fail_because(walk->status, STATUS_INVALID_ARGUMENT, reason,
                        "Only read-only queries are allowed (SELECT/WITH/EXPLAIN).");
    walk->status->detail =
        said != NULL ? said : arena_printf(walk->arena, "%.100s is not among what a query may be made of.", name);
    return false;
}

/* ---- collecting names ---- */

static bool is_same(const struct sql_name *a, const struct sql_name *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->schema, b->schema) == 0 && a->arguments == b->arguments;
}

/* Where the name is, or where it can be put; there is room. */
static size_t *slot_of(const struct sql_names *names, const struct sql_name *name)
{
    size_t at = fnv1a_add(FNV1A_START ^ (uint32_t)name->arguments, name->name) % names->slot_count;
    while (names->slots[at] != 0 && !is_same(&names->items[names->slots[at] - 1], name)) {
        at = (at + 1) % names->slot_count;
    }
    return &names->slots[at];
}

/* Keeps at least half of the slots free. */
static void make_room(struct arena *arena, struct sql_names *names)
{
    if (names->count * 2 < names->slot_count) {
        return;
    }
    names->slot_count = names->slot_count == 0 ? 16 : names->slot_count * 2;
    names->slots = arena_array(arena, names->slot_count, sizeof *names->slots);
    memset(names->slots, 0, names->slot_count * sizeof *names->slots);
    for (size_t i = 0; i < names->count; i++) {
        *slot_of(names, &names->items[i]) = i + 1;
    }
}

/* There may be tens of thousands. */
static void add(const struct nodes_walk *walk, struct sql_names *names, const struct sql_name *name)
{
    make_room(walk->arena, names);
    size_t *const slot = slot_of(names, name);
    if (*slot != 0) {
        return;
    }
    *slot = names->count + 1;
    names->items = arena_grow(walk->arena, names->items, names->count, &names->capacity, sizeof *names->items);
    names->items[names->count++] = (struct sql_name){arena_strdup(walk->arena, name->schema),
                                                     arena_strdup(walk->arena, name->name), name->arguments};
}

static void add_name(const struct nodes_walk *walk, struct sql_names *names, const char *schema, const char *name)
{
    add(walk, names, &(struct sql_name){schema, name, ANY_ARGUMENTS});
}

/* The name at this index, counted from the end; "" if there is none, or it is not a name. */
static const char *name_at(const json_t *list, size_t from_end)
{
    const size_t count = json_array_size(list);
    const json_t *const node = from_end < count ? json_array_get(list, count - 1 - from_end) : NULL;
    const char *const name = json_string_value(json_object_get(json_object_get(node, "String"), "sval"));
    return name == NULL ? "" : name;
}

static void add_qualified(const struct nodes_walk *walk, struct sql_names *names, const json_t *list)
{
    if (name_at(list, 0)[0] != '\0') {
        add_name(walk, names, name_at(list, 1), name_at(list, 0));
    }
}

static const char *string_of(const json_t *body, const char *key)
{
    const char *const value = json_string_value(json_object_get(body, key));
    return value == NULL ? "" : value;
}

/* The number of positional arguments in a call. */
static int count_arguments(const json_t *call)
{
    const json_t *const arguments = json_object_get(call, "args");
    const size_t count = json_array_size(arguments);
    bool is_plain = json_object_get(call, "func_variadic") == NULL && json_object_get(call, "agg_within_group") == NULL;
    for (size_t i = 0; i < count; i++) {
        is_plain = is_plain && json_object_get(json_array_get(arguments, i), "NamedArgExpr") == NULL;
    }
    return is_plain ? (int)count : ANY_ARGUMENTS;
}

static bool see_function(const struct nodes_walk *walk, const json_t *body)
{
    const json_t *const list = json_object_get(body, "funcname");
    if (name_at(list, 0)[0] != '\0') {
        add(walk, &walk->uses->functions,
            &(struct sql_name){name_at(list, 1), name_at(list, 0), count_arguments(body)});
    }
    return true;
}

/* BETWEEN uses these operators; other expressions name their operator. */
static bool see_operator(const struct nodes_walk *walk, const json_t *body)
{
    if (strncmp(string_of(body, "kind"), "AEXPR_BETWEEN", strlen("AEXPR_BETWEEN")) == 0 ||
        strncmp(string_of(body, "kind"), "AEXPR_NOT_BETWEEN", strlen("AEXPR_NOT_BETWEEN")) == 0) {
        static const char *const made_of[] = {"<", "<=", ">", ">="};
        for (size_t i = 0; i < sizeof made_of / sizeof made_of[0]; i++) {
            add_name(walk, &walk->uses->operators, "", made_of[i]);
        }
        return true;
    }
    add_qualified(walk, &walk->uses->operators, json_object_get(body, "name"));
    return true;
}

static bool see_sublink(const struct nodes_walk *walk, const json_t *body)
{
    const json_t *const name = json_object_get(body, "operName");
    if (name != NULL) {
        add_qualified(walk, &walk->uses->operators, name);
    } else {
        add_name(walk, &walk->uses->operators, "", "=");
    }
    return true;
}

static bool see_equality(const struct nodes_walk *walk, const json_t *body)
{
    if (json_object_get(body, "arg") != NULL || json_object_get(body, "usingClause") != NULL ||
        json_object_get(body, "isNatural") != NULL) {
        add_name(walk, &walk->uses->operators, "", "=");
    }
    return true;
}

static bool see_order(const struct nodes_walk *walk, const json_t *body)
{
    add_qualified(walk, &walk->uses->operators, json_object_get(body, "useOp"));
    return true;
}

static bool see_type(const struct nodes_walk *walk, const json_t *body)
{
    add_qualified(walk, &walk->uses->types, json_object_get(body, "names"));
    return true;
}

static bool see_relation(const struct nodes_walk *walk, const json_t *body)
{
    add_name(walk, &walk->uses->relations, string_of(body, "schemaname"), string_of(body, "relname"));
    return true;
}

/* t.f is f(t) if t has no column f. */
static bool see_column(const struct nodes_walk *walk, const json_t *body)
{
    const json_t *const fields = json_object_get(body, "fields");
    if (json_array_size(fields) > 1 && name_at(fields, 0)[0] != '\0') {
        add_name(walk, &walk->uses->attributes, "", name_at(fields, 0));
    }
    return true;
}

static bool see_indirection(const struct nodes_walk *walk, const json_t *body)
{
    const json_t *const parts = json_object_get(body, "indirection");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        if (name_at(parts, i)[0] != '\0') {
            add_name(walk, &walk->uses->attributes, "", name_at(parts, i));
        }
    }
    return true;
}

static bool see_parameter(const struct nodes_walk *walk, const json_t *body)
{
    const json_int_t number = json_integer_value(json_object_get(body, "number"));
    return (number >= 1 && (size_t)number <= walk->rules->parameters) ||
           status_fail_because(walk->status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                               "The query uses $%lld, and %zu parameters were given; say their values in \"params\".",
                               (long long)number, walk->rules->parameters);
}

static bool see_sample(const struct nodes_walk *walk, const json_t *body)
{
    const json_t *const method = json_object_get(body, "method");
    const char *const name = name_at(method, 0);
    return (json_array_size(method) == 1 && (strcmp(name, "system") == 0 || strcmp(name, "bernoulli") == 0)) ||
           status_fail_because(walk->status, STATUS_INVALID_ARGUMENT, REASON_FUNC,
                               "TABLESAMPLE %s is not allowed here: only SYSTEM and BERNOULLI are.", name);
}

static const struct {
    const char *node;
    bool (*see)(const struct nodes_walk *walk, const json_t *body);
} seen[] = {
    {"FuncCall", see_function},  {"A_Expr", see_operator},         {"SubLink", see_sublink},
    {"CaseExpr", see_equality},  {"JoinExpr", see_equality},       {"SortBy", see_order},
    {"TypeName", see_type},      {"RangeVar", see_relation},       {"ColumnRef", see_column},
    {"ParamRef", see_parameter}, {"RangeTableSample", see_sample}, {"A_Indirection", see_indirection},
};

static bool see(const struct nodes_walk *walk, const char *name, const json_t *body)
{
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        if (strcmp(seen[i].node, name) == 0) {
            return seen[i].see(walk, body);
        }
    }
    return true;
}

/* ---- walking ---- */

static const struct node *find_node(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        if (strlen(nodes[i].name) == size && memcmp(nodes[i].name, name, size) == 0) {
            return &nodes[i];
        }
    }
    return NULL;
}

/* Finds a member in the row of its node; *type is the kind of node that it is, or NULL if its value says that. Returns
 * false if it is not there. */
static bool find_member(const struct node *node, const char *name, const struct node **type)
{
    const size_t wanted = strlen(name);
    const char *word = node->members;
    for (size_t size; *word != '\0'; word += size + strspn(word + size, " ")) {
        size = strcspn(word, " ");
        const size_t colon = strcspn(word, ": ");
        if (colon == wanted && memcmp(word, name, wanted) == 0) {
            *type = colon < size ? find_node(word + colon + 1, size - colon - 1) : NULL;
            return true;
        }
    }
    return false;
}

static bool walk_body(const struct nodes_walk *walk, const struct node *node, json_t *body);

bool nodes_walk_value(const struct nodes_walk *walk, json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!nodes_walk_value(walk, json_array_get(value, i))) {
            return false;
        }
    }
    void *const member = json_object_iter(value);
    if (member == NULL) {
        return true;
    }
    const char *const name = json_object_iter_key(member);
    const struct node *const node = find_node(name, strlen(name));
    return json_object_size(value) == 1 && node != NULL ? walk_body(walk, node, json_object_iter_value(member))
                                                        : refuse(walk, name);
}

static bool walk_body(const struct nodes_walk *walk, const struct node *node, json_t *body)
{
    const char *key;
    json_t *value;
    if (!see(walk, node->name, body)) {
        return false;
    }
    json_object_foreach(body, key, value)
    {
        const struct node *type = NULL;
        if (!find_member(node, key, &type)) {
            return refuse(walk, key);
        }
        if (!(type != NULL ? walk_body(walk, type, value) : nodes_walk_value(walk, value))) {
            return false;
        }
    }
    return true;
}

bool nodes_walk(const struct nodes_walk *walk, json_t *select)
{
    return walk_body(walk, find_node("SelectStmt", strlen("SelectStmt")), select);
}
