/*
 * What a statement leaves although its own words do not say so: by a function that it calls, and by a trigger, default,
 * policy or view of a table that it names. Whoever knows their bodies notes them here: the database's, and those that
 * earlier statements make. Bodies are read as that of a DO is (sql/lasting.h): whether a statement in one runs is not
 * known, and text that is put together at run time is seen as far as its constants go.
 *
 * Names are compared by their last part: a namesake in another schema counts as well.
 */
#ifndef SQL_HIDDEN_H
#define SQL_HIDDEN_H

#include "sql/changes.h"
#include "sql/lasting.h"

struct hidden_one {
    const char *name; /* folded, without its schema */
    bool is_table;    /* of a table or view, else of a function */
    bool on_write;    /* of a table: only where its rows are changed (triggers, defaults, constraints) */
    struct sql_lasting lasting;
};

/* A change of `to` may be one of `from`, its partition or child, or a table with a foreign key that hands it on. */
struct hidden_link {
    const char *from;
    const char *to;
};

/* {0} is none. Strings are the arena's, or of what was noted. */
struct hidden {
    struct hidden_one *items;
    size_t count;
    size_t capacity;
    struct hidden_link *links;
    size_t link_count;
    size_t link_capacity;
};

/* A function or procedure whose body is known. */
struct hidden_function {
    const char *name;
    struct text body;     /* unquoted; of BEGIN ATOMIC what stands behind these words */
    const char *language; /* "plpgsql" */
    const char *settings; /* its own SET clauses, one behind the other ("{app.tenant=a}"): they end with the call */
};

/* What CREATE FUNCTION or PROCEDURE makes; its name, body or language may be missing. False for other statements. */
bool hidden_read_function(struct arena *arena, struct text statement, struct hidden_function *function);

/* A table or view, and a function that it reaches. */
struct hidden_table {
    const char *name;
    const char *function;
    bool on_write;
};

/* Notes what a call of it leaves, which may be by what it calls itself. True where that was not known before. */
bool hidden_note_function(struct arena *arena, struct hidden *hidden, const struct hidden_function *function,
                          const struct deferred *deferred);

/* A function whose body cannot be read: a call of it may leave anything. The name is copied. */
void hidden_note_unknown(struct arena *arena, struct hidden *hidden, const char *function);

/* Whoever names this table or view may call this function; on_write: who changes its rows. */
void hidden_note_table(struct arena *arena, struct hidden *hidden, const struct hidden_table *table);

/* Notes a link, which counts for what is noted behind it. */
void hidden_note_link(struct arena *arena, struct hidden *hidden, const struct hidden_link *link);

/* Notes what this statement makes: CREATE FUNCTION, PROCEDURE, TRIGGER, VIEW, RULE, POLICY, and defaults of tables. */
void hidden_note(struct arena *arena, struct hidden *hidden, struct text statement, const struct deferred *deferred);

/* Adds those of another list. */
void hidden_join(struct arena *arena, struct hidden *hidden, const struct hidden *others);

/* Appends what the statement may leave by these. */
void hidden_find(struct arena *arena, const struct hidden *hidden, struct text statement,
                 struct sql_lastings *lastings);

#endif
