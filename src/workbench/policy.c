/*
 * Two queries to the catalogue: what the names can mean, and what is hidden behind the relations. Every name in these
 * queries is in pg_catalog: the session's search path has nothing else.
 */
#include "workbench/policy.h"

#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "workbench/functions.h"

#include <string.h>

#define HIDDEN_TEXTS 500 /* views and checks whose text is read for one query */

/* An aggregate is always marked IMMUTABLE: in truth it is as volatile as the functions that it calls. */
#define VOLATILITY_OF_P                                                                                                \
    "COALESCE((SELECT pg_catalog.max(f.provolatile::text) FROM pg_catalog.pg_aggregate g JOIN pg_catalog.pg_proc f "   \
    "ON f.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn) "        \
    "WHERE g.aggfnoid = p.oid), p.provolatile::text)"
#define FUNCTION_COLUMNS                                                                                               \
    "p.proname, n.nspname, " VOLATILITY_OF_P ", l.lanname, "                                                           \
    "EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_roles r ON r.oid = p.proowner AND r.rolsuper "      \
    "WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'), "                      \
    "p.prosecdef OR pg_catalog.pg_has_role(p.proowner, session_user, 'MEMBER'), "                                      \
    "pg_catalog.pg_get_userbyid(p.proowner)"
#define NO_FUNCTION "NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
#define FUNCTION_TABLES                                                                                                \
    "JOIN pg_catalog.pg_proc p ON p.oid = c.function JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "        \
    "JOIN pg_catalog.pg_language l ON l.oid = p.prolang "

/* The parts of a range type and a multirange type; PostgreSQL 13 has no multiranges. */
#define RANGE_PARTS                                                                                                    \
    "SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid UNION SELECT g.rngtypid FROM "            \
    "pg_catalog.pg_range g WHERE (pg_catalog.to_jsonb(g)->>'rngmultitypid')::pg_catalog.oid = t.oid"

/* $1, $2 functions, $3, $4 operators, $5, $6 types: schemas and names; $7 attributes; $8 the schemas of the path; $9
 * the number of arguments in each call of a function. Left out is what cannot be meant: a user's function that does not
 * take that many arguments, and one that comes in the path after another with the same arguments. */
