/*
 * Values of the usual types are compared here, so that a file of many rows costs no question. What another type makes
 * of a value is not known.
 */
#include "migration/plan/foresee/made_table.h"

#include "migration/plan/foresee/rows.h"
#include "pg/values.h"
#include "sql/types.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct needs_made *made_table_find(const struct needs *needs, const char *schema, const char *name)
{
    const int number = word_set_number(&needs->made_numbers, name);
    struct needs_made *const made = number <= 0 ? NULL : &needs->made[number - 1];
    const struct relation *const relation = made == NULL ? NULL : world_find(needs->world, schema, name);
    return relation == NULL || relation->oid != 0 || relation->gone || relation->renamed || made->is_lost ||
                   needs_took(needs, name) || !text_is(text_of(made->schema), schema == NULL ? "" : schema) ||
                   made->altered != needs_times_altered(needs, name)
               ? NULL
               : made;
}

size_t made_table_column(const struct needs_made *made, struct text name)
{
    size_t i = 0;
    while (i < made->width && !text_is(name, made->columns[i].is.name)) {
        i++;
    }
    return i;
}

/* ---- values ---- */

static size_t count_characters(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += ((unsigned char)text[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return count;
}

/* Digits, with or without a sign. */
static bool is_integer(const char *text)
{
    const char *const digits = text + (text[0] == '-' || text[0] == '+' ? 1 : 0);
    return digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits);
}

static const char *integer_key(struct arena *arena, const char *text, const struct sql_type *type, const char **why)
{
    const long long most = type_is_one_of(type, "int2") ? SHRT_MAX : type_is_one_of(type, "int4") ? INT_MAX : LLONG_MAX;
    if (!is_integer(text)) {
        return NULL;
    }
    errno = 0;
    const long long number = strtoll(text, NULL, 10);
    if (errno == ERANGE || number > most || number < -most - 1) {
        *why = "A value that it writes does not fit its column (22003).";
    }
    return arena_printf(arena, "%lld", number);
}

/* Blanks at the end may be more than there is room for. */
static const char *string_key(struct arena *arena, const struct made_column *column, const struct sql_type *type,
                              const char *text, const char **why)
{
    const bool is_padded = type_is_one_of(type, "bpchar");
    const long most = type->modifier_count > 0 ? type->modifiers[0] : LONG_MAX;
    size_t size = strlen(text);
    const bool is_longer = count_characters(text, size) > (size_t)most;
    while (size > 0 && text[size - 1] == ' ') {
        size--;
    }
    if (count_characters(text, size) > (size_t)most) {
        *why = arena_printf(arena, "A value for \"%s\" has more than %ld characters (22001).", column->is.name, most);
    }
    return is_padded ? arena_strndup(arena, text, size) : is_longer ? NULL : arena_strdup(arena, text);
}

static const char *uuid_key(struct arena *arena, const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    char *const key = arena_strdup(arena, text);
    bool is = strlen(text) == strlen(form);
    for (size_t i = 0; is && form[i] != '\0'; i++) {
        is = form[i] == 'x' ? isxdigit((unsigned char)text[i]) != 0 : text[i] == form[i];
        key[i] = (char)tolower((unsigned char)text[i]);
    }
    return is ? key : NULL;
}

struct made_cell made_table_cell(struct needs *needs, const struct made_column *column, const struct sql_value *value,
                                 const char **why)
{
    struct arena *const arena = needs->arena;
    const char *const written = column->is.written;
    const struct sql_type type = type_of_text(written == NULL ? "" : written);
    const bool is_string = value->kind == SQL_VALUE_STRING;
    struct made_cell cell = {{value->kind, arena_strdup(arena, value->text)}, NULL};
    if (value->kind == SQL_VALUE_DEFAULT || value->kind == SQL_VALUE_COMPUTED ||
        (is_string && (written == NULL || rows_reads_otherwise(needs, written)))) {
        cell.value = (struct sql_value){SQL_VALUE_COMPUTED, NULL};
    } else if (value->kind == SQL_VALUE_NULL) {
        cell.key = NULL;
    } else if (type_is_one_of(&type, "int2 int4 int8")) {
        cell.key = integer_key(arena, value->text, &type, why);
    } else if (type_is_one_of(&type, "text varchar bpchar") && (is_string || is_integer(value->text))) {
        cell.key = string_key(arena, column, &type, value->text, why);
    } else if (type_is_one_of(&type, "uuid") && is_string) {
        cell.key = uuid_key(arena, value->text);
    } else if (type_is_one_of(&type, "bool") && !is_string) {
        cell.key = cell.value.text;
    }
    return cell;
}

const char *made_table_key(const struct needs *needs, const struct needs_made *made, const struct made_cell *row,
                           const char *columns, bool *has_null)
{
    struct buffer key = {.arena = needs->arena};
    struct text rest = text_of(columns);
    bool is_known = true;
    *has_null = false;
    for (struct text name; text_next_unit(&rest, &name);) {
        const size_t i = made_table_column(made, name);
        const struct made_cell *const cell = i == made->width ? NULL : &row[i];
        const bool is_null = cell != NULL && cell->value.kind == SQL_VALUE_NULL;
        *has_null = *has_null || is_null;
        is_known = is_known && cell != NULL && (is_null || cell->key != NULL);
        buffer_printf(&key, "%s\x1F", is_null || cell == NULL || cell->key == NULL ? "" : cell->key);
    }
    *has_null = *has_null && is_known;
    return is_known && !*has_null ? buffer_string(&key) : NULL;
}

/* ---- for the server ---- */

static void put_value(const struct needs *needs, struct buffer *sql, const struct made_column *column,
                      const struct sql_value *value)
{
    struct buffer text = {.arena = needs->arena};
    rows_put_value(&text, value);
    buffer_puts(sql, rows_assigned(needs->arena, buffer_string(&text), column->is.written));
}

/* Puts "(1, 'a')"; nothing if a value is not known. */
static bool put_row(const struct needs *needs, struct buffer *sql, const struct needs_made *made,
                    const struct made_cell *row, const char *columns)
{
    const size_t before = sql->size;
    struct text rest = text_of(columns);
    bool is_known = true;
    for (struct text name; is_known && text_next_unit(&rest, &name);) {
        const size_t i = made_table_column(made, name);
        is_known = i < made->width && made->columns[i].is.written != NULL && row[i].value.kind != SQL_VALUE_COMPUTED;
        buffer_puts(sql, sql->size == before ? (before == 0 ? "(VALUES (" : ", (") : ", ");
        if (is_known) {
            put_value(needs, sql, &made->columns[i], &row[i].value);
        }
    }
    buffer_puts(sql, ")");
    sql->size = is_known ? sql->size : before;
    return is_known;
}

const char *made_table_values(const struct needs *needs, const struct needs_made *made, struct made_cell *const *rows,
                              size_t count, const char *columns)
{
    struct buffer sql = {.arena = needs->arena};
    struct text rest = text_of(columns);
    for (size_t i = 0; i < count; i++) {
        put_row(needs, &sql, made, rows[i], columns);
    }
    if (sql.size == 0) {
        return NULL;
    }
    buffer_puts(&sql, ") AS t (");
    const size_t begin = sql.size;
    for (struct text name; text_next_unit(&rest, &name);) {
        buffer_puts(&sql, sql.size == begin ? "" : ", ");
        pg_quote_identifier(&sql, arena_strndup(needs->arena, name.data, name.size));
    }
    buffer_puts(&sql, ")");
    return buffer_string(&sql);
}
