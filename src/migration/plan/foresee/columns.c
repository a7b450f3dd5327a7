/*
 * A column is known by its relation, whatever that is called now, and by its present name.
 */
#include "migration/plan/foresee/columns.h"

#include "pg/query.h"
#include "pg/values.h"

/* One that the plan has changed. */
struct changed_column {
    const char *type; /* NULL: what the catalogs say of `was` */
    const char *was;  /* its name in the catalogs; NULL: it is new */
    bool is_typed;    /* the plan has given it its type: `type`, or one that is not known */
};

/* $1 the relation, $2 the column. */
static const char column_sql[] =
    "SELECT pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.format_type(t.typbasetype, "
    "t.typtypmod) FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid AND t.typtype = 'd') FROM "
    "pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = $2::name AND NOT a.attisdropped";

static const char *key_of(const struct columns *columns, const struct relation *relation, const char *column)
{
    return arena_printf(columns->arena, "%p.%s", (const void *)relation, column);
}

static const struct changed_column *find(const struct columns *columns, const struct relation *relation,
                                         const char *column)
{
    const int number = word_set_number(&columns->numbers, key_of(columns, relation, column));
    return number == 0 ? NULL : &columns->changed[number - 1];
}

const char *columns_type(struct columns *columns, const char *schema, const char *table, const char *column,
                         const char **base)
{
    struct relation *const relation = world_find(columns->world, schema, table);
    const struct changed_column *const changed = relation == NULL ? NULL : find(columns, relation, column);
    *base = NULL;
    if (changed != NULL && changed->is_typed) {
        return changed->type;
    }
    if (relation == NULL || relation->oid == 0) {
        return NULL;
    }
    const char *const values[] = {arena_printf(columns->arena, "%u", relation->oid),
                                  changed == NULL ? column : changed->was};
    PG_RESULT(result) = questions_ask(columns->questions, column_sql, 2, values);
    if (result == NULL || PQntuples(result) == 0) {
        return NULL;
    }
    *base = arena_strdup(columns->arena, pg_field(result, 0, 1));
    return arena_strdup(columns->arena, pg_field(result, 0, 0));
}

const char *columns_was(const struct columns *columns, const struct relation *relation, const char *column)
{
    const struct changed_column *const changed = find(columns, relation, column);
    return changed == NULL ? column : changed->was;
}

static void put(struct columns *columns, const struct relation *relation, const char *column,
                struct changed_column changed)
{
    columns->changed =
        arena_grow(columns->arena, columns->changed, columns->count, &columns->capacity, sizeof *columns->changed);
    columns->changed[columns->count++] = changed;
    word_set_put(columns->arena, &columns->numbers, key_of(columns, relation, column), (int)columns->count);
}

void columns_note(struct columns *columns, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->alter_count; i++) {
        const struct sql_alter *const alter = &effects->alters[i];
        const struct relation *const relation =
            alter->column == NULL ? NULL : world_find(columns->world, alter->schema, alter->name);
        if (relation == NULL) {
            continue;
        }
        if (alter->kind == SQL_ALTER_TYPE || alter->kind == SQL_ALTER_ADD) {
            const bool is_new = alter->kind == SQL_ALTER_ADD;
            put(columns, relation, alter->column,
                (struct changed_column){
                    .type = arena_strdup(columns->arena, alter->written),
                    .was = is_new ? NULL : arena_strdup(columns->arena, columns_was(columns, relation, alter->column)),
                    .is_typed = true});
        } else if (alter->kind == SQL_ALTER_RENAME && alter->renamed != NULL) {
            const struct changed_column *const old = find(columns, relation, alter->column);
            put(columns, relation, alter->renamed,
                old != NULL ? *old : (struct changed_column){.was = arena_strdup(columns->arena, alter->column)});
        }
    }
}
