/*
 * Names are always quoted and qualified: a migration may have changed the search path.
 */
#include "framework/ledger.h"

/* PostgreSQL counts from 2000-01-01. */
#define POSTGRES_EPOCH_US INT64_C(946684800000000)

void ledger_put_name(struct buffer *sql, const struct ledger *ledger)
{
    pg_quote_identifier(sql, ledger->schema);
    buffer_putc(sql, '.');
    pg_quote_identifier(sql, ledger->table);
}

void ledger_put_text(struct buffer *sql, const char *value)
{
    if (value == NULL) {
        buffer_puts(sql, "NULL");
    } else {
        pg_quote_literal(sql, text_of(value));
    }
}

/* A big-endian integer of `size` bytes; false for NULL and for another size. */
static bool read_integer(const PGresult *result, int row, int column, int size, uint64_t *bits)
{
    const unsigned char *const bytes = (const unsigned char *)PQgetvalue(result, row, column);
    if (PQgetisnull(result, row, column) != 0 || PQgetlength(result, row, column) != size) {
        return false;
    }
    *bits = 0;
    for (int i = 0; i < size; i++) {
        *bits = *bits << 8 | bytes[i];
    }
    return true;
}

int64_t ledger_field_time(const PGresult *result, int row, int column)
{
    uint64_t bits;
    if (!read_integer(result, row, column, 8, &bits)) {
        return NO_TIME;
    }
    const int64_t since_2000 = (int64_t)bits;
    if (since_2000 == INT64_MAX || since_2000 == INT64_MIN || since_2000 > INT64_MAX - POSTGRES_EPOCH_US) {
        return NO_TIME;
    }
    return since_2000 + POSTGRES_EPOCH_US;
}

int32_t ledger_field_int(const PGresult *result, int row, int column)
{
    uint64_t bits;
    return read_integer(result, row, column, 4, &bits) ? (int32_t)(uint32_t)bits : 0;
}
