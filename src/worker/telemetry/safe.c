#include "worker/telemetry/safe.h"

#include "base/sqlstate.h"
#include "base/text.h"

#include <string.h>

#define MOST 300

/* Class 22, data exceptions, and errors of casts: invalid input syntax for type integer: "VALUE". */
static bool quotes_data(const char *sqlstate)
{
    return strncmp(sqlstate, "22", 2) == 0;
}

/* A syntax error quotes SQL, which may contain a value. */
static bool quotes_sql(const char *sqlstate)
{
    return strcmp(sqlstate, SQLSTATE_SYNTAX_ERROR) == 0;
}

const char *safe_error(struct arena *arena, const char *sqlstate, const char *message)
{
    if (sqlstate == NULL || sqlstate[0] == '\0' || message == NULL) {
        return "It failed; the operation and the log say why.";
    }
    if (sqlstate_is(sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE) || sqlstate_is(sqlstate, SQLSTATE_DEADLOCK_DETECTED)) {
        return "A statement could not get its lock; the operation says who held it.";
    }
    struct text line = text_of(message);
    line = text_slice(line, 0, text_find(line, "\n", 0));
    line = quotes_data(sqlstate) ? text_slice(line, 0, text_find(line, ": \"", 0)) : line;
    line = quotes_sql(sqlstate) ? text_slice(line, 0, text_find(line, " at or near", 0)) : line;
    return text_clean(arena, arena_strndup(arena, line.data, line.size), MOST);
}
