/*
 * The objects other than relations that a statement makes and that must not exist yet; and the objects that CREATE and
 * ALTER of such objects name: the server of a foreign table, the wrapper of a server, the dictionaries of a
 * configuration.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- a name in a member of the statement, or in one of its options ---- */

static const struct field {
    const char *statement;
    const char *member;
    enum sql_need_kind kind;
    bool is_made;
} fields[] = {
    {"CreateForeignServerStmt", "servername", SQL_NEED_SERVER, true},
    {"CreateForeignServerStmt", "fdwname", SQL_NEED_WRAPPER, false},
    {"AlterForeignServerStmt", "servername", SQL_NEED_SERVER, false},
    {"CreateFdwStmt", "fdwname", SQL_NEED_WRAPPER, true},
    {"AlterFdwStmt", "fdwname", SQL_NEED_WRAPPER, false},
    {"CreateForeignTableStmt", "servername", SQL_NEED_SERVER, false},
    {"CreateUserMappingStmt", "servername", SQL_NEED_SERVER, false},
    {"AlterUserMappingStmt", "servername", SQL_NEED_SERVER, false},
    {"DropUserMappingStmt", "servername", SQL_NEED_SERVER, false},
    {"ImportForeignSchemaStmt", "server_name", SQL_NEED_SERVER, false},
    {"ImportForeignSchemaStmt", "local_schema", SQL_NEED_SCHEMA, false},
    {"CreatePublicationStmt", "pubname", SQL_NEED_PUBLICATION, true},
    {"AlterPublicationStmt", "pubname", SQL_NEED_PUBLICATION, false},
    {"CreateSubscriptionStmt", "subname", SQL_NEED_SUBSCRIPTION, true},
    {"AlterSubscriptionStmt", "subname", SQL_NEED_SUBSCRIPTION, false},
    {"DropSubscriptionStmt", "subname", SQL_NEED_SUBSCRIPTION, false},
    {"CreateEventTrigStmt", "trigname", SQL_NEED_EVENT_TRIGGER, true},
    {"AlterEventTrigStmt", "trigname", SQL_NEED_EVENT_TRIGGER, false},
    {"CreateRoleStmt", "role", SQL_NEED_ROLE, true},
    {"CreateSchemaStmt", "schemaname", SQL_NEED_SCHEMA, true},
    {"CreateExtensionStmt", "extname", SQL_NEED_EXTENSION, true},
    {"CreateEnumStmt", "typeName", SQL_NEED_TYPE, true},
    {"CreateRangeStmt", "typeName", SQL_NEED_TYPE, true},
    {"CreateDomainStmt", "domainname", SQL_NEED_DOMAIN, true},
    {"CreateStatsStmt", "defnames", SQL_NEED_STATISTICS, true},
    {"AlterStatsStmt", "defnames", SQL_NEED_STATISTICS, false},
    {"CreateConversionStmt", "conversion_name", SQL_NEED_CONVERSION, true},
    {"CreateConversionStmt", "func_name", SQL_NEED_FUNCTION, false},
    {"CreateTableSpaceStmt", "tablespacename", SQL_NEED_TABLESPACE, true},
    {"DropTableSpaceStmt", "tablespacename", SQL_NEED_TABLESPACE, false},
    {"AlterTableSpaceOptionsStmt", "tablespacename", SQL_NEED_TABLESPACE, false},
    {"AlterTableMoveAllStmt", "orig_tablespacename", SQL_NEED_TABLESPACE, false},
    {"AlterTableMoveAllStmt", "new_tablespacename", SQL_NEED_TABLESPACE, false},
    {"CreatedbStmt", "dbname", SQL_NEED_DATABASE, true},
    {"DropdbStmt", "dbname", SQL_NEED_DATABASE, false},
    {"AlterDatabaseStmt", "dbname", SQL_NEED_DATABASE, false},
    {"AlterDatabaseSetStmt", "dbname", SQL_NEED_DATABASE, false},
    {"AlterRoleSetStmt", "database", SQL_NEED_DATABASE, false},
    {"CreateAmStmt", "amname", SQL_NEED_METHOD, true},
    {"CreateOpFamilyStmt", "amname", SQL_NEED_METHOD, false},
    {"CreateOpClassStmt", "amname", SQL_NEED_METHOD, false},
    {"CreatePLangStmt", "plname", SQL_NEED_LANGUAGE, true},
    {"CreateTransformStmt", "lang", SQL_NEED_LANGUAGE, false},
    {"AlterTypeStmt", "typeName", SQL_NEED_TYPE, false},
    {"AlterTSConfigurationStmt", "cfgname", SQL_NEED_CONFIGURATION, false},
    {"AlterTSDictionaryStmt", "dictname", SQL_NEED_DICTIONARY, false},
    {"AlterExtensionStmt", "extname", SQL_NEED_EXTENSION, false},
    {"AlterExtensionContentsStmt", "extname", SQL_NEED_EXTENSION, false},
};

