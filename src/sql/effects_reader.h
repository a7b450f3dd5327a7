/*
 * Internals of sql/effects: reads libpg_query's parse tree (parse_tree.h) and collects what a statement does.
 */
#ifndef SQL_EFFECTS_READER_H
#define SQL_EFFECTS_READER_H

#include "base/words.h"
#include "sql/effects.h"
#include "sql/parse_tree.h"

#define EFFECTS_NEEDS_LIMIT 200  /* the most things that are looked up for one statement */
#define EFFECTS_NAMES_LIMIT 1000 /* relations and names in WITH; the lists are searched linearly */

struct effects_reader {
    struct arena *arena;
    struct text statement;
    const struct sql_facts *facts; /* never NULL here */
    const char *const *created;
    struct sql_effects *effects;
    size_t capacity;
    size_t reach_capacity;
    size_t touch_capacity;
    size_t change_capacity;
    size_t need_capacity;
    size_t make_capacity;
    size_t alter_capacity;
    size_t reference_capacity;
    size_t proof_capacity;
    size_t retype_capacity;
    size_t demand_capacity;
    size_t right_capacity;
    size_t using_count; /* changes of types with USING so far */
    size_t left_out;    /* locks on relations that the plan creates */
    int advice_weight;  /* of the work to which the advice belongs */
    bool calls_unknown; /* calls a function that is not known to lock nothing */
    bool is_reworded;   /* its expressions are not those of the statement: see newer.h */
    bool may_be_there;  /* in ADD COLUMN IF NOT EXISTS, whose DEFAULT is not read if the column exists */
    bool changes_rows;  /* INSERT, UPDATE, …, also inside WITH */
};

/* ---- collecting ---- */

/* Adds a lock on a relation; the strongest one is kept. */
void effects_lock_named(struct effects_reader *reader, const char *schema, const char *name, enum sql_lock lock);
/* The same for the body of a RangeVar; NULL is fine. */
void effects_lock(struct effects_reader *reader, const json_t *range, enum sql_lock lock);
/* For each RangeVar of a list. */
void effects_lock_all(struct effects_reader *reader, const json_t *ranges, enum sql_lock lock);
/* For a list of names of which the last `skip` do not belong to the relation: (schema, table, trigger). */
void effects_lock_path(struct effects_reader *reader, const json_t *names, size_t skip, enum sql_lock lock);

/* Adds a reach, which the catalogs resolve: from the body of a RangeVar; part NULL: the whole relation. */
void effects_reach(struct effects_reader *reader, enum sql_reach_kind kind, const json_t *range, const char *part,
                   enum sql_lock lock);
/* The same from an object of any type. */
void effects_reach_object(struct effects_reader *reader, const struct sql_reach *reach);
/* For each RangeVar of a list without ONLY. */
void effects_reach_all(struct effects_reader *reader, enum sql_reach_kind kind, const json_t *ranges,
                       enum sql_lock lock);

void effects_change(struct effects_reader *reader, const struct sql_change *change);
/* A relation of this name is created, also with IF NOT EXISTS. */
void effects_creates(struct effects_reader *reader, const json_t *range);
/* Changing either of two relations locks the other. link: from the first to the second; an action is of the second. */
void effects_links(struct effects_reader *reader, const json_t *one, const json_t *other, enum sql_link link);
/* The view selects from everything that the query names. */
void effects_links_view(struct effects_reader *reader, const json_t *view, json_t *query);

/* More may be locked than is known. */
void effects_unknown(struct effects_reader *reader);

/* Records work; the heaviest is kept, with its advice, which may be NULL. */
void effects_work(struct effects_reader *reader, enum sql_work work, const char *advice);

/* Is the server of this major version or later? Returns `unknown` if its version is not known. */
bool effects_since(const struct effects_reader *reader, int major, bool unknown);

/* ---- kinds of statements ---- */

/* What a kind of statement does: takes a lock on the one relation that it names, or has a function. */
struct effects_kind {
    const char *kind;
    enum sql_lock lock; /* on its "relation", if take is NULL */
    void (*take)(struct effects_reader *reader, json_t *body);
};