static const char names_sql[] =
    "WITH RECURSIVE named AS ("
    "SELECT DISTINCT w.name, p.oid AS function "
    "FROM ROWS FROM (unnest($1::text[]), unnest($2::text[]), unnest($9::int[])) AS w(schema, name, arguments) "
    "JOIN pg_catalog.pg_proc p ON p.proname = w.name::name JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
    "WHERE (n.nspname = w.schema::name OR (w.schema = '' AND n.nspname = ANY ($8::name[]))) "
    "AND (w.arguments < 0 OR n.nspname = 'pg_catalog' OR "
    "(w.arguments >= p.pronargs - p.pronargdefaults - (p.provariadic <> 0)::int "
    "AND (w.arguments <= p.pronargs OR p.provariadic <> 0))) "
    "AND (w.arguments < 0 OR w.schema <> '' OR NOT EXISTS ("
    "SELECT FROM pg_catalog.pg_proc q JOIN pg_catalog.pg_namespace m ON m.oid = q.pronamespace "
    "WHERE q.proname = p.proname AND q.proargtypes = p.proargtypes AND q.provariadic = p.provariadic "
    "AND m.nspname NOT LIKE 'pg\\_temp%' "
    "AND q.pronargdefaults >= p.pronargdefaults "
    "AND array_position($8::name[], m.nspname) < array_position($8::name[], n.nspname)))"
    "), operators AS ("
    "SELECT w.name, o.oprcode::oid AS function FROM ROWS FROM (unnest($3::text[]), unnest($4::text[])) "
    "AS w(schema, name) JOIN pg_catalog.pg_operator o ON o.oprname = w.name::name "
    "JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE n.nspname <> 'pg_catalog' "
    "AND (n.nspname = w.schema::name OR (w.schema = '' AND n.nspname = ANY ($8::name[])))"
    "), attributes AS ("
    "SELECT w.name, p.oid AS function FROM unnest($7::text[]) AS w(name) "
    "JOIN pg_catalog.pg_proc p ON p.proname = w.name::name JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
    "JOIN pg_catalog.pg_type t ON t.oid = p.proargtypes[0] WHERE n.nspname <> 'pg_catalog' "
    "AND n.nspname = ANY ($8::name[]) AND p.pronargs - p.pronargdefaults <= 1 AND (t.typtype IN ('c', 'p', 'd') OR "
    "EXISTS (SELECT FROM pg_catalog.pg_cast a JOIN pg_catalog.pg_type s ON s.oid = a.castsource WHERE "
    "a.casttarget = t.oid AND a.castcontext = 'i' AND s.typtype IN ('c', 'd')))"
    "), types(name, type) AS ("
    "SELECT w.name, t.oid FROM ROWS FROM (unnest($5::text[]), unnest($6::text[])) AS w(schema, name) "
    "JOIN pg_catalog.pg_type t ON t.typname = w.name::name JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "
    "WHERE n.nspname = w.schema::name OR (w.schema = '' AND n.nspname = ANY ($8::name[])) "
    "UNION SELECT s.name, i.type FROM types s JOIN pg_catalog.pg_type t ON t.oid = s.type CROSS JOIN LATERAL ("
    "SELECT t.typbasetype UNION SELECT t.typelem UNION " RANGE_PARTS " UNION SELECT a.atttypid FROM "
    "pg_catalog.pg_attribute a "
    "WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS i(type) WHERE i.type >= 16384"
    "), hidden AS ("
    "SELECT s.name, d.refobjid AS function FROM types s JOIN pg_catalog.pg_constraint k ON k.contypid = s.type "
    "JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid "
    "AND d.refclassid = 'pg_catalog.pg_proc'::regclass "
    "UNION SELECT s.name, a.castfunc FROM types s JOIN pg_catalog.pg_cast a ON s.type IN (a.castsource, a.casttarget) "
    "WHERE a.castfunc >= 16384 AND (s.type >= 16384 OR (s.type = a.casttarget AND a.castsource < 16384))"
    ") "
    "SELECT 'f', c.name, " FUNCTION_COLUMNS ", NULL FROM named c " FUNCTION_TABLES
    "UNION ALL SELECT 'o', c.name, " FUNCTION_COLUMNS ", NULL FROM operators c " FUNCTION_TABLES
    "UNION ALL SELECT 'a', c.name, " FUNCTION_COLUMNS ", NULL FROM attributes c " FUNCTION_TABLES
    "UNION ALL SELECT 'h', 'The type ' || c.name, " FUNCTION_COLUMNS ", NULL FROM hidden c " FUNCTION_TABLES
    "UNION ALL SELECT 't', 'The type ' || s.name, " NO_FUNCTION
    "'SELECT 1 WHERE ' || pg_catalog.substr(pg_catalog.pg_get_constraintdef(k.oid), 6) "
    "FROM types s JOIN pg_catalog.pg_constraint k ON k.contypid = s.type AND k.contype = 'c'";

/* Types that may be or contain a domain, and whether a query can cause its CHECK to run: if a view or a policy names
 * it, if a literal is turned into it beside a column of an array, a range or a row of it, or if a row is filled.
 * Reading a column of a domain runs nothing. */
