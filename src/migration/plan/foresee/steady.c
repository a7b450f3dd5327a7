/*
 * Bodies in PL/pgSQL and SQL are read, others are not known.
 */
#include "migration/plan/foresee/steady.h"

#include "pg/session.h"
#include "pg/values.h"
#include "sql/changes.h"
#include "sql/hidden.h"
#include "sql/plpgsql.h"
#include "sql/split.h"

#include <string.h>

/* Tables for which a change fires something: a trigger, a key that passes it on, a rule, or a function that a default
 * or a CHECK calls. */
static const char firing_sql[] =
    "SELECT DISTINCT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid IN (SELECT t.tgrelid FROM "
    "pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' UNION SELECT k.confrelid FROM "
    "pg_catalog.pg_constraint k WHERE " STEADY_HANDS_ON " UNION SELECT w.ev_class FROM pg_catalog.pg_rewrite w "
    "WHERE " STEADY_ACTS " UNION SELECT coalesce(f.adrelid, k.conrelid) FROM "
    "pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_depend d ON "
    "d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = p.oid LEFT JOIN pg_catalog.pg_attrdef f "
    "ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid LEFT JOIN "
    "pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid "
    "WHERE NOT " STEADY_UNREAD ")";

/* $1 names: a row if one of them is that of a function that may do anything. */
static const char calls_sql[] =
    "SELECT 1 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.proname = ANY "
    "($1::text[]) AND (NOT " STEADY_UNREAD " OR (p.provolatile = 'v' AND p.proname ~ '_to_xml|^ts_(stat|rewrite)') OR "
    "(p.prokind = 'a' AND p.oid >= 16384)) "
    "LIMIT 1";

/* $1 a name: the functions with that name, and those behind an aggregate of it. */
static const char named_sql[] =
    "SELECT p.prosrc, " STEADY_SAID ", p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = "
    "p.prolang WHERE p.proname = $1::name AND p.prokind <> 'a' AND NOT " STEADY_TRUSTED
    " UNION ALL SELECT p.prosrc, " STEADY_SAID
    ", p.proname FROM pg_catalog.pg_proc g JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = g.oid JOIN "
    "pg_catalog.pg_proc p ON p.oid = ANY (" STEADY_AGGREGATES ") JOIN pg_catalog.pg_language l ON l.oid = p.prolang "
    "WHERE g.proname = $1::name AND NOT " STEADY_TRUSTED;

/* Users' operators and casts, each with its function; is it called without being named, too? And the functions of
 * operator classes, which indexes call. */
static const char operators_sql[] =
    "SELECT o.oprname, p.proname, false FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode "
    "JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE o.oid >= 16384 AND NOT " STEADY_TRUSTED " UNION ALL "
    "SELECT '::' || t.typname, p.proname, k.castcontext <> 'e' FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_proc p ON "
    "p.oid = k.castfunc JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_type t ON t.oid = "
    "k.casttarget WHERE k.oid >= 16384 AND NOT " STEADY_TRUSTED " UNION ALL SELECT '', p.proname, true FROM "
    "pg_catalog.pg_amproc m JOIN pg_catalog.pg_proc p ON p.oid = m.amproc JOIN pg_catalog.pg_language l ON l.oid = "
    "p.prolang WHERE m.oid >= 16384 AND NOT " STEADY_TRUSTED;

/* What a body mentions. */
struct body {
    struct arena *arena;
    struct buffer names; /* possible functions, as an array */
    struct words called; /* the same */
    const struct words *firing;
    bool only_reads; /* the function may not write by itself */
    bool reads_only_rows;
};

static void add_names(struct body *body, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    while (words.token.kind != SQL_END) {
        const char *const name = sql_identifier(body->arena, &words.token);
        sql_advance(&words);
        if (name != NULL && sql_is_symbol(&words.token, '(')) {
            pg_put_element(&body->names, name);
            words_add(body->arena, &body->called, name);
        }
    }
}