/* Each is ended by a NULL kind. */
extern const struct effects_kind effects_on_tables[];  /* effects_tables.c */
extern const struct effects_kind effects_on_objects[]; /* effects_objects.c */
extern const struct effects_kind effects_on_rows[];    /* effects_query.c */

/* A function that describes a kind of statement. A table of them is ended by a NULL kind. */
struct effects_taker {
    const char *kind;
    void (*take)(struct effects_reader *reader, const json_t *body);
};

/* Calls each that is for this kind. False: none is. */
bool effects_take(struct effects_reader *reader, const struct effects_taker *takers, const char *kind,
                  const json_t *body);

/* What a statement unknown to the parser names after its first words: effects_words.c. */
void effects_by_words(struct effects_reader *reader, struct text statement);

/* Takes IF EXISTS and IF NOT EXISTS out of the node where the caller knows that they change nothing. If what the
 * statement makes is there, PostgreSQL does nothing, but has analyzed a query of it: effects_decided.c. */
enum effects_passes { PASSES_NOTHING, PASSES_WORK, PASSES_ALL };
enum effects_passes effects_pass_over(struct effects_reader *reader, json_t *node);

/* Handles one statement's node: effects_statements.c. */
void effects_statement(struct effects_reader *reader, json_t *node);

/* What one statement's node needs to exist: effects_needs.c. */
void effects_needs(struct effects_reader *reader, json_t *node);
/* Adds a copy of a need to a list, unless that is full; nothing if it has no name. */
void effects_put_need(struct arena *arena, struct sql_need **needs, size_t *count, size_t *capacity,
                      const struct sql_need *need);
/* The same to the statement's needs. */
void effects_need(struct effects_reader *reader, struct sql_need need);
/* The same for something that is created. */
void effects_make(struct effects_reader *reader, struct sql_need make);
/* A part of a relation (the body of its RangeVar). */
void effects_need_part(struct effects_reader *reader, enum sql_need_kind kind, const json_t *range, const char *part);
/* A relation of these kinds; NULL: of any kind. */
void effects_need_relation(struct effects_reader *reader, const json_t *range, const char *kinds);
/* A type, by the body of its TypeName; serial and similar are no types. */
void effects_need_type(struct effects_reader *reader, const json_t *type);

/* The need for a thing of the grammar's kind `type` (OBJECT_FUNCTION), as DROP, COMMENT and GRANT name it; without a
 * name if that kind is not tracked: effects_named.c. */
struct sql_need effects_named(struct arena *arena, const char *type, const json_t *object);
/* The types in a list of TypeNames or of parameters that a call passes; NULL if one is not known. */
const char *effects_types_of(struct arena *arena, const json_t *list);
/* The same for one, by the body of its TypeName. */
const char *effects_type_of(struct arena *arena, const json_t *type);
/* Join the strings of a list, or one more, with the character 31 (ASCII's unit separator) between them. */
const char *effects_names_of(struct arena *arena, const json_t *names);
void effects_put_name(struct buffer *list, size_t number, const char *name);
/* What a statement about such things needs and creates: effects_named.c, effects_made.c. */
void effects_named_needs(struct effects_reader *reader, const char *kind, const json_t *body);
void effects_makes(struct effects_reader *reader, const char *kind, const json_t *body);
/* What CREATE OR REPLACE replaces: effects_replaced.c. */
void effects_replaced(struct effects_reader *reader, const char *kind, const json_t *body);
/* The name of what a query gives, by the body of its ResTarget: its own, or the one that PostgreSQL makes; "": not
 * known, or several. */
const char *effects_result_name(const json_t *target);
void effects_passed_over(struct effects_reader *reader, const char *kind, const json_t *body);
/* The bound of a partition: effects_bound.c. */
void effects_bound(struct effects_reader *reader, const char *kind, const json_t *body);
/* The columns of the table that the statement itself creates: effects_own_columns.c. */
void effects_own_columns(struct effects_reader *reader, const char *kind, const json_t *body);
/* What is computed once and kept, and what a query gives: effects_computed.c. */
void effects_computed(struct effects_reader *reader, const char *kind, const json_t *body);
/* The text of a constant (the body of its A_Const) without quotes; NULL if it is NULL, or no constant: effects_bound.c.
 */
