/*
 * Reads anew each time what a script's session would have: schemas come and go.
 */
#include "migration/look/session_facts.h"

#include "pg/exec.h"
#include "pg/search.h"

#include <string.h>

/* Splits schemas at a character that no name of ours contains. */
static void read_schemas(struct arena *arena, struct text list, struct session_facts *facts)
{
    facts->schemas = arena_array(arena, text_count(list, "\x1F") + 1, sizeof *facts->schemas);
    for (struct text one; text_next_unit(&list, &one);) {
        facts->schemas[facts->schema_count++] = arena_strndup(arena, one.data, one.size);
    }
}

/* The server's default. */
#define USUAL_PATH "\"$user\", public"

bool reading_begin(const struct request *request, struct pg_session *session, struct session_facts *facts)
{
    *facts = (struct session_facts){0};
    if (!pg_session_begin_reading(session, request->status)) {
        reading_end(session);
        return false;
    }
    const char *const schemas = arena_strdup(request->arena, pg_session_script_schemas(session));
    read_schemas(request->arena, text_of(schemas), facts);
    facts->search_path = arena_strdup(request->arena, pg_session_script_path(session));
    facts->names_schema = strcmp(facts->search_path, USUAL_PATH) != 0;
    facts->means_ours = strcmp(pg_session_user(session), pg_session_own_schema(session)) == 0 &&
                        strstr(facts->search_path, "$user") != NULL;
    return true;
}

void reading_end(struct pg_session *session)
{
    pg_session_roll_back(session);
}