static void look_at(struct body *body, struct text statement)
{
    static const char *const strong[] = {"lock",    "alter",   "create",   "drop", "truncate", "execute",
                                         "refresh", "reindex", "vacuum",   "call", "do",       "grant",
                                         "revoke",  "set",     "reassign", NULL};
    static const char *const dynamic[] = {"execute", "call", "do", NULL};
    const struct sql_reader words = sql_read(statement);
    body->reads_only_rows = body->reads_only_rows &&
                            !sql_is_any_word(&words.token, body->only_reads ? dynamic : strong) &&
                            (body->only_reads || sql_changed_table(body->arena, statement, body->firing) == NULL);
    add_names(body, statement);
}

static bool calls_unknown(struct questions *questions, struct body *body)
{
    if (body->names.size == 0) {
        return false;
    }
    const char *const names = pg_array_text(&body->names);
    PG_RESULT(result) = questions_ask(questions, calls_sql, 1, &names);
    return result == NULL ? !questions_are_noted(questions) : PQntuples(result) > 0;
}

/* A body of BEGIN ATOMIC is not in the text of its function. */
static void read_body(struct body *body, struct text source, const char *language)
{
    struct sql_lexer lexer = {.text = source};
    struct sql_statement one;
    const struct text said = text_of(language);
    body->only_reads = text_ends_with(said, STEADY_READS);
    const struct text name = text_slice(said, 0, said.size - (body->only_reads ? strlen(STEADY_READS) : 0));
    const bool is_sql = text_is(name, "sql") && source.size > 0;
    body->reads_only_rows = body->reads_only_rows && (is_sql || text_is(name, "plpgsql"));
    while (is_sql ? sql_next_statement(&lexer, &one) : plpgsql_next(&lexer, &one)) {
        look_at(body, text_slice(lexer.text, one.start, one.end));
    }
}

/* Queried once; again if there was no answer. */
static bool know_firing(struct steady *steady)
{
    if (!steady->knows_firing) {
        PG_RESULT(tables) = questions_ask(steady->questions, firing_sql, 0, NULL);
        for (int i = 0; tables != NULL && i < PQntuples(tables); i++) {
            words_add(steady->arena, &steady->firing, arena_strdup(steady->arena, pg_field(tables, i, 0)));
        }
        steady->knows_firing = tables != NULL;
    }
    return steady->knows_firing || questions_are_noted(steady->questions);
}

bool steady_lost(const struct steady *steady, const struct words *names)
{
    bool has = false;
    for (size_t i = 0; !has && i < names->count; i++) {
        has = word_set_has(&steady->others, names->items[i]);
    }
    return has;
}

/* Nothing is read yet. If it is not known which tables fire something, no body is known to be harmless. */
static struct body body_of(struct steady *steady)
{
    const bool knows = know_firing(steady);
    return (struct body){
        .arena = steady->arena, .names = {.arena = steady->arena}, .firing = &steady->firing, .reads_only_rows = knows};
}

/* Is what was read known to lock no more than rows, and all that it calls? */
static bool is_harmless(struct steady *steady, struct body *body)
{
    return body->reads_only_rows && !steady_lost(steady, &body->called) && !calls_unknown(steady->questions, body);
}

bool steady_are(struct steady *steady, const PGresult *functions)
{
    if (PQntuples(functions) == 0) {
        return true;
    }
    struct body body = body_of(steady);
    for (int i = 0; i < PQntuples(functions) && body.reads_only_rows; i++) {
        words_add(steady->arena, &body.called, arena_strdup(steady->arena, pg_field(functions, i, STEADY_NAME)));
        read_body(&body, text_of(arena_strdup(steady->arena, pg_field(functions, i, STEADY_BODY))),
                  pg_field(functions, i, STEADY_LANGUAGE));
    }
    return is_harmless(steady, &body);
}

static bool ask(struct steady *steady, const char *function)
{
    PG_RESULT(functions) = questions_ask(steady->questions, named_sql, 1, &function);
    return functions == NULL ? questions_are_noted(steady->questions) : steady_are(steady, functions);
}

