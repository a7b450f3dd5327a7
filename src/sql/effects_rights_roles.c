/*
 * Rights that statements about roles, settings, databases and files need. Who may change a role differs: before
 * PostgreSQL 16 every role with CREATEROLE, since then only with ADMIN OPTION on it.
 */
#include "sql/effects_reader.h"

#include <string.h>

static void need_role(struct effects_reader *reader, const char *needed, const char *name)
{
    effects_right(reader, needed, (struct sql_need){.kind = SQL_NEED_ROLE, .name = name});
}

static void need_roles(struct effects_reader *reader, const char *needed, const json_t *specs)
{
    for (size_t i = 0; i < json_array_size(specs); i++) {
        need_role(reader, needed, effects_role(tree_body(json_array_get(specs, i), "RoleSpec")));
    }
}

static void need_setting(struct effects_reader *reader, const char *needed, const json_t *set)
{
    static const char sets[] = "VAR_SET_VALUE VAR_SET_DEFAULT VAR_SET_CURRENT VAR_RESET";
    if (word_is_among(sets, tree_string(set, "kind"))) {
        effects_right(reader, needed, (struct sql_need){.kind = SQL_NEED_SETTING, .name = tree_string(set, "name")});
    }
}

/* The attributes that a role gets or loses. */
static void need_attributes(struct effects_reader *reader, const json_t *options)
{
    static const struct {
        const char *option;
        const char *needed;
    } attributes[] = {
        {"superuser", RIGHT_SUPERUSER},
        {"createdb", RIGHT_GIVE_CREATEDB},
        {"isreplication", RIGHT_REPLICATION},
        {"bypassrls", RIGHT_BYPASSRLS},
    };
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        const json_t *const given = json_object_get(tree_option(options, attributes[i].option), "arg");
        if (tree_flag(tree_body(given, "Boolean"), "boolval")) {
            effects_right_attribute(reader, attributes[i].needed);
        }
    }
}

static void create_role(struct effects_reader *reader, const json_t *body)
{
    const json_t *const options = json_object_get(body, "options");
    const json_t *const groups = json_object_get(tree_option(options, "addroleto"), "arg");
    effects_right_attribute(reader, RIGHT_CREATEROLE);
    need_attributes(reader, options);
    need_roles(reader, RIGHT_MEMBERS, json_object_get(tree_body(groups, "List"), "items"));
}

/* A role may change its own password. */
static void alter_role(struct effects_reader *reader, const json_t *body)
{
    const json_t *const options = json_object_get(body, "options");
    const char *const role = effects_role(json_object_get(body, "role"));
    const bool is_password = json_array_size(options) == 1 && tree_option(options, "password") != NULL;
    const bool is_members = tree_option(options, "rolemembers") != NULL;
    need_attributes(reader, options);
    if (role != NULL && role[0] == '\0' && !is_password) {
        effects_right_attribute(reader, RIGHT_CREATEROLE);
    }
    need_role(reader, is_password ? RIGHT_ALTER_OWN : is_members ? RIGHT_MEMBERS : RIGHT_ALTER, role);
}

static void alter_role_set(struct effects_reader *reader, const json_t *body)
{
    const json_t *const role = json_object_get(body, "role");
    need_setting(reader, RIGHT_SET, json_object_get(body, "setstmt"));
    if (role == NULL && tree_string(body, "database")[0] == '\0') {
        effects_right_attribute(reader, RIGHT_SUPERUSER);
    }
    need_role(reader, RIGHT_ALTER_OWN, effects_role(role));
}

static void alter_database_set(struct effects_reader *reader, const json_t *body)
{
    need_setting(reader, RIGHT_SET, json_object_get(body, "setstmt"));
    effects_right(reader, RIGHT_OWNER,
                  (struct sql_need){.kind = SQL_NEED_DATABASE, .name = tree_string(body, "dbname")});
}

static void drop_role(struct effects_reader *reader, const json_t *body)
{
    effects_right_attribute(reader, RIGHT_CREATEROLE);
    need_roles(reader, RIGHT_ALTER, json_object_get(body, "roles"));
}