const char *effects_constant_text(const struct effects_reader *reader, const json_t *constant);
/* The rows of constants that INSERT and UPDATE write: effects_written.c. */
void effects_written(struct effects_reader *reader, const json_t *body);
/* INSERT and UPDATE, and DELETE: effects_rows.c. */
void effects_rows(struct effects_reader *reader, const json_t *body);
void effects_deleted_rows(struct effects_reader *reader, const json_t *body);
/* The names of ResTargets, separated as by effects_put_name. */
const char *effects_target_names(struct arena *arena, const json_t *targets);
/* How many values a row of VALUES, or of a query, has; 0: not known, because of a star. */
size_t effects_count_values(const json_t *query);
/* The columns that its expressions read: effects_columns.c. */
void effects_columns(struct effects_reader *reader, const char *kind, json_t *body, json_t *node);
/* Adds those names, separated by the character 31, that are not there yet. */
void effects_add_columns(struct buffer *columns, const char *others);
/* What stands in the parentheses of CREATE INDEX, each in its own, if these are expressions as for
 * effects_plain_columns(); adds their columns. NULL: they are not. */
const char *effects_index_texts(const struct effects_reader *reader, const json_t *index, struct buffer *columns);
/* What it requires of the rows of existing tables: effects_row_needs.c. */
void effects_row_needs(struct effects_reader *reader, const char *kind, const json_t *body);
/* What the table that CREATE TABLE makes demands of its rows: effects_row_needs.c. */
void effects_made_rules(struct effects_reader *reader, const json_t *body, struct sql_made_table *made);
/* The table that CREATE TABLE makes, if it is not there: effects_fitting.c. */
void effects_made_table(struct effects_reader *reader, const json_t *body);
/* A constant as a value that is written: effects_written.c. */
struct sql_value effects_value(const struct effects_reader *reader, const json_t *node);
/* What it requires of existing columns and tables: effects_fitting.c. */
void effects_fitting(struct effects_reader *reader, const char *kind, const json_t *body);
/* A copy of a word in the tree; NULL for "". */
const char *effects_kept(struct arena *arena, const char *word);
/* A name in quotes, also where it needs none. */
void effects_put_quoted(struct buffer *text, const char *name);
/* The first constraint of this type at a column (the body of its ColumnDef); NULL: none. */
const json_t *effects_constraint_of(const json_t *column, const char *type);
/* The column of this name (NULL: none) among the elements of CREATE TABLE, or those that subcommands of ALTER TABLE
 * add; NULL: there is none. */
const json_t *effects_made_column(const json_t *elements, const char *name);
/* The files of an extension, or of the named version of it. */
void effects_need_files(struct effects_reader *reader, const json_t *body);

/* The operator of an expression, by its name without its schema; NULL: it has none. key, object: as tree_walk() gives
 * them: effects_query.c. */
const char *effects_operator(const char *key, const json_t *object);
/* A cast of something else than a constant, as "::" and the name of its type; NULL: it is none. */
const char *effects_cast(const struct effects_reader *reader, const json_t *cast);
/* The functions that it stores to be called later: effects_stored.c. */
void effects_stored(struct effects_reader *reader, json_t *node);

/* What the catalogs must allow: effects_demands.c. */
void effects_demands(struct effects_reader *reader, const char *kind, const json_t *body);
/* Contradictions within the statement: effects_never.c. */
void effects_never(struct effects_reader *reader, const char *kind, const json_t *body);
/* What a server can be asked to analyze: effects_analyzed_statements.c. */
void effects_analyzed(struct effects_reader *reader, const char *kind, const json_t *body);
/* The text of an expression that begins behind a word (NULL: behind a parenthesis or a comma), not before the byte
 * `from`; of a query that begins behind a word; and of a type, by the body of its TypeName. NULL: not found. */
const char *effects_source(const struct effects_reader *reader, const char *word, size_t from,
                           const json_t *expression);