#define DOMAINS                                                                                                        \
    "), domains(type, is_checked) AS ("                                                                                \
    "SELECT a.atttypid, $4::bool OR EXISTS (SELECT FROM own o WHERE o.relkind = 'v' "                                  \
    "AND pg_catalog.pg_get_viewdef(o.oid) ~ 'populate_record|#=') FROM relations r "                                   \
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND a.atttypid >= 16384 "                   \
    "UNION SELECT d.refobjid, true FROM depending g "                                                                  \
    "JOIN pg_catalog.pg_depend d ON d.classid = g.class AND d.objid = g.object "                                       \
    "WHERE d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid >= 16384 "                                     \
    "UNION SELECT i.type, m.is_checked OR i.is_inside FROM domains m "                                                 \
    "JOIN pg_catalog.pg_type t ON t.oid = m.type CROSS JOIN LATERAL ("                                                 \
    "SELECT t.typbasetype, false UNION SELECT t.typelem, true "                                                        \
    "UNION SELECT p.type, true FROM (" RANGE_PARTS ") p(type) "                                                        \
    "UNION SELECT a.atttypid, true FROM pg_catalog.pg_attribute a "                                                    \
    "WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS i(type, is_inside) "                    \
    "WHERE i.type >= 16384"

/* `folded`: the planner itself calls IMMUTABLE functions with constant arguments, as in the predicate of an index. $1,
 * $2 relations: schemas and names; $3 the schemas of the path; $4: the query fills rows (functions.h). A value of a
 * type in a relation may be cast by a user's function, also to a built-in type and implicitly. The server's own views,
 * whose oids are 12000 and up (from initdb), are checked like those of users: some of them read files. */
static const char relations_sql[] =
    "WITH RECURSIVE relations(oid) AS ("
    "SELECT c.oid FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) AS w(schema, name) "
    "JOIN pg_catalog.pg_class c ON c.relname = w.name::name JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE (n.nspname = w.schema::name OR (w.schema = '' AND n.nspname = ANY ($3::name[]))) "
    "UNION SELECT i.oid FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid CROSS JOIN LATERAL ("
    "SELECT d.refobjid FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d "
    "ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid "
    "AND d.refclassid = 'pg_catalog.pg_class'::regclass WHERE w.ev_class = r.oid AND c.relkind = 'v' "
    "UNION SELECT d.refobjid FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_depend d "
    "ON d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid "
    "AND d.refclassid = 'pg_catalog.pg_class'::regclass WHERE p.polrelid = r.oid AND c.relrowsecurity "
    "UNION SELECT h.inhrelid FROM pg_catalog.pg_inherits h WHERE h.inhparent = r.oid) AS i(oid) WHERE i.oid >= 12000"
    "), own AS ("
    "SELECT c.oid, c.relkind, c.relrowsecurity, c.oid::regclass::text AS name FROM relations r "
    "JOIN pg_catalog.pg_class c ON c.oid = r.oid WHERE c.oid >= 16384 AND NOT EXISTS ("
    "SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid "
    "AND d.deptype = 'e')"
    "), depending AS ("
    "SELECT 'The view ' || o.name AS name, 'pg_catalog.pg_rewrite'::regclass::oid AS class, w.oid AS object FROM own o "
    "JOIN pg_catalog.pg_rewrite w ON w.ev_class = o.oid WHERE o.relkind = 'v' "
    "UNION ALL SELECT 'A policy of the table ' || o.name, 'pg_catalog.pg_policy'::regclass::oid, p.oid FROM own o "
    "JOIN pg_catalog.pg_policy p ON p.polrelid = o.oid WHERE o.relrowsecurity AND p.polcmd IN ('r', '*')"
    "), held(type) AS ("
    "SELECT i.type FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid CROSS JOIN LATERAL ("
    "SELECT c.reltype UNION SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped) AS i(type) WHERE i.type >= 16384 "
    "UNION SELECT i.type FROM held h JOIN pg_catalog.pg_type t ON t.oid = h.type CROSS JOIN LATERAL ("
    "SELECT t.typbasetype UNION SELECT t.typelem UNION SELECT a.atttypid FROM pg_catalog.pg_attribute a "
    "WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS i(type) WHERE i.type >= 16384" DOMAINS
    "), folded AS ("
    "SELECT 'An index of the table ' || o.name AS name, 'pg_catalog.pg_class'::regclass::oid AS class, "
    "x.indexrelid AS object FROM own o JOIN pg_catalog.pg_index x ON x.indrelid = o.oid "
    "WHERE x.indexprs IS NOT NULL OR x.indpred IS NOT NULL "
    "UNION ALL SELECT 'A check of the table ' || o.name, 'pg_catalog.pg_constraint'::regclass::oid, k.oid FROM own o "
    "JOIN pg_catalog.pg_constraint k ON k.conrelid = o.oid AND k.contype = 'c' "
    "UNION ALL SELECT 'Statistics of the table ' || o.name, 'pg_catalog.pg_statistic_ext'::regclass::oid, x.oid "
    "FROM own o JOIN pg_catalog.pg_statistic_ext x ON x.stxrelid = o.oid"
    "), hidden AS ("
    "SELECT g.name, CASE WHEN d.refclassid = 'pg_catalog.pg_proc'::regclass THEN d.refobjid ELSE "
    "(SELECT o.oprcode::oid FROM pg_catalog.pg_operator o WHERE o.oid = d.refobjid) END AS function "
    "FROM depending g JOIN pg_catalog.pg_depend d ON d.classid = g.class AND d.objid = g.object "
    "WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass) "
    "UNION SELECT 'A cast of the type ' || a.castsource::regtype::text, a.castfunc FROM held h "
    "JOIN pg_catalog.pg_cast a ON a.castsource = h.type WHERE a.castfunc >= 16384 "
    "UNION SELECT f.name, d.refobjid FROM folded f "
    "JOIN pg_catalog.pg_depend d ON d.classid = f.class AND d.objid = f.object "
    "AND d.refclassid = 'pg_catalog.pg_proc'::regclass "
    "JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid AND p.provolatile = 'i' "
    "UNION SELECT 'The type ' || m.type::regtype::text, d.refobjid FROM domains m "
    "JOIN pg_catalog.pg_constraint k ON k.contypid = m.type "
    "JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid "
    "AND d.refclassid = 'pg_catalog.pg_proc'::regclass WHERE m.is_checked"
    ") "
    "SELECT 'h', c.name, " FUNCTION_COLUMNS ", NULL FROM hidden c " FUNCTION_TABLES
    "UNION ALL SELECT 't', 'The type ' || m.type::regtype::text, " NO_FUNCTION
    "'SELECT 1 WHERE ' || pg_catalog.substr(pg_catalog.pg_get_constraintdef(k.oid), 6) "
    "FROM (SELECT DISTINCT type FROM domains) m "
    "JOIN pg_catalog.pg_constraint k ON k.contypid = m.type AND k.contype = 'c' "
    "UNION ALL SELECT 't', 'The view ' || o.name, " NO_FUNCTION "pg_catalog.pg_get_viewdef(o.oid) "
    "FROM own o WHERE o.relkind = 'v' "
    "UNION ALL SELECT 't', 'The view ' || c.relname, " NO_FUNCTION "pg_catalog.pg_get_viewdef(c.oid) "
    "FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid WHERE c.oid < 16384 AND c.relkind = 'v' "
    "UNION ALL SELECT 't', 'A policy of the table ' || o.name, " NO_FUNCTION
    "'SELECT 1 WHERE ' || pg_catalog.pg_get_expr(p.polqual, o.oid) FROM own o "
    "JOIN pg_catalog.pg_policy p ON p.polrelid = o.oid "
    "WHERE o.relrowsecurity AND p.polcmd IN ('r', '*') AND p.polqual IS NOT NULL "
    "UNION ALL SELECT 'x', 'The foreign table ' || o.name, " NO_FUNCTION "NULL FROM own o "
    "WHERE o.relkind = 'f'";

/* ---- refusing ---- */

static bool refuse(struct status *status, const char *subject, const char *why)
{
    return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_FUNC, "%s is not allowed here: %s.", subject,
                               why);
}

