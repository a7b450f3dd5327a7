/*
 * The kind of a statement, as far as a runner must know: may it share a transaction, does it control one itself, what
 * does it create. Decided by the statement's words (sql/lexer.h), so the cost does not depend on its size, and
 * statements newer than our parser are recognised. The list of statements that cannot run in a transaction block was
 * measured on PostgreSQL 11 to 18.
 */
#ifndef SQL_CLASSIFY_H
#define SQL_CLASSIFY_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

enum sql_class {
    SQL_CLASS_PLAIN,          /* may share a transaction */
    SQL_CLASS_ALONE,          /* cannot run inside a transaction block: CREATE INDEX CONCURRENTLY, VACUUM, … */
    SQL_CLASS_BEGIN,          /* BEGIN, START TRANSACTION */
    SQL_CLASS_COMMIT,         /* COMMIT, END, (also … AND CHAIN), PREPARE TRANSACTION */
    SQL_CLASS_ROLLBACK,       /* ROLLBACK, ABORT; not ROLLBACK TO a savepoint, which is plain */
    SQL_CLASS_ADD_ENUM_VALUE, /* ALTER TYPE … ADD VALUE: the value cannot be used before the commit */
    SQL_CLASS_COPY_STDIN,     /* COPY … FROM STDIN or TO STDOUT: its data comes from or goes to the client */
};

/* The class of one statement. */
enum sql_class sql_classify(struct text statement);

/* Is it COPY … FROM STDIN, after which a file may have the data? */
bool sql_is_copy_from_stdin(struct text statement);

/* Why a statement of class ALONE cannot share a transaction: "CREATE INDEX CONCURRENTLY". NULL for other classes. */
const char *sql_alone_reason(struct text statement);

/* Is it a DO block in plpgsql with a COMMIT or ROLLBACK of its own, after whose last statement another can be inserted?
 * If so *body is the block inside its quotes, without a final semicolon. False for other statements, for a body that
 * cannot be moved (#option lines) and for one that may end early (RETURN). */
bool sql_do_block(struct arena *arena, struct text statement, struct text *body);

/* The value that ALTER TYPE … ADD VALUE 'x' adds, unquoted; NULL for other statements. */
const char *sql_added_enum_value(struct arena *arena, struct text statement);

/* May a script contain a statement of a class other than PLAIN, or a psql meta-command? Decided by its words, so that
 * the usual file need not be split. May be true unnecessarily, never false wrongly. */
bool sql_may_need_cutting(struct text script);

/* Byte offset of the first psql meta-command, a backslash outside strings, names and comments. SIZE_MAX: none. */
size_t sql_meta_command(struct text script);

struct sql_object {
    const char *type;   /* "table", "index", "type", "enum value", "column", "view", …, as in DetectSchema */
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *parent; /* the table of a column or constraint, the type of an enum value; else NULL */
    const char *parent_schema;
};

struct sql_objects {
    struct sql_object *items;
    size_t count;
    size_t capacity;
};

/* Appends the objects that a statement creates or adds: CREATE TABLE, INDEX (named), TYPE, VIEW, MATERIALIZED VIEW,
 * SEQUENCE, SCHEMA, FUNCTION, PROCEDURE, TRIGGER, EXTENSION, DOMAIN, POLICY; ALTER TABLE … ADD COLUMN / ADD CONSTRAINT;
 * ALTER TYPE … ADD VALUE. Names are folded as in PostgreSQL. */
void sql_created_objects(struct arena *arena, struct text statement, struct sql_objects *objects);

#endif
