/*
 * The reader of SQL knows where PostgreSQL cuts.
 */
#include "framework/core/kept_name.h"

#include "base/limits.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

static const char *kept(struct arena *arena, const char *name)
{
    struct buffer quoted = {.arena = arena};
    if (name == NULL || strlen(name) <= LIMIT_NAME) {
        return name;
    }
    pg_quote_identifier(&quoted, name);
    struct sql_lexer lexer = {.text = buffer_text(&quoted)};
    const struct sql_token token = sql_next(&lexer);
    return sql_identifier(arena, &token);
}

void ledger_keep_names(struct arena *arena, struct ledger *ledger)
{
    ledger->schema = kept(arena, ledger->schema);
    ledger->table = kept(arena, ledger->table);
}
