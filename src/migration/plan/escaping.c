/*
 * The triggers are those that call a function found before them. Their tables are also written by a write to a table
 * whose rows they follow (a foreign key's action), a parent, or a view.
 */
#include "migration/plan/escaping.h"

#include "pg/query.h"
#include "pg/values.h"
#include "sql/escapes.h"
#include "sql/lexer.h"
#include "sql/outside.h"

#include <string.h>

#define AT_A_TIME     100 /* names that are searched in one query */
#define STRINGS_OF_DO 3   /* its body, and what that executes */

struct asking {
    struct arena *arena; /* the names outlive a migration */
    struct pg_session *session;
    struct status *status;
};

/* ---- functions ---- */

/* A regular expression for calls of these functions, and for COPY. */
static const char *calls_of(struct arena *arena, const char *const *names)
{
    struct buffer pattern = {.arena = arena};
    for (const char *const *one = names; *one != NULL; one++) {
        buffer_printf(&pattern, "%s%s", one == names ? "\\m(" : "|", *one);
    }
    buffer_puts(&pattern, ")\"?\\s*\\(|\\mcopy\\M");
    return buffer_string(&pattern);
}

/* A regular expression for what may act beyond the database although a rollback undoes it. */
#define ACTS_BEYOND                                                                                                    \
    "\\m(create|alter|drop|on)\\s+(role|user|group|database|tablespace|subscription|parameter|system|owned)\\M|"       \
    "\\m(grant|revoke|reassign)\\M"

/* Does a body do what is sought? */
typedef const char *found_in(struct arena *arena, struct text body, struct words *known);

static const char *acts_beyond(struct arena *arena, struct text body, struct words *known)
{
    (void)known;
    return sql_outside_of_body(arena, body);
}

/* Adds the functions of users whose bodies the pattern fits and that do what is sought. The server only leaves out most
 * of the others: GRANT … ON FUNCTION http_get(text) calls nothing. */
static bool add_functions(const struct asking *asking, const char *pattern, found_in *find, struct words *known)
{
    static const char sql[] =
        "SELECT p.proname::text, p.prosrc FROM pg_catalog.pg_proc p WHERE p.pronamespace NOT IN (SELECT n.oid FROM "
        "pg_catalog.pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema')) AND p.proname ~ "
        "'^[a-z0-9_]+$' AND p.prosrc ~* $1 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid "
        "AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e') ORDER BY 1";
    PG_RESULT(result) = pg_query(asking->session, sql, 1, &pattern, asking->status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const char *const name = pg_field(result, i, 0);
        struct arena *const reading = arena_new(0);
        if (!words_have(known, name) && find(reading, text_of(pg_field(result, i, 1)), known) != NULL) {
            words_add(asking->arena, known, arena_strdup(asking->arena, name));
        }
        arena_free(reading);
    }
    return result != NULL;
}

/* Finds the functions of this database whose bodies call, by their words, something that a rollback does not undo, or
 * one of those that are known or found. */
static bool find_functions(const struct asking *asking, struct words *known)
{
    const char *const *sought = sql_escaping;
    size_t done = 0;
    while (*sought != NULL) {
        struct words next = {0};
        if (!add_functions(asking, calls_of(asking->arena, sought), sql_escapes_of_body, known)) {
            return false;
        }
        for (; done < known->count && next.count < AT_A_TIME; done++) {
            words_add(asking->arena, &next, known->items[done]);
        }
        sought = words_list(asking->arena, &next);
    }
    return true;
}

/* ---- triggers ---- */

/* Adds to `list` the first column of a query with one value; what is there already is not added again. */
static bool add_names(const struct asking *asking, const char *sql, const char *value, struct words *list)
{
    PG_RESULT(result) = pg_query(asking->session, sql, 1, &value, asking->status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        if (!words_have(list, pg_field(result, i, 0))) {
            words_add(asking->arena, list, arena_strdup(asking->arena, pg_field(result, i, 0)));
        }
    }
    return result != NULL;
}

static const char *array_of(struct arena *arena, const struct words *words)
{
    struct buffer array = {.arena = arena};
    for (size_t i = 0; i < words->count; i++) {
        pg_put_element(&array, words->items[i]);
    }
    return pg_array_text(&array);
}