static const struct {
    const char *statement; /* of DefineStmt: the kind that it defines */
    const char *option;
    enum sql_need_kind kind;
} options[] = {
    {"OBJECT_AGGREGATE", "sfunc", SQL_NEED_FUNCTION},
    {"OBJECT_AGGREGATE", "finalfunc", SQL_NEED_FUNCTION},
    {"OBJECT_AGGREGATE", "stype", SQL_NEED_TYPE},
    {"OBJECT_OPERATOR", "function", SQL_NEED_FUNCTION},
    {"OBJECT_OPERATOR", "procedure", SQL_NEED_FUNCTION},
    {"OBJECT_OPERATOR", "leftarg", SQL_NEED_TYPE},
    {"OBJECT_OPERATOR", "rightarg", SQL_NEED_TYPE},
    {"OBJECT_COLLATION", "from", SQL_NEED_COLLATION},
    {"OBJECT_TSCONFIGURATION", "copy", SQL_NEED_CONFIGURATION},
    {"OBJECT_TSCONFIGURATION", "parser", SQL_NEED_PARSER},
    {"OBJECT_TSDICTIONARY", "template", SQL_NEED_TEMPLATE},
    {"CreateRangeStmt", "subtype", SQL_NEED_TYPE},
    {"CreateExtensionStmt", "schema", SQL_NEED_SCHEMA},
    {"CreateFunctionStmt", "language", SQL_NEED_LANGUAGE},
};

/* The value of a member is a name or a list of names. */
static struct sql_need named_in(enum sql_need_kind kind, const json_t *value)
{
    const bool is_list = json_is_array(value);
    return (struct sql_need){.kind = kind,
                             .schema = is_list ? tree_name(value, 1) : NULL,
                             .name = is_list ? tree_name(value, 0) : json_string_value(value)};
}

static void take_fields(struct effects_reader *reader, const char *statement, const json_t *body)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].statement, statement) == 0) {
            const struct sql_need need = named_in(fields[i].kind, json_object_get(body, fields[i].member));
            if (fields[i].is_made && !tree_flag(body, "replace")) {
                effects_make(reader, need);
            } else if (!fields[i].is_made) {
                effects_need(reader, need);
            }
        }
    }
}

/* The argument of an option: a word, a list of names, or what the grammar takes for a type. */
static void take_option(struct effects_reader *reader, enum sql_need_kind kind, const json_t *argument)
{
    const json_t *const type = tree_body(argument, "TypeName");
    const json_t *const word = tree_body(argument, "String");
    const json_t *const list = json_object_get(tree_body(argument, "List"), "items");
    if (type != NULL && kind == SQL_NEED_TYPE) {
        effects_need_type(reader, type);
    } else {
        effects_need(reader, named_in(kind, word != NULL   ? json_object_get(word, "sval")
                                            : list != NULL ? list
                                                           : json_object_get(type, "names")));
    }
}

static void take_options(struct effects_reader *reader, const char *statement, const json_t *list)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const json_t *const option =
            strcmp(options[i].statement, statement) == 0 ? tree_option(list, options[i].option) : NULL;
        if (option != NULL) {
            take_option(reader, options[i].kind, json_object_get(option, "arg"));
        }
    }
}

/* ---- statements ---- */

/* RETURNS of a missing type creates a shell type for the languages C and internal, and is an error for every other
 * language. */
static void function(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "funcname");
    const json_t *const language = json_object_get(tree_option(json_object_get(body, "options"), "language"), "arg");
    const char *const word = tree_string(tree_body(language, "String"), "sval");
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = tree_name(names, 1)});
    if (!word_is_among("c C internal", word) && word[0] != '\0') {
        effects_need_type(reader, json_object_get(body, "returnType"));
    }
    if (!tree_flag(body, "replace")) {
        effects_make(reader,
                     (struct sql_need){.kind = SQL_NEED_ROUTINE,
                                       .schema = tree_name(names, 1),
                                       .name = tree_name(names, 0),
                                       .part = "fwap",
                                       .types = effects_types_of(reader->arena, json_object_get(body, "parameters"))});
    }
}

