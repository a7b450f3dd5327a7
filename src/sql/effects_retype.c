/*
 * ALTER COLUMN … TYPE: the work, and what becomes of the values. A USING is followed through casts and the few
 * functions that migrations use there; what any other makes of the values is not known, and the old ones are gone.
 */
#include "base/sqlstate.h"
#include "sql/effects_reader.h"
#include "sql/lexer.h"
#include "sql/types.h"

#include <string.h>

#define DEEPEST  32 /* levels of a USING that are followed */
#define REPLACED "are replaced by what USING makes of them"

struct retype {
    struct effects_reader *reader;
    const json_t *target; /* RangeVar */
    const char *column;
    const json_t *type;      /* the new type's TypeName */
    const json_t *collation; /* of the new type; NULL: none */
    json_t *using;           /* NULL: none */
    bool is_odd;             /* a type of the statement has a negative scale, which the tree does not tell from 0 */
    const char *from;        /* the old type, by format_type(); NULL: not known */
};

/* NULL if the tree has no schema, which is how the facts expect it. */
static const char *schema_of(const struct retype *retype)
{
    const char *const schema = tree_string(retype->target, "schemaname");
    return schema[0] == '\0' ? NULL : schema;
}

/* ---- types that only the caller knows ---- */

static enum sql_type_kind kind_of(const struct retype *retype, const json_t *type, const char **base)
{
    const struct sql_facts *const facts = retype->reader->facts;
    const json_t *const names = json_object_get(type, "names");
    *base = NULL;
    return facts->type_kind == NULL || tree_name(names, 0) == NULL || tree_count(type, "arrayBounds") > 0
               ? SQL_TYPE_NOT_KNOWN
               : facts->type_kind(facts->asked, tree_name(names, 1), tree_name(names, 0), base);
}

/* The base of a domain's; any other type itself. */
static struct sql_type old_type(const struct retype *retype)
{
    const struct sql_facts *const facts = retype->reader->facts;
    const char *const base =
        retype->from == NULL || facts->base_of == NULL ? NULL : facts->base_of(facts->asked, retype->from);
    return type_of_text(base != NULL ? base : retype->from != NULL ? retype->from : "");
}

/* The old type; in UTC a moment with a zone is one without. */
static struct sql_type without_zone(const struct effects_reader *reader, const struct sql_type *from,
                                    const struct sql_type *to)
{
    static const char moments[] = "timestamp timestamptz";
    struct sql_type alike = *from;
    if (type_is_one_of(from, moments) && type_is_one_of(to, moments) && effects_is_zone_utc(reader)) {
        alike = *to;
        alike.modifier_count = from->modifier_count;
        memcpy(alike.modifiers, from->modifiers, sizeof alike.modifiers);
    }
    return alike;
}

/* A domain keeps what its base type keeps, and may refuse it; an enum has its labels only. */
static struct sql_conversion convert(const struct retype *retype, const struct sql_type *from, const json_t *type,
                                     bool is_cast)
{
    static const struct sql_conversion refused = {NULL, "A value that a constraint of the domain refuses",
                                                  SQLSTATE_CHECK_VIOLATION};
    static const struct sql_conversion labels = {NULL, "A value that is no label of the enum",
                                                 SQLSTATE_INVALID_TEXT_REPRESENTATION};
    struct arena *const arena = retype->reader->arena;
    const struct sql_type to = retype->is_odd ? type_of_text("") : type_of_tree(type);
    const char *base;
    if (to.builtin != NULL || retype->is_odd || type_is_same(from, &to)) {
        const struct sql_type alike = without_zone(retype->reader, from, &to);
        return conversion_of(arena, &alike, &to, is_cast);
    }
    const enum sql_type_kind kind = kind_of(retype, type, &base);
    if (kind == SQL_TYPE_ENUM && type_is_one_of(from, "varchar bpchar text name")) {
        return labels;
    }
    if (base == NULL || (kind != SQL_TYPE_FREE_DOMAIN && kind != SQL_TYPE_CHECKED_DOMAIN)) {
        return conversion_of(arena, from, &to, is_cast);
    }
    const struct sql_type of_base = type_of_text(base);
    const struct sql_conversion becomes = conversion_of(arena, from, &of_base, is_cast);
    return kind == SQL_TYPE_CHECKED_DOMAIN ? conversion_then(becomes, refused) : becomes;
}

/* ---- USING ---- */

/* What an expression makes of the old values; its type is one that nobody knows if it is not followed. */
struct value {
    struct sql_type type;
    struct sql_conversion becomes;
};

static struct value value_of(const struct retype *retype, const json_t *node, size_t depth);

static struct value replaced(void)
{
    return (struct value){.becomes = {.loses = REPLACED}};
}

