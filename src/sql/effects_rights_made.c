/*
 * Rights to make objects: CREATE in a schema or on the database, and the use of what they are made of.
 */
#include "sql/effects_reader.h"

#include <string.h>

static void create_relation(struct effects_reader *reader, const json_t *range)
{
    if (tree_is(range, "relpersistence", "t")) {
        effects_right_temporary(reader);
    } else {
        effects_right_create_in(reader, tree_string(range, "schemaname"));
    }
}

/* Types and functions that it names are used, in schemas that may be. */
static void use_types(struct effects_reader *reader)
{
    for (size_t i = 0; i < reader->effects->need_count; i++) {
        if (reader->effects->needs[i].kind == SQL_NEED_TYPE) {
            effects_right(reader, RIGHT_USAGE, reader->effects->needs[i]);
        }
    }
}

static void use_types_of(struct effects_reader *reader, const json_t *body)
{
    (void)body;
    use_types(reader);
}

static void use_tablespace(struct effects_reader *reader, const char *name)
{
    effects_right(reader, RIGHT_CREATE, (struct sql_need){.kind = SQL_NEED_TABLESPACE, .name = name});
}

static void create_table(struct effects_reader *reader, const json_t *body)
{
    create_relation(reader, json_object_get(body, "relation"));
    use_tablespace(reader, tree_string(body, "tablespacename"));
    use_types(reader);
}

static void create_foreign_table(struct effects_reader *reader, const json_t *body)
{
    create_relation(reader, json_object_get(json_object_get(body, "base"), "relation"));
    effects_right(reader, RIGHT_USAGE,
                  (struct sql_need){.kind = SQL_NEED_SERVER, .name = tree_string(body, "servername")});
}

static void create_as(struct effects_reader *reader, const json_t *body)
{
    create_relation(reader, json_object_get(json_object_get(body, "into"), "rel"));
    use_tablespace(reader, tree_string(json_object_get(body, "into"), "tableSpaceName"));
}

/* SELECT … INTO. */
static void create_into(struct effects_reader *reader, const json_t *body)
{
    if (json_object_get(body, "intoClause") != NULL) {
        create_relation(reader, json_object_get(json_object_get(body, "intoClause"), "rel"));
    }
}

static void create_view(struct effects_reader *reader, const json_t *body)
{
    create_relation(reader, json_object_get(body, "view"));
}

static void create_sequence(struct effects_reader *reader, const json_t *body)
{
    create_relation(reader, json_object_get(body, "sequence"));
}

static void create_composite(struct effects_reader *reader, const json_t *body)
{
    create_relation(reader, json_object_get(body, "typevar"));
    use_types(reader);
}

/* An index is made in the schema of its table, as are the sequences of its columns. */
static void create_index(struct effects_reader *reader, const json_t *body)
{
    effects_right(reader, RIGHT_BESIDE, effects_rights_relation(json_object_get(body, "relation")));
    use_tablespace(reader, tree_string(body, "tableSpace"));
}

static bool makes_beside(const json_t *command)
{
    static const char indexed[] = "CONSTR_PRIMARY CONSTR_UNIQUE CONSTR_EXCLUSION";
    const json_t *const def = json_object_get(command, "def");
    const json_t *const column = tree_body(def, "ColumnDef");
    const json_t *const constraint = tree_body(def, "Constraint");
    if (tree_is(command, "subtype", "AT_AddConstraint")) {
        return word_is_among(indexed, tree_string(constraint, "contype")) &&
               tree_string(constraint, "indexname")[0] == '\0';
    }
    const char *const type = tree_name(json_object_get(json_object_get(column, "typeName"), "names"), 0);
    return tree_is(command, "subtype", "AT_AddIdentity") ||
           (tree_is(command, "subtype", "AT_AddColumn") &&
            (effects_constraint_of(column, "CONSTR_PRIMARY") != NULL ||
             effects_constraint_of(column, "CONSTR_UNIQUE") != NULL ||
             effects_constraint_of(column, "CONSTR_IDENTITY") != NULL ||
             (type != NULL && word_is_among("serial bigserial smallserial serial2 serial4 serial8", type))));
}