static const char *types_of_operator(struct arena *arena, const json_t *definition)
{
    const json_t *const left = json_object_get(tree_option(definition, "leftarg"), "arg");
    const json_t *const right = json_object_get(tree_option(definition, "rightarg"), "arg");
    json_t *const nothing = json_object();
    json_t *const list = json_pack("[O,O]", left == NULL ? nothing : left, right == NULL ? nothing : right);
    const char *const types = effects_types_of(arena, list);
    json_decref(list);
    json_decref(nothing);
    return types;
}

/* Aggregates, operators, collations, and text search objects. Types are handled elsewhere. */
static void define(struct effects_reader *reader, const json_t *body)
{
    const char *const kind = tree_string(body, "kind");
    json_t *const object = json_pack("{s:{s:O}}", "List", "items", json_object_get(body, "defnames"));
    struct sql_need made = effects_named(reader->arena, kind, object);
    if (made.kind == SQL_NEED_ROUTINE) {
        const json_t *const parameters =
            json_object_get(tree_body(json_array_get(json_object_get(body, "args"), 0), "List"), "items");
        made.part = "fwap";
        made.types = tree_flag(body, "oldstyle") ? NULL : effects_types_of(reader->arena, parameters);
    } else if (made.kind == SQL_NEED_OPERATOR) {
        made.types = types_of_operator(reader->arena, json_object_get(body, "definition"));
    }
    take_options(reader, kind, json_object_get(body, "definition"));
    if (strcmp(kind, "OBJECT_TYPE") != 0 && !tree_flag(body, "replace") &&
        (made.types != NULL || (made.kind != SQL_NEED_ROUTINE && made.kind != SQL_NEED_OPERATOR))) {
        effects_make(reader, made);
    }
    json_decref(object);
}

static void cast(struct effects_reader *reader, const json_t *body)
{
    json_t *const pair = json_pack("[{s:O},{s:O}]", "TypeName", json_object_get(body, "sourcetype"), "TypeName",
                                   json_object_get(body, "targettype"));
    const json_t *const function = json_object_get(body, "func");
    effects_make(reader, (struct sql_need){
                             .kind = SQL_NEED_CAST, .name = "cast", .types = effects_types_of(reader->arena, pair)});
    json_decref(pair);
    if (function != NULL) {
        json_t *const object = json_pack("{s:O}", "ObjectWithArgs", function);
        effects_need(reader, effects_named(reader->arena, "OBJECT_FUNCTION", object));
        json_decref(object);
    }
}

static void of_method(struct effects_reader *reader, const json_t *body)
{
    const bool is_family =
        json_object_get(body, "opfamilyname") != NULL && json_object_get(body, "opclassname") == NULL;
    struct sql_need made = named_in(is_family ? SQL_NEED_OPERATOR_FAMILY : SQL_NEED_OPERATOR_CLASS,
                                    json_object_get(body, is_family ? "opfamilyname" : "opclassname"));
    made.part = tree_string(body, "amname");
    effects_make(reader, made);
}

static void rule(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    effects_need_relation(reader, range, NULL);
    if (!tree_flag(body, "replace")) {
        effects_make(reader, (struct sql_need){.kind = SQL_NEED_RULE,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = tree_string(range, "relname"),
                                               .part = tree_string(body, "rulename")});
    }
}

/* Parts that ALTER TABLE adds to a table, or CREATE to it. */
static void make_part(struct effects_reader *reader, enum sql_need_kind kind, const json_t *range, const char *part)
{
    effects_make(reader, (struct sql_need){.kind = kind,
                                           .schema = tree_string(range, "schemaname"),
                                           .name = tree_string(range, "relname"),
                                           .part = part});
}

static void added(struct effects_reader *reader, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    const json_t *const range = json_object_get(body, "relation");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const def = json_object_get(command, "def");
        if (tree_is(command, "subtype", "AT_AddColumn") && !tree_flag(command, "missing_ok")) {
            make_part(reader, SQL_NEED_COLUMN, range, tree_string(tree_body(def, "ColumnDef"), "colname"));
        } else if (tree_is(command, "subtype", "AT_AddConstraint")) {
            make_part(reader, SQL_NEED_CONSTRAINT, range, tree_string(tree_body(def, "Constraint"), "conname"));
        }
    }
}

static void trigger(struct effects_reader *reader, const json_t *body)
{
    if (!tree_flag(body, "replace")) {
        make_part(reader, SQL_NEED_TRIGGER, json_object_get(body, "relation"), tree_string(body, "trigname"));
    }
}

