/*
 * Constants are sent to the server as text and cast to the key's type there. With several columns in a range's key the
 * first one decides, if it can.
 */
#include "migration/plan/foresee/bounds.h"

#include "base/words.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

/* ---- types ---- */

/* $1, $2 values: are they the same, in any order? */
#define SAME(type)                                                                                                     \
    "SELECT NOT EXISTS (SELECT u.value::" type " FROM pg_catalog.unnest($1::text[]) AS u(value) EXCEPT SELECT "        \
    "w.value::" type " FROM pg_catalog.unnest($2::text[]) AS w(value)) AND NOT EXISTS (SELECT w.value::" type " FROM " \
    "pg_catalog.unnest($2::text[]) AS w(value) EXCEPT SELECT u.value::" type                                           \
    " FROM pg_catalog.unnest($1::text[]) AS u(value))"

/* $1 values; $2 names of partitions, $3 a value of each: the first partition that contains one of them. */
#define SHARED(type)                                                                                                   \
    "SELECT w.name FROM unnest($2::text[], $3::text[]) AS w(name, value) JOIN pg_catalog.unnest($1::text[]) AS "       \
    "u(value) ON u.value::" type " IS NOT DISTINCT FROM w.value::" type " LIMIT 1"

/* $1, $2 the bounds of a range, NULL: unlimited; $3 names of partitions, $4, $5 their bounds: the first that overlaps;
 * NULL: the range itself is empty. */
#define CROSSED(type)                                                                                                  \
    "SELECT NULL WHERE $1::text::" type " >= $2::text::" type " UNION ALL (SELECT w.name FROM unnest($3::text[], "     \
    "$4::text[], $5::text[]) AS w(name, low, high) WHERE ($1::text IS NULL OR w.high IS NULL OR $1::text::" type       \
    " < w.high::" type ") AND ($2::text IS NULL OR w.low IS NULL OR w.low::" type " < $2::text::" type ") LIMIT 1)"

#define TYPE(name)                                                                                                     \
    {                                                                                                                  \
        name, SAME("pg_catalog." name), SHARED("pg_catalog." name), CROSSED("pg_catalog." name)                        \
    }
#define AS_TEXT(name)                                                                                                  \
    {                                                                                                                  \
        name, SAME("pg_catalog.text"), SHARED("pg_catalog.text"), NULL                                                 \
    }

/* The order of texts depends on a collation. */
static const struct type {
    const char *name; /* pg_type.typname; "enum" */
    const char *same_sql;
    const char *shared_sql;
    const char *crossed_sql; /* NULL: its order is not known here */
} types[] = {
    TYPE("int2"), TYPE("int4"),      TYPE("int8"),        TYPE("numeric"), AS_TEXT("text"),
    TYPE("date"), TYPE("timestamp"), TYPE("timestamptz"), TYPE("uuid"),    AS_TEXT("varchar"),
    TYPE("bool"), TYPE("oid"),       AS_TEXT("enum"),
};

/* $1 the table: the type of each key column; '' for an expression, another type, or an unusual operator class; and how
 * it is partitioned. */
static const char key_sql[] =
    "SELECT CASE WHEN o.opcdefault AND coalesce(c.collisdeterministic, true) THEN CASE WHEN t.typtype = 'e' THEN "
    "'enum' "
    "WHEN n.nspname = 'pg_catalog' AND (a.atttypmod = -1 OR t.typname = 'varchar') THEN t.typname::text ELSE '' END "
    "ELSE '' END, p.partstrat FROM pg_catalog.pg_partitioned_table p CROSS JOIN LATERAL "
    "unnest(p.partattrs::int2[], p.partclass::oid[], p.partcollation::oid[]) WITH ORDINALITY AS k(attnum, class, "
    "collated, number) JOIN pg_catalog.pg_opclass o ON o.oid = k.class LEFT JOIN pg_catalog.pg_collation c ON c.oid = "
    "k.collated LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.attnum AND k.attnum > "
    "0 LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = "
    "t.typnamespace WHERE p.partrelid = $1::oid ORDER BY k.number";

