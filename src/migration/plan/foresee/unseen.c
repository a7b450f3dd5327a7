/*
 * Judges bodies by their words. Which function is called is not tracked: one that may create relations, and one
 * statement that may call it, suffice for uncertainty.
 */
#include "migration/plan/foresee/unseen.h"

#include "pg/query.h"
#include "pg/values.h"
#include "sql/take.h"

#include <string.h>

/* Functions that are neither PostgreSQL's (which have oids below 16384) nor ours nor in C. An extension's functions are
 * called by name, which is visible, unless they are triggers'. INTO creates a table in SQL, but fills a variable in
 * PL/pgSQL. */
static const char makers_sql[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN "
    "pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.oid >= 16384 AND l.lanname NOT IN ('internal', 'c') "
    "AND n.nspname NOT IN "
    "('pg_catalog', 'information_schema', '{truss}') AND (l.lanname NOT IN ('sql', 'plpgsql') OR p.prosrc ~* "
    "'\\m(create|execute|alter|import|search_path)\\M' OR (l.lanname = 'sql' AND p.prosrc ~* '\\minto\\M')) AND (NOT "
    "EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND "
    "d.objid = p.oid AND d.deptype = 'e') OR p.prorettype IN ('pg_catalog.trigger'::pg_catalog.regtype, "
    "'pg_catalog.event_trigger'::pg_catalog.regtype))), "
    "EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtenabled <> 'D')";

/* Does a body, or a string inside it, contain a word that creates relations? */
static bool has_making_word(struct arena *arena, struct text body, int depth)
{
    static const char *const making[] = {"create", "execute", "alter", "import", "into", "search_path", NULL};
    struct sql_reader reader = sql_read(body);
    for (; reader.token.kind != SQL_END; sql_advance(&reader)) {
        const char *const inner =
            reader.token.kind == SQL_STRING && depth > 0 ? sql_string(arena, &reader.token) : NULL;
        if (sql_is_any_word(&reader.token, making) ||
            (inner != NULL && has_making_word(arena, text_of(inner), depth - 1))) {
            return true;
        }
    }
    return false;
}

/* CREATE FUNCTION or PROCEDURE whose body may create a relation. */
static bool makes_maker(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    if (!sql_take_create_function(&reader)) {
        return false;
    }
    struct arena *const arena = arena_new(0);
    const struct text whole = reader.lexer.text;
    const bool makes = has_making_word(arena, text_slice(whole, reader.token.offset, whole.size), 2);
    arena_free(arena);
    return makes;
}

static bool makes_event_trigger(struct sql_reader reader)
{
    return sql_take(&reader, "event") && sql_is_word(&reader.token, "trigger");
}

/* CREATE of something that is computed at once: an index, a materialized view, a table AS. */
static bool computes(struct sql_reader reader)
{
    static const char *const computed[] = {"index", "materialized", "as", NULL};
    static const char *const defined[] = {"function", "procedure", "trigger", "view", "rule", "policy", NULL};
    for (; reader.token.kind != SQL_END && !sql_is_any_word(&reader.token, defined); sql_advance(&reader)) {
        if (sql_is_any_word(&reader.token, computed)) {
            return true;
        }
    }
    return false;
}

void unseen_note(struct unseen *unseen, struct text statement)
{
    static const char *const silent[] = {"begin", "start", "commit",    "end",     "rollback", "abort",
                                         "set",   "reset", "savepoint", "release", "lock",     NULL};
    static const char *const defining[] = {"drop", "comment", "grant", "revoke", "security", NULL};
    struct sql_reader reader = sql_read(statement);
    if (reader.token.kind == SQL_END || sql_is_any_word(&reader.token, silent)) {
        return;
    }
    const bool defines = sql_is_any_word(&reader.token, defining);
    unseen->has_defined =
        unseen->has_defined || defines || sql_is_word(&reader.token, "create") || sql_is_word(&reader.token, "alter");
    if (sql_take(&reader, "create")) {
        unseen->makes_maker = unseen->makes_maker || makes_maker(statement);
        unseen->has_event_trigger = unseen->has_event_trigger || makes_event_trigger(reader);
        unseen->has_computed = unseen->has_computed || computes(reader);
    } else {
        unseen->has_computed = unseen->has_computed || !defines;
    }
}

bool unseen_may_be(struct unseen *unseen, struct arena *arena, struct pg_session *session)
{
    if (!unseen->has_defined && !unseen->has_computed) {
        return false;
    }
    if (!unseen->was_asked) {
        struct status unanswered = {.arena = arena};
        PG_RESULT(result) = pg_query_kept(session, makers_sql, 0, NULL, &unanswered);
        unseen->was_asked = true;
        unseen->has_maker = result == NULL || pg_field_bool(result, 0, 0);
        unseen->has_event_trigger = unseen->has_event_trigger || result == NULL || pg_field_bool(result, 0, 1);
    }
    return (unseen->has_maker || unseen->makes_maker) &&
           (unseen->has_computed || (unseen->has_defined && unseen->has_event_trigger));
}