const char *effects_source_of_query(const struct effects_reader *reader, const char *word, const json_t *query);
/* Where the grammar leaves no doubt, which costs no parsing: the parentheses behind a word, not before the byte `from`;
 * the rest of the statement behind a word; the element with this number (from 0) of the first list in parentheses, if
 * it is an expression. */
const char *effects_source_within(const struct effects_reader *reader, const char *word, size_t from);
const char *effects_source_behind(const struct effects_reader *reader, const char *word);
const char *effects_source_of_element(const struct effects_reader *reader, size_t number);
const char *effects_source_of_type(const struct effects_reader *reader, const json_t *type);

/* Which rights one statement's node needs, besides those on relations: effects_rights.c. */
void effects_rights(struct effects_reader *reader, json_t *node);
/* Adds one; nothing if the thing has no name. */
void effects_right(struct effects_reader *reader, const char *needed, struct sql_need on);
/* The same with the role that gets something. */
void effects_right_to(struct effects_reader *reader, const char *needed, struct sql_need on, const char *to);
/* What the role itself must be. */
void effects_right_attribute(struct effects_reader *reader, const char *needed);
/* CREATE in a schema; NULL or "": in the first one of the search path; for what is temporary see below. */
void effects_right_create_in(struct effects_reader *reader, const char *schema);
/* CREATE on the database, because it "makes a schema". */
void effects_right_database(struct effects_reader *reader, const char *does);
/* The right to make temporary tables. */
void effects_right_temporary(struct effects_reader *reader);
/* A thing by a list of names, and a relation by the body of its RangeVar. */
struct sql_need effects_rights_named(enum sql_need_kind kind, const json_t *names);
struct sql_need effects_rights_relation(const json_t *range);
/* What options of a function need. */
void effects_rights_options(struct effects_reader *reader, const json_t *options);
/* Statements that make objects, and ALTER TABLE: effects_rights_made.c. */
void effects_rights_made(struct effects_reader *reader, const char *kind, const json_t *body);
/* A role as a RoleSpec names it: "" is the current one, NULL none that has a name. */
const char *effects_role(const json_t *spec);
/* Statements about roles, settings and what they own: effects_rights_roles.c. False: it is about something else. */
bool effects_rights_roles(struct effects_reader *reader, const char *kind, const json_t *body);
/* What a statement that runs now calls, counts and reads: effects_rights_rows.c. */
void effects_rights_rows(struct effects_reader *reader, const char *kind, json_t *body);

/* What one statement's node does to the knowledge about NULLs: effects_proofs.c. */
void effects_proofs(struct effects_reader *reader, json_t *node);

/* ALTER TABLE, INDEX, VIEW, SEQUENCE, …: effects_alter.c. */
void effects_alter_table(struct effects_reader *reader, json_t *body);

/* ---- ALTER TABLE ---- */

/* A subcommand. */
struct alter {
    const json_t *target; /* RangeVar */
    const json_t *command;
    json_t *definition; /* the body of its "def" of any kind; NULL if there is none */
    bool takes_away; /* another subcommand drops something, and PostgreSQL does that first: a constraint used as proof
                        may be gone */
};

void alter_lock(struct effects_reader *reader, const struct alter *alter, enum sql_lock lock);

/* Tables that inherit from the target are changed too, unless the statement says ONLY. */
void alter_reach_children(struct effects_reader *reader, const struct alter *alter, enum sql_reach_kind kind,
                          enum sql_lock lock);

/* NULL if the tree has no schema, which is how the facts expect it. */
const char *alter_schema(const struct alter *alter);

/* Is the column known to have no NULL? */
bool alter_is_filled(const struct effects_reader *reader, const struct alter *alter, const char *column);

/* ADD CONSTRAINT and ALTER CONSTRAINT: effects_constraints.c. */
void alter_add_constraint(struct effects_reader *reader, const struct alter *alter);
void alter_constraint(struct effects_reader *reader, const struct alter *alter);

/* What a new constraint of a table or column locks elsewhere. */
void effects_foreign_key(struct effects_reader *reader, const json_t *table, const json_t *constraint);

