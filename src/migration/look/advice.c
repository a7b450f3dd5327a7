/*
 * Who reads an answer over HTTP or in a log has no other place that says the command.
 */
#include "migration/look/advice.h"

#include "base/words.h"

const char *advice_rolled_back(struct arena *arena, const char *name)
{
    return arena_printf(arena, "truss mark-rolled-back %s", words_quoted(arena, name));
}

const char *advice_applied(struct arena *arena, const char *name)
{
    return arena_printf(arena, "truss mark-applied %s", words_quoted(arena, name));
}
