/*
 * One statement asks and then sets: the subquery is read before the settings change, because OFFSET keeps it a query of
 * its own.
 */
#include "migration/look/session_facts.h"

#include <string.h>

static const char facts_sql[] =
    "SELECT f.*, pg_catalog.set_config('search_path', 'pg_catalog', true), "
    "pg_catalog.set_config('row_security', 'off', true) FROM (SELECT "
    "pg_catalog.array_to_string(pg_catalog.current_schemas(false), pg_catalog.chr(31)), "
    "pg_catalog.current_setting('search_path'), "
    "(SELECT s.source OPERATOR(pg_catalog.<>) 'default' AND s.setting OPERATOR(pg_catalog.<>) '\"$user\", public' "
    "FROM pg_catalog.pg_settings s WHERE s.name OPERATOR(pg_catalog.=) 'search_path'), "
    "CURRENT_USER OPERATOR(pg_catalog.=) 'truss' AND "
    "pg_catalog.strpos(pg_catalog.current_setting('search_path'), '$user') OPERATOR(pg_catalog.>) 0 OFFSET 0) f";

/* Schemas that are separated by a character that no name of ours has. */
static void read_schemas(struct arena *arena, struct text list, struct session_facts *facts)
{
    size_t count = 1;
    for (size_t i = 0; i < list.size; i++) {
        count += list.data[i] == '\x1f' ? 1 : 0;
    }
    facts->schemas = arena_array(arena, count, sizeof *facts->schemas);
    while (list.size > 0) {
        const size_t end = text_find(list, "\x1f", 0);
        const struct text one = text_slice(list, 0, end);
        facts->schemas[facts->schema_count++] = arena_strndup(arena, one.data, one.size);
        list = end == SIZE_MAX ? (struct text){0} : text_slice(list, end + 1, list.size);
    }
}

bool reading_begin(const struct request *request, struct pg_session *session, struct session_facts *facts)
{
    *facts = (struct session_facts){0};
    if (!pg_exec(session, "BEGIN READ ONLY", request->status)) {
        return false;
    }
    PG_RESULT(result) = pg_query(session, facts_sql, 0, NULL, request->status);
    if (result == NULL) {
        reading_end(session);
        return false;
    }
    const char *const schemas = pg_field(result, 0, 0);
    read_schemas(request->arena, text_of(schemas == NULL ? "" : arena_strdup(request->arena, schemas)), facts);
    facts->search_path = arena_strdup(request->arena, pg_field(result, 0, 1));
    facts->names_schema = pg_field_bool(result, 0, 2);
    facts->means_ours = pg_field_bool(result, 0, 3);
    return true;
}

void reading_end(struct pg_session *session)
{
    struct arena *const arena = arena_new(0);
    struct status ignored = {.arena = arena};
    if (pg_session_in_transaction(session)) {
        pg_exec(session, "ROLLBACK", &ignored);
    }
    arena_free(arena);
}
