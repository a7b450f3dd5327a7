/*
 * Bounds are compared by their constants as the server writes them, for types that have one way to be written.
 */
#include "migration/plan/foresee/passed_over.h"

#include "migration/plan/foresee/types_said.h"
#include "pg/search.h"
#include "sql/effects.h"
#include "sql/lexer.h"

/* $1 schema or NULL, $2 name, $3 the schema of the URL or NULL: the relation that it would be. */
#define RELATION                                                                                                       \
    "(SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "         \
    "c.relname = $2::name AND n.nspname = coalesce($1::name, $3::name, (" PG_SCRIPT_SCHEMAS ")[1]))"

/* $4 the names of the columns, $5 their types: the first that is missing or of another type. */
static const char columns_sql[] =
    "SELECT CASE WHEN a.attname IS NULL THEN pg_catalog.format('it has no column \"%s\".', n.name) ELSE "
    "pg_catalog.format('its column \"%s\" is of the type %s there.', n.name, pg_catalog.format_type(a.atttypid, "
    "a.atttypmod)) END FROM unnest(pg_catalog.string_to_array($4, pg_catalog.chr(31)), pg_catalog.string_to_array($5, "
    "pg_catalog.chr(31))) WITH ORDINALITY AS n(name, type, number) LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = "
    "" RELATION " AND a.attname = n.name::name AND NOT a.attisdropped WHERE " RELATION " IS NOT NULL AND (a.attname IS "
    "NULL OR (n.type <> '' AND a.atttypid <> ALL (" TYPES_SAID("n.type") "))) ORDER BY n.number LIMIT 1";

/* The parent, its bound (which names no column: without a relation pg_get_expr() waits for nobody's lock), and whether
 * all types of the key are written in one way only: 1 so, 2 so but for dates, which must be ISO ones. */
static const char bound_sql[] =
    "SELECT p.relname, pg_catalog.pg_get_expr(c.relpartbound, 0), (SELECT CASE WHEN pg_catalog.bool_and(a.atttypid "
    "IN (20, 21, 23, 25, 1043)) THEN 1 WHEN pg_catalog.bool_and(a.atttypid IN (20, 21, 23, 25, 1043, 1082)) THEN 2 END "
    "FROM pg_catalog.pg_partitioned_table t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = "
    "ANY (t.partattrs) WHERE t.partrelid = p.oid AND t.partexprs IS NULL) FROM pg_catalog.pg_class c LEFT JOIN "
    "pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition LEFT JOIN pg_catalog.pg_class p ON p.oid = "
    "i.inhparent WHERE c.oid = " RELATION " AND c.relkind IN ('r', 'p')";

/* All that is written, without white space and quotes, in lower case but for constants; is_plain: it has no words but
 * those of a bound, and ISO dates where it must. */
static const char *constants_of(struct arena *arena, struct text bound, bool are_dates, bool *is_plain)
{
    static const char *const words[] = {"for",       "values",  "in",       "from",     "to",   "with", "modulus",
                                        "remainder", "default", "minvalue", "maxvalue", "null", NULL};
    struct buffer text = {.arena = arena};
    struct sql_reader reader = sql_read(bound);
    *is_plain = true;
    for (; reader.token.kind != SQL_END && reader.token.kind != SQL_BROKEN; sql_advance(&reader)) {
        const char *const string = sql_string(arena, &reader.token);
        const char *const word = string == NULL ? sql_identifier(arena, &reader.token) : NULL;
        const struct text said = text_of(string == NULL ? "" : string);
        *is_plain = *is_plain && (word == NULL || sql_is_any_word(&reader.token, words)) &&
                    (!are_dates || string == NULL || (said.size == 10 && said.data[4] == '-' && said.data[7] == '-'));
        buffer_puts(&text, string != NULL ? string : word != NULL ? word : "");
        if (string == NULL && word == NULL) {
            buffer_add(&text, reader.token.text);
        }
    }
    return text.size == 0 ? "" : buffer_string(&text);
}

/* The bound of CREATE TABLE name PARTITION OF parent …; no text where it is none, or its end is not the bound's. */
static struct text bound_of(struct arena *arena, struct text statement, const char **parent)
{
    struct sql_reader words = sql_read(statement);
    const bool is_partition = sql_skip_to(&words, "partition") && sql_take(&words, "of");
    *parent = is_partition ? sql_take_name(arena, &words, NULL) : NULL;
    const bool is_bound = sql_is_word(&words.token, "for") || sql_is_word(&words.token, "default");
    const size_t start = words.token.offset;
    size_t end = statement.size;
    for (; is_bound && words.token.kind != SQL_END; sql_advance(&words)) {
        if (sql_is_word(&words.token, "partition") || sql_is_word(&words.token, "tablespace") ||
            sql_is_word(&words.token, "using") || sql_is_symbol(&words.token, ';')) {
            end = words.token.offset;
            break;
        }
    }
    return *parent == NULL || !is_bound ? (struct text){0} : text_slice(statement, start, end);
}

static const char *other_bound(struct arena *arena, const PGresult *found, struct text bound, const char *parent)
{
    const char *const of = pg_field(found, 0, 0);
    const char *const existing = pg_field(found, 0, 1);
    const int64_t kind = pg_field_int(found, 0, 2, 0);
    bool is_plain;
    bool is_plain_there;
    if (of == NULL || !text_is(text_of(of), parent)) {
        return arena_printf(arena, "it is no partition of \"%s\".", parent);
    }
    const char *const said = constants_of(arena, bound, kind == 2, &is_plain);
    const char *const there = constants_of(arena, text_of(existing), kind == 2, &is_plain_there);
    return kind == 0 || !is_plain || !is_plain_there || text_is(text_of(said), there)
               ? NULL
               : arena_printf(arena, "its bound is %s.", existing);
}

const char *passed_over_difference(const struct request *request, struct pg_session *session, struct text statement)
{
    struct arena *const arena = request->arena;
    const char *const project_schema = request->site->project.schema;
    struct status unanswered = {.arena = arena};
    struct sql_effects effects;
    const char *parent;
    sql_effects(arena, statement, NULL, NULL, &effects);
    const struct sql_replaced *const over = effects.passed_over;
    const struct sql_change *const made = effects.change_count == 0 ? NULL : &effects.changes[0];
    const struct text bound = bound_of(arena, statement, &parent);
    if (over != NULL) {
        const char *const values[] = {over->schema, over->name, project_schema, over->names, over->types};
        PG_RESULT(found) = pg_query(session, columns_sql, 5, values, &unanswered);
        return found == NULL || PQntuples(found) == 0 ? NULL : arena_strdup(arena, pg_field(found, 0, 0));
    }
    if (bound.size == 0 || made == NULL || made->kind != SQL_CHANGE_CREATES) {
        return NULL;
    }
    const char *const values[] = {made->schema, made->name, project_schema};
    PG_RESULT(found) = pg_query(session, bound_sql, 3, values, &unanswered);
    return found == NULL || PQntuples(found) == 0 ? NULL : other_bound(arena, found, bound, parent);
}
