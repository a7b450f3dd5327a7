/*
 * Types, as the parser names them and as format_type() writes them, and which of them are stored in the same way:
 * changing one of these to another rewrites nothing (measured on PostgreSQL 11 to 18).
 */
#include "sql/effects_reader.h"

#include <stdlib.h>
#include <string.h>

#define INTERVAL_FULL_RANGE 0x7FFF /* PostgreSQL's timestamp.h: no fields were named */
#define MOST_PRECISE        6      /* digits of a second */

/* The rule by which a type can be widened without a rewrite. */
enum widening {
    WIDENS_NOT, /* only to exactly the same type */
    WIDENS_LENGTH,
    WIDENS_SECONDS, /* no modifier means the same as the largest one */
    WIDENS_NUMERIC,
};

static const struct builtin {
    const char *internal; /* pg_type.typname */
    const char *formatted;
    enum widening widening;
} builtins[] = {
    {"varchar", "character varying", WIDENS_LENGTH},
    {"varbit", "bit varying", WIDENS_LENGTH},
    {"timestamp", "timestamp without time zone", WIDENS_SECONDS},
    {"timestamptz", "timestamp with time zone", WIDENS_SECONDS},
    {"time", "time without time zone", WIDENS_SECONDS},
    {"timetz", "time with time zone", WIDENS_SECONDS},
    {"interval", "interval", WIDENS_SECONDS},
    {"numeric", "numeric", WIDENS_NUMERIC},
    {"bpchar", "character", WIDENS_NOT},
    {"int2", "smallint", WIDENS_NOT},
    {"int4", "integer", WIDENS_NOT},
    {"int8", "bigint", WIDENS_NOT},
    {"float4", "real", WIDENS_NOT},
    {"float8", "double precision", WIDENS_NOT},
    {"bool", "boolean", WIDENS_NOT},
    {"bit", "bit", WIDENS_NOT},
    {"text", "text", WIDENS_NOT},
    {"name", "name", WIDENS_NOT},
    {"oid", "oid", WIDENS_NOT},
    {"uuid", "uuid", WIDENS_NOT},
    {"json", "json", WIDENS_NOT},
    {"jsonb", "jsonb", WIDENS_NOT},
    {"jsonpath", "jsonpath", WIDENS_NOT},
    {"xml", "xml", WIDENS_NOT},
    {"bytea", "bytea", WIDENS_NOT},
    {"date", "date", WIDENS_NOT},
    {"money", "money", WIDENS_NOT},
    {"inet", "inet", WIDENS_NOT},
    {"cidr", "cidr", WIDENS_NOT},
    {"macaddr", "macaddr", WIDENS_NOT},
    {"macaddr8", "macaddr8", WIDENS_NOT},
    {"point", "point", WIDENS_NOT},
    {"line", "line", WIDENS_NOT},
    {"lseg", "lseg", WIDENS_NOT},
    {"box", "box", WIDENS_NOT},
    {"path", "path", WIDENS_NOT},
    {"polygon", "polygon", WIDENS_NOT},
    {"circle", "circle", WIDENS_NOT},
    {"tsvector", "tsvector", WIDENS_NOT},
    {"tsquery", "tsquery", WIDENS_NOT},
    {"int4range", "int4range", WIDENS_NOT},
    {"int8range", "int8range", WIDENS_NOT},
    {"numrange", "numrange", WIDENS_NOT},
    {"tsrange", "tsrange", WIDENS_NOT},
    {"tstzrange", "tstzrange", WIDENS_NOT},
    {"daterange", "daterange", WIDENS_NOT},
};

/* Stored in the same way, if the new type has no modifier. */
static const struct {
    const char *from;
    const char *to;
} relabels[] = {
    {"character varying", "text"},
    {"text", "character varying"},
    {"bit", "bit varying"},
    {"cidr", "inet"},
    {"oid", "integer"},
    {"integer", "oid"},
};

