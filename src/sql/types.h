/*
 * The types of columns, as the parser names them and as format_type() writes them.
 */
#ifndef SQL_TYPES_H
#define SQL_TYPES_H

#include "base/arena.h"
#include "sql/parse_tree.h"

/* The rule by which a type can be widened without a rewrite. */
enum widening {
    WIDENS_NOT, /* only to exactly the same type */
    WIDENS_LENGTH,
    WIDENS_SECONDS, /* no modifier means the same as the largest one */
    WIDENS_NUMERIC,
};

/* A type that every server has. */
struct sql_builtin {
    const char *internal; /* pg_type.typname */
    const char *formatted;
    enum widening widening;
};

struct sql_type {
    char name[64];                     /* formatted, without schema; longer names (none of a type known here) are cut */
    const struct sql_builtin *builtin; /* NULL: a user's type, or one whose modifiers are not understood */
    long modifiers[2];
    size_t modifier_count;
    bool is_array;
};

/* From the tree: {"names": [pg_catalog, varchar], "typmods": [20]}. */
struct sql_type type_of_tree(const json_t *tree);

/* From format_type(): public."Mood", character varying(20)[], timestamp(3) without time zone. */
struct sql_type type_of_text(const char *text);

/* A built-in type without modifiers, by its internal name. */
struct sql_type type_of_name(const char *internal);

/* False for two types of which nothing is known, and for a user's type with the name of a built-in one. */
bool type_is_same(const struct sql_type *a, const struct sql_type *b);

/* Is it a built-in type, not an array, and one of these internal names, which are separated by spaces? */
bool type_is_one_of(const struct sql_type *type, const char *names);

/* As format_type() writes it, in the arena. It means the same type whatever the search path is. NULL: it is not
 * built-in. */
const char *type_written(struct arena *arena, const struct sql_type *type);

#endif
