/*
 * A user's type with the name of a built-in one is told from it by its schema.
 */
#include "sql/types.h"

#include "base/text.h"
#include "base/words.h"

#include <stdlib.h>
#include <string.h>

#define INTERVAL_FULL_RANGE 0x7FFF /* PostgreSQL's timestamp.h: no fields were named */

static const struct sql_builtin builtins[] = {
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

static const struct sql_builtin *find_builtin(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].internal, name) == 0 || strcmp(builtins[i].formatted, name) == 0) {
            return &builtins[i];
        }
    }
    return NULL;
}

static void add_modifier(struct sql_type *type, long value)
{
    if (type->modifier_count < 2) {
        type->modifiers[type->modifier_count++] = value;
    }
}

/* Some fields of an interval, and a negative scale, are no plain modifiers. */
static void take_modifier(struct sql_type *type, const json_t *modifier, bool is_range)
{
    const json_t *const constant = json_object_get(tree_body(modifier, "A_Const"), "ival");
    const long value = (long)tree_integer(constant, "ival");
    if (is_range && value == INTERVAL_FULL_RANGE) {
        return;
    }
    type->builtin = is_range || constant == NULL ? NULL : type->builtin;
    add_modifier(type, value);
}

struct sql_type type_of_tree(const json_t *tree)
{
    struct sql_type type = {.is_array = tree_count(tree, "arrayBounds") > 0};
    const json_t *const names = json_object_get(tree, "names");
    const json_t *const modifiers = json_object_get(tree, "typmods");
    const char *const schema = tree_name(names, 1);
    const char *const name = tree_name(names, 0);
    if (name != NULL) {
        type.builtin = schema == NULL || strcmp(schema, "pg_catalog") == 0 ? find_builtin(name) : NULL;
        strncpy(type.name, type.builtin == NULL ? name : type.builtin->formatted, sizeof type.name - 1);
    }
    for (size_t i = 0; i < json_array_size(modifiers); i++) {
        take_modifier(&type, json_array_get(modifiers, i), i == 0 && strcmp(type.name, "interval") == 0);
    }
    if (strcmp(type.name, "numeric") == 0 && type.modifier_count == 1) {
        add_modifier(&type, 0);
    }
    return type;
}

struct sql_type type_of_text(const char *text)
{
    struct sql_type type = {0};
    bool is_qualified = false;
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
            is_qualified = size != strlen("pg_catalog") || memcmp(type.name, "pg_catalog", size) != 0;
            size = 0;
        } else if (*c != '"') {
            type.name[size++] = *c;
        }
    }
    type.name[size] = '\0';
    type.builtin = is_qualified ? NULL : find_builtin(type.name);
    return type;
}

struct sql_type type_of_name(const char *internal)
{
    struct sql_type type = {.builtin = find_builtin(internal)};
    strncpy(type.name, type.builtin == NULL ? internal : type.builtin->formatted, sizeof type.name - 1);
    return type;
}

bool type_is_same(const struct sql_type *a, const struct sql_type *b)
{
    return a->name[0] != '\0' && a->builtin == b->builtin && strcmp(a->name, b->name) == 0 &&
           a->is_array == b->is_array && a->modifier_count == b->modifier_count &&
           memcmp(a->modifiers, b->modifiers, sizeof a->modifiers) == 0;
}

bool type_is_one_of(const struct sql_type *type, const char *names)
{
    const char *const name = type->builtin == NULL || type->is_array ? "" : type->builtin->internal;
    return word_is_among(names, name);
}

/* Types that PostgreSQL's grammar has words for; the names of the others are looked up. The words "character" and "bit"
 * mean a length of 1. */
static bool is_keyword(const struct sql_type *type)
{
    const char *const internal = type->builtin->internal;
    const bool has_length =
        type->modifier_count > 0 || (strcmp(internal, "bpchar") != 0 && strcmp(internal, "bit") != 0);
    return has_length && (type->builtin->widening != WIDENS_NOT || type->modifier_count > 0 ||
                          strcmp(internal, type->builtin->formatted) != 0);
}

const char *type_written(struct arena *arena, const struct sql_type *type)
{
    struct buffer text = {.arena = arena};
    if (type->builtin == NULL) {
        return NULL;
    }
    /* timestamp(3) without time zone, character varying(20), pg_catalog."bit" */
    const char *const zone = strstr(type->name, " with");
    const size_t size = zone == NULL ? strlen(type->name) : (size_t)(zone - type->name);
    if (is_keyword(type)) {
        buffer_printf(&text, "%.*s", (int)size, type->name);
    } else {
        buffer_printf(&text, "pg_catalog.\"%s\"", type->builtin->internal);
    }
    for (size_t i = 0; i < type->modifier_count; i++) {
        buffer_printf(&text, "%s%ld", i == 0 ? "(" : ",", type->modifiers[i]);
    }
    buffer_printf(&text, "%s%s%s", type->modifier_count > 0 ? ")" : "", zone == NULL ? "" : zone,
                  type->is_array ? "[]" : "");
    return buffer_string(&text);
}