static bool find_triggers(const struct asking *asking, struct escaping *escaping)
{
    static const char tables[] =
        "WITH RECURSIVE follows (child, parent) AS (SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits UNION ALL "
        "SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f' AND (confdeltype IN ('c', 'n', "
        "'d') OR confupdtype IN ('c', 'n', 'd')) UNION ALL SELECT d.refobjid, r.ev_class FROM pg_catalog.pg_rewrite r "
        "JOIN pg_catalog.pg_depend d ON d.objid = r.oid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass "
        "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass WHERE d.refobjid <> r.ev_class), fires (oid) AS "
        "(SELECT t.tgrelid FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE "
        "t.tgenabled <> 'D' AND p.proname = ANY ($1::pg_catalog.text[]) UNION SELECT f.parent FROM fires JOIN follows "
        "f ON f.child = fires.oid) SELECT DISTINCT c.relname::text FROM fires JOIN pg_catalog.pg_class c ON c.oid = "
        "fires.oid ORDER BY 1";
    static const char events[] =
        "SELECT e.evtname::text FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid "
        "WHERE e.evtenabled <> 'D' AND p.proname = ANY ($1::pg_catalog.text[]) ORDER BY 1 LIMIT 1";
    const char *const functions = array_of(asking->arena, &escaping->functions);
    struct words found = {0};
    const bool ok = escaping->functions.count == 0 || (add_names(asking, tables, functions, &escaping->tables) &&
                                                       add_names(asking, events, functions, &found));
    escaping->event_trigger = found.count == 0 ? NULL : found.items[0];
    return ok;
}

bool escaping_find(const struct request *request, struct pg_session *session, struct escaping *escaping)
{
    const struct asking asking = {request->arena, session, request->status};
    *escaping = (struct escaping){0};
    return find_functions(&asking, &escaping->functions) && find_triggers(&asking, escaping);
}

bool escaping_find_outside(const struct request *request, struct pg_session *session, struct escaping *escaping)
{
    const struct asking asking = {request->arena, session, request->status};
    *escaping = (struct escaping){0};
    return add_functions(&asking, ACTS_BEYOND, acts_beyond, &escaping->functions) &&
           find_functions(&asking, &escaping->functions) && find_triggers(&asking, escaping);
}

/* ---- a statement ---- */

/* The first of these tables that the text names; NULL: none. depth: of strings that are looked into. */
static const char *named_table(struct arena *arena, struct text text, const struct words *tables, int depth)
{
    struct sql_lexer lexer = {.text = text};
    for (struct sql_token token; (token = sql_next(&lexer)).kind != SQL_END;) {
        const char *const name = sql_identifier(arena, &token);
        const char *const inner = token.kind == SQL_STRING && depth > 0 ? sql_string(arena, &token) : NULL;
        const char *const found = inner != NULL              ? named_table(arena, text_of(inner), tables, depth - 1)
                                  : words_have(tables, name) ? name
                                                             : NULL;
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

const char *escaping_in(struct arena *arena, struct text statement, struct escaping *escaping)
{
    static const char *const writes[] = {"insert", "update", "delete", "merge", "copy", "truncate", "with", "do", NULL};
    static const char *const defines[] = {"create", "alter",    "drop",    "grant",  "revoke", "comment",
                                          "do",     "security", "refresh", "import", NULL};
    const struct sql_reader reader = sql_read(statement);
    const char *what = sql_escapes(arena, statement, &escaping->functions);
    const char *const table =
        what == NULL && sql_is_any_word(&reader.token, writes)
            ? named_table(arena, statement, &escaping->tables, sql_is_word(&reader.token, "do") ? STRINGS_OF_DO : 0)
            : NULL;
    what = table == NULL ? what : arena_printf(arena, "a trigger of the table %s", table);
    return what == NULL && escaping->event_trigger != NULL && sql_is_any_word(&reader.token, defines)
               ? arena_printf(arena, "the event trigger %s", escaping->event_trigger)
               : what;
}

const char *escaping_named_in_block(struct arena *arena, struct text statement, const struct words *tables)
{
    const struct sql_reader reader = sql_read(statement);
    return sql_is_word(&reader.token, "do") ? named_table(arena, statement, tables, STRINGS_OF_DO) : NULL;
}