/* The type of this key column; NULL: not one of them. */
static const struct type *type_of(const PGresult *key, size_t column)
{
    const char *const name = key == NULL || column >= (size_t)PQntuples(key) ? "" : pg_field(key, (int)column, 0);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

static PGresult *ask_key(struct arena *arena, struct questions *questions, uint32_t parent)
{
    const char *const oid = arena_printf(arena, "%u", parent);
    return questions_ask(questions, key_sql, 1, &oid);
}

/* ---- values ---- */

static bool is_number(const char *type)
{
    static const char *const numbers[] = {"int2", "int4", "int8", "numeric", NULL};
    return word_is_one_of(text_of(type), numbers);
}

/* Is the constant read as a value of this type, despite any cast? */
static bool is_of(const struct sql_bound_value *value, const struct type *type)
{
    return value->kind == SQL_BOUND_CONSTANT &&
           (value->type == NULL || strcmp(value->type, type->name) == 0 ||
            (is_number(value->type) && is_number(type->name)) ||
            (strcmp(value->type, "date") == 0 && strncmp(type->name, "timestamp", strlen("timestamp")) == 0));
}

/* Does the value depend on the session's time zone? */
static bool has_no_zone(const struct sql_bound_value *value, const struct type *type)
{
    const size_t date = strlen("2024-01-01");
    return strcmp(type->name, "timestamptz") == 0 && value->text != NULL &&
           (strlen(value->text) <= date || strpbrk(value->text + date, "+-Zz") == NULL);
}

/* The values as an array, NULL for NULL; false if one is computed, or of another type. */
static bool put_values(struct buffer *array, const struct sql_bound *bound, const struct type *type)
{
    for (size_t i = 0; i < bound->count; i++) {
        if (bound->values[i].kind != SQL_BOUND_NULL && !is_of(&bound->values[i], type)) {
            return false;
        }
        pg_put_element(array, bound->values[i].kind == SQL_BOUND_NULL ? NULL : bound->values[i].text);
    }
    return true;
}

/* Parses pg_get_expr()'s output; NULL if that fails. */
static const struct sql_bound *read_bound(struct arena *arena, const char *written)
{
    struct sql_effects effects;
    const char *const statement = arena_printf(arena, "CREATE TABLE a PARTITION OF b %s", written);
    sql_effects(arena, text_of(statement), NULL, NULL, &effects);
    return effects.bound;
}

/* ---- equality ---- */

static enum bounds_match match_of(const PGresult *answer)
{
    return answer == NULL || PQntuples(answer) == 0 ? BOUNDS_UNKNOWN
           : pg_field_bool(answer, 0, 0)            ? BOUNDS_SAME
                                                    : BOUNDS_OTHER;
}

static enum bounds_match match_values(struct arena *arena, struct questions *questions, const struct type *type,
                                      const struct sql_bound *said, const struct sql_bound *there)
{
    struct buffer arrays[] = {{.arena = arena}, {.arena = arena}};
    if (type == NULL || !put_values(&arrays[0], said, type) || !put_values(&arrays[1], there, type)) {
        return BOUNDS_UNKNOWN;
    }
    const char *const values[] = {pg_array_text(&arrays[0]), pg_array_text(&arrays[1])};
    PG_RESULT(answer) = questions_ask(questions, type->same_sql, 2, values);
    const enum bounds_match match = match_of(answer);
    bool is_sure = true;
    for (size_t i = 0; i < said->count; i++) {
        is_sure = is_sure && !has_no_zone(&said->values[i], type);
    }
    return match == BOUNDS_OTHER && !is_sure ? BOUNDS_UNKNOWN : match;
}

/* Value by value, each with its column's type. */
static enum bounds_match match_range(struct arena *arena, struct questions *questions, const PGresult *key,
                                     const struct sql_bound *said, const struct sql_bound *there)
{
    enum bounds_match match = BOUNDS_SAME;
    for (size_t i = 0; match == BOUNDS_SAME && i < said->count; i++) {
        struct sql_bound_value *const one = &said->values[i];
        struct sql_bound_value *const other = &there->values[i];
        const struct sql_bound a = {.values = one, .count = 1};
        const struct sql_bound b = {.values = other, .count = 1};
        if (one->kind == SQL_BOUND_CONSTANT && other->kind == SQL_BOUND_CONSTANT) {
            match = match_values(arena, questions, type_of(key, i % said->from_count), &a, &b);
        } else {
            match = one->kind == SQL_BOUND_COMPUTED || other->kind == SQL_BOUND_COMPUTED ? BOUNDS_UNKNOWN
                    : one->kind == other->kind                                           ? BOUNDS_SAME
                                                                                         : BOUNDS_OTHER;
        }
    }
    return match;
}

enum bounds_match bounds_match(struct arena *arena, struct questions *questions, uint32_t parent,
                               const struct sql_bound *said, const char *there)
{
    const struct sql_bound *const found = read_bound(arena, there);
    PG_RESULT(key) = ask_key(arena, questions, parent);
    if (found == NULL) {
        return BOUNDS_UNKNOWN;
    }
    if (said->strategy != found->strategy) {
        return BOUNDS_OTHER;
    }
    switch (said->strategy) {
    case 'd':
        return BOUNDS_SAME;
    case 'h':
        return said->modulus == found->modulus && said->remainder == found->remainder ? BOUNDS_SAME : BOUNDS_OTHER;
    case 'l':
        return match_values(arena, questions, type_of(key, 0), said, found);
    default:
        return said->count != found->count || said->from_count == 0 ? BOUNDS_UNKNOWN
                                                                    : match_range(arena, questions, key, said, found);
    }
}

/* ---- overlaps ---- */

#define MOST_PARTITIONS 10000
#define MOST_MADE       1000 /* by a plan, of one table, that are compared with others */

/* $1 the table. */
static const char partitions_sql[] =
    "SELECT c.relname, pg_catalog.pg_get_expr(c.relpartbound, 0) FROM pg_catalog.pg_inherits i JOIN "
    "pg_catalog.pg_class "
    "c ON c.oid = i.inhrelid WHERE i.inhparent = $1::oid AND c.relispartition AND "
    "(pg_catalog.to_jsonb(i)->>'inhdetachpending')::bool IS NOT TRUE ORDER BY c.relname";

/* The partitions of a table, which are read once, and behind them those that the plan has made. */
struct needs_bounds {
    struct needs_bounds *next;
    uint32_t parent;
    size_t count;
    size_t there; /* so many of them exist before the plan */
    size_t capacity;
    const char **names;
    const struct sql_bound **bounds; /* NULL: it cannot be parsed */
};

static struct needs_bounds *partitions_of(struct needs *needs, uint32_t parent)
{
    struct needs_bounds *known = needs->bounds;
    while (known != NULL && known->parent != parent) {
        known = known->next;
    }
    const char *const oid = arena_printf(needs->arena, "%u", parent);
    PG_RESULT(found) = known != NULL ? NULL : needs_ask(needs, partitions_sql, 1, &oid);
    const size_t count = found == NULL ? 0 : (size_t)PQntuples(found);
    if (known != NULL || found == NULL || count > MOST_PARTITIONS) {
        return known;
    }
    known = arena_alloc(needs->arena, sizeof *known);
    *known = (struct needs_bounds){
        .next = needs->bounds, .parent = parent, .count = count, .there = count, .capacity = count + MOST_MADE};
    known->names = arena_array(needs->arena, known->capacity, sizeof *known->names);
    known->bounds = arena_array(needs->arena, known->capacity, sizeof *known->bounds);
    for (size_t i = 0; i < count; i++) {
        known->names[i] = arena_strdup(needs->arena, pg_field(found, (int)i, 0));
        known->bounds[i] = read_bound(needs->arena, pg_field(found, (int)i, 1));
    }
    needs->bounds = known;
    return known;
}

/* Has a later statement mentioned the partition? One of the plan's own was mentioned once, by what created it. */
static bool is_touched(const struct needs *needs, const struct needs_bounds *known, size_t i)
{
    return i < known->there ? needs_mentioned(needs, known->names[i])
                            : needs->may_undo || word_set_number(&needs->mentioned, known->names[i]) != 1;
}

/* Partition number `i`, if it still exists and its bound has this strategy. */
static const struct sql_bound *standing(const struct needs *needs, const struct needs_bounds *known, size_t i,
                                        char strategy)
{
    const struct sql_bound *const bound = known->bounds[i];
    return bound == NULL || bound->strategy != strategy || is_touched(needs, known, i) ? NULL : bound;
}

/* The first name in the result. Not cached: no two statements ask the same. */
static const char *first_of(struct needs *needs, const char *sql, int count, const char *const *values, bool *is_empty)
{
    struct status unanswered = {.arena = needs->arena};
    PG_RESULT(answer) = pg_query(questions_session(needs->questions), sql, count, values, &unanswered);
    const int rows = answer == NULL ? 0 : PQntuples(answer);
    *is_empty = rows > 0 && pg_field(answer, 0, 0) == NULL;
    return rows == 0 ? NULL : arena_strdup(needs->arena, pg_field(answer, rows - 1, 0));
}

static const char *list_shared(struct needs *needs, const struct needs_bounds *known, const struct sql_bound *said,
                               const struct type *type)
{
    struct buffer arrays[] = {{.arena = needs->arena}, {.arena = needs->arena}, {.arena = needs->arena}};
    bool is_empty;
    if (type == NULL || !put_values(&arrays[0], said, type)) {
        return NULL;
    }
    for (size_t i = 0; i < known->count; i++) {
        const struct sql_bound *const bound = standing(needs, known, i, 'l');
        const struct buffer before = arrays[2];
        if (bound != NULL && !put_values(&arrays[2], bound, type)) {
            arrays[2] = before;
        } else if (bound != NULL) {
            for (size_t j = 0; j < bound->count; j++) {
                pg_put_element(&arrays[1], known->names[i]);
            }
        }
    }
    const char *const values[] = {pg_array_text(&arrays[0]), pg_array_text(&arrays[1]), pg_array_text(&arrays[2])};
    return first_of(needs, type->shared_sql, 3, values, &is_empty);
}

/* A range's limit by its first column; NULL: unlimited. Returns false if it is not known. */
static bool limit_of(const struct sql_bound_value *value, enum sql_bound_value_kind none, const struct type *type,
                     const char **limit)
{
    *limit = value->kind == none ? NULL : value->text;
    return value->kind == none || is_of(value, type);
}

static bool limits_of(const struct sql_bound *bound, const struct type *type, const char **limits)
{
    return bound->count > 0 && bound->from_count > 0 && bound->from_count < bound->count &&
           limit_of(&bound->values[0], SQL_BOUND_MINVALUE, type, &limits[0]) &&
           limit_of(&bound->values[bound->from_count], SQL_BOUND_MAXVALUE, type, &limits[1]);
}

static const char *range_crossed(struct needs *needs, const struct needs_bounds *known, const struct sql_bound *said,
                                 const struct type *type, bool *is_empty)
{
    struct buffer arrays[] = {{.arena = needs->arena}, {.arena = needs->arena}, {.arena = needs->arena}};
    const char *values[5];
    if (type == NULL || type->crossed_sql == NULL || !limits_of(said, type, values)) {
        return NULL;
    }
    const bool is_read_by_zone =
        has_no_zone(&said->values[0], type) || has_no_zone(&said->values[said->from_count], type);
    if (is_read_by_zone && needs->may_set_zone) {
        return NULL;
    }
    for (size_t i = 0; i < known->count; i++) {
        const struct sql_bound *const bound = standing(needs, known, i, 'r');
        const char *limits[2];
        if (bound != NULL && limits_of(bound, type, limits)) {
            pg_put_element(&arrays[0], known->names[i]);
            pg_put_element(&arrays[1], limits[0]);
            pg_put_element(&arrays[2], limits[1]);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        values[2 + i] = pg_array_text(&arrays[i]);
    }
    const char *const crossed = first_of(needs, type->crossed_sql, 5, values, is_empty);
    *is_empty = *is_empty && said->from_count == 1;
    return crossed;
}

/* Two remainders can overlap only if the greater modulus is a multiple of the smaller; otherwise the pair is
 * invalid. */
static const char *hash_shared(const struct needs *needs, const struct needs_bounds *known,
                               const struct sql_bound *said)
{
    const char *shared = NULL;
    for (size_t i = 0; shared == NULL && said->modulus > 0 && i < known->count; i++) {
        const struct sql_bound *const bound = standing(needs, known, i, 'h');
        const bool is_known = bound != NULL && bound->modulus > 0;
        const int small = !is_known ? 1 : bound->modulus < said->modulus ? bound->modulus : said->modulus;
        const int great = !is_known ? 1 : bound->modulus < said->modulus ? said->modulus : bound->modulus;
        shared = is_known && great % small == 0 && bound->remainder % small == said->remainder % small ? known->names[i]
                                                                                                       : NULL;
    }
    return shared;
}

/* Each modulus must be a factor of the next larger one. */
static bool has_no_factor(const struct needs *needs, const struct needs_bounds *known, const struct sql_bound *said)
{
    bool has_none = false;
    for (size_t i = 0; !has_none && said->strategy == 'h' && i < known->count; i++) {
        const struct sql_bound *const bound = standing(needs, known, i, 'h');
        const int other = bound == NULL ? 0 : bound->modulus;
        has_none = other > 0 && (other < said->modulus ? said->modulus % other : other % said->modulus) != 0;
    }
    return has_none;
}

/* What is wrong with the bound whatever other partitions there are; NULL: nothing. */
static const char *why_odd(const PGresult *key, const struct sql_bound *said)
{
    const char strategy = key == NULL || PQntuples(key) == 0 ? said->strategy : pg_field(key, 0, 1)[0];
    const size_t columns = key == NULL ? 0 : (size_t)PQntuples(key);
    return said->strategy == 'd' && strategy == 'h' ? "What is partitioned BY HASH has no DEFAULT partition (42P16)."
           : said->strategy != 'd' && said->strategy != strategy
               ? "Its bound is of another kind than its table's partitioning: IN, FROM … TO or WITH (42P16)."
           : said->strategy == 'h' && said->modulus <= 0 ? "MODULUS must be greater than 0 (42P16)."
           : said->strategy == 'r' && columns > 0 && (said->from_count != columns || said->count != 2 * columns)
               ? "FROM and TO have one value for each column of the partition key (42P16)."
               : NULL;
}

static const char *default_of(const struct needs *needs, const struct needs_bounds *known)
{
    const char *name = NULL;
    for (size_t i = 0; name == NULL && i < known->count; i++) {
        name = standing(needs, known, i, 'd') == NULL ? NULL : known->names[i];
    }
    return name;
}

/* Does what IF NOT EXISTS would create exist, or is that not known? */
static bool is_passed_over(struct needs *needs, const struct sql_effects *effects)
{
    const struct sql_change *const made = effects->change_count == 0 ? NULL : &effects->changes[0];
    const char *const place = world_place(needs->world, false);
    return effects->bound->is_content &&
           (made == NULL || made->kind != SQL_CHANGE_CREATES || (made->schema == NULL && place == NULL) ||
            (made->schema == NULL ? world_find_in(needs->world, place, made->name)
                                  : world_find(needs->world, made->schema, made->name)) != NULL);
}

static const struct sql_bound *copy_of(struct arena *arena, const struct sql_bound *bound)
{
    struct sql_bound *const copy = arena_alloc(arena, sizeof *copy);
    *copy = *bound;
    copy->values = arena_array(arena, bound->count, sizeof *copy->values);
    for (size_t i = 0; i < bound->count; i++) {
        copy->values[i] = (struct sql_bound_value){bound->values[i].kind, arena_strdup(arena, bound->values[i].text),
                                                   arena_strdup(arena, bound->values[i].type)};
    }
    return copy;
}

/* Adds the partition that CREATE TABLE creates, for later statements. */
static void add_made(struct needs *needs, struct needs_bounds *known, const struct sql_effects *effects)
{
    const struct sql_change *const made = effects->change_count == 0 ? NULL : &effects->changes[0];
    if (made != NULL && made->kind == SQL_CHANGE_CREATES && known->count < known->capacity) {
        known->names[known->count] = arena_strdup(needs->arena, made->name);
        known->bounds[known->count++] = copy_of(needs->arena, effects->bound);
    }
}

const char *bounds_why(struct needs *needs, const struct sql_effects *effects)
{
    const struct sql_bound *const said = effects->bound;
    const struct relation *const parent = said == NULL || needs->has_cascaded || is_passed_over(needs, effects)
                                              ? NULL
                                              : world_find_surely(needs->world, said->schema, said->name);
    struct needs_bounds *const known =
        parent == NULL || parent->oid == 0 || parent->kind != 'p' ? NULL : partitions_of(needs, parent->oid);
    if (known == NULL || questions_are_noted(needs->questions)) {
        return NULL;
    }
    PG_RESULT(key) = ask_key(needs->arena, needs->questions, parent->oid);
    bool is_empty = false;
    const char *const odd = why_odd(key, said);
    if (odd != NULL || has_no_factor(needs, known, said)) {
        return odd != NULL ? odd : "Of two moduli the smaller must be a factor of the larger (42P17).";
    }
    const char *const other = said->strategy == 'd'   ? default_of(needs, known)
                              : said->strategy == 'h' ? hash_shared(needs, known, said)
                              : said->strategy == 'l' ? list_shared(needs, known, said, type_of(key, 0))
                                                      : range_crossed(needs, known, said, type_of(key, 0), &is_empty);
    if (!is_empty && other == NULL) {
        add_made(needs, known, effects);
    }
    return is_empty ? "Its range is empty: it ends where it begins, or before (42P17)."
           : other == NULL
               ? NULL
               : arena_printf(needs->arena,
                              said->strategy == 'd' ? "The DEFAULT partition \"%s\" is there already (42P17)."
                                                    : "Its bound overlaps that of the partition \"%s\" (42P17).",
                              other);
}
