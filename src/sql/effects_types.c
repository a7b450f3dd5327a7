/*
 * Which types are stored in the same way: changing one of these to another rewrites nothing (measured on PostgreSQL 11
 * to 18).
 */
#include "sql/effects_reader.h"
#include "sql/types.h"

#include <string.h>

#define MOST_PRECISE 6 /* digits of a second */

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

static bool is_wider(const struct sql_type *from, const struct sql_type *to)
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

static bool is_relabel(const struct sql_type *from, const struct sql_type *to)
{
    for (size_t i = 0; i < sizeof relabels / sizeof relabels[0]; i++) {
        if (strcmp(from->name, relabels[i].from) == 0 && strcmp(to->name, relabels[i].to) == 0) {
            return to->modifier_count == 0;
        }
    }
    return false;
}

static bool is_timestamp(const struct sql_type *type)
{
    return strncmp(type->name, "timestamp ", strlen("timestamp ")) == 0;
}

/* An operator class is for one type: of the relabels, only those between strings have the same one. */
static bool keeps_indexes(const struct sql_type *from, const struct sql_type *to)
{
    return from->builtin == to->builtin || type_is_one_of(from, "varchar text") || type_is_one_of(from, "cidr");
}

bool effects_is_zone_utc(const struct effects_reader *reader)
{
    return effects_since(reader, 12, false) && reader->facts->is_zone_utc != NULL &&
           reader->facts->is_zone_utc(reader->facts->asked);
}

static enum sql_work change_between(const struct effects_reader *reader, const char *from_text, const json_t *type,
                                    const char **advice, bool *rebuilds)
{
    const struct sql_type to = type_of_tree(type);
    if (from_text == NULL) {
        if (is_relabel(&(struct sql_type){.name = "character varying"}, &to) ||
            is_relabel(&(struct sql_type){.name = "text"}, &to)) {
            *advice = "Nothing is rewritten if the column has type varchar or text already.";
        }
        return SQL_WORK_REWRITE;
    }
    const struct sql_type from = type_of_text(from_text);
    const bool arrays = from.is_array || to.is_array;
    if (type_is_same(&from, &to) || (!arrays && (is_wider(&from, &to) || is_relabel(&from, &to)))) {
        *advice = "Indexes on it that have an expression, a condition or an array are built again.";
        *rebuilds = !type_is_same(&from, &to) && !keeps_indexes(&from, &to);
        return SQL_WORK_NONE;
    }
    const bool is_relabeled_in_utc = !arrays && is_timestamp(&from) && is_timestamp(&to) &&
                                     from.builtin != to.builtin &&
                                     (to.modifier_count == 0 || to.modifiers[0] >= MOST_PRECISE);
    if (is_relabeled_in_utc) {
        const bool is_utc = effects_is_zone_utc(reader);
        *advice = is_utc ? "Nothing is rewritten as long as the session's TimeZone is UTC, as it is now: in any other "
                           "zone the whole table would be."
                         : "Nothing is rewritten in a session whose TimeZone is UTC.";
        *rebuilds = is_utc;
        return is_utc ? SQL_WORK_NONE : SQL_WORK_REWRITE;
    }
    return SQL_WORK_REWRITE;
}

bool effects_is_same_type(const json_t *a, const json_t *b)
{
    const struct sql_type left = type_of_tree(a);
    const struct sql_type right = type_of_tree(b);
    return type_is_same(&left, &right);
}

const char *effects_serial_type(const json_t *type)
{
    const json_t *const names = json_object_get(type, "names");
    const char *const name = tree_name(names, 0);
    return json_array_size(names) != 1 || name == NULL  ? NULL
           : word_is_among("serial serial4", name)      ? "int4"
           : word_is_among("bigserial serial8", name)   ? "int8"
           : word_is_among("smallserial serial2", name) ? "int2"
                                                        : NULL;
}

bool effects_is_serial(const json_t *type)
{
    return effects_serial_type(type) != NULL;
}

bool effects_is_builtin(const json_t *type)
{
    return type_of_tree(type).builtin != NULL || effects_is_serial(type);
}

/* ---- domains ---- */

/* *rebuilds, false before: every index over the column is built again. A domain is stored like its base type; a change
 * to a domain without constraints checks nothing. */
enum sql_work effects_type_change(const struct effects_reader *reader, const char *from, const json_t *type,
                                  const char **advice, bool *rebuilds)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const names = json_object_get(type, "names");
    enum sql_work work = change_between(reader, from, type, advice, rebuilds);
    const char *to = NULL;
    if (from == NULL || work == SQL_WORK_NONE || tree_name(names, 0) == NULL) {
        return work;
    }
    const char *const base = facts->base_of == NULL ? NULL : facts->base_of(facts->asked, from);
    if (base != NULL) {
        work = change_between(reader, base, type, advice, rebuilds);
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
