/*
 * The state, for one plan, of all checks for what statements need: the names that earlier statements have mentioned,
 * and how many queries were sent. A name that an earlier statement has mentioned in any way is not judged.
 */
#ifndef MIGRATION_PLAN_FORESEE_NEEDS_H
#define MIGRATION_PLAN_FORESEE_NEEDS_H

#include "base/word_set.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

#define NEEDS_GONE 1 /* in `schemas` */

struct needs_added;
struct needs_bounds;
struct needs_enum;
struct needs_made;
struct needs_table;

/* Start with {.arena, .questions, .world} at a plan's beginning; the arena is the request's. */
struct needs {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct word_set mentioned;   /* names in earlier statements; the number is how often */
    struct word_set kept;        /* likewise: of these, in statements that leave existing rows as they are */
    struct word_set others;      /* of these, in statements that do not only make, change or use tables */
    struct word_set taken;       /* those of them in statements that drop, rename or move */
    struct word_set schemas;     /* that were dropped or renamed: NEEDS_GONE, or 0 if created again */
    struct needs_bounds *bounds; /* partition bounds that were read: bounds.c */
    struct sql_need *promises;   /* what is asked of rows when a constraint is validated, newest last: violated.c */
    size_t promise_count;
    size_t promise_capacity;
    struct needs_added *added; /* columns: added_columns.c */
    size_t added_count;
    size_t added_capacity;
    struct words stored;        /* queries for what statements store, to be asked about together: understood.c */
    struct word_set refused;    /* those of which the server has refused one, and which are asked about again */
    bool asks_together;         /* the plan is large: only these are */
    struct needs_table *tables; /* of the plan: made_tables.c */
    size_t table_count;
    size_t table_capacity;
    struct word_set table_numbers;
    struct needs_made *made; /* the same, with rows: made_rows.c */
    size_t made_count;
    size_t made_capacity;
    struct word_set made_numbers;
    size_t cell_count;        /* of these rows */
    struct needs_enum *enums; /* of the plan: user_types.c */
    size_t enum_count;
    size_t enum_capacity;
    struct word_set wrote;  /* tables to which earlier statements have added rows, without changing others: written.c */
    struct word_set keyed;  /* tables to which earlier statements have added a primary key: unfit.c */
    size_t written_count;   /* statements whose rows were looked at: written.c */
    const char *own_schema; /* the tracking table, which the run creates before; NULL: none */
    const char *own_table;
    size_t asked;
    size_t parsed_count;     /* statements that the server was asked to parse */
    size_t grammar_count;    /* statements that the server's grammar was asked about */
    int64_t parsed_ms;       /* and how long that took */
    bool has_set;            /* an earlier statement has set what may change the meaning of others */
    bool has_redefined;      /* an earlier statement may have changed what others mean that do not name it: operators,
                                casts, labels of enums, parts of composite types, or anything by an extension */
    bool may_undo;           /* an earlier statement may have undone others, or created a schema without naming it */
    bool may_read_otherwise; /* an earlier statement may change how the server reads strings */
    bool may_have_counted;   /* an earlier statement may have set a sequence, or taken a number of it */
    bool may_set_zone;       /* the session's time zone may have changed when a statement runs */
    bool has_unknown;        /* an earlier statement may have done anything */
    bool has_unnamed_schema; /* CREATE SCHEMA AUTHORIZATION was seen: it creates a schema with the role's name */
    bool gave_up;            /* the limit of queries was reached: no more are sent */
    bool has_cascaded;       /* an earlier statement has dropped things that it does not name */
    bool may_have_emptied;   /* an earlier statement may have removed or changed rows, of any table */
    bool only_adds;          /* the current statement adds rows and changes none: written.c */
    bool may_pass_keys;      /* an earlier statement may have stopped the triggers of foreign keys */
    bool has_advised;        /* what to do about something that exists already was said */
    bool is_tried_again;     /* the statement was interrupted in an earlier run and has left some of what it creates */
};

/* How often the statement contains the name. What it creates itself it names twice. */
size_t needs_count_in(struct text statement, const char *name);

/* Has an earlier statement mentioned the name? */
bool needs_mentioned(const struct needs *needs, const char *name);

/* Has it mentioned one of these names, which are separated by the character 31? */
bool needs_mentioned_any(const struct needs *needs, const char *names);

/* Has an earlier statement mentioned the name, or one of these names, that may change existing rows, or the names or
 * types of their columns? Changes of rows are not looked at (may_have_emptied). */
bool needs_altered(const struct needs *needs, const char *name);
bool needs_altered_any(const struct needs *needs, const char *names);

/* How many of them have: a table that the plan makes is as it was made while this stays. */
int needs_times_altered(const struct needs *needs, const char *name);

/* May an earlier statement have made, changed or dropped a function, a type or a relation of this name? Not if it has
 * only used it for a table, and not if the name is that of a column only. */
bool needs_changed(const struct needs *needs, const char *name);

/* Has an earlier statement dropped or renamed the schema, and none created it again? */
bool needs_lost_schema(const struct needs *needs, const char *name);

/* Has an earlier statement that drops, renames or moves mentioned it? */
bool needs_took(const struct needs *needs, const char *name);

/* A copy that lasts as long as the arena: of statements only the current one has its needs. */
struct sql_need needs_kept(struct arena *arena, const struct sql_need *need);

/* Has an earlier statement mentioned a type of this list (struct sql_need), or dropped or renamed its schema? */
bool needs_mentioned_type(const struct needs *needs, const char *list);

/* The same for needs_changed(). */
bool needs_changed_type(const struct needs *needs, const char *list);

/* The relation of this name; NULL if there is none, if the plan creates it, or if an earlier statement has mentioned
 * it.
 */
const struct relation *needs_untouched(const struct needs *needs, const char *schema, const char *name);

/* Has an earlier statement mentioned an ancestor of this relation (by inheritance or partitioning)? Changes to it, of
 * indexes and constraints, too, apply to the relation. Returns false for oid 0. */
bool needs_mentioned_above(struct needs *needs, uint32_t oid);

/* As pg_query, but NULL also once the plan's limit of queries is reached. */
PGresult *needs_ask(struct needs *needs, const char *sql, int count, const char *const *values);

/* The first field of the first row, in the arena; NULL: no row, NULL, or no answer. */
const char *needs_value(struct needs *needs, const char *sql, int count, const char *const *values);

/* A message that something already exists, and, once in a plan, what to do. called: "type"; NULL if the name says
 * enough. */
const char *needs_say_there(struct needs *needs, const char *called, const char *name);

/* Is the TimeZone one without any offset (UTC), so that it will be when the next statement runs? */
bool needs_zone_is_utc(const struct needs *needs);

/* The plan's summary, in the needs' arena, with a remark if not everything was checked. */
const char *needs_summary(const struct needs *needs, const char *summary);

/* Records what the statement mentions, if it creates, changes or drops something. */
void needs_note(struct needs *needs, struct text statement, const struct sql_effects *effects);

/* Records which schemas exist after the statement. Not to be called for statements that are rolled back. */
void needs_note_schemas(struct needs *needs, struct text statement);

#endif
