/*
 * Which function describes which kind of statement. A kind that is in none of the tables is unknown.
 */
#include "sql/effects_reader.h"

#include <string.h>

static void create_schema(struct effects_reader *reader, json_t *body)
{
    if (tree_count(body, "schemaElts") > 0) {
        effects_work(reader, SQL_WORK_UNKNOWN, NULL);
    }
}

static void objects_of_role(struct effects_reader *reader, json_t *body)
{
    const json_t *const roles = json_object_get(body, "roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *const role = tree_body(json_array_get(roles, i), "RoleSpec");
        effects_reach_object(reader, &(struct sql_reach){.kind = SQL_REACH_OF_ROLE,
                                                         .lock = SQL_LOCK_ACCESS_EXCLUSIVE,
                                                         .type = "role",
                                                         .name = tree_string(role, "rolename")});
    }
    effects_work(reader, SQL_WORK_UNKNOWN, "Every table of the role is locked against reads and writes.");
}

/* Only settings that change where names are looked up matter here. */
static void set_variable(struct effects_reader *reader, json_t *body)
{
    const bool is_path = tree_is(body, "name", "search_path");
    if (is_path && tree_is(body, "kind", "VAR_SET_VALUE")) {
        effects_path(reader, json_object_get(body, "args"));
    } else if (is_path || tree_is(body, "kind", "VAR_RESET_ALL")) {
        effects_change(reader, &(struct sql_change){.kind = SQL_CHANGE_RESETS_PATH});
    }
}

/* Statements that lock no existing relation: types, roles, functions, settings, transactions. */
static const char harmless[] =
    "AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseSetStmt AlterDatabaseStmt "
    "AlterDefaultPrivilegesStmt AlterEnumStmt AlterEventTrigStmt AlterFdwStmt AlterForeignServerStmt "
    "AlterFunctionStmt AlterOpFamilyStmt AlterOperatorStmt AlterOwnerStmt AlterRoleSetStmt AlterRoleStmt "
    "AlterStatsStmt AlterSubscriptionStmt AlterSystemStmt AlterTSConfigurationStmt AlterTSDictionaryStmt "
    "AlterTableSpaceOptionsStmt AlterTypeStmt AlterUserMappingStmt CheckPointStmt ClosePortalStmt "
    "ConstraintsSetStmt CreateAmStmt CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt "
    "CreateEventTrigStmt CreateExtensionStmt CreateFdwStmt CreateForeignServerStmt CreateOpClassStmt "
    "CreateOpFamilyStmt CreatePLangStmt CreateRangeStmt CreateRoleStmt CreateSubscriptionStmt CreateTableSpaceStmt "
    "CreateTransformStmt CreateUserMappingStmt CreatedbStmt DeallocateStmt DefineStmt DiscardStmt DropRoleStmt "
    "DropSubscriptionStmt DropTableSpaceStmt DropUserMappingStmt DropdbStmt FetchStmt GrantRoleStmt "
    "ImportForeignSchemaStmt ListenStmt LoadStmt NotifyStmt TransactionStmt UnlistenStmt VariableShowStmt";

/* A composite type is a relation without rows; ALTER TYPE names it as such. */
static void create_composite(struct effects_reader *reader, json_t *body)
{
    effects_creates(reader, json_object_get(body, "typevar"));
}

static const struct effects_kind others[] = {
    {.kind = "CompositeTypeStmt", .take = create_composite}, {.kind = "CreateSchemaStmt", .take = create_schema},
    {.kind = "DropOwnedStmt", .take = objects_of_role},      {.kind = "ReassignOwnedStmt", .take = objects_of_role},
    {.kind = "VariableSetStmt", .take = set_variable},       {0},
};

static const struct effects_kind *find_kind(const char *kind)
{
    static const struct effects_kind *const tables[] = {effects_on_tables, effects_on_objects, effects_on_rows, others};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct effects_kind *one = tables[i]; one->kind != NULL; one++) {
            if (strcmp(one->kind, kind) == 0) {
                return one;
            }
        }
    }
    return NULL;
}

void effects_statement(struct effects_reader *reader, json_t *node)
{
    json_t *body;
    const char *const name = tree_node(node, &body);
    const struct effects_kind *const kind = find_kind(name);
    if (kind == NULL) {
        effects_work(reader, word_is_among(harmless, name) ? SQL_WORK_NONE : SQL_WORK_UNKNOWN, NULL);
    } else if (kind->take != NULL) {
        kind->take(reader, body);
    } else {
        effects_lock(reader, json_object_get(body, "relation"), kind->lock);
    }
}
