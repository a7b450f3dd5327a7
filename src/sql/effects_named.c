/*
 * Objects that statements name by their kind: DROP, COMMENT ON, GRANT, RENAME TO, OWNER TO and SET SCHEMA all write a
 * function, a type or a server in the same way, whatever they do to it.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- types ---- */

static bool put_type(struct buffer *types, const json_t *type)
{
    const json_t *const names = json_object_get(type, "names");
    const char *const schema = tree_name(names, 1);
    if (names == NULL || tree_flag(type, "pct_type")) {
        return false;
    }
    buffer_printf(types, "%s\x1E%s\x1E%s", schema == NULL ? "" : schema, tree_name(names, 0),
                  tree_count(type, "arrayBounds") > 0 ? "[]" : "");
    return true;
}

const char *effects_types_of(struct arena *arena, const json_t *list)
{
    static const char inputs[] = "FUNC_PARAM_DEFAULT FUNC_PARAM_IN FUNC_PARAM_INOUT FUNC_PARAM_VARIADIC";
    struct buffer types = {.arena = arena};
    size_t count = 0;
    buffer_puts(&types, "");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *const item = json_array_get(list, i);
        const json_t *const parameter = tree_body(item, "FunctionParameter");
        const json_t *const type =
            parameter == NULL ? tree_body(item, "TypeName") : json_object_get(parameter, "argType");
        if (parameter != NULL && !word_is_among(inputs, tree_string(parameter, "mode"))) {
            continue;
        }
        buffer_puts(&types, count++ == 0 ? "" : "\x1F");
        if (type != NULL && !put_type(&types, type)) {
            return NULL;
        }
    }
    return buffer_string(&types);
}

const char *effects_type_of(struct arena *arena, const json_t *type)
{
    struct buffer said = {.arena = arena};
    return type != NULL && put_type(&said, type) ? buffer_string(&said) : NULL;
}

void effects_put_name(struct buffer *list, size_t number, const char *name)
{
    buffer_puts(list, number == 0 ? "" : "\x1F");
    buffer_puts(list, name);
}

const char *effects_names_of(struct arena *arena, const json_t *names)
{
    struct buffer list = {.arena = arena};
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *const name = tree_name(names, json_array_size(names) - 1 - i);
        effects_put_name(&list, i, name == NULL ? "" : name);
    }
    return buffer_string(&list);
}

/* ---- kinds ---- */

enum shape {
    PLAIN,     /* a name, with a schema or without */
    ON_TABLE,  /* (schema, table, name) */
    CALLED,    /* a name and its arguments */
    BY_METHOD, /* (access method, schema, name) */
    ON_TYPE,   /* (type, name) */
    PAIR,      /* two types */
};

