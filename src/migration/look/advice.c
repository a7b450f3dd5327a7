/*
 * Who reads an answer over HTTP or in a log has no other place that says the command.
 */
#include "migration/look/advice.h"

#include "base/words.h"
#include "pg/values.h"

#include <string.h>

/* A name such as "-1" would be an option. */
static const char *command(struct arena *arena, const char *verb, const char *name)
{
    return arena_printf(arena, "truss %s %s%s", verb, name[0] == '-' ? "-- " : "", words_quoted(arena, name));
}

const char *advice_rolled_back(struct arena *arena, const char *name)
{
    return command(arena, "mark-rolled-back", name);
}

const char *advice_applied(struct arena *arena, const char *name)
{
    return command(arena, "mark-applied", name);
}

static void put_name(struct buffer *out, const char *name)
{
    if (strpbrk(name, ".\"") == NULL) {
        buffer_puts(out, name);
    } else {
        pg_quote_identifier(out, name);
    }
}

const char *advice_ledger(struct arena *arena, const char *schema, const char *table)
{
    struct buffer word = {.arena = arena};
    put_name(&word, schema);
    buffer_putc(&word, '.');
    put_name(&word, table);
    return arena_printf(arena, "--ledger %s", words_quoted(arena, buffer_string(&word)));
}