/* Is it a name that can mean only a dangerous function? */
static bool is_dangerous(const struct sql_name *name, struct status *status)
{
    const char *const why = function_danger(name->name);
    if (why == NULL) {
        return false;
    }
    refuse(status, arena_printf(status->arena, "The function %s", name->name), why);
    return true;
}

bool policy_check_names(const struct sql_uses *uses, struct status *status)
{
    for (size_t i = 0; i < uses->functions.count; i++) {
        if (is_dangerous(&uses->functions.items[i], status)) {
            return false;
        }
    }
    return true;
}

/* ---- reading a row ---- */

enum column { KIND, NAME, FUNCTION, SCHEMA, VOLATILITY, LANGUAGE, IS_EXTENSION, IS_OWN, OWNER, TEXT };

static bool is_read_only(const char *volatility)
{
    return volatility != NULL && (volatility[0] == 'i' || volatility[0] == 's');
}

static bool is_plain_language(const char *language)
{
    return strcmp(language, "c") == 0 || strcmp(language, "internal") == 0 || strcmp(language, "sql") == 0;
}

/* Why the function of this row may not be called; NULL: it may. `hidden`: it is called not by the query itself but by
 * something that the query reads. */
static const char *why_not(const struct policy_place *place, const PGresult *rows, int row, bool hidden)
{
    const char *const name = pg_field(rows, row, FUNCTION);
    const bool reads = is_read_only(pg_field(rows, row, VOLATILITY));
    const bool is_own = strcmp(pg_field(rows, row, SCHEMA), "pg_catalog") == 0;
    const bool is_extension = pg_field_bool(rows, row, IS_EXTENSION);
    if ((is_own || is_extension) && function_danger(name) != NULL) {
        return function_danger(name);
    }
    if (is_own) {
        return reads || function_is_harmless(name) ? NULL : "it is VOLATILE, and not known to be harmless";
    }
    if (is_extension) {
        const bool fine = reads ? is_plain_language(pg_field(rows, row, LANGUAGE)) : function_is_harmless(name);
        return fine || (hidden && place->reads_only) ? NULL : "it is VOLATILE, or its code is in another language";
    }
    if (!place->is_expendable && !pg_field_bool(rows, row, IS_OWN)) {
        return arena_printf(place->arena,
                            "it belongs to %s, and would run with the rights of %s; give the workbench a login that "
                            "may only read (--sql-url)",
                            pg_field(rows, row, OWNER), place->login);
    }
    if (hidden) {
        return reads || place->reads_only
                   ? NULL
                   : arena_printf(place->arena,
                                  "it is VOLATILE and runs with the rights of %s; mark it STABLE if it only reads, or "
                                  "give the workbench a role that only reads (--sql-role)",
                                  place->user);
    }
    return !reads ? "it is a function of a user and VOLATILE, as all are that do not say STABLE or IMMUTABLE"
           : place->allows_user_functions
               ? NULL
               : "it is a function of a user; --sql-user-functions allows those that are STABLE or IMMUTABLE";
}

