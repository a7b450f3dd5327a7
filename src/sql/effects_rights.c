/*
 * Rights on objects: who drops, changes, renames or gives away one must own it, and who makes one must be allowed to
 * in its schema. As in objectaddress.c, alter.c and the files of src/backend/commands, PostgreSQL 12 to 18.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- collecting ---- */

static void add(struct effects_reader *reader, const struct sql_right *right)
{
    struct sql_effects *const effects = reader->effects;
    if (effects->right_count == EFFECTS_NEEDS_LIMIT) {
        return;
    }
    effects->rights = arena_grow(reader->arena, effects->rights, effects->right_count, &reader->right_capacity,
                                 sizeof *effects->rights);
    struct sql_right *const added = &effects->rights[effects->right_count++];
    *added = *right;
    added->on.schema = effects_kept(reader->arena, right->on.schema);
    added->on.name = arena_strdup(reader->arena, right->on.name);
    added->on.part = arena_strdup(reader->arena, right->on.part);
    added->to = arena_strdup(reader->arena, right->to);
}

/* Of a constraint of a domain the domain counts. Parts of relations are the relation's owner's. */
static bool is_part(enum sql_need_kind kind)
{
    return kind == SQL_NEED_RELATION || kind == SQL_NEED_COLUMN || kind == SQL_NEED_CONSTRAINT ||
           kind == SQL_NEED_TRIGGER || kind == SQL_NEED_POLICY || kind == SQL_NEED_RULE;
}

void effects_right_to(struct effects_reader *reader, const char *needed, struct sql_need on, const char *to)
{
    if (on.kind == SQL_NEED_DOMAIN_CONSTRAINT || on.kind == SQL_NEED_DOMAIN) {
        on.kind = SQL_NEED_TYPE;
        on.part = NULL;
    }
    if (on.name != NULL && on.name[0] != '\0') {
        add(reader, &(struct sql_right){.needed = needed, .on = on, .to = to});
    }
}

void effects_right(struct effects_reader *reader, const char *needed, struct sql_need on)
{
    effects_right_to(reader, needed, on, NULL);
}

void effects_right_attribute(struct effects_reader *reader, const char *needed)
{
    add(reader, &(struct sql_right){.needed = needed, .on = {.kind = SQL_NEED_ROLE, .name = ""}});
}

void effects_right_database(struct effects_reader *reader, const char *does)
{
    add(reader,
        &(struct sql_right){.needed = RIGHT_CREATE, .on = {.kind = SQL_NEED_DATABASE, .name = "", .part = does}});
}

void effects_right_temporary(struct effects_reader *reader)
{
    add(reader, &(struct sql_right){.needed = RIGHT_TEMP, .on = {.kind = SQL_NEED_DATABASE, .name = ""}});
}

void effects_right_create_in(struct effects_reader *reader, const char *schema)
{
    if (schema != NULL && strncmp(schema, "pg_temp", strlen("pg_temp")) == 0) {
        effects_right_temporary(reader);
        return;
    }
    add(reader, &(struct sql_right){.needed = RIGHT_CREATE,
                                    .on = {.kind = SQL_NEED_SCHEMA, .name = effects_kept(reader->arena, schema)}});
}

const char *effects_role(const json_t *spec)
{
    return tree_is(spec, "roletype", "ROLESPEC_CSTRING") ? tree_string(spec, "rolename")
           : word_is_among("ROLESPEC_CURRENT_USER ROLESPEC_CURRENT_ROLE", tree_string(spec, "roletype")) ? ""
                                                                                                         : NULL;
}

struct sql_need effects_rights_named(enum sql_need_kind kind, const json_t *names)
{
    return (struct sql_need){.kind = kind, .schema = tree_name(names, 1), .name = tree_name(names, 0)};
}

struct sql_need effects_rights_relation(const json_t *range)
{
    return (struct sql_need){
        .kind = SQL_NEED_RELATION, .schema = tree_string(range, "schemaname"), .name = tree_string(range, "relname")};
}

/* Large objects have no names. */
static struct sql_need object_of(struct effects_reader *reader, const char *type, const json_t *object)
{
    const json_t *const number = tree_body(object, "Integer");
    const json_t *const number_text = tree_body(object, "Float");
    if (strcmp(type, "OBJECT_LARGEOBJECT") == 0) {
        return (struct sql_need){
            .kind = SQL_NEED_LARGE_OBJECT,
            .name = number_text != NULL ? tree_string(number_text, "fval")
                                        : arena_printf(reader->arena, "%lld", (long long)tree_integer(number, "ival"))};
    }
    return effects_named(reader->arena, type, object);
}

