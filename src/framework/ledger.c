#include "framework/ledger.h"

#include <stdlib.h>
#include <string.h>

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

int64_t ledger_field_time(const PGresult *result, int row, int column)
{
    const char *const hex = pg_field(result, row, column);
    if (hex == NULL || strlen(hex) != 16) {
        return NO_TIME;
    }
    const uint64_t bits = strtoull(hex, NULL, 16);
    const int64_t since_2000 = (int64_t)bits;
    if (since_2000 == INT64_MAX || since_2000 == INT64_MIN || since_2000 > INT64_MAX - POSTGRES_EPOCH_US) {
        return NO_TIME;
    }
    return since_2000 + POSTGRES_EPOCH_US;
}
