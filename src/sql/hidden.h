/*
 * What a statement leaves through functions that it calls, and through triggers, defaults, policies or views of tables
 * that it names. The caller registers known bodies: those of the database, and those that earlier statements create.
 * They are read like the body of a DO (sql/lasting.h): whether a statement in one runs is not known, and text composed
 * at run time is seen as far as its constants go.
 *
 * Names are compared by their last part: an object of the same name in another schema counts as well.
 */
#ifndef SQL_HIDDEN_H
#define SQL_HIDDEN_H

#include "sql/changes.h"
#include "sql/lasting.h"

struct hidden_one {
    const char *name; /* folded, unqualified */
    bool is_table;    /* a table or view; false: a function */
    bool on_write;    /* of a table: only if its rows are changed (triggers, defaults, constraints) */
    struct sql_lasting lasting;
};

/* A change of `to` may also change `from`, its partition or child, or a table with a foreign key that passes it on. */
struct hidden_link {
    const char *from;
    const char *to;
};

/* {0} is empty. Strings are in the arena, or borrowed from what was registered. */
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
    struct text body;     /* unquoted; for BEGIN ATOMIC what follows these words */
    const char *language; /* "plpgsql" */
    const char *settings; /* the names of its own SET clauses ("app.tenant role"): these end with the call */
};

/* Reads CREATE FUNCTION or PROCEDURE; name, body or language may be missing. Returns false for other statements. */
bool hidden_read_function(struct arena *arena, struct text statement, struct hidden_function *function);

/* A table or view, and a function that it calls. */
struct hidden_table {
    const char *name;
    const char *function;
    bool on_write;
};

/* Registers what a call of the function leaves, including what it calls itself. Returns true if that was not known
 * before. */
bool hidden_note_function(struct arena *arena, struct hidden *hidden, const struct hidden_function *function,
                          const struct deferred *deferred);

/* Registers a function whose body is not known: a call may leave anything. Copies the name. */
void hidden_note_unknown(struct arena *arena, struct hidden *hidden, const char *function);

/* Registers that naming this table or view may call this function; on_write: only changing its rows. */
void hidden_note_table(struct arena *arena, struct hidden *hidden, const struct hidden_table *table);

/* Registers a link, which applies to everything that is registered later. */
void hidden_note_link(struct arena *arena, struct hidden *hidden, const struct hidden_link *link);

/* Registers what this statement creates: CREATE FUNCTION, PROCEDURE, TRIGGER, VIEW, RULE, POLICY, and defaults of
 * tables. */
void hidden_note(struct arena *arena, struct hidden *hidden, struct text statement, const struct deferred *deferred);

/* Adds those of another list. */
void hidden_join(struct arena *arena, struct hidden *hidden, const struct hidden *others);

/* Appends what the statement may leave through these. */
void hidden_find(struct arena *arena, const struct hidden *hidden, struct text statement,
                 struct sql_lastings *lastings);

#endif
