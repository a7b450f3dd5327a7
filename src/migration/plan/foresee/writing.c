/*
 * Only those rows count of which every column in question is a constant.
 */
#include "migration/plan/foresee/writing.h"

#include "migration/plan/foresee/rows.h"
#include "migration/plan/foresee/written_rules.h"
#include "pg/values.h"

size_t writing_column(const struct writing *writing, struct text name)
{
    size_t i = 0;
    while (i < writing->written->width && !text_is(name, pg_field(writing->columns, (int)i, WRITTEN_NAME))) {
        i++;
    }
    return i;
}

bool writing_has(const struct writing *writing, const char *names)
{
    struct text rest = text_of(names);
    bool are = names[0] != '\0';
    for (struct text name; are && text_next_unit(&rest, &name);) {
        const size_t i = writing_column(writing, name);
        are = i < writing->written->width && !PQgetisnull(writing->columns, (int)i, WRITTEN_TYPE);
    }
    return are;
}

static const struct sql_value *value_at(const struct writing *writing, size_t row, struct text name)
{
    return &writing->written->values[row * writing->written->width + writing_column(writing, name)];
}

static bool is_constant(const struct writing *writing, size_t row, const char *names)
{
    struct text rest = text_of(names);
    bool is = true;
    for (struct text name; is && text_next_unit(&rest, &name);) {
        const enum sql_value_kind kind = value_at(writing, row, name)->kind;
        const char *const type = pg_field(writing->columns, (int)writing_column(writing, name), WRITTEN_TYPE);
        is = kind != SQL_VALUE_COMPUTED && kind != SQL_VALUE_DEFAULT &&
             !(kind == SQL_VALUE_STRING && rows_reads_otherwise(writing->needs, type));
    }
    return is;
}

/* "CAST('a' AS text), CAST(5 AS integer)" */
static void put_row(struct writing *writing, size_t row, const char *names)
{
    struct text rest = text_of(names);
    bool is_first = true;
    for (struct text name; text_next_unit(&rest, &name); is_first = false) {
        const struct sql_value *const value = value_at(writing, row, name);
        buffer_puts(&writing->sql, is_first ? "CAST(" : ", CAST(");
        rows_put_value(&writing->sql, value);
        buffer_printf(&writing->sql, " AS %s)",
                      pg_field(writing->columns, (int)writing_column(writing, name), WRITTEN_TYPE));
    }
}

const char *writing_list(const struct writing *writing, const char *names, const char *prefix)
{
    struct buffer list = {.arena = writing->needs->arena};
    struct text rest = text_of(names);
    for (struct text name; text_next_unit(&rest, &name);) {
        buffer_printf(&list, "%s%s%s", list.size == 0 ? "" : ", ", prefix,
                      pg_field(writing->columns, (int)writing_column(writing, name), WRITTEN_QUOTED));
    }
    return buffer_string(&list);
}

/* Puts the rows that have constants in these columns, as `w (called)`. Returns false, and puts nothing, if there are
 * none. counts: as often as an UPDATE writes its row, or twice if that is more often; else each once. */
static bool put_rows(struct writing *writing, const char *names, const char *called, bool counts)
{
    const struct sql_written *const written = writing->written;
    const bool is_selected = counts && written->where != NULL;
    size_t count = 0;
    for (size_t row = 0; row < written->count; row++) {
        if (!is_constant(writing, row, names)) {
            continue;
        }
        buffer_puts(&writing->sql, is_selected ? "(SELECT " : count == 0 ? "(VALUES (" : ", (");
        put_row(writing, row, names);
        buffer_puts(&writing->sql, is_selected ? "" : ")");
        count++;
    }
    if (count > 0 && is_selected) {
        buffer_printf(&writing->sql, " FROM %s%s%s LIMIT 2", writing->table, written->where[0] == '\0' ? "" : " WHERE ",
                      written->where);
    }
    if (count > 0) {
        buffer_printf(&writing->sql, ") AS w (%s)", called);
    }
    return count > 0;
}

void writing_put(struct writing *writing, const struct writing_part *part)
{
    const size_t before = writing->sql.size;
    buffer_puts(&writing->sql, before == 0 ? "(SELECT " : " UNION ALL (SELECT ");
    pg_quote_literal(&writing->sql, text_of(part->message));
    buffer_puts(&writing->sql, " FROM ");
    if (put_rows(writing, part->names, part->called, !part->is_of_values)) {
        buffer_printf(&writing->sql, " %s LIMIT 1)", part->behind);
    } else {
        writing->sql.size = before;
    }
}