static const struct {
    const char *type;
    enum sql_need_kind kind;
    enum shape shape;
    const char *part;
} kinds[] = {
    {"OBJECT_TABLE", SQL_NEED_RELATION, PLAIN, "rp"},
    {"OBJECT_INDEX", SQL_NEED_RELATION, PLAIN, "iI"},
    {"OBJECT_SEQUENCE", SQL_NEED_RELATION, PLAIN, "S"},
    {"OBJECT_VIEW", SQL_NEED_RELATION, PLAIN, "v"},
    {"OBJECT_MATVIEW", SQL_NEED_RELATION, PLAIN, "m"},
    {"OBJECT_FOREIGN_TABLE", SQL_NEED_RELATION, PLAIN, "f"},
    {"OBJECT_COLUMN", SQL_NEED_COLUMN, ON_TABLE, NULL},
    {"OBJECT_TABCONSTRAINT", SQL_NEED_CONSTRAINT, ON_TABLE, NULL},
    {"OBJECT_TRIGGER", SQL_NEED_TRIGGER, ON_TABLE, NULL},
    {"OBJECT_POLICY", SQL_NEED_POLICY, ON_TABLE, NULL},
    {"OBJECT_RULE", SQL_NEED_RULE, ON_TABLE, NULL},
    {"OBJECT_FUNCTION", SQL_NEED_ROUTINE, CALLED, "fwa"},
    {"OBJECT_PROCEDURE", SQL_NEED_ROUTINE, CALLED, "po"},
    {"OBJECT_ROUTINE", SQL_NEED_ROUTINE, CALLED, "fwapo"},
    {"OBJECT_AGGREGATE", SQL_NEED_ROUTINE, CALLED, "a"},
    {"OBJECT_OPERATOR", SQL_NEED_OPERATOR, CALLED, NULL},
    {"OBJECT_TYPE", SQL_NEED_TYPE, PLAIN, NULL},
    {"OBJECT_DOMAIN", SQL_NEED_DOMAIN, PLAIN, NULL},
    {"OBJECT_DOMCONSTRAINT", SQL_NEED_DOMAIN_CONSTRAINT, ON_TYPE, NULL},
    {"OBJECT_CAST", SQL_NEED_CAST, PAIR, NULL},
    {"OBJECT_OPCLASS", SQL_NEED_OPERATOR_CLASS, BY_METHOD, NULL},
    {"OBJECT_OPFAMILY", SQL_NEED_OPERATOR_FAMILY, BY_METHOD, NULL},
    {"OBJECT_COLLATION", SQL_NEED_COLLATION, PLAIN, NULL},
    {"OBJECT_CONVERSION", SQL_NEED_CONVERSION, PLAIN, NULL},
    {"OBJECT_TSPARSER", SQL_NEED_PARSER, PLAIN, NULL},
    {"OBJECT_TSDICTIONARY", SQL_NEED_DICTIONARY, PLAIN, NULL},
    {"OBJECT_TSTEMPLATE", SQL_NEED_TEMPLATE, PLAIN, NULL},
    {"OBJECT_TSCONFIGURATION", SQL_NEED_CONFIGURATION, PLAIN, NULL},
    {"OBJECT_STATISTIC_EXT", SQL_NEED_STATISTICS, PLAIN, NULL},
    {"OBJECT_SCHEMA", SQL_NEED_SCHEMA, PLAIN, NULL},
    {"OBJECT_EXTENSION", SQL_NEED_EXTENSION, PLAIN, NULL},
    {"OBJECT_LANGUAGE", SQL_NEED_LANGUAGE, PLAIN, NULL},
    {"OBJECT_ROLE", SQL_NEED_ROLE, PLAIN, NULL},
    {"OBJECT_DATABASE", SQL_NEED_DATABASE, PLAIN, NULL},
    {"OBJECT_TABLESPACE", SQL_NEED_TABLESPACE, PLAIN, NULL},
    {"OBJECT_ACCESS_METHOD", SQL_NEED_METHOD, PLAIN, NULL},
    {"OBJECT_FDW", SQL_NEED_WRAPPER, PLAIN, NULL},
    {"OBJECT_FOREIGN_SERVER", SQL_NEED_SERVER, PLAIN, NULL},
    {"OBJECT_EVENT_TRIGGER", SQL_NEED_EVENT_TRIGGER, PLAIN, NULL},
    {"OBJECT_PUBLICATION", SQL_NEED_PUBLICATION, PLAIN, NULL},
    {"OBJECT_SUBSCRIPTION", SQL_NEED_SUBSCRIPTION, PLAIN, NULL},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* Whether an OUT parameter of a procedure counts as an argument differs between versions. */
static bool has_output(const json_t *called)
{
    const json_t *const parameters = json_object_get(called, "objfuncargs");
    bool has = false;
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        has = has || strcmp(tree_string(tree_body(json_array_get(parameters, i), "FunctionParameter"), "mode"),
                            "FUNC_PARAM_OUT") == 0;
    }
    return has;
}

/* called: the body of an ObjectWithArgs. */
static struct sql_need called_need(struct arena *arena, size_t i, const json_t *called)
{
    const json_t *const names = json_object_get(called, "objname");
    const bool is_alone = tree_flag(called, "args_unspecified");
    return (struct sql_need){
        .kind = kinds[i].kind,
        .schema = tree_name(names, 1),
        .name = tree_name(names, 0),
        .part = is_alone ? arena_printf(arena, "%s!", kinds[i].part) : kinds[i].part,
        .types = is_alone || has_output(called) ? NULL : effects_types_of(arena, json_object_get(called, "objargs"))};
}