struct type {
    char name[64]; /* formatted, without schema; longer names (none of a type known here) are cut */
    const struct builtin *builtin;
    long modifiers[2];
    size_t modifier_count;
    bool is_array;
};

static const struct builtin *find_builtin(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].internal, name) == 0 || strcmp(builtins[i].formatted, name) == 0) {
            return &builtins[i];
        }
    }
    return NULL;
}

static void add_modifier(struct type *type, long value)
{
    if (type->modifier_count < 2) {
        type->modifiers[type->modifier_count++] = value;
    }
}

/* From the tree: {"names": [pg_catalog, varchar], "typmods": [20]}. */
static struct type type_of_tree(const json_t *tree)
{
    struct type type = {.is_array = tree_count(tree, "arrayBounds") > 0};
    const json_t *const names = json_object_get(tree, "names");
    const json_t *const modifiers = json_object_get(tree, "typmods");
    const char *const schema = tree_name(names, 1);
    const char *const name = tree_name(names, 0);
    if (name != NULL) {
        type.builtin = schema == NULL || strcmp(schema, "pg_catalog") == 0 ? find_builtin(name) : NULL;
        strncpy(type.name, type.builtin == NULL ? name : type.builtin->formatted, sizeof type.name - 1);
    }
    for (size_t i = 0; i < json_array_size(modifiers); i++) {
        const json_t *const constant = tree_body(json_array_get(modifiers, i), "A_Const");
        const long value = (long)tree_integer(json_object_get(constant, "ival"), "ival");
        const bool is_range = strcmp(type.name, "interval") == 0 && i == 0;
        if (!is_range || value != INTERVAL_FULL_RANGE) {
            add_modifier(&type, value);
        }
    }
    if (strcmp(type.name, "numeric") == 0 && type.modifier_count == 1) {
        add_modifier(&type, 0);
    }
    return type;
}

/* From format_type(): public."Mood", character varying(20)[], timestamp(3) without time zone. */
static struct type type_of_text(const char *text)
{
    struct type type = {0};
    size_t size = 0;
    for (const char *c = text; *c != '\0' && size + 1 < sizeof type.name; c++) {
        if (*c == '(') {
            char *end = NULL;
            add_modifier(&type, strtol(c + 1, &end, 10));
            if (*end == ',') {
                add_modifier(&type, strtol(end + 1, &end, 10));
            }
            c = *end == ')' ? end : c;
        } else if (*c == '[') {
            type.is_array = true;
            break;
        } else if (*c == '.') {
            size = 0;
        } else if (*c != '"') {
            type.name[size++] = *c;
        }
    }
    type.name[size] = '\0';
    type.builtin = find_builtin(type.name);
    return type;
}

static bool is_same(const struct type *a, const struct type *b)
{
    return strcmp(a->name, b->name) == 0 && a->is_array == b->is_array && a->modifier_count == b->modifier_count &&
           memcmp(a->modifiers, b->modifiers, sizeof a->modifiers) == 0;
}

static bool is_wider(const struct type *from, const struct type *to)
{
    if (from->builtin == NULL || from->builtin != to->builtin || from->builtin->widening == WIDENS_NOT) {
        return false;
    }
    if (to->modifier_count == 0) {
        return true;
    }
    const bool grows = from->modifier_count == to->modifier_count && to->modifiers[0] >= from->modifiers[0];
    switch (from->builtin->widening) {
    case WIDENS_SECONDS:
        return to->modifier_count == 1 && (grows || to->modifiers[0] >= MOST_PRECISE);
    case WIDENS_NUMERIC:
        return grows && to->modifiers[1] == from->modifiers[1];
    default:
        return grows;
    }
}

static bool is_relabel(const struct type *from, const struct type *to)
{
    for (size_t i = 0; i < sizeof relabels / sizeof relabels[0]; i++) {
        if (strcmp(from->name, relabels[i].from) == 0 && strcmp(to->name, relabels[i].to) == 0) {
            return to->modifier_count == 0;
        }
    }
    return false;
}