static const char *subject_of(const struct policy_place *place, const PGresult *rows, int row)
{
    const char *const name = pg_field(rows, row, NAME);
    const char *const function =
        arena_printf(place->arena, "%s.%s", pg_field(rows, row, SCHEMA), pg_field(rows, row, FUNCTION));
    switch (pg_field(rows, row, KIND)[0]) {
    case 'o':
        return arena_printf(place->arena, "The operator %s, which may mean the function %s,", name, function);
    case 'a':
        return arena_printf(place->arena, "\".%s\", which may mean the function %s,", name, function);
    case 'h':
        return arena_printf(place->arena, "%s, which calls the function %s,", name, function);
    default:
        return strcmp(pg_field(rows, row, SCHEMA), "pg_catalog") == 0
                   ? arena_printf(place->arena, "The function %s", name)
                   : arena_printf(place->arena, "The function %s, which may mean %s,", name, function);
    }
}

/* Text that is newer than our grammar is searched word by word. */
static const char *dangerous_call(struct arena *arena, struct text text)
{
    struct sql_lexer lexer = {.text = text};
    struct sql_token token = sql_next(&lexer);
    while (token.kind != SQL_END) {
        const struct sql_token next = sql_next(&lexer);
        const char *const name = sql_is_symbol(&next, '(') ? sql_identifier(arena, &token) : NULL;
        if (name != NULL && function_danger(name) != NULL) {
            return name;
        }
        token = next;
    }
    return NULL;
}

static bool refuse_call(struct status *status, const char *subject, const char *function)
{
    return refuse(status, arena_printf(status->arena, "%s, which calls the function %s,", subject, function),
                  function_danger(function));
}

/* Built-in functions have no row in pg_depend, so they are searched for in the text. */
static bool check_text(const struct policy_place *place, const char *subject, const char *text, struct status *status)
{
    struct sql_uses uses = {0};
    if (!statement_uses(place->arena, text_of(text), &uses)) {
        const char *const function = dangerous_call(place->arena, text_of(text));
        return function == NULL || refuse_call(status, subject, function);
    }
    for (size_t i = 0; i < uses.functions.count; i++) {
        if (function_danger(uses.functions.items[i].name) != NULL) {
            return refuse_call(status, subject, uses.functions.items[i].name);
        }
    }
    return true;
}

static bool check_row(const struct policy_place *place, const PGresult *rows, int row, struct status *status)
{
    const char kind = pg_field(rows, row, KIND)[0];
    if (kind == 't') {
        const char *const text = pg_field(rows, row, TEXT);
        return text == NULL || check_text(place, pg_field(rows, row, NAME), text, status);
    }
    if (kind == 'x') {
        return place->allows_foreign ||
               refuse(status, pg_field(rows, row, NAME),
                      "what is asked for on the other side cannot be checked; --sql-foreign-tables allows it");
    }
    const char *const why = why_not(place, rows, row, kind == 'h');
    return why == NULL || refuse(status, subject_of(place, rows, row), why);
}