/* ALTER COLUMN … TYPE, by the bodies of its table's RangeVar and of its AlterTableCmd: effects_retype.c. */
void effects_retype(struct effects_reader *reader, const json_t *target, const json_t *command);
/* The work of changing a column's type; from: by format_type(), or NULL. *rebuilds becomes true if every index over it
 * is built again: effects_types.c. */
enum sql_work effects_type_change(const struct effects_reader *reader, const char *from, const json_t *type,
                                  const char **advice, bool *rebuilds);
/* Are moments with and without a zone the same, since the TimeZone has no offset? */
bool effects_is_zone_utc(const struct effects_reader *reader);
/* What a new column of this type needs if it is a domain. */
void effects_column_type(struct effects_reader *reader, const json_t *type);
bool effects_is_same_type(const json_t *a, const json_t *b);
/* Is it serial or similar? Then the type of its numbers is "int4", "int8" or "int2"; NULL: it is not. */
bool effects_is_serial(const json_t *type);
const char *effects_serial_type(const json_t *type);
/* Is it a type that every server has, and so no domain? */
bool effects_is_builtin(const json_t *type);
/* Is a new column known to have a value in no row that is there? By its ColumnDef; effects_fitting.c. */
bool effects_is_left_empty(const json_t *column);

/* Locks for everything that a query (or any part of a tree) reads and writes; effects_query.c. */
void effects_query(struct effects_reader *reader, json_t *tree);
/* The same for a query or an expression that the statement runs: the functions that it calls count, too. */
void effects_runs(struct effects_reader *reader, json_t *tree);

/* The same for an expression that it computes for the rows of a table; nothing if that table is new. */
void effects_runs_on_rows(struct effects_reader *reader, json_t *expression);

/* How a statement's node reads and changes rows, if it runs or plans a query; effects_touches.c. */
void effects_touches(struct effects_reader *reader, json_t *node);
/* It inserts rows into this relation. */
void effects_touches_insert(struct effects_reader *reader, const char *schema, const char *name);

/* How many rows of its table an UPDATE, DELETE or MERGE takes: effects_every_row.c. */
enum every_row { SOME_ROWS, EVERY_ROW_OR_NONE, EVERY_ROW };
enum every_row effects_every_row(const struct effects_reader *reader, const json_t *statement);
/* Notes those within a query, in its WITH, that take all rows of a table that exists. */
void effects_every_row_within(struct effects_reader *reader, json_t *tree);

/* A string constant; "" for other nodes. */
const char *effects_constant(const json_t *node);

/* What a node of this kind says of labels of enums. */
void effects_labels(struct effects_reader *reader, const char *kind, const json_t *body);
/* The value is read as one of the type (the body of its TypeName), or of the column; nothing if it is no constant. */
void effects_label_of_type(struct effects_reader *reader, const json_t *type, const json_t *value);
void effects_label_of_column(struct effects_reader *reader, const json_t *range, const char *column,
                             const json_t *value);
/* The search path becomes what the arguments of SET search_path, or of set_config('search_path', …), say. */
void effects_path(struct effects_reader *reader, const json_t *arguments);
/* A call of a function of PostgreSQL's that computes and locks nothing. */
bool effects_is_steady(const json_t *call);
/* A call that the server reads as syntax of its own, because it is newer than our grammar. */
bool effects_is_newer_syntax(const struct effects_reader *reader, const json_t *call);
/* The columns that an expression reads, separated by the character 31, if it can be computed over the rows of a user's
 * table without running anybody's code; else NULL: effects_plain.c. */
const char *effects_plain_columns(struct arena *arena, json_t *expression);
/* The same, but "" if it reads none. */
const char *effects_plain_reads(struct arena *arena, json_t *expression);
/* The text of the expression behind a word outside of parentheses, the one with this number (from 0). NULL: there is
 * none, or its text is not an expression of effects_plain_columns over these columns. */
const char *effects_text_behind(const struct effects_reader *reader, const char *word, size_t number,
                                const char *columns);
/* The same for what is in parentheses behind the word, with them. */
const char *effects_text_within(const struct effects_reader *reader, const char *word, size_t number,
                                const char *columns);
/* May an expression have another value for each row? */
bool effects_is_volatile(const struct effects_reader *reader, json_t *expression);

#endif
