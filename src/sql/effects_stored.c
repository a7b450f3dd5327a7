/*
 * What a statement stores in a table, a view or a domain to be computed later: defaults, CHECKs, the query of a view,
 * policies; and the function of an operator.
 */
#include "sql/effects_reader.h"

#include <string.h>

struct storing {
    struct effects_reader *reader;
    struct sql_stored *stored;
    struct buffer calls;
    size_t count;
};

static bool take_part(void *data, const char *key, json_t *object)
{
    struct storing *const storing = data;
    const char *const operator= effects_operator(key, object);
    if (strcmp(key, "FuncCall") == 0) {
        const char *const name = tree_name(json_object_get(object, "funcname"), 0);
        if (name != NULL && !effects_is_steady(object) && !effects_is_newer_syntax(storing->reader, object)) {
            effects_put_name(&storing->calls, storing->count++, name);
        }
    } else if (operator!= NULL) {
        effects_put_name(&storing->calls, storing->count++, operator);
    } else if (strcmp(key, "TypeCast") == 0) {
        const char *const cast = effects_cast(storing->reader, object);
        if (cast != NULL) {
            effects_put_name(&storing->calls, storing->count++, cast);
        }
    } else if (strcmp(key, "TableLikeClause") == 0) {
        const json_t *const like = json_object_get(object, "relation");
        storing->stored->like_schema = effects_kept(storing->reader->arena, tree_string(like, "schemaname"));
        storing->stored->like = effects_kept(storing->reader->arena, tree_string(like, "relname"));
    }
    return true;
}

/* CREATE OPERATOR and CREATE AGGREGATE: the functions behind it. */
static bool take_definition(void *data, const char *key, json_t *object)
{
    struct storing *const storing = data;
    static const char functions[] = "function procedure sfunc sfunc1 finalfunc combinefunc serialfunc deserialfunc "
                                    "msfunc minvfunc mfinalfunc";
    if (strcmp(key, "DefElem") != 0) {
        return true;
    }
    const bool is_function = word_is_among(functions, tree_string(object, "defname"));
    const json_t *const type = tree_body(json_object_get(object, "arg"), "TypeName");
    const char *const name = tree_name(json_object_get(type, "names"), 0);
    if (is_function && name != NULL) {
        effects_put_name(&storing->calls, storing->count++, name);
    }
    return true;
}

static const struct {
    const char *kind;
    enum sql_storing in;
    const char *relation; /* the member that is its name */
} kinds[] = {
    {"CreateStmt", SQL_STORES_IN_TABLE, "relation"},
    {"AlterTableStmt", SQL_STORES_IN_TABLE, "relation"},
    {"ViewStmt", SQL_STORES_IN_VIEW, "view"},
    {"CreateDomainStmt", SQL_STORES_IN_DOMAIN, "domainname"},
    {"AlterDomainStmt", SQL_STORES_IN_DOMAIN, "typeName"},
    {"CreatePolicyStmt", SQL_STORES_IN_POLICY, "table"},
    {"AlterPolicyStmt", SQL_STORES_IN_POLICY, "table"},
    {"DefineStmt", SQL_STORES_IN_OPERATOR, "defnames"},
    {"DefineStmt", SQL_STORES_IN_AGGREGATE, "defnames"},
};

/* CREATE CAST … WITH FUNCTION. */
static void store_cast(struct effects_reader *reader, const json_t *body)
{
    const char *const function = tree_name(json_object_get(json_object_get(body, "func"), "objname"), 0);
    const char *const type = tree_name(json_object_get(json_object_get(body, "targettype"), "names"), 0);
    if (function != NULL && type != NULL) {
        reader->effects->stored = arena_alloc(reader->arena, sizeof *reader->effects->stored);
        *reader->effects->stored = (struct sql_stored){.in = SQL_STORES_IN_CAST,
                                                       .name = arena_printf(reader->arena, "::%s", type),
                                                       .calls = arena_strdup(reader->arena, function),
                                                       .is_unnamed = !tree_is(body, "context", "COERCION_EXPLICIT")};
    }
}

/* Of DefineStmt, there is one for each kind of object that is followed. */
static bool is_other(enum sql_storing in, const json_t *body)
{
    return (in == SQL_STORES_IN_OPERATOR && !tree_is(body, "kind", "OBJECT_OPERATOR")) ||
           (in == SQL_STORES_IN_AGGREGATE && !tree_is(body, "kind", "OBJECT_AGGREGATE"));
}

void effects_stored(struct effects_reader *reader, json_t *node)
{
    json_t *body;
    const char *const kind = tree_node(node, &body);
    size_t i = 0;
    while (i < sizeof kinds / sizeof kinds[0] && (strcmp(kinds[i].kind, kind) != 0 || is_other(kinds[i].in, body))) {
        i++;
    }
    if (strcmp(kind, "CreateCastStmt") == 0) {
        store_cast(reader, body);
    }
    if (i == sizeof kinds / sizeof kinds[0]) {
        return;
    }
    const json_t *const names = json_object_get(body, kinds[i].relation);
    const bool is_list = json_is_array(names);
    struct sql_stored *const stored = arena_alloc(reader->arena, sizeof *stored);
    *stored = (struct sql_stored){
        .in = kinds[i].in,
        .schema = effects_kept(reader->arena, is_list ? tree_name(names, 1) : tree_string(names, "schemaname")),
        .name = effects_kept(reader->arena, is_list ? tree_name(names, 0) : tree_string(names, "relname"))};
    struct storing storing = {.reader = reader, .stored = stored, .calls = {.arena = reader->arena}};
    tree_walk(body, kinds[i].in >= SQL_STORES_IN_OPERATOR ? take_definition : take_part, &storing);
    stored->calls = buffer_string(&storing.calls);
    reader->effects->stored = stored->name == NULL ? NULL : stored;
}