/* A domain may be written as a TypeName or as a list of names. */
static struct sql_need on_type_need(size_t i, const json_t *items)
{
    const json_t *const names = json_object_get(tree_body(json_array_get(items, 0), "TypeName"), "names");
    return (struct sql_need){
        .kind = kinds[i].kind, .schema = tree_name(names, 1), .name = tree_name(names, 0), .part = tree_name(items, 0)};
}

static struct sql_need listed_need(struct arena *arena, size_t i, const json_t *items, const char *alone)
{
    const char *const schema = tree_name(items, 1);
    const char *const name = items == NULL ? alone : tree_name(items, 0);
    switch (kinds[i].shape) {
    case ON_TABLE:
        return (struct sql_need){.kind = kinds[i].kind, .schema = tree_name(items, 2), .name = schema, .part = name};
    case ON_TYPE:
        return on_type_need(i, items);
    case BY_METHOD:
        return (struct sql_need){.kind = kinds[i].kind,
                                 .schema = json_array_size(items) > 2 ? schema : NULL,
                                 .name = name,
                                 .part = tree_name(items, json_array_size(items) - 1)};
    case PAIR:
        return (struct sql_need){.kind = kinds[i].kind, .name = "cast", .types = effects_types_of(arena, items)};
    case PLAIN:
    case CALLED:
        break;
    }
    return (struct sql_need){.kind = kinds[i].kind, .schema = schema, .name = name, .part = kinds[i].part};
}

struct sql_need effects_named(struct arena *arena, const char *type, const json_t *object)
{
    const json_t *const called = tree_body(object, "ObjectWithArgs");
    const json_t *const of_type = tree_body(object, "TypeName");
    const json_t *const list = json_object_get(tree_body(object, "List"), "items");
    size_t i = 0;
    while (i < KINDS && strcmp(kinds[i].type, type) != 0) {
        i++;
    }
    if (i == KINDS || (of_type != NULL && (effects_is_builtin(of_type) || tree_count(of_type, "arrayBounds") > 0))) {
        return (struct sql_need){0};
    }
    return called != NULL ? called_need(arena, i, called)
                          : listed_need(arena, i, of_type != NULL ? json_object_get(of_type, "names") : list,
                                        tree_string(tree_body(object, "String"), "sval"));
}

/* ---- statements ---- */

static void drop(struct effects_reader *reader, const json_t *body)
{
    const json_t *const objects = json_object_get(body, "objects");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const char *const type = tree_string(body, "removeType");
        struct sql_need need = effects_named(reader->arena, type, json_array_get(objects, i));
        need.may_be_missing = tree_flag(body, "missing_ok");
        need.goes = tree_is(body, "behavior", "DROP_RESTRICT");
        if (need.kind == SQL_NEED_RELATION) {
            need.part = NULL; /* the kind is checked with IF EXISTS too: impossible.c */
        } else if (strcmp(type, "OBJECT_FUNCTION") == 0 && need.part != NULL) {
            need.part = need.types == NULL ? "fw!" : "fw";
        }
        effects_need(reader, need);
    }
}

static void comment(struct effects_reader *reader, const json_t *body)
{
    effects_need(reader, effects_named(reader->arena, tree_string(body, "objtype"), json_object_get(body, "object")));
}

/* Kinds of relations for which ALTER accepts only that kind. Every other kind may be altered as a table, and is
 * renamed. */
static const char *altered_kinds(const char *type)
{
    return strcmp(type, "OBJECT_SEQUENCE") == 0        ? "S"
           : strcmp(type, "OBJECT_VIEW") == 0          ? "v"
           : strcmp(type, "OBJECT_MATVIEW") == 0       ? "m"
           : strcmp(type, "OBJECT_FOREIGN_TABLE") == 0 ? "f"
                                                       : NULL;
}

