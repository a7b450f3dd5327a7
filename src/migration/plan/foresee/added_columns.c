/*
 * The newest column of a name counts: an earlier one was dropped.
 */
#include "migration/plan/foresee/added_columns.h"

#include "pg/values.h"

const struct needs_added *added_find(const struct needs *needs, const struct relation *relation, struct text column)
{
    for (size_t i = needs->added_count; i-- > 0;) {
        if (needs->added[i].relation == relation && text_is(column, needs->added[i].column)) {
            return &needs->added[i];
        }
    }
    return NULL;
}

const char *added_over(const struct needs *needs, const struct relation *relation, const char *table,
                       const char *columns)
{
    struct buffer list = {.arena = needs->arena};
    struct text rest = text_of(columns);
    for (struct text name; text_next_unit(&rest, &name);) {
        const struct needs_added *const added = added_find(needs, relation, name);
        if (added != NULL) {
            buffer_printf(&list, ", %s AS ", added->value);
            pg_quote_identifier(&list, added->column);
        }
    }
    return list.size == 0 ? table
                          : arena_printf(needs->arena, "(SELECT t.tableoid, t.ctid, t.*%s FROM %s AS t)",
                                         buffer_string(&list), table);
}
