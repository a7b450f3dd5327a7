/*
 * Roles, databases, tablespaces and the server's settings belong to the whole server; a subscription connects to
 * another server and makes a slot there.
 */
#include "sql/outside.h"

#include "sql/escapes.h"
#include "sql/lexer.h"
#include "sql/plpgsql.h"

#include <stddef.h>

#define DEEPEST 4 /* strings inside strings */

static const char *const shared[] = {"role", "user", "group", "database", "tablespace", "subscription"};

static const char *const verbs[][2] = {{"create", "CREATE"}, {"alter", "ALTER"}, {"drop", "DROP"}};

static const char *const shared_words[] = {"ROLE", "USER", "GROUP", "DATABASE", "TABLESPACE", "SUBSCRIPTION"};

/* The kind of shared object that the token names, as shown to users; NULL: none. USER MAPPING belongs to the
 * database. */
static const char *shared_kind(struct sql_reader reader)
{
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (sql_take(&reader, shared[i])) {
            return sql_is_word(&reader.token, "mapping") || sql_is_symbol(&reader.token, '.') ? NULL : shared_words[i];
        }
    }
    return NULL;
}

static const char *look_at_verb(struct arena *arena, struct sql_reader reader)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct sql_reader behind = reader;
        if (!sql_take(&behind, verbs[i][0])) {
            continue;
        }
        const char *const kind = shared_kind(behind);
        if (kind != NULL) {
            return arena_printf(arena, "%s %s", verbs[i][1], kind);
        }
        return i == 1 && sql_is_word(&behind.token, "system") ? "ALTER SYSTEM" : NULL;
    }
    return NULL;
}

/* GRANT role TO role, and grants ON DATABASE, TABLESPACE or PARAMETER. */
static const char *look_at_grant(struct sql_reader reader)
{
    static const char *const ends[] = {"to", "from", NULL};
    static const char *const others[] = {"grant", "revoke", NULL};
    const bool revokes = sql_take(&reader, "revoke");
    if (!sql_take(&reader, "grant") && !revokes) { /* or REVOKE GRANT OPTION FOR */
        return NULL;
    }
    /* Later statements are checked in their turn, so that a body is read only once. */
    while (reader.token.kind != SQL_END && !sql_is_symbol(&reader.token, ';') &&
           !sql_is_any_word(&reader.token, others)) {
        if (sql_is_any_word(&reader.token, ends)) {
            return "GRANT or REVOKE of a role";
        }
        if (sql_is_word(&reader.token, "on")) {
            sql_advance(&reader);
            return sql_is_word(&reader.token, "database")     ? "GRANT or REVOKE ON DATABASE"
                   : sql_is_word(&reader.token, "tablespace") ? "GRANT or REVOKE ON TABLESPACE"
                   : sql_is_word(&reader.token, "parameter")  ? "GRANT or REVOKE ON PARAMETER"
                                                              : NULL;
        }
        sql_advance(&reader);
    }
    return NULL;
}

/* COMMENT ON and SECURITY LABEL … ON a shared object; REASSIGN OWNED and DROP OWNED, which affect shared objects
 * too. */
static const char *look_at_rest(struct arena *arena, struct sql_reader reader)
{
    const bool comments = sql_is_word(&reader.token, "comment");
    if (sql_take(&reader, "reassign")) {
        return sql_is_word(&reader.token, "owned") ? "REASSIGN OWNED" : NULL;
    }
    if (sql_take(&reader, "drop")) {
        return sql_is_word(&reader.token, "owned") ? "DROP OWNED" : NULL;
    }
    if (!comments && !(sql_take(&reader, "security") && sql_is_word(&reader.token, "label"))) {
        return NULL;
    }
    for (size_t i = 0; i < 4 && reader.token.kind != SQL_END; i++) {
        if (sql_take(&reader, "on")) {
            const char *const kind = shared_kind(reader);
            return kind == NULL ? NULL : arena_printf(arena, "%s ON %s", comments ? "COMMENT" : "SECURITY LABEL", kind);
        }
        sql_advance(&reader);
    }
    return NULL;
}

/* Checks the statement at which the reader is. */
static const char *look_here(struct arena *arena, const struct sql_reader *reader)
{
    const char *found = look_at_verb(arena, *reader);
    found = found != NULL ? found : look_at_grant(*reader);
    return found != NULL ? found : look_at_rest(arena, *reader);
}

/* Checks at every token of a body, without knowing where its statements begin. */
static const char *look_in_body(struct arena *arena, struct text body, int depth)
{
    struct sql_reader reader = sql_read(body);
    for (; !sql_is_end(&reader.token); sql_advance(&reader)) {
        const char *const inner =
            reader.token.kind == SQL_STRING && depth > 0 ? sql_string(arena, &reader.token) : NULL;
        const char *const found =
            inner != NULL ? look_in_body(arena, text_of(inner), depth - 1) : look_here(arena, &reader);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

const char *sql_outside(struct arena *arena, struct text statement)
{
    const char *const escapes = sql_escapes(arena, statement, NULL);
    struct sql_code code;
    if (escapes != NULL) {
        return escapes;
    }
    if (sql_code(arena, statement, &code) && code.is_do) {
        return look_in_body(arena, code.body, DEEPEST);
    }
    const struct sql_reader reader = sql_read(statement);
    return look_here(arena, &reader);
}

const char *sql_outside_of_body(struct arena *arena, struct text body)
{
    return look_in_body(arena, body, DEEPEST);
}
