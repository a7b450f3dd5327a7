#include "sql/take.h"

const char *sql_take_dotted(struct arena *arena, struct sql_reader *reader)
{
    const char *name = NULL;
    for (;;) {
        const char *const part = sql_identifier(arena, &reader->token);
        if (part == NULL) {
            return NULL;
        }
        name = name == NULL ? part : arena_printf(arena, "%s.%s", name, part);
        sql_advance(reader);
        if (!sql_is_symbol(&reader->token, '.')) {
            return name;
        }
        sql_advance(reader);
    }
}

bool sql_take_create(struct sql_reader *reader)
{
    const bool is = sql_take(reader, "create");
    if (is && sql_take(reader, "or")) {
        sql_take(reader, "replace");
    }
    return is;
}

bool sql_take_create_function(struct sql_reader *reader)
{
    return sql_take_create(reader) && (sql_take(reader, "function") || sql_take(reader, "procedure"));
}