static struct value value_of_column(const struct retype *retype, const json_t *reference)
{
    const char *const name = tree_name(json_object_get(reference, "fields"), 0);
    return name != NULL && strcmp(name, retype->column) == 0 ? (struct value){.type = old_type(retype)} : replaced();
}

static struct value value_of_cast(const struct retype *retype, const json_t *cast, size_t depth)
{
    const json_t *const type = json_object_get(cast, "typeName");
    const struct value value = value_of(retype, json_object_get(cast, "arg"), depth);
    return (struct value){type_of_tree(type), conversion_then(value.becomes, convert(retype, &value.type, type, true))};
}

/* c AT TIME ZONE 'UTC', which loses nothing; in other zones an hour comes twice. */
static struct value in_zone(const struct retype *retype, const json_t *arguments, size_t depth)
{
    const char *const zone = effects_constant(json_array_get(arguments, 0));
    struct value value = value_of(retype, json_array_get(arguments, 1), depth);
    const struct sql_type other = type_of_name(type_is_one_of(&value.type, "timestamp") ? "timestamptz" : "timestamp");
    const struct sql_conversion becomes = conversion_of(retype->reader->arena, &value.type, &other, true);
    const bool is_steady = word_is_among("utc UTC Etc/UTC etc/utc GMT gmt Z z +00 +00:00 Zulu", zone) &&
                           type_is_one_of(&value.type, "timestamp timestamptz");
    value.type = other;
    value.becomes = is_steady ? value.becomes : conversion_then(value.becomes, becomes);
    return value;
}

/* left(c, 3), substring(c from 1 for 3): their values have at most so many characters. */
static struct value cut_to(const struct retype *retype, const json_t *length, const json_t *of, size_t depth)
{
    const json_t *const number = json_object_get(tree_body(length, "A_Const"), "ival");
    struct value value = value_of(retype, of, depth);
    struct sql_type cut = type_of_name("varchar");
    if (number == NULL) {
        return replaced();
    }
    cut.modifiers[0] = (long)tree_integer(number, "ival");
    cut.modifier_count = 1;
    value.becomes = conversion_then(value.becomes, conversion_of(retype->reader->arena, &value.type, &cut, true));
    value.type = cut;
    return value;
}

/* Functions of one argument whose result has all of it. */
static const struct {
    const char *function;
    const char *type;
} wrappers[] = {{"to_json", "json"},
                {"to_jsonb", "jsonb"},
                {"json_build_array", "json"},
                {"jsonb_build_array", "jsonb"},
                {"to_timestamp", "timestamptz"}};

static struct value wrapped(const struct retype *retype, const json_t *of, const char *type, size_t depth)
{
    struct value value = value_of(retype, of, depth);
    const struct sql_type to = type_of_name(type);
    if (type_is_one_of(&value.type, "json")) {
        value.becomes = conversion_then(value.becomes, conversion_of(retype->reader->arena, &value.type, &to, true));
    }
    value.type = to;
    return value;
}

static struct value value_of_call(const struct retype *retype, const json_t *call, size_t depth)
{
    const json_t *const arguments = json_object_get(call, "args");
    const json_t *const first = json_array_get(arguments, 0);
    const char *const name = effects_is_steady(call) ? tree_name(json_object_get(call, "funcname"), 0) : "";
    const size_t count = json_array_size(arguments);
    if (strcmp(name, "timezone") == 0 && count == 2) {
        return in_zone(retype, arguments, depth);
    }
    if (strcmp(name, "left") == 0 && count == 2) {
        return cut_to(retype, json_array_get(arguments, 1), first, depth);
    }
    if (word_is_among("substring substr", name) && count == 3) {
        const json_t *const start = json_object_get(tree_body(json_array_get(arguments, 1), "A_Const"), "ival");
        return tree_integer(start, "ival") == 1 ? cut_to(retype, json_array_get(arguments, 2), first, depth)
                                                : replaced();
    }
    for (size_t i = 0; count == 1 && i < sizeof wrappers / sizeof wrappers[0]; i++) {
        if (strcmp(name, wrappers[i].function) == 0) {
            return wrapped(retype, first, wrappers[i].type, depth);
        }
    }
    return replaced();
}

/* COALESCE(c, …) gives only NULL another value; ARRAY[c] puts it into an array. */
static struct value value_of(const struct retype *retype, const json_t *node, size_t depth)
{
    const json_t *body;
    if (depth == DEEPEST) {
        return replaced();
    }
    if ((body = tree_body(node, "ColumnRef")) != NULL) {
        return value_of_column(retype, body);
    }
    if ((body = tree_body(node, "TypeCast")) != NULL) {
        return value_of_cast(retype, body, depth + 1);
    }
    if ((body = tree_body(node, "FuncCall")) != NULL) {
        return value_of_call(retype, body, depth + 1);
    }
    if ((body = tree_body(node, "CoalesceExpr")) != NULL) {
        return value_of(retype, json_array_get(json_object_get(body, "args"), 0), depth + 1);
    }
    const json_t *const elements = json_object_get(tree_body(node, "A_ArrayExpr"), "elements");
    struct value value =
        json_array_size(elements) == 1 ? value_of(retype, json_array_get(elements, 0), depth + 1) : replaced();
    value.type.is_array = true;
    return value;
}