bool steady_is(struct steady *steady, const char *function)
{
    enum { STEADY = 1, UNSTEADY };
    if (word_set_has(&steady->others, function) || word_set_has(&steady->quiet, function)) {
        return !word_set_has(&steady->others, function);
    }
    if (!word_set_has(&steady->asked, function)) {
        word_set_put(steady->arena, &steady->asked, function, ask(steady, function) ? STEADY : UNSTEADY);
    }
    return word_set_number(&steady->asked, function) == STEADY;
}

/* ---- operators ---- */

bool steady_names_operator(const char *name)
{
    return name[0] != '\0' && strchr("+-*/<>=~!@#%^&|`?:", name[0]) != NULL;
}

void steady_note_operator(struct steady *steady, const char *name, const char *function, bool is_unnamed)
{
    words_add(steady->arena, &steady->operators, arena_strdup(steady->arena, name));
    words_add(steady->arena, &steady->operators, arena_strdup(steady->arena, function));
    if (is_unnamed) {
        words_add(steady->arena, &steady->unnamed, arena_strdup(steady->arena, function));
    }
}

/* Queried once; again if there was no answer. */
static bool know_operators(struct steady *steady)
{
    if (!steady->knows_operators) {
        PG_RESULT(result) = questions_ask(steady->questions, operators_sql, 0, NULL);
        for (int i = 0; result != NULL && i < PQntuples(result); i++) {
            steady_note_operator(steady, pg_field(result, i, 0), pg_field(result, i, 1), pg_field_bool(result, i, 2));
        }
        steady->knows_operators = result != NULL;
    }
    return steady->knows_operators || questions_are_noted(steady->questions);
}

bool steady_is_operator(struct steady *steady, const char *name)
{
    bool is = know_operators(steady);
    for (size_t i = 0; is && i < steady->operators.count; i += 2) {
        is = strcmp(steady->operators.items[i], name) != 0 || steady_is(steady, steady->operators.items[i + 1]);
    }
    return is;
}

bool steady_are_unnamed(struct steady *steady)
{
    bool are = know_operators(steady);
    for (size_t i = 0; are && i < steady->unnamed.count; i++) {
        are = steady_is(steady, steady->unnamed.items[i]);
    }
    return are;
}

/* ---- functions ---- */

bool steady_says(const struct steady *steady, const char *function, bool is)
{
    return !word_set_has(&steady->others, function) && (is || word_set_has(&steady->quiet, function));
}

/* ---- what the plan creates ---- */

/* PostgreSQL forbids functions that are not VOLATILE to write and to lock, but not to call those that are. */
static bool is_quiet(struct steady *steady, struct text statement, const struct hidden_function *function)
{
    static const char *const classes[] = {"immutable", "stable", NULL};
    const bool only_reads = sql_has_any_word(statement, classes);
    if (function->body.data == NULL || function->language == NULL) {
        return only_reads;
    }
    struct body body = body_of(steady);
    read_body(&body, function->body,
              arena_printf(steady->arena, "%s%s", function->language, only_reads ? STEADY_READS : ""));
    return is_harmless(steady, &body);
}

void steady_note_aggregate(struct steady *steady, const char *name, bool is)
{
    word_set_add(steady->arena, is ? &steady->quiet : &steady->others, arena_strdup(steady->arena, name));
}

bool steady_note(struct steady *steady, struct text statement)
{
    struct hidden_function function;
    struct sql_reader words = sql_read(statement);
    if (hidden_read_function(steady->arena, statement, &function)) {
        if (function.name != NULL) {
            word_set_add(steady->arena, is_quiet(steady, statement, &function) ? &steady->quiet : &steady->others,
                         function.name);
        }
        return true;
    }
    const bool alters = sql_take_words(&words, "alter function") || sql_take_words(&words, "alter routine");
    const char *schema;
    const char *const name =
        alters && sql_has_word(statement, "volatile") ? sql_take_name(steady->arena, &words, &schema) : NULL;
    if (name != NULL) {
        word_set_add(steady->arena, &steady->others, name);
    }
    return alters;
}