static void alter_table(struct effects_reader *reader, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    const struct sql_need table = effects_rights_relation(json_object_get(body, "relation"));
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const char *const role = effects_role(json_object_get(command, "newowner"));
        if (tree_is(command, "subtype", "AT_ChangeOwner") && role != NULL) {
            effects_right_to(reader, RIGHT_GIVE, table, role);
        } else if (word_is_among("AT_DisableTrigAll AT_EnableTrigAll", tree_string(command, "subtype"))) {
            effects_right(reader, RIGHT_TRIGGERS, table);
        } else if (tree_is(command, "subtype", "AT_SetTableSpace")) {
            use_tablespace(reader, tree_string(command, "name"));
        } else if (makes_beside(command)) {
            effects_right(reader, RIGHT_BESIDE, table);
        }
    }
    use_types(reader);
}

static void use_language(struct effects_reader *reader, const json_t *options)
{
    const json_t *const language = json_object_get(tree_option(options, "language"), "arg");
    effects_right(
        reader, RIGHT_USAGE,
        (struct sql_need){.kind = SQL_NEED_LANGUAGE, .name = tree_string(tree_body(language, "String"), "sval")});
}

static void create_function(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "funcname");
    const json_t *const parameters = json_object_get(body, "parameters");
    effects_right_create_in(reader, tree_name(names, 1));
    use_language(reader, json_object_get(body, "options"));
    effects_rights_options(reader, json_object_get(body, "options"));
    use_types(reader);
    if (tree_flag(body, "replace")) {
        struct sql_need old = effects_rights_named(SQL_NEED_ROUTINE, names);
        old.part = "fwap";
        old.types = effects_types_of(reader->arena, parameters);
        if (old.types != NULL) {
            effects_right(reader, RIGHT_REPLACE, old);
        }
    }
}

static void do_block(struct effects_reader *reader, const json_t *body)
{
    use_language(reader, json_object_get(body, "args"));
}

/* CREATE TYPE x, a base type or a shell, is the superuser's. */
static void define(struct effects_reader *reader, const json_t *body)
{
    static const char theirs[] = "OBJECT_TYPE OBJECT_TSPARSER OBJECT_TSTEMPLATE";
    static const char *const functions[] = {"sfunc", "finalfunc", "function", "procedure", "combinefunc", NULL};
    if (word_is_among(theirs, tree_string(body, "kind"))) {
        effects_right_attribute(reader, RIGHT_SUPERUSER);
        return;
    }
    effects_right_create_in(reader, tree_name(json_object_get(body, "defnames"), 1));
    use_types(reader);
    for (size_t i = 0; functions[i] != NULL; i++) {
        const json_t *const given =
            json_object_get(tree_option(json_object_get(body, "definition"), functions[i]), "arg");
        const json_t *const names = json_object_get(tree_body(given, "TypeName"), "names");
        const json_t *const list = json_object_get(tree_body(given, "List"), "items");
        effects_right(reader, RIGHT_EXECUTE, effects_rights_named(SQL_NEED_FUNCTION, names != NULL ? names : list));
    }
}

static void create_schema(struct effects_reader *reader, const json_t *body)
{
    const char *const role = effects_role(json_object_get(body, "authrole"));
    effects_right_database(reader, "makes a schema");
    effects_right(reader, RIGHT_MAKE_FOR, (struct sql_need){.kind = SQL_NEED_ROLE, .name = role});
}

static void create_trigger(struct effects_reader *reader, const json_t *body)
{
    struct sql_need function = effects_rights_named(SQL_NEED_FUNCTION, json_object_get(body, "funcname"));
    function.part = "0";
    effects_right(reader, RIGHT_EXECUTE, function);
}