static void policy(struct effects_reader *reader, const json_t *body)
{
    make_part(reader, SQL_NEED_POLICY, json_object_get(body, "table"), tree_string(body, "policy_name"));
}

static void composite(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "typevar");
    effects_make(reader, (struct sql_need){.kind = SQL_NEED_TYPE,
                                           .schema = tree_string(range, "schemaname"),
                                           .name = tree_string(range, "relname")});
}

static void event_trigger(struct effects_reader *reader, const json_t *body)
{
    struct sql_need need = named_in(SQL_NEED_TRIGGER_FUNCTION, json_object_get(body, "funcname"));
    need.part = "event_trigger";
    effects_need(reader, need);
}

void effects_need_files(struct effects_reader *reader, const json_t *body)
{
    const json_t *const version = json_object_get(tree_option(json_object_get(body, "options"), "new_version"), "arg");
    effects_need(reader,
                 (struct sql_need){.kind = SQL_NEED_EXTENSION_FILES,
                                   .name = tree_string(body, "extname"),
                                   .part = json_string_value(json_object_get(tree_body(version, "String"), "sval"))});
}

static void configuration(struct effects_reader *reader, const json_t *body)
{
    const json_t *const dictionaries = json_object_get(body, "dicts");
    for (size_t i = 0; i < json_array_size(dictionaries); i++) {
        effects_need(reader, named_in(SQL_NEED_DICTIONARY,
                                      json_object_get(tree_body(json_array_get(dictionaries, i), "List"), "items")));
    }
}

/* The roles in an option of CREATE ROLE or ALTER DEFAULT PRIVILEGES, and the schemas of the latter. */
static void role_lists(struct effects_reader *reader, const json_t *body)
{
    static const char lists[] = "roles schemas addroleto rolemembers adminmembers";
    const json_t *const given = json_object_get(body, "options");
    for (size_t i = 0; i < json_array_size(given); i++) {
        const json_t *const option = tree_body(json_array_get(given, i), "DefElem");
        const json_t *const items = json_object_get(tree_body(json_object_get(option, "arg"), "List"), "items");
        for (size_t j = 0; word_is_among(lists, tree_string(option, "defname")) && j < json_array_size(items); j++) {
            const json_t *const role = tree_body(json_array_get(items, j), "RoleSpec");
            const char *const schema = tree_string(tree_body(json_array_get(items, j), "String"), "sval");
            effects_need(reader, role != NULL
                                     ? (struct sql_need){.kind = SQL_NEED_ROLE, .name = tree_string(role, "rolename")}
                                     : (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = schema});
        }
    }
}

static void granted_roles(struct effects_reader *reader, const json_t *body)
{
    const json_t *const roles = json_object_get(body, "granted_roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        effects_need(reader, (struct sql_need){
                                 .kind = SQL_NEED_ROLE,
                                 .name = tree_string(tree_body(json_array_get(roles, i), "AccessPriv"), "priv_name")});
    }
}

/* The name after REINDEX DATABASE and REINDEX SYSTEM is that of the database. */
static void reindex(struct effects_reader *reader, const json_t *body)
{
    if (tree_is(body, "kind", "REINDEX_OBJECT_SCHEMA")) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = tree_string(body, "name")});
    }
}

static const struct effects_taker statements[] = {
    {"CreateFunctionStmt", function},
    {"DefineStmt", define},
    {"CreateCastStmt", cast},
    {"CreateOpFamilyStmt", of_method},
    {"CreateOpClassStmt", of_method},
    {"RuleStmt", rule},
    {"AlterTableStmt", added},
    {"CreateTrigStmt", trigger},
    {"CreatePolicyStmt", policy},
    {"CompositeTypeStmt", composite},
    {"CreateEventTrigStmt", event_trigger},
    {"CreateExtensionStmt", effects_need_files},
    {"AlterExtensionStmt", effects_need_files},
    {"AlterTSConfigurationStmt", configuration},
    {"CreateRoleStmt", role_lists},
    {"AlterDefaultPrivilegesStmt", role_lists},
    {"GrantRoleStmt", granted_roles},
    {"ReindexStmt", reindex},
    {0},
};

void effects_makes(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const given = json_object_get(body, "options");
    take_fields(reader, kind, body);
    take_options(reader, kind, given != NULL ? given : json_object_get(body, "params"));
    effects_take(reader, statements, kind, body);
}