static bool check_rows(const struct policy_place *place, const PGresult *rows, struct status *status)
{
    int texts = 0;
    for (int i = 0; i < PQntuples(rows); i++) {
        texts += pg_field(rows, i, KIND)[0] == 't' ? 1 : 0;
        if (texts > HIDDEN_TEXTS) {
            return refuse(status, "A query of more than 500 views, checks and policies", "nobody can look at them all");
        }
        if (!check_row(place, rows, i, status)) {
            return false;
        }
    }
    return true;
}

/* ---- queries ---- */

/* A literal of type text[] with the schemas or the names. */
static const char *array_of(struct arena *arena, const struct sql_names *names, bool schemas)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < names->count; i++) {
        pg_put_element(&out, schemas ? names->items[i].schema : names->items[i].name);
    }
    return pg_array_text(&out);
}

/* A literal of type int[] with the numbers of arguments. */
static const char *arguments_of(struct arena *arena, const struct sql_names *names)
{
    struct buffer out = {.arena = arena};
    buffer_putc(&out, '{');
    for (size_t i = 0; i < names->count; i++) {
        buffer_printf(&out, "%s%d", i == 0 ? "" : ",", names->items[i].arguments);
    }
    buffer_putc(&out, '}');
    return buffer_string(&out);
}

static bool is_found(const PGresult *rows, const char *name)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        if (pg_field(rows, i, KIND)[0] == 'f' && strcmp(pg_field(rows, i, NAME), name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *find_unknown(const PGresult *rows, const struct sql_uses *uses)
{
    for (size_t i = 0; i < uses->functions.count; i++) {
        const char *const name = uses->functions.items[i].name;
        if (!is_found(rows, name) && !function_is_word(name)) {
            return name;
        }
    }
    return NULL;
}

static bool check_meanings(const struct policy_place *place, const struct sql_uses *uses, const char **unknown,
                           struct status *status)
{
    struct arena *const arena = place->arena;
    const char *const values[] = {
        array_of(arena, &uses->functions, true),   array_of(arena, &uses->functions, false),
        array_of(arena, &uses->operators, true),   array_of(arena, &uses->operators, false),
        array_of(arena, &uses->types, true),       array_of(arena, &uses->types, false),
        array_of(arena, &uses->attributes, false), place->schemas,
        arguments_of(arena, &uses->functions),
    };
    *unknown = NULL;
    if (uses->functions.count + uses->operators.count + uses->types.count + uses->attributes.count == 0) {
        return true;
    }
    PG_RESULT(rows) = pg_query(place->session, names_sql, sizeof values / sizeof values[0], values, status);
    if (rows == NULL || !check_rows(place, rows, status)) {
        return false;
    }
    *unknown = find_unknown(rows, uses);
    return true;
}

static bool fills_rows(const struct sql_uses *uses)
{
    bool fills = false;
    for (size_t i = 0; i < uses->functions.count; i++) {
        fills = fills || function_fills_rows(uses->functions.items[i].name);
    }
    for (size_t i = 0; i < uses->operators.count; i++) {
        fills = fills || strcmp(uses->operators.items[i].name, "#=") == 0; /* of hstore */
    }
    return fills;
}

static bool check_relations(const struct policy_place *place, const struct sql_uses *uses, struct status *status)
{
    const char *const values[] = {
        array_of(place->arena, &uses->relations, true),
        array_of(place->arena, &uses->relations, false),
        place->schemas,
        fills_rows(uses) ? "true" : "false",
    };
    if (uses->relations.count == 0) {
        return true;
    }
    PG_RESULT(rows) = pg_query(place->session, relations_sql, sizeof values / sizeof values[0], values, status);
    return rows != NULL && check_rows(place, rows, status);
}

bool policy_check(const struct policy_place *place, const struct sql_uses *uses, const char **unknown,
                  struct status *status)
{
    return policy_check_names(uses, status) && check_meanings(place, uses, unknown, status) &&
           check_relations(place, uses, status);
}