/* The owner of one of the two types; a cast without a function needs a superuser. */
static void create_cast(struct effects_reader *reader, const json_t *body)
{
    const json_t *const function = json_object_get(body, "func");
    json_t *const pair = json_pack("[{s:O},{s:O}]", "TypeName", json_object_get(body, "sourcetype"), "TypeName",
                                   json_object_get(body, "targettype"));
    const char *const types = effects_types_of(reader->arena, pair);
    json_decref(pair);
    if (types != NULL) {
        effects_right(reader, RIGHT_CREATE, (struct sql_need){.kind = SQL_NEED_CAST, .name = "cast", .types = types});
    }
    if (function != NULL) {
        effects_right(reader, RIGHT_EXECUTE,
                      effects_rights_named(SQL_NEED_FUNCTION, json_object_get(function, "objname")));
    } else if (!tree_flag(body, "inout")) {
        effects_right_attribute(reader, RIGHT_SUPERUSER);
    }
}

static bool publishes_schema(const json_t *body)
{
    const json_t *const objects = json_object_get(body, "pubobjects");
    bool is = tree_flag(body, "for_all_tables");
    for (size_t i = 0; !is && i < json_array_size(objects); i++) {
        is = strstr(tree_string(tree_body(json_array_get(objects, i), "PublicationObjSpec"), "pubobjtype"), "IN_") !=
             NULL;
    }
    return is;
}

static void publish(struct effects_reader *reader, const json_t *body)
{
    if (publishes_schema(body)) {
        effects_right_attribute(reader, RIGHT_SUPERUSER);
    }
}

static void create_publication(struct effects_reader *reader, const json_t *body)
{
    effects_right_database(reader, "makes a publication");
    publish(reader, body);
}

static void map_user(struct effects_reader *reader, const json_t *body)
{
    const char *const role = effects_role(json_object_get(body, "user"));
    effects_right_to(reader, RIGHT_MAPPING,
                     (struct sql_need){.kind = SQL_NEED_SERVER,
                                       .name = tree_string(body, "servername"),
                                       .part = tree_flag(body, "missing_ok") ? "if there" : NULL},
                     role == NULL ? "public" : role);
}

static void import(struct effects_reader *reader, const json_t *body)
{
    effects_right_create_in(reader, tree_string(body, "local_schema"));
}

/* Looked at since the fix of CVE-2025-12817, in the minor versions of November 2025. */
static void create_statistics(struct effects_reader *reader, const json_t *body)
{
    static const int fixed[] = {130023, 140020, 150015, 160011, 170007, 180001};
    const int version = reader->facts->server_version;
    bool is_fixed = version == 0 || version >= 190000;
    for (size_t i = 0; !is_fixed && i < sizeof fixed / sizeof fixed[0]; i++) {
        is_fixed = version / 10000 == fixed[i] / 10000 && version >= fixed[i];
    }
    if (is_fixed) {
        effects_right_create_in(reader, tree_name(json_object_get(body, "defnames"), 1));
    }
}

static const struct effects_taker statements[] = {
    {"AlterPublicationStmt", publish},
    {"AlterTableStmt", alter_table},
    {"AlterUserMappingStmt", map_user},
    {"CompositeTypeStmt", create_composite},
    {"CreateCastStmt", create_cast},
    {"CreateDomainStmt", use_types_of},
    {"CreateForeignTableStmt", create_foreign_table},
    {"CreateFunctionStmt", create_function},
    {"CreatePublicationStmt", create_publication},
    {"CreateSchemaStmt", create_schema},
    {"CreateSeqStmt", create_sequence},
    {"CreateStatsStmt", create_statistics},
    {"CreateStmt", create_table},
    {"CreateTableAsStmt", create_as},
    {"CreateTrigStmt", create_trigger},
    {"CreateUserMappingStmt", map_user},
    {"DefineStmt", define},
    {"DoStmt", do_block},
    {"DropUserMappingStmt", map_user},
    {"ImportForeignSchemaStmt", import},
    {"IndexStmt", create_index},
    {"SelectStmt", create_into},
    {"ViewStmt", create_view},
    {0},
};

void effects_rights_made(struct effects_reader *reader, const char *kind, const json_t *body)
{
    effects_take(reader, statements, kind, body);
}
