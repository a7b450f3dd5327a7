/*
 * The default name is not quoted, as a person would write it: it is visible in pg_stat_activity and in logs.
 */
#include "pg/own_sql.h"

#include "pg/values.h"

#include <string.h>

#define NAME   "{truss}"
#define STRING "'{truss}'"

static void put_name(struct buffer *sql, const char *schema)
{
    if (strcmp(schema, OWN_SCHEMA_USUAL) == 0) {
        buffer_puts(sql, schema);
    } else {
        pg_quote_identifier(sql, schema);
    }
}

void own_put(struct buffer *sql, const char *schema, const char *text)
{
    const char *const name = schema == NULL ? OWN_SCHEMA_USUAL : schema;
    const char *rest = text;
    for (const char *at = strstr(rest, NAME); at != NULL; at = strstr(rest, NAME)) {
        const bool is_string = at > rest && strncmp(at - 1, STRING, strlen(STRING)) == 0;
        buffer_add(sql, (struct text){rest, (size_t)(at - rest) - (is_string ? 1 : 0)});
        if (is_string) {
            pg_quote_literal(sql, text_of(name));
        } else {
            put_name(sql, name);
        }
        rest = at + strlen(NAME) + (is_string ? 1 : 0);
    }
    buffer_puts(sql, rest);
}

const char *own_text(struct arena *arena, const char *schema, const char *text)
{
    struct buffer sql = {.arena = arena};
    own_put(&sql, schema, text);
    return buffer_string(&sql);
}

const char *own_sql(struct arena *arena, const struct pg_session *session, const char *text)
{
    return own_text(arena, pg_session_own_schema(session), text);
}

bool own_schema_check(const char *name, struct status *status)
{
    const size_t size = strlen(name);
    const struct text text = text_of(name);
    size_t bad;
    if (size == 0 || size > OWN_SCHEMA_MOST || !text_is_utf8(text, &bad)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "--state-schema is the name of a schema: 1 to %d bytes, in UTF-8.", OWN_SCHEMA_MOST);
    }
    if (text_starts_with(text, "pg_") || strcmp(name, "information_schema") == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "--state-schema: \"%s\" is PostgreSQL's own. Choose another name.", name);
    }
    return strcmp(name, "public") != 0 ||
           status_fail(
               status, STATUS_INVALID_ARGUMENT,
               "--state-schema: \"public\" is for the tables of applications, and what is in our schema is left "
               "out of lists, plans and comparisons. Choose a name that nothing else uses.");
}