/* ---- what becomes of the values ---- */

struct naming {
    const char *column;
    bool is_named;
};

static bool find_name(void *data, const char *key, json_t *object)
{
    struct naming *const naming = data;
    const char *const name = strcmp(key, "ColumnRef") == 0 ? tree_name(json_object_get(object, "fields"), 0) : NULL;
    naming->is_named = naming->is_named || (name != NULL && strcmp(name, naming->column) == 0);
    return !naming->is_named;
}

static bool names_the_column(const struct retype *retype)
{
    struct naming naming = {.column = retype->column};
    tree_walk(retype->using, find_name, &naming);
    return naming.is_named;
}

static struct sql_conversion becomes(const struct retype *retype)
{
    static const struct sql_conversion dropped = {"are replaced by what has nothing to do with them", NULL, NULL};
    if (retype->using == NULL) {
        const struct sql_type from = old_type(retype);
        return convert(retype, &from, retype->type, false);
    }
    if (!names_the_column(retype)) {
        return dropped;
    }
    const struct value value = value_of(retype, retype->using, 0);
    return conversion_then(value.becomes, convert(retype, &value.type, retype->type, false));
}

static const char *quoted(struct arena *arena, const char *name)
{
    struct buffer quoted = {.arena = arena};
    effects_put_quoted(&quoted, name);
    return buffer_string(&quoted);
}

/* The type as which new values are stored, whatever a domain's constraints say of them. */
static struct sql_type new_type(const struct retype *retype)
{
    const struct sql_type type = retype->is_odd ? type_of_text("") : type_of_tree(retype->type);
    const char *base = NULL;
    if (type.builtin == NULL && !retype->is_odd) {
        kind_of(retype, retype->type, &base);
    }
    return base == NULL ? type : type_of_text(base);
}

/* USING c::type, or with a cast of c to a string between the two: the column as a text. */
static const char *as_text(const struct retype *retype)
{
    const json_t *const outer = tree_body(retype->using, "TypeCast");
    const json_t *const inner = tree_body(json_object_get(outer, "arg"), "TypeCast");
    const struct sql_type between = type_of_tree(json_object_get(inner, "typeName"));
    const json_t *const arg = json_object_get(inner == NULL ? outer : inner, "arg");
    const json_t *const fields = json_object_get(tree_body(arg, "ColumnRef"), "fields");
    const bool is = outer != NULL && effects_is_same_type(json_object_get(outer, "typeName"), retype->type) &&
                    (inner == NULL || (type_is_one_of(&between, "varchar text") && between.modifier_count == 0)) &&
                    json_array_size(fields) == 1 && tree_name(fields, 0) != NULL &&
                    strcmp(tree_name(fields, 0), retype->column) == 0;
    return is ? arena_printf(retype->reader->arena, "%s::pg_catalog.text",
                             quoted(retype->reader->arena, retype->column))
              : NULL;
}

/* Notes it for an existing table. number: of this USING in the statement. */
static void note(const struct retype *retype, size_t number)
{
    struct effects_reader *const reader = retype->reader;
    struct sql_effects *const effects = reader->effects;
    const struct sql_type from = old_type(retype);
    const struct sql_type to = new_type(retype);
    const char *const columns =
        retype->using == NULL ? retype->column : effects_plain_columns(reader->arena, retype->using);
    const char *base;
    const char *const value = columns == NULL         ? NULL
                              : retype->using == NULL ? quoted(reader->arena, retype->column)
                                                      : effects_text_behind(reader, "using", number, columns);
    if (effects->count == 0) {
        return;
    }
    effects->retypes = arena_grow(reader->arena, effects->retypes, effects->retype_count, &reader->retype_capacity,
                                  sizeof *effects->retypes);
    struct sql_retype *const noted = &effects->retypes[effects->retype_count++];
    const bool is_users = to.builtin == NULL || retype->is_odd || type_of_tree(retype->type).builtin == NULL;
    const json_t *const names =
        is_users && tree_count(retype->type, "arrayBounds") == 0 ? json_object_get(retype->type, "names") : NULL;
    *noted = (struct sql_retype){.schema = effects_kept(reader->arena, tree_string(retype->target, "schemaname")),
                                 .name = effects_kept(reader->arena, tree_string(retype->target, "relname")),
                                 .column = effects_kept(reader->arena, retype->column),
                                 .from = type_written(reader->arena, &from),
                                 .to = type_written(reader->arena, &to),
                                 .type_schema = effects_kept(reader->arena, tree_name(names, 1)),
                                 .type_name = effects_kept(reader->arena, tree_name(names, 0)),
                                 .text = as_text(retype),
                                 .is_assigned = retype->using == NULL,
                                 .is_checked = kind_of(retype, retype->type, &base) == SQL_TYPE_CHECKED_DOMAIN,
                                 .value = value,
                                 .columns = value == NULL ? NULL : arena_strdup(reader->arena, columns),
                                 .becomes = becomes(retype)};
    effects->loses_values = effects->loses_values || noted->becomes.loses != NULL;
}

