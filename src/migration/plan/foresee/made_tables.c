/*
 * Two types fit by the rules of tablecmds.c (ATAddForeignKeyConstraint): a btree operator compares them, or the
 * referencing one is implicitly converted.
 */
#include "migration/plan/foresee/made_tables.h"

#include "migration/plan/foresee/types_said.h"
#include "pg/values.h"

#define SEVERAL (-1) /* tables were made under the name */

struct needs_table {
    struct sql_made_table made; /* in the needs' arena */
    int altered;                /* needs_times_altered() when it was made */
};

void made_tables_note(struct needs *needs, const struct sql_made_table *table)
{
    if (table == NULL) {
        return;
    }
    struct arena *const arena = needs->arena;
    needs->tables = arena_grow(arena, needs->tables, needs->table_count, &needs->table_capacity, sizeof *needs->tables);
    needs->tables[needs->table_count++] = (struct needs_table){{.schema = arena_strdup(arena, table->schema),
                                                                .name = arena_strdup(arena, table->name),
                                                                .columns = arena_strdup(arena, table->columns),
                                                                .types = arena_strdup(arena, table->types),
                                                                .key = arena_strdup(arena, table->key)},
                                                               needs_times_altered(needs, table->name)};
    const bool is_first = word_set_number(&needs->table_numbers, table->name) == 0;
    word_set_put(arena, &needs->table_numbers, table->name, is_first ? (int)needs->table_count : SEVERAL);
}

/* The only one that was made under this name, and not altered since. */
static const struct sql_made_table *find(const struct needs *needs, const char *schema, const char *name)
{
    const int number = word_set_number(&needs->table_numbers, name);
    const struct needs_table *const one = number <= 0 ? NULL : &needs->tables[number - 1];
    return one == NULL || !text_is(text_of(one->made.schema), schema) ||
                   one->altered != needs_times_altered(needs, name)
               ? NULL
               : &one->made;
}

/* $1 types of the columns that are referred to, $2 those of the referring ones, '' for that of the column $4 of the
 * table $5, $3 names of the first: two that do not fit. */
static const char types_sql[] =
    "SELECT pg_catalog.format('%I is of type %s, and %I, which it refers to, of type %s: they cannot be compared "
    "(42804).', g.name, pg_catalog.format_type(pg_catalog.min(f.oid), NULL), g.key, "
    "pg_catalog.format_type(pg_catalog.min(p.oid), NULL)) FROM (SELECT u.to_type, coalesce(u.own, '') AS own, u.key, "
    "u.name FROM unnest(pg_catalog.string_to_array($1, pg_catalog.chr(31)), pg_catalog.string_to_array($2, "
    "pg_catalog.chr(31)), pg_catalog.string_to_array($3, pg_catalog.chr(31)), pg_catalog.string_to_array($4, "
    "pg_catalog.chr(31))) AS u(to_type, own, key, name) WHERE u.to_type <> '') g JOIN pg_catalog.pg_type p ON p.oid = "
    "ANY "
    "(" TYPES_SAID("g.to_type") ") JOIN pg_catalog.pg_type f ON CASE WHEN g.own <> '' THEN f.oid = ANY (" TYPES_SAID(
        "g.own") ") ELSE f.oid = (SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = $5::oid AND "
                 "a.attname = g.name::name AND NOT a.attisdropped) END GROUP BY g.name, g.key, g.own, g.to_type HAVING "
                 "pg_catalog.bool_and(p.oid <> f.oid AND p.typtype IN ('b', 'e') AND p.typcategory <> 'A' AND "
                 "f.typtype IN ('b', 'e') "
                 "AND f.typcategory <> 'A' AND NOT (p.typcategory = 'S' AND f.typcategory = 'S') AND NOT EXISTS "
                 "(SELECT FROM (SELECT "
                 "p.oid UNION SELECT k.casttarget FROM pg_catalog.pg_cast k WHERE k.castsource = p.oid AND "
                 "k.castmethod = 'b' AND "
                 "k.castcontext = 'i') t WHERE t.oid = f.oid OR EXISTS (SELECT FROM pg_catalog.pg_amop o WHERE "
                 "o.amopmethod = 403 AND "
                 "o.amopstrategy = 3 AND o.amoplefttype = t.oid AND o.amoprighttype = f.oid) OR EXISTS (SELECT FROM "
                 "pg_catalog.pg_cast k WHERE k.castsource = f.oid AND k.casttarget = t.oid AND k.castcontext = 'i'))) "
                 "LIMIT 1";

/* The types of these columns; NULL: one is not there. */
static const char *types_of(struct arena *arena, const struct sql_made_table *table, const char *columns)
{
    struct buffer types = {.arena = arena};
    struct text rest = text_of(columns);
    size_t count = 0;
    for (struct text wanted; text_next_unit(&rest, &wanted); count++) {
        struct text names = text_of(table->columns);
        struct text list = text_of(table->types);
        struct text name;
        struct text type = text_of("");
        bool is = false;
        while (!is && text_next_unit(&names, &name) && text_next_unit(&list, &type)) {
            is = text_equal(name, wanted);
        }
        if (!is) {
            return NULL;
        }
        buffer_puts(&types, count == 0 ? "" : "\x1F");
        buffer_add(&types, type);
    }
    return buffer_string(&types);
}

const char *made_tables_why(struct needs *needs, const struct sql_reference *key)
{
    struct arena *const arena = needs->arena;
    const struct relation *const to = world_find(needs->world, key->to_schema, key->to);
    const struct sql_made_table *const table =
        to == NULL || to->oid != 0 || to->gone || to->renamed ? NULL : find(needs, key->to_schema, key->to);
    const struct relation *const from = key->name == NULL ? NULL : world_find(needs->world, key->schema, key->name);
    if (table == NULL || key->columns[0] == '\0' || needs_mentioned(needs, "cast") ||
        needs_mentioned(needs, "operator") ||
        (key->name != NULL && (from == NULL || needs_altered_any(needs, key->columns)))) {
        return NULL;
    }
    const char *const referred = key->to_columns[0] == '\0' ? table->key : key->to_columns;
    const struct sql_made_table *const own =
        from == NULL || from->oid != 0 ? NULL : find(needs, key->schema, key->name);
    const char *const own_types = own == NULL ? key->types : types_of(arena, own, key->columns);
    const char *const types = referred[0] == '\0' ? NULL : types_of(arena, table, referred);
    if (types == NULL || own_types == NULL || needs_changed_type(needs, types) ||
        needs_changed_type(needs, own_types)) {
        return NULL;
    }
    const char *const values[] = {types, own_types, referred, key->columns,
                                  arena_printf(arena, "%u", from == NULL ? 0 : from->oid)};
    return needs_value(needs, types_sql, 5, values);
}