/* ---- objects that are there ---- */

static void drop(struct effects_reader *reader, const json_t *body)
{
    const char *const type = tree_string(body, "removeType");
    const json_t *const objects = json_object_get(body, "objects");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const struct sql_need need = effects_named(reader->arena, type, json_array_get(objects, i));
        if (need.schema != NULL) {
            effects_right(reader, RIGHT_USAGE, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = need.schema});
        }
        if (!is_part(need.kind)) {
            effects_right(reader, RIGHT_DROP, need);
        }
    }
}

static void comment(struct effects_reader *reader, const json_t *body)
{
    const char *const type = tree_string(body, "objtype");
    const struct sql_need need = object_of(reader, type, json_object_get(body, "object"));
    if (strcmp(type, "OBJECT_ROLE") == 0) {
        effects_right(reader, RIGHT_ALTER, need);
    } else if (!is_part(need.kind)) {
        effects_right(reader, RIGHT_OWNER, need);
    }
}

/* Objects in schemas are renamed with CREATE in theirs; not types, which are renamed as their owner's. */
static void rename_object(struct effects_reader *reader, const json_t *body)
{
    const char *const type = tree_string(body, "renameType");
    const char *const old = tree_string(body, "subname");
    const json_t *const range = json_object_get(body, "relation");
    if (range != NULL) {
        if (old[0] == '\0') {
            effects_right(reader, RIGHT_BESIDE, effects_rights_relation(range));
        }
        return;
    }
    json_t *const string = json_pack("{s:{s:s}}", "String", "sval", old);
    const json_t *const object = json_object_get(body, "object");
    struct sql_need need = effects_named(reader->arena, type, object != NULL ? object : string);
    if (strcmp(type, "OBJECT_DOMCONSTRAINT") == 0) {
        need = effects_rights_named(SQL_NEED_TYPE, json_object_get(tree_body(object, "List"), "items"));
    }
    need.name = arena_strdup(reader->arena, need.name);
    json_decref(string);
    if (need.kind == SQL_NEED_ROLE) {
        effects_right(reader, RIGHT_ALTER, need);
        return;
    }
    effects_right(reader,
                  word_is_among("OBJECT_TYPE OBJECT_DOMAIN OBJECT_DOMCONSTRAINT", type) ? RIGHT_OWNER : RIGHT_RENAME,
                  need);
    if (need.kind == SQL_NEED_SCHEMA) {
        effects_right_database(reader, "renames a schema");
    } else if (need.kind == SQL_NEED_DATABASE) {
        effects_right_attribute(reader, RIGHT_CREATEDB);
    }
}

static void give(struct effects_reader *reader, const json_t *body)
{
    const char *const type = tree_string(body, "objectType");
    const json_t *const owner = json_object_get(body, "newowner");
    const struct sql_need need = object_of(reader, type, json_object_get(body, "object"));
    effects_right_to(reader, effects_role(owner) == NULL ? RIGHT_OWNER : RIGHT_GIVE, need, effects_role(owner));
}

static void move(struct effects_reader *reader, const json_t *body)
{
    const char *const schema = tree_string(body, "newschema");
    if (json_object_get(body, "relation") == NULL) {
        effects_right(reader, RIGHT_OWNER,
                      effects_named(reader->arena, tree_string(body, "objectType"), json_object_get(body, "object")));
    }
    effects_right_create_in(reader, schema);
}

static void called(struct effects_reader *reader, const char *type, const json_t *function)
{
    json_t *const object = json_pack("{s:O}", "ObjectWithArgs", function);
    const struct sql_need need = effects_named(reader->arena, type, object);
    effects_right(reader, RIGHT_OWNER, need);
    json_decref(object);
}