static struct sql_need renamed_part(const json_t *body, const char *part)
{
    static const struct {
        const char *type;
        enum sql_need_kind kind;
    } parts[] = {
        {"OBJECT_COLUMN", SQL_NEED_COLUMN},   {"OBJECT_ATTRIBUTE", SQL_NEED_COLUMN},
        {"OBJECT_TRIGGER", SQL_NEED_TRIGGER}, {"OBJECT_TABCONSTRAINT", SQL_NEED_CONSTRAINT},
        {"OBJECT_POLICY", SQL_NEED_POLICY},   {"OBJECT_RULE", SQL_NEED_RULE},
    };
    const json_t *const range = json_object_get(body, "relation");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (tree_is(body, "renameType", parts[i].type)) {
            return (struct sql_need){.kind = parts[i].kind,
                                     .schema = tree_string(range, "schemaname"),
                                     .name = tree_string(range, "relname"),
                                     .part = part};
        }
    }
    return (struct sql_need){0};
}

static struct sql_need renamed_whole(struct arena *arena, const json_t *body, const char *name)
{
    json_t *const string = json_pack("{s:{s:s}}", "String", "sval", name);
    struct sql_need need = effects_named(arena, tree_string(body, "renameType"), string);
    need.name = arena_strdup(arena, need.name);
    json_decref(string);
    return need;
}

static struct sql_need domain_constraint(const json_t *names, const char *constraint)
{
    return (struct sql_need){.kind = SQL_NEED_DOMAIN_CONSTRAINT,
                             .schema = tree_name(names, 1),
                             .name = tree_name(names, 0),
                             .part = constraint};
}

/* The object gets another name or schema, where no similar object may exist. For a function, whether another overload
 * is in the way depends on its arguments, and on how OUT parameters count, so nothing is said. Moving an extension
 * moves its members. */
static void make_of(struct effects_reader *reader, struct sql_need old, const char *schema, const char *name)
{
    const bool is_routine = old.kind == SQL_NEED_ROUTINE;
    struct sql_need make = old;
    make.schema = schema;
    make.name = name;
    make.was_schema = old.schema;
    make.was = old.name;
    make.part = is_routine ? "fwap" : old.part;
    if (old.kind != SQL_NEED_EXTENSION && (!is_routine || (old.types != NULL && strchr(old.part, 'o') == NULL))) {
        effects_make(reader, make);
    }
}

/* RENAME: an object with the old name must exist, and none with the new name may exist. */
static void rename_thing(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const object = json_object_get(body, "object");
    const char *const old = tree_string(body, "subname");
    const char *const new = tree_string(body, "newname");
    if (range != NULL && old[0] == '\0') {
        effects_need_relation(reader, range, altered_kinds(tree_string(body, "renameType")));
        effects_make(reader, (struct sql_need){.kind = SQL_NEED_RELATION,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = new,
                                               .was_schema = tree_string(range, "schemaname"),
                                               .was = tree_string(range, "relname")});
    } else if (range != NULL) {
        effects_need_relation(reader, range, NULL);
        effects_need(reader, renamed_part(body, old));
        effects_make(reader, renamed_part(body, new));
    } else if (object == NULL) {
        effects_need(reader, renamed_whole(reader->arena, body, old));
        effects_make(reader, renamed_whole(reader->arena, body, new));
    } else if (tree_is(body, "renameType", "OBJECT_DOMCONSTRAINT")) {
        const json_t *const names = json_object_get(tree_body(object, "List"), "items");
        effects_need(reader, domain_constraint(names, old));
        effects_make(reader, domain_constraint(names, new));
    } else {
        const struct sql_need need = effects_named(reader->arena, tree_string(body, "renameType"), object);
        effects_need(reader, need);
        make_of(reader, need, need.schema, new);
    }
}

static void own(struct effects_reader *reader, const json_t *body)
{
    effects_need(reader,
                 effects_named(reader->arena, tree_string(body, "objectType"), json_object_get(body, "object")));
}

static void move(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const char *const schema = tree_string(body, "newschema");
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = schema});
    if (range != NULL) {
        effects_need_relation(reader, range, altered_kinds(tree_string(body, "objectType")));
        effects_make(reader, (struct sql_need){.kind = SQL_NEED_RELATION,
                                               .schema = schema,
                                               .name = tree_string(range, "relname"),
                                               .was_schema = tree_string(range, "schemaname"),
                                               .was = tree_string(range, "relname")});
        return;
    }
    const struct sql_need need =
        effects_named(reader->arena, tree_string(body, "objectType"), json_object_get(body, "object"));
    effects_need(reader, need);
    make_of(reader, need, schema, need.name);
}

