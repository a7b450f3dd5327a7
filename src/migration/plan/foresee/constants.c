/*
 * Only a constant that is written like a row, an array or a range can be one, and only where the text names something
 * whose type has such a domain inside: the type itself, a relation with such a column, a function that takes or gives
 * it. A constant for a column of the domain itself is converted like one of its base type; its CHECKs are evaluated
 * when the statement runs.
 */
#include "migration/plan/foresee/constants.h"

#include "pg/trust.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

/* A CHECK is code of the domain's owner, and what it calls may do anything. Even PostgreSQL's own functions may run SQL
 * that they are given. */
#define DOMAINS                                                                                                        \
    "pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid JOIN pg_catalog.pg_namespace n ON "    \
    "n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_roles r ON r.oid = t.typowner WHERE k.contype = 'c' AND "          \
    "n.nspname "                                                                                                       \
    "<> 'information_schema' AND ((r.oid IS NOT NULL AND " PG_IS_TRUSTED(                                              \
        "r") ") IS NOT TRUE OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = "                          \
             "'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid AND d.refclassid IN "                \
             "('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)))"

static const char any_sql[] = "SELECT FROM " DOMAINS " LIMIT 1";

/* The names of everything that brings such a type into a statement; NULL: an operator, which may be used unnamed. A
 * multirange is taken for one of any range. */
static const char names_sql[] =
    "WITH RECURSIVE inside(oid) AS (SELECT k.contypid FROM " DOMAINS
    " UNION SELECT o.oid FROM inside i CROSS JOIN LATERAL (SELECT a.typarray AS oid FROM pg_catalog.pg_type a WHERE "
    "a.oid = i.oid AND a.typarray <> 0 UNION ALL SELECT d.oid FROM pg_catalog.pg_type d WHERE d.typtype = 'd' AND "
    "d.typbasetype = i.oid UNION ALL SELECT c.reltype FROM pg_catalog.pg_attribute p JOIN pg_catalog.pg_class c ON "
    "c.oid = p.attrelid WHERE p.atttypid = i.oid AND NOT p.attisdropped AND c.reltype <> 0 UNION ALL SELECT g.rngtypid "
    "FROM pg_catalog.pg_range g WHERE g.rngsubtype = i.oid UNION ALL SELECT m.oid FROM pg_catalog.pg_type m JOIN "
    "pg_catalog.pg_range s ON s.rngtypid = i.oid WHERE m.typtype = 'm') o) SELECT t.typname::text FROM inside i JOIN "
    "pg_catalog.pg_type t ON t.oid = i.oid UNION SELECT c.relname FROM inside i JOIN pg_catalog.pg_attribute p ON "
    "p.atttypid = i.oid AND NOT p.attisdropped JOIN pg_catalog.pg_class c ON c.oid = p.attrelid UNION SELECT p.proname "
    "FROM pg_catalog.pg_proc p WHERE EXISTS (SELECT FROM inside i WHERE i.oid = p.prorettype OR i.oid = ANY "
    "(p.proargtypes::oid[]) OR i.oid = ANY (p.proallargtypes)) UNION SELECT NULL FROM inside i JOIN "
    "pg_catalog.pg_operator p ON p.oprleft = i.oid OR p.oprright = i.oid";

/* Can it be a row, an array or a range with something in it? Of a string with escapes that is not known. */
static bool may_hold_values(struct arena *arena, const struct sql_token *token)
{
    const bool has_escapes = strchr("'$", token->text.data[0]) == NULL;
    const char *const string = has_escapes ? NULL : sql_string(arena, token);
    const char *const begin = string == NULL ? NULL : string + strspn(string, " \t\n\r\v\f");
    return begin == NULL || (strchr("([{", *begin) != NULL && *begin != '\0' && strcmp(begin, "{}") != 0);
}

static bool holds_values(struct text text)
{
    struct arena *const reading = arena_new(0);
    struct sql_reader words = sql_read(text);
    bool holds = false;
    for (; !holds && !sql_is_end(&words.token); sql_advance(&words)) {
        holds = words.token.kind == SQL_STRING && may_hold_values(reading, &words.token);
    }
    arena_free(reading);
    return holds;
}

/* Does it name one of them? */
static bool names_one(struct text text, const PGresult *names)
{
    struct arena *const reading = arena_new(0);
    struct word_set set = {0};
    struct sql_reader words = sql_read(text);
    bool has = false;
    for (; !sql_is_end(&words.token); sql_advance(&words)) {
        const char *const word = sql_identifier(reading, &words.token);
        if (word != NULL) {
            word_set_add(reading, &set, word);
        }
    }
    for (int i = 0; !has && i < PQntuples(names); i++) {
        has = PQgetisnull(names, i, 0) || word_set_has(&set, pg_field(names, i, 0));
    }
    arena_free(reading);
    return has;
}

bool constants_run_code(struct needs *needs, struct text text)
{
    const bool is_noted = questions_are_noted(needs->questions);
    PG_RESULT(any) = needs_ask(needs, any_sql, 0, NULL);
    if (any == NULL || PQntuples(any) == 0 || !holds_values(text)) {
        return any == NULL && !is_noted;
    }
    PG_RESULT(names) = needs_ask(needs, names_sql, 0, NULL);
    return names == NULL ? !is_noted : names_one(text, names);
}
