/*
 * Statements in the syntax of PostgreSQL 16 to 18, written in that of our grammar (15), so that their effects can be
 * read: what is new is left out, or becomes what locks and reads the same, and what it means is noted in the tree. It
 * is only for reading, never for sending, and says nothing of whether the server takes the statement.
 */
#ifndef SQL_NEWER_H
#define SQL_NEWER_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/parse_tree.h"

#include <stdbool.h>
#include <stddef.h>

struct newer_mark;

struct newer {
    struct text text;  /* in our grammar's syntax */
    bool is_reworded;  /* its expressions are not those of the statement */
    bool is_otherwise; /* anything was changed */
    struct newer_mark *marks;
    size_t count;
};

/* Rewrites what servers of this major version know and our grammar does not. False: nothing that is known here. */
bool newer_rewrite(struct arena *arena, struct text statement, int major, struct newer *newer);

/* Adds what was left out to the tree of that text. Of a Constraint: "is_not_enforced" (with "skip_validation"),
 * "is_virtual", "is_overlapping", "is_period"; a table's NOT NULL is CONSTR_NOTNULL with "keys". Of an AlterTableCmd:
 * AT_SetExpression; of AT_AlterConstraint "enforces", "frees" (NOT ENFORCED), "hands_on" (INHERIT), "keeps" (NO
 * INHERIT). */
void newer_mark_tree(const struct newer *newer, json_t *tree);

#endif
