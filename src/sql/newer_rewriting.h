/*
 * Internals of sql/newer: a statement that is rewritten token by token.
 */
#ifndef SQL_NEWER_REWRITING_H
#define SQL_NEWER_REWRITING_H

#include "sql/lexer.h"
#include "sql/newer.h"

#define NEWER_DEEPEST 100 /* parentheses */

enum newer_kind {
    NEWER_NOT_ENFORCED, /* of the constraint before it, like the next ones */
    NEWER_VIRTUAL,
    NEWER_NOT_NULL,
    NEWER_OVERLAPS,
    NEWER_PERIOD,
    NEWER_EXPRESSION, /* of the subcommand, like the next ones */
    NEWER_ENFORCES,
    NEWER_FREES,
    NEWER_HANDS_ON, /* INHERIT */
    NEWER_KEEPS,    /* NO INHERIT */
};

struct newer_mark {
    enum newer_kind kind;
    size_t at;          /* where, in the new text */
    size_t command;     /* the number of ALTER TABLE's subcommand */
    const char *column; /* of NOT NULL */
};

struct newer_rewriting {
    struct arena *arena;
    struct text in;
    int major;
    struct sql_reader words;
    struct sql_token first;  /* of the statement */
    struct sql_token before; /* the token before */
    struct buffer out;
    size_t copied; /* of `in` */
    size_t depth;
    size_t commands;
    bool is_alter;             /* ALTER TABLE */
    bool is_create;            /* CREATE TABLE */
    bool alters_constraint;    /* within ALTER CONSTRAINT */
    size_t generated;          /* the depth within the parentheses of GENERATED ALWAYS AS (…); 0: not within */
    bool begins_json;          /* the next parentheses are those of a call of SQL/JSON */
    bool json[NEWER_DEEPEST];  /* these are */
    bool from[NEWER_DEEPEST];  /* in a FROM clause at this depth */
    bool query[NEWER_DEEPEST]; /* these parentheses are a query in a FROM clause */
    bool is_reworded;
    bool has_failed; /* it has what is not known here */
    struct newer_mark *marks;
    size_t count;
    size_t capacity;
};

/* A rule: handles what begins at the reader's token and returns true, having moved the reader; or false. */
struct newer_rule {
    int since;
    bool (*take)(struct newer_rewriting *rewriting);
};

/* Each is ended by a NULL function. */
extern const struct newer_rule newer_of_tables[]; /* newer_tables.c */
extern const struct newer_rule newer_of_rows[];   /* newer_rows.c */

/* Copies the statement up to this offset. */
void newer_copy(struct newer_rewriting *rewriting, size_t to);
/* Leaves out what is between these offsets, and puts other words there; NULL: none. */
void newer_replace(struct newer_rewriting *rewriting, size_t from, size_t to, const char *words);
/* Moves the reader; the depth must stay. */
void newer_skip(struct newer_rewriting *rewriting, struct sql_reader to);
/* Leaves out the rest of the statement, from the reader's token on. */
void newer_drop_rest(struct newer_rewriting *rewriting);
/* Notes what stands at this offset, up to which the statement is copied. */
void newer_mark(struct newer_rewriting *rewriting, enum newer_kind kind, size_t at);
/* Is the reader where a declaration of a table, or its constraints, stand: not within an expression? */
bool newer_declares(const struct newer_rewriting *rewriting);
/* Where the token ends in the statement. */
size_t newer_end(const struct sql_token *token);

#endif