static void alter_function(struct effects_reader *reader, const json_t *body)
{
    json_t *const object = json_pack("{s:O}", "ObjectWithArgs", json_object_get(body, "func"));
    effects_need(reader, effects_named(reader->arena, tree_string(body, "objtype"), object));
    json_decref(object);
}

static void alter_operator(struct effects_reader *reader, const json_t *body)
{
    json_t *const object = json_pack("{s:O}", "ObjectWithArgs", json_object_get(body, "opername"));
    effects_need(reader, effects_named(reader->arena, "OBJECT_OPERATOR", object));
    json_decref(object);
}

/* The subtypes are letters: X drops a constraint, V validates one, C adds one. */
static void alter_domain(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "typeName");
    const char subtype = tree_string(body, "subtype")[0];
    effects_need(reader,
                 (struct sql_need){.kind = SQL_NEED_TYPE, .schema = tree_name(names, 1), .name = tree_name(names, 0)});
    if (subtype == 'X' || subtype == 'V') {
        effects_need(reader, domain_constraint(names, tree_string(body, "name")));
    } else if (subtype == 'C') {
        effects_make(reader, domain_constraint(
                                 names, tree_string(tree_body(json_object_get(body, "def"), "Constraint"), "conname")));
    }
}

static void alter_enum(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "typeName");
    struct sql_need need = {.kind = SQL_NEED_TYPE, .schema = tree_name(names, 1), .name = tree_name(names, 0)};
    effects_need(reader, need);
    need.kind = SQL_NEED_ENUM_VALUE;
    need.part = tree_string(body, "oldVal");
    effects_need(reader, need);
    need.part = tree_string(body, "newValNeighbor");
    effects_need(reader, need);
    if (!tree_flag(body, "skipIfNewValExists")) {
        need.part = tree_string(body, "newVal");
        effects_make(reader, need);
    }
}

static bool grants(const json_t *privileges, const char *name)
{
    bool has = false;
    for (size_t i = 0; !has && i < json_array_size(privileges); i++) {
        has = tree_is(tree_body(json_array_get(privileges, i), "AccessPriv"), "priv_name", name);
    }
    return has;
}

/* GRANT on objects of a kind, or on all of a schema; also the columns that it names. */
static void grant(struct effects_reader *reader, const json_t *body)
{
    const json_t *const objects = json_object_get(body, "objects");
    const json_t *const privileges = json_object_get(body, "privileges");
    const bool is_all = tree_is(body, "targtype", "ACL_TARGET_ALL_IN_SCHEMA");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *const range = tree_body(json_array_get(objects, i), "RangeVar");
        if (range == NULL) {
            effects_need(reader, effects_named(reader->arena, is_all ? "OBJECT_SCHEMA" : tree_string(body, "objtype"),
                                               json_array_get(objects, i)));
            continue;
        }
        const bool is_sequence = tree_is(body, "objtype", "OBJECT_SEQUENCE") || grants(privileges, "usage");
        effects_need_relation(reader, range, is_sequence ? "S" : "rvmSfp");
        for (size_t j = 0; j < json_array_size(privileges); j++) {
            const json_t *const columns =
                json_object_get(tree_body(json_array_get(privileges, j), "AccessPriv"), "cols");
            for (size_t k = 0; k < json_array_size(columns); k++) {
                effects_need_part(reader, SQL_NEED_COLUMN, range, tree_name(columns, k));
            }
        }
    }
}

static const struct effects_taker statements[] = {
    {"DropStmt", drop},
    {"CommentStmt", comment},
    {"SecLabelStmt", comment},
    {"RenameStmt", rename_thing},
    {"AlterOwnerStmt", own},
    {"AlterObjectSchemaStmt", move},
    {"AlterFunctionStmt", alter_function},
    {"AlterOperatorStmt", alter_operator},
    {"AlterDomainStmt", alter_domain},
    {"AlterEnumStmt", alter_enum},
    {"GrantStmt", grant},
    {0},
};

void effects_named_needs(struct effects_reader *reader, const char *kind, const json_t *body)
{
    effects_take(reader, statements, kind, body);
}