/* ---- the work ---- */

/* USING c and USING c::the_new_type do the same as no USING at all, but for strings that are cut. */
static bool converts(const struct retype *retype)
{
    const json_t *expression = retype->using;
    const json_t *const cast = tree_body(expression, "TypeCast");
    if (cast != NULL && effects_is_same_type(json_object_get(cast, "typeName"), retype->type)) {
        expression = json_object_get(cast, "arg");
    }
    const json_t *const fields = json_object_get(tree_body(expression, "ColumnRef"), "fields");
    const char *const column = tree_name(fields, 0);
    return expression != NULL && (column == NULL || strcmp(column, retype->column) != 0);
}

typedef bool asks(void *asked, const char *schema, const char *table, const char *column);

static bool is_said(const struct retype *retype, asks *ask)
{
    return ask != NULL &&
           ask(retype->reader->facts->asked, schema_of(retype), tree_string(retype->target, "relname"), retype->column);
}

static void work(const struct retype *retype)
{
    const struct sql_facts *const facts = retype->reader->facts;
    const char *advice =
        "Add a new column, fill it by a trigger and in batches, then swap the names in one short transaction.";
    bool rebuilds = false;
    enum sql_work work = converts(retype)
                             ? SQL_WORK_REWRITE
                             : effects_type_change(retype->reader, retype->from, retype->type, &advice, &rebuilds);
    if (work == SQL_WORK_REWRITE && is_said(retype, facts->is_virtual)) {
        work = SQL_WORK_NONE;
        advice = NULL;
    }
    if (work == SQL_WORK_NONE && is_said(retype, facts->is_checked)) {
        effects_work(retype->reader, SQL_WORK_SCAN, "Every CHECK on it is held against all rows again.");
    }
    if (work == SQL_WORK_NONE && is_said(retype, facts->is_indexed_specially)) {
        work = SQL_WORK_INDEX;
        advice = "An index on it that has an expression, a condition or an array is built again.";
    }
    if (work == SQL_WORK_NONE && rebuilds && is_said(retype, facts->is_indexed)) {
        work = SQL_WORK_INDEX;
        advice = "The rows stay as they are, but every index over the column is built again for its new type.";
    }
    if (work == SQL_WORK_NONE && retype->collation == NULL && is_said(retype, facts->is_collated)) {
        work = SQL_WORK_INDEX;
        advice =
            "The column loses its own COLLATE, for which every index over it is built again: say the COLLATE behind "
            "the new type to keep it.";
    }
    if (work == SQL_WORK_NONE && retype->collation != NULL) {
        work = SQL_WORK_INDEX;
        advice = "With a new collation every index over the column is built again.";
    }
    effects_work(retype->reader, work, advice);
}

/* numeric(5, -2): libpg_query 15 writes a negative number as it writes 0. */
static bool has_negative_modifier(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    bool has = false;
    while (!has && !sql_is_end(&words.token)) {
        const bool is_comma = sql_is_symbol(&words.token, ',');
        sql_advance(&words);
        has = is_comma && sql_is_symbol(&words.token, '-');
    }
    return has;
}

void effects_retype(struct effects_reader *reader, const json_t *target, const json_t *command)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const definition = tree_body(json_object_get(command, "def"), "ColumnDef");
    struct retype retype = {.reader = reader,
                            .target = target,
                            .column = tree_string(command, "name"),
                            .type = json_object_get(definition, "typeName"),
                            .collation = json_object_get(definition, "collClause"),
                            .using = json_object_get(definition, "raw_default"),
                            .is_odd = has_negative_modifier(reader->statement)};
    effects_runs_on_rows(reader, retype.using);
    retype.from = facts->column_type == NULL ? NULL
                                             : facts->column_type(facts->data, schema_of(&retype),
                                                                  tree_string(target, "relname"), retype.column);
    note(&retype, reader->using_count);
    reader->using_count += retype.using == NULL ? 0 : 1;
    work(&retype);
}