void effects_rights_options(struct effects_reader *reader, const json_t *options)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *const option = tree_body(json_array_get(options, i), "DefElem");
        const json_t *const arg = json_object_get(option, "arg");
        if (tree_is(option, "defname", "set")) {
            effects_right(reader, RIGHT_SET,
                          (struct sql_need){.kind = SQL_NEED_SETTING,
                                            .name = tree_string(tree_body(arg, "VariableSetStmt"), "name")});
        } else if (tree_is(option, "defname", "support") ||
                   (tree_is(option, "defname", "leakproof") && tree_flag(tree_body(arg, "Boolean"), "boolval"))) {
            effects_right_attribute(reader, RIGHT_SUPERUSER);
        }
    }
}

static void alter_function(struct effects_reader *reader, const json_t *body)
{
    called(reader, tree_string(body, "objtype"), json_object_get(body, "func"));
    effects_rights_options(reader, json_object_get(body, "actions"));
}

static void alter_operator(struct effects_reader *reader, const json_t *body)
{
    called(reader, "OBJECT_OPERATOR", json_object_get(body, "opername"));
}

/* The privileges with the character 31 between them; "": all. */
static const char *privileges_of(struct effects_reader *reader, const json_t *body)
{
    const json_t *const privileges = json_object_get(body, "privileges");
    struct buffer names = {.arena = reader->arena};
    buffer_puts(&names, "");
    for (size_t i = 0; i < json_array_size(privileges); i++) {
        effects_put_name(&names, i, tree_string(tree_body(json_array_get(privileges, i), "AccessPriv"), "priv_name"));
    }
    return buffer_string(&names);
}

static void grant_object(struct effects_reader *reader, const json_t *body, json_t *object)
{
    const json_t *const range = tree_body(object, "RangeVar");
    effects_right_to(reader, RIGHT_GRANT,
                     range != NULL ? effects_rights_relation(range)
                                   : object_of(reader, tree_string(body, "objtype"), object),
                     privileges_of(reader, body));
}

/* On all of a schema: on each of its relations. */
static void grant(struct effects_reader *reader, const json_t *body)
{
    const json_t *const objects = json_object_get(body, "objects");
    const bool is_all = tree_is(body, "targtype", "ACL_TARGET_ALL_IN_SCHEMA");
    const char *const kinds = tree_is(body, "objtype", "OBJECT_SEQUENCE") ? "S"
                              : tree_is(body, "objtype", "OBJECT_TABLE")  ? "rvmfp"
                                                                          : NULL;
    for (size_t i = 0; i < json_array_size(objects); i++) {
        if (!is_all) {
            grant_object(reader, body, json_array_get(objects, i));
        } else if (kinds != NULL) {
            const char *const schema = tree_string(tree_body(json_array_get(objects, i), "String"), "sval");
            effects_right(reader, RIGHT_USAGE, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = schema});
            effects_right_to(reader, RIGHT_GRANT,
                             (struct sql_need){.kind = SQL_NEED_RELATION, .schema = schema, .name = "*", .part = kinds},
                             privileges_of(reader, body));
        }
    }
}

/* ---- kinds of statements ---- */