static void grant_role(struct effects_reader *reader, const json_t *body)
{
    const json_t *const roles = json_object_get(body, "granted_roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        need_role(reader, RIGHT_MEMBERS, tree_string(tree_body(json_array_get(roles, i), "AccessPriv"), "priv_name"));
    }
}

static void drop_owned(struct effects_reader *reader, const json_t *body)
{
    need_roles(reader, RIGHT_USE, json_object_get(body, "roles"));
}

static void reassign(struct effects_reader *reader, const json_t *body)
{
    const json_t *const roles = json_object_get(body, "roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *const role = effects_role(tree_body(json_array_get(roles, i), "RoleSpec"));
        effects_right_to(reader, RIGHT_REASSIGN, (struct sql_need){.kind = SQL_NEED_ROLE, .name = role},
                         effects_role(json_object_get(body, "newrole")));
    }
    need_role(reader, RIGHT_USE, effects_role(json_object_get(body, "newrole")));
}

static void default_privileges(struct effects_reader *reader, const json_t *body)
{
    const json_t *const roles = json_object_get(tree_option(json_object_get(body, "options"), "roles"), "arg");
    need_roles(reader, RIGHT_USE, json_object_get(tree_body(roles, "List"), "items"));
}

static void set(struct effects_reader *reader, const json_t *body)
{
    const char *const name = tree_string(body, "name");
    const char *const value = effects_constant(json_array_get(json_object_get(body, "args"), 0));
    const bool is_role = strcmp(name, "role") == 0;
    const bool is_login = strcmp(name, "session_authorization") == 0;
    if (!is_role && !is_login) {
        need_setting(reader, RIGHT_SET, body);
    } else if (tree_is(body, "kind", "VAR_SET_VALUE") && !(is_role && strcmp(value, "none") == 0)) {
        need_role(reader, is_role ? RIGHT_SET_ROLE : RIGHT_LOGIN, value);
    }
}

static void alter_system(struct effects_reader *reader, const json_t *body)
{
    const json_t *const set = json_object_get(body, "setstmt");
    if (tree_is(set, "kind", "VAR_RESET_ALL")) {
        effects_right_attribute(reader, RIGHT_SUPERUSER);
    }
    need_setting(reader, RIGHT_ALTER_SYSTEM, set);
}

static void create_database(struct effects_reader *reader, const json_t *body)
{
    const json_t *const owner = json_object_get(tree_option(json_object_get(body, "options"), "owner"), "arg");
    effects_right_attribute(reader, RIGHT_CREATEDB);
    need_role(reader, RIGHT_MAKE_FOR, tree_string(tree_body(owner, "String"), "sval"));
}

static void subscribe(struct effects_reader *reader, const json_t *body)
{
    (void)body;
    effects_right_attribute(reader, RIGHT_SUBSCRIBE);
}

static void checkpoint(struct effects_reader *reader, const json_t *body)
{
    (void)body;
    effects_right_attribute(reader, RIGHT_CHECKPOINT);
}

static void load(struct effects_reader *reader, const json_t *body)
{
    static const char free_place[] = "$libdir/plugins/";
    if (strncmp(tree_string(body, "filename"), free_place, strlen(free_place)) != 0) {
        effects_right_attribute(reader, RIGHT_SUPERUSER);
    }
}

static const struct effects_taker statements[] = {
    {"AlterDatabaseSetStmt", alter_database_set},
    {"AlterDefaultPrivilegesStmt", default_privileges},
    {"AlterRoleSetStmt", alter_role_set},
    {"AlterRoleStmt", alter_role},
    {"AlterSystemStmt", alter_system},
    {"CheckPointStmt", checkpoint},
    {"CreateRoleStmt", create_role},
    {"CreateSubscriptionStmt", subscribe},
    {"CreatedbStmt", create_database},
    {"DropOwnedStmt", drop_owned},
    {"DropRoleStmt", drop_role},
    {"GrantRoleStmt", grant_role},
    {"LoadStmt", load},
    {"ReassignOwnedStmt", reassign},
    {"VariableSetStmt", set},
    {0},
};

bool effects_rights_roles(struct effects_reader *reader, const char *kind, const json_t *body)
{
    return effects_take(reader, statements, kind, body);
}
