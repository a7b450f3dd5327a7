/*
 * What a statement changes about what is known of NULL in a table's columns, subcommand by subcommand. A CHECK that
 * also says something of other columns counts until one of them may have been dropped, with which it would go.
 */
#include "sql/effects_reader.h"

#include <string.h>

static void add(struct effects_reader *reader, const json_t *range, struct sql_proof proof)
{
    struct sql_effects *const effects = reader->effects;
    effects->proofs = arena_grow(reader->arena, effects->proofs, effects->proof_count, &reader->proof_capacity,
                                 sizeof *effects->proofs);
    proof.schema = effects_kept(reader->arena, tree_string(range, "schemaname"));
    proof.table = arena_strdup(reader->arena, tree_string(range, "relname"));
    proof.constraint = arena_strdup(reader->arena, proof.constraint);
    proof.column = arena_strdup(reader->arena, proof.column);
    effects->proofs[effects->proof_count++] = proof;
}

/* The column for which this says IS NOT NULL, or NOT … IS NULL, and nothing more; NULL: it says something else. */
static const char *column_not_null(const json_t *expression)
{
    const json_t *const negation = tree_body(expression, "BoolExpr");
    const bool is_not = tree_is(negation, "boolop", "NOT_EXPR");
    const json_t *const inner = is_not ? json_array_get(json_object_get(negation, "args"), 0) : expression;
    const json_t *const test = tree_body(inner, "NullTest");
    const json_t *const fields = json_object_get(tree_body(json_object_get(test, "arg"), "ColumnRef"), "fields");
    return tree_is(test, "nulltesttype", is_not ? "IS_NULL" : "IS_NOT_NULL") && json_array_size(fields) == 1
               ? tree_name(fields, 0)
               : NULL;
}

static void add_one(struct effects_reader *reader, const json_t *range, struct sql_proof proof, const char *column)
{
    proof.column = column;
    if (column != NULL) {
        add(reader, range, proof);
    }
}

/* What a CHECK says by itself, or each of the conditions that it joins by AND. */
static void add_all(struct effects_reader *reader, const json_t *range, struct sql_proof proof, const json_t *check)
{
    const json_t *const joined = tree_body(check, "BoolExpr");
    if (!tree_is(joined, "boolop", "AND_EXPR")) {
        add_one(reader, range, proof, column_not_null(check));
        return;
    }
    const json_t *const conditions = json_object_get(joined, "args");
    proof.is_shared = true;
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        add_one(reader, range, proof, column_not_null(json_array_get(conditions, i)));
    }
}

/* ---- subcommands ---- */

static void add_constraint(struct effects_reader *reader, const json_t *range, const json_t *constraint)
{
    const bool is_not_null = tree_is(constraint, "contype", "CONSTR_NOTNULL"); /* PostgreSQL 18 */
    const char *const name = tree_string(constraint, "conname");
    const bool is_late = tree_flag(constraint, "skip_validation");
    const struct sql_proof proof = {.kind = is_late ? SQL_PROOF_PROMISED : SQL_PROOF_IS,
                                    .constraint = name[0] == '\0' ? NULL : name};
    if ((!is_not_null && !tree_is(constraint, "contype", "CONSTR_CHECK")) || tree_flag(constraint, "is_not_enforced") ||
        tree_flag(constraint, "is_no_inherit") || (is_late && name[0] == '\0')) {
        return;
    }
    if (is_not_null) {
        add_one(reader, range, proof, tree_name(json_object_get(constraint, "keys"), 0));
    } else {
        add_all(reader, range, proof, json_object_get(constraint, "raw_expr"));
    }
}

/* With IF NOT EXISTS, the column may be a different one that exists already. */
static void add_column(struct effects_reader *reader, const json_t *range, const json_t *command, const json_t *column)
{
    const json_t *const list = json_object_get(column, "constraints");
    const char *const name = tree_string(column, "colname");
    add(reader, range,
        (struct sql_proof){.kind = SQL_PROOF_COLUMN,
                           .column = name,
                           .may_be_row = !effects_is_builtin(json_object_get(column, "typeName"))});
    for (size_t i = 0; !tree_flag(command, "missing_ok") && i < json_array_size(list); i++) {
        if (tree_is(tree_body(json_array_get(list, i), "Constraint"), "contype", "CONSTR_NOTNULL")) {
            add(reader, range, (struct sql_proof){.kind = SQL_PROOF_IS, .constraint = "", .column = name});
        }
    }
}

static void take_command(struct effects_reader *reader, const json_t *range, const json_t *command)
{
    const char *const name = tree_string(command, "name");
    const char *const type = tree_string(command, "subtype");
    json_t *definition = NULL;
    tree_node(json_object_get(command, "def"), &definition);
    if (strcmp(type, "AT_AddConstraint") == 0) {
        add_constraint(reader, range, definition);
    } else if (strcmp(type, "AT_AddColumn") == 0) {
        add_column(reader, range, command, definition);
    } else if (strcmp(type, "AT_SetNotNull") == 0) {
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_IS, .constraint = "", .column = name});
    } else if (strcmp(type, "AT_ValidateConstraint") == 0) {
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_VALIDATED, .constraint = name});
    } else if (strcmp(type, "AT_DropConstraint") == 0) {
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_DROPPED, .constraint = name});
    } else if (word_is_among("AT_DropColumn AT_DropNotNull", type)) {
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_COLUMN, .column = name});
    }
}

static void rename_part(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const char *const name = tree_string(body, "subname");
    if (tree_is(body, "renameType", "OBJECT_TABCONSTRAINT")) {
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_DROPPED, .constraint = name, .is_renamed = true});
    } else if (tree_is(body, "renameType", "OBJECT_COLUMN")) {
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_COLUMN, .column = name});
        add(reader, range, (struct sql_proof){.kind = SQL_PROOF_COLUMN, .column = tree_string(body, "newname")});
    }
}

void effects_proofs(struct effects_reader *reader, json_t *node)
{
    json_t *body;
    const char *const kind = tree_node(node, &body);
    const json_t *const commands = json_object_get(body, "cmds");
    if (strcmp(kind, "RenameStmt") == 0) {
        rename_part(reader, body);
    }
    for (size_t i = 0; strcmp(kind, "AlterTableStmt") == 0 && i < json_array_size(commands); i++) {
        take_command(reader, json_object_get(body, "relation"),
                     tree_body(json_array_get(commands, i), "AlterTableCmd"));
    }
}