static const struct {
    const char *kind;
    const char *member; /* with the name of the thing, or a list of names; NULL: the role must be a superuser */
    enum sql_need_kind on;
    const char *needed;
} plain[] = {
    {"AlterCollationStmt", "collname", SQL_NEED_COLLATION, RIGHT_OWNER},
    {"AlterDatabaseStmt", "dbname", SQL_NEED_DATABASE, RIGHT_OWNER},
    {"AlterDomainStmt", "typeName", SQL_NEED_TYPE, RIGHT_OWNER},
    {"AlterEnumStmt", "typeName", SQL_NEED_TYPE, RIGHT_OWNER},
    {"AlterEventTrigStmt", "trigname", SQL_NEED_EVENT_TRIGGER, RIGHT_OWNER},
    {"AlterExtensionContentsStmt", "extname", SQL_NEED_EXTENSION, RIGHT_OWNER},
    {"AlterExtensionStmt", "extname", SQL_NEED_EXTENSION, RIGHT_OWNER},
    {"AlterFdwStmt", NULL, SQL_NEED_WRAPPER, NULL},
    {"AlterForeignServerStmt", "servername", SQL_NEED_SERVER, RIGHT_OWNER},
    {"AlterOpFamilyStmt", NULL, SQL_NEED_OPERATOR_FAMILY, NULL},
    {"AlterPublicationStmt", "pubname", SQL_NEED_PUBLICATION, RIGHT_OWNER},
    {"AlterStatsStmt", "defnames", SQL_NEED_STATISTICS, RIGHT_OWNER},
    {"AlterSubscriptionStmt", "subname", SQL_NEED_SUBSCRIPTION, RIGHT_OWNER},
    {"AlterTSConfigurationStmt", "cfgname", SQL_NEED_CONFIGURATION, RIGHT_OWNER},
    {"AlterTSDictionaryStmt", "dictname", SQL_NEED_DICTIONARY, RIGHT_OWNER},
    {"AlterTableSpaceOptionsStmt", "tablespacename", SQL_NEED_TABLESPACE, RIGHT_OWNER},
    {"AlterTypeStmt", "typeName", SQL_NEED_TYPE, RIGHT_OWNER},
    {"CreateAmStmt", NULL, SQL_NEED_METHOD, NULL},
    {"CreateConversionStmt", "conversion_name", SQL_NEED_SCHEMA, RIGHT_CREATE},
    {"CreateDomainStmt", "domainname", SQL_NEED_SCHEMA, RIGHT_CREATE},
    {"CreateEnumStmt", "typeName", SQL_NEED_SCHEMA, RIGHT_CREATE},
    {"CreateEventTrigStmt", NULL, SQL_NEED_EVENT_TRIGGER, NULL},
    {"CreateFdwStmt", NULL, SQL_NEED_WRAPPER, NULL},
    {"CreateForeignServerStmt", "fdwname", SQL_NEED_WRAPPER, RIGHT_USAGE},
    {"CreateOpClassStmt", NULL, SQL_NEED_OPERATOR_CLASS, NULL},
    {"CreateOpFamilyStmt", NULL, SQL_NEED_OPERATOR_FAMILY, NULL},
    {"CreatePLangStmt", NULL, SQL_NEED_LANGUAGE, NULL},
    {"CreateRangeStmt", "typeName", SQL_NEED_SCHEMA, RIGHT_CREATE},
    {"CreateTableSpaceStmt", NULL, SQL_NEED_TABLESPACE, NULL},
    {"DropSubscriptionStmt", "subname", SQL_NEED_SUBSCRIPTION, RIGHT_OWNER},
    {"DropTableSpaceStmt", "tablespacename", SQL_NEED_TABLESPACE, RIGHT_OWNER},
    {"DropdbStmt", "dbname", SQL_NEED_DATABASE, RIGHT_OWNER},
    {"ImportForeignSchemaStmt", "server_name", SQL_NEED_SERVER, RIGHT_USAGE},
};

static const struct effects_taker statements[] = {
    {"AlterFunctionStmt", alter_function},
    {"AlterObjectSchemaStmt", move},
    {"AlterOperatorStmt", alter_operator},
    {"AlterOwnerStmt", give},
    {"CommentStmt", comment},
    {"DropStmt", drop},
    {"GrantStmt", grant},
    {"RenameStmt", rename_object},
    {0},
};

static void take_plain(struct effects_reader *reader, const char *kind, const json_t *body)
{
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(plain[i].kind, kind) != 0) {
            continue;
        }
        const json_t *const member = plain[i].member == NULL ? NULL : json_object_get(body, plain[i].member);
        if (plain[i].member == NULL) {
            effects_right_attribute(reader, RIGHT_SUPERUSER);
        } else if (plain[i].on == SQL_NEED_SCHEMA) {
            effects_right_create_in(reader, tree_name(member, 1));
        } else if (json_is_array(member)) {
            effects_right(reader, plain[i].needed, effects_rights_named(plain[i].on, member));
        } else {
            effects_right(reader, plain[i].needed,
                          (struct sql_need){.kind = plain[i].on, .name = json_string_value(member)});
        }
    }
}

/* What is named in a schema needs USAGE of that. For what DROP names see above. */
static void use_schemas(struct effects_reader *reader)
{
    for (size_t i = 0; i < reader->effects->need_count; i++) {
        effects_right(reader, RIGHT_USAGE,
                      (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = reader->effects->needs[i].schema});
    }
}

void effects_rights(struct effects_reader *reader, json_t *node)
{
    json_t *body;
    const char *const kind = tree_node(node, &body);
    if (effects_rights_roles(reader, kind, body)) {
        return;
    }
    take_plain(reader, kind, body);
    effects_rights_made(reader, kind, body);
    effects_take(reader, statements, kind, body);
    effects_rights_rows(reader, kind, body);
    use_schemas(reader);
}