static bool is_timestamp(const struct type *type)
{
    return strncmp(type->name, "timestamp ", strlen("timestamp ")) == 0;
}

static enum sql_work change_between(const char *from_text, const json_t *type, const char **advice)
{
    const struct type to = type_of_tree(type);
    if (from_text == NULL) {
        if (is_relabel(&(struct type){.name = "character varying"}, &to) ||
            is_relabel(&(struct type){.name = "text"}, &to)) {
            *advice = "Nothing is rewritten if the column has type varchar or text already.";
        }
        return SQL_WORK_REWRITE;
    }
    const struct type from = type_of_text(from_text);
    const bool arrays = from.is_array || to.is_array;
    if (is_same(&from, &to) || (!arrays && (is_wider(&from, &to) || is_relabel(&from, &to)))) {
        *advice = "Indexes on it that have an expression, a condition or an array are built again.";
        return SQL_WORK_NONE;
    }
    if (!arrays && is_timestamp(&from) && is_timestamp(&to) && from.builtin != to.builtin) {
        *advice = "Nothing is rewritten in a session whose TimeZone is UTC.";
    }
    return SQL_WORK_REWRITE;
}

bool effects_is_same_type(const json_t *a, const json_t *b)
{
    const struct type left = type_of_tree(a);
    const struct type right = type_of_tree(b);
    return is_same(&left, &right);
}

bool effects_is_serial(const json_t *type)
{
    const json_t *const names = json_object_get(type, "names");
    const char *const name = tree_name(names, 0);
    return json_array_size(names) == 1 && name != NULL &&
           effects_is_one_of("serial bigserial smallserial serial2 serial4 serial8", name);
}

bool effects_is_builtin(const json_t *type)
{
    return type_of_tree(type).builtin != NULL || effects_is_serial(type);
}

/* ---- domains ---- */

/* A domain is stored like its base type; a change to a domain without constraints checks nothing. */
enum sql_work effects_type_change(const struct effects_reader *reader, const char *from, const json_t *type,
                                  const char **advice)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const names = json_object_get(type, "names");
    enum sql_work work = change_between(from, type, advice);
    const char *to = NULL;
    if (from == NULL || work == SQL_WORK_NONE || tree_name(names, 0) == NULL) {
        return work;
    }
    const char *const base = facts->base_of == NULL ? NULL : facts->base_of(facts->asked, from);
    if (base != NULL) {
        work = change_between(base, type, advice);
        from = base;
    }
    const bool is_free =
        work != SQL_WORK_NONE && facts->type_kind != NULL && !effects_is_builtin(type) &&
        tree_count(type, "arrayBounds") == 0 &&
        facts->type_kind(facts->asked, tree_name(names, 1), tree_name(names, 0), &to) == SQL_TYPE_FREE_DOMAIN;
    return is_free && to != NULL && strcmp(to, from) == 0 ? SQL_WORK_NONE : work;
}

/* A domain with a constraint is checked row by row, and PostgreSQL rewrites the rows for it. */
void effects_column_type(struct effects_reader *reader, const json_t *type)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const names = json_object_get(type, "names");
    const char *base = NULL;
    if (effects_is_builtin(type) || tree_count(type, "arrayBounds") > 0) {
        return;
    }
    const enum sql_type_kind kind =
        facts->type_kind == NULL || tree_name(names, 0) == NULL
            ? SQL_TYPE_NOT_KNOWN
            : facts->type_kind(facts->asked, tree_name(names, 1), tree_name(names, 0), &base);
    if (kind == SQL_TYPE_CHECKED_DOMAIN) {
        effects_work(reader, SQL_WORK_REWRITE,
                     "Its type is a domain with a constraint, for which every row is rewritten: add the column with "
                     "the domain's base type, and the constraint as a CHECK that is NOT VALID, then VALIDATE it.");
    } else if (kind == SQL_TYPE_NOT_KNOWN) {
        effects_work(reader, SQL_WORK_NONE, "If its type is a domain with a constraint, every row is rewritten.");
    }
}
