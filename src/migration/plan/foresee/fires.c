/*
 * Judges the bodies of trigger functions by their words: statements beginning with LOCK, ALTER, EXECUTE and similar are
 * not known to be harmless, nor are calls of functions that may do so, nor changes of other tables with triggers.
 */
#include "migration/plan/foresee/fires.h"

#include "pg/session.h"
#include "pg/values.h"
#include "sql/changes.h"
#include "sql/hidden.h"
#include "sql/plpgsql.h"

#include <string.h>

/* Foreign keys that pass a change on to referencing rows. */
#define HANDS_ON "k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))"

/* Rules that do something else or more: not the query of a view, nor DO INSTEAD NOTHING. */
#define ACTS "w.ev_type <> '1' AND w.ev_enabled <> 'D' AND pg_catalog.pg_get_ruledef(w.oid) !~ ' DO INSTEAD +NOTHING;$'"

/* $1 the relation; also for its partitions and children, the tables to which its keys pass changes on (found by the
 * triggers that do it: pg_constraint has no index for them), and what a view is made of, which it may change. A rule
 * has no body in a language: what it does is not known. */
static const char functions_sql[] =
    "WITH RECURSIVE reached(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM reached r CROSS JOIN LATERAL (SELECT "
    "i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid UNION ALL SELECT k.conrelid FROM "
    "pg_catalog.pg_trigger t JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgrelid = r.oid AND "
    "k.confrelid = r.oid AND " HANDS_ON " UNION ALL SELECT d.refobjid FROM pg_catalog.pg_rewrite w "
    "JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid AND "
    "d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass WHERE w.ev_class = r.oid AND w.ev_type = '1') x) "
    "SELECT '' AS prosrc, 'rule' AS lanname FROM pg_catalog.pg_rewrite w JOIN reached r ON r.oid = w.ev_class "
    "WHERE " ACTS " UNION "
    "SELECT p.prosrc, l.lanname FROM pg_catalog.pg_trigger t JOIN reached r ON r.oid = t.tgrelid JOIN "
    "pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE NOT "
    "t.tgisinternal AND t.tgenabled <> 'D' AND l.lanname <> 'internal'";

/* Tables for which a change fires something. */
static const char firing_sql[] =
    "SELECT DISTINCT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid IN (SELECT t.tgrelid FROM "
    "pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' UNION SELECT k.confrelid FROM "
    "pg_catalog.pg_constraint k WHERE " HANDS_ON " UNION SELECT w.ev_class FROM pg_catalog.pg_rewrite w WHERE " ACTS
    ")";

/* $1 names: a row if one of them is that of a function that may do anything. */
static const char calls_sql[] =
    "SELECT 1 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = ANY "
    "($1::text[]) AND p.provolatile = 'v' AND (n.nspname <> 'pg_catalog' OR p.proname ~ '_to_xml|^ts_(stat|rewrite)') "
    "LIMIT 1";

/* What a body mentions. */
struct body {
    struct arena *arena;
    struct buffer names; /* possible functions, as an array */
    const struct words *firing;
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
        }
    }
}

static void look_at(struct body *body, struct text statement)
{
    static const char *const strong[] = {"lock",    "alter",   "create",   "drop", "truncate", "execute",
                                         "refresh", "reindex", "vacuum",   "call", "do",       "grant",
                                         "revoke",  "set",     "reassign", NULL};
    const struct sql_reader words = sql_read(statement);
    body->reads_only_rows = body->reads_only_rows && !sql_is_any_word(&words.token, strong) &&
                            sql_changed_table(body->arena, statement, body->firing) == NULL;
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

static void read_body(struct body *body, struct text source, const char *language)
{
    struct sql_lexer lexer = {.text = source};
    struct sql_statement one;
    body->reads_only_rows = body->reads_only_rows && strcmp(language, "plpgsql") == 0;
    while (plpgsql_next(&lexer, &one)) {
        look_at(body, text_slice(lexer.text, one.start, one.end));
    }
}

static struct body body_of(struct arena *arena, const struct words *firing)
{
    struct body body = {.arena = arena, .names = {.arena = arena}, .firing = firing, .reads_only_rows = true};
    return body;
}

/* Do all of these functions lock no more than rows? */
static bool read_functions(struct arena *arena, struct questions *questions, const PGresult *functions,
                           const struct words *firing)
{
    struct body body = body_of(arena, firing);
    for (int i = 0; i < PQntuples(functions) && body.reads_only_rows; i++) {
        read_body(&body, text_of(pg_field(functions, i, 0)), pg_field(functions, i, 1));
    }
    return body.reads_only_rows && !calls_unknown(questions, &body);
}

/* The tables for which a change fires something. Returns false if the query fails. */
static bool ask_firing(struct arena *arena, struct questions *questions, struct words *firing)
{
    PG_RESULT(tables) = questions_ask(questions, firing_sql, 0, NULL);
    for (int i = 0; tables != NULL && i < PQntuples(tables); i++) {
        words_add(arena, firing, arena_strdup(arena, pg_field(tables, i, 0)));
    }
    return tables != NULL || questions_are_noted(questions);
}

static bool ask(struct arena *arena, struct questions *questions, uint32_t oid)
{
    const char *const values[] = {arena_printf(arena, "%u", oid)};
    struct words firing = {0};
    PG_RESULT(functions) = questions_ask(questions, functions_sql, 1, values);
    if (functions == NULL || PQntuples(functions) == 0) {
        return functions != NULL || questions_are_noted(questions);
    }
    return ask_firing(arena, questions, &firing) && read_functions(arena, questions, functions, &firing);
}

/* The representative of everything that the plan has tied to it. */
static struct relation *head_of(struct relation *relation)
{
    while (relation->tied_to != NULL) {
        relation = relation->tied_to;
    }
    return relation;
}

bool fires_no_more_than_rows(struct arena *arena, struct questions *questions, struct relation *relation)
{
    if (head_of(relation)->fires == FIRES_UNKNOWN) {
        return false;
    }
    if (relation->fires == FIRES_NOT_ASKED) {
        const bool harmless = relation->oid == 0 || ask(arena, questions, relation->oid);
        relation->fires = harmless ? FIRES_ROWS : FIRES_UNKNOWN;
    }
    return relation->fires == FIRES_ROWS;
}

/* ---- what the plan creates ---- */

/* The relation that is named here; moves the reader after it. */
static struct relation *take_relation(struct arena *arena, struct world *world, struct sql_reader *words)
{
    const char *schema;
    sql_take_if(words);
    sql_take(words, "only");
    const char *const name = sql_take_name(arena, words, &schema);
    return name == NULL ? NULL : world_find(world, schema, name);
}

/* $1 a name: the bodies of the trigger functions with that name. */
static const char named_sql[] =
    "SELECT p.prosrc, l.lanname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE "
    "p.proname = $1::name AND p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype";

/* Queried once; again if there was no answer. */
static bool know_firing(struct fires *fires)
{
    fires->knows_firing = fires->knows_firing || ask_firing(fires->arena, fires->questions, &fires->firing);
    return fires->knows_firing;
}

static bool ask_function(struct fires *fires, const char *function)
{
    PG_RESULT(functions) = questions_ask(fires->questions, named_sql, 1, &function);
    return functions != NULL && PQntuples(functions) > 0 && know_firing(fires) &&
           read_functions(fires->arena, fires->questions, functions, &fires->firing);
}

/* Is a trigger function of this name known to lock no more than rows? */
static bool is_steady(struct fires *fires, const char *function)
{
    enum { STEADY = 1, UNSTEADY };
    if (function == NULL || word_set_has(&fires->others, function) || word_set_has(&fires->steady, function)) {
        return function != NULL && !word_set_has(&fires->others, function);
    }
    if (!word_set_has(&fires->asked, function)) {
        word_set_put(fires->arena, &fires->asked, function, ask_function(fires, function) ? STEADY : UNSTEADY);
    }
    return word_set_number(&fires->asked, function) == STEADY;
}

static bool mentions(struct arena *arena, struct text body, const struct word_set *names)
{
    struct sql_reader words = sql_read(body);
    while (words.token.kind != SQL_END && !word_set_has(names, sql_identifier(arena, &words.token))) {
        sql_advance(&words);
    }
    return words.token.kind != SQL_END;
}

static bool is_of_trigger(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    return sql_skip_to(&words, "returns") && sql_is_word(&words.token, "trigger");
}

/* A function that the plan creates. Only trigger functions need catalog queries. */
static void note_function(struct fires *fires, struct text statement, const struct hidden_function *function)
{
    static const struct words nothing = {0};
    if (function->name == NULL || function->body.data == NULL || function->language == NULL) {
        return;
    }
    const bool asks = is_of_trigger(statement);
    bool steady = !mentions(fires->arena, function->body, &fires->others) && (!asks || know_firing(fires));
    struct body body = body_of(fires->arena, asks ? &fires->firing : &nothing);
    read_body(&body, function->body, function->language);
    steady = steady && body.reads_only_rows && (!asks || !calls_unknown(fires->questions, &body));
    word_set_add(fires->arena, steady ? &fires->steady : &fires->others, function->name);
}

/* After CREATE RULE: the table, if the rule does anything. */
static struct relation *ruled_table(struct fires *fires, struct sql_reader *words)
{
    struct relation *const table =
        sql_skip_to(words, "on") && sql_skip_to(words, "to") ? take_relation(fires->arena, fires->world, words) : NULL;
    if (table == NULL || !sql_skip_to(words, "do")) {
        return NULL;
    }
    if (!sql_take(words, "also")) {
        sql_take(words, "instead");
    }
    return sql_is_word(&words->token, "nothing") ? NULL : table;
}

/* CREATE RULE, or CREATE [OR REPLACE] [CONSTRAINT] TRIGGER … ON table … EXECUTE FUNCTION name: the table, if it is not
 * known what that fires. */
static struct relation *fired_table(struct fires *fires, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "create")) {
        return NULL;
    }
    if (sql_take(&words, "or")) {
        sql_take(&words, "replace");
    }
    if (sql_take(&words, "rule")) {
        return ruled_table(fires, &words);
    }
    sql_take(&words, "constraint");
    struct relation *const table = sql_take(&words, "trigger") && sql_skip_to(&words, "on")
                                       ? take_relation(fires->arena, fires->world, &words)
                                       : NULL;
    if (table == NULL || !sql_skip_to(&words, "execute")) {
        return table;
    }
    const char *name = NULL;
    for (sql_advance(&words); words.token.kind != SQL_END && !sql_is_symbol(&words.token, '('); sql_advance(&words)) {
        const char *const part = sql_identifier(fires->arena, &words.token);
        name = part == NULL ? name : part;
    }
    return is_steady(fires, name) ? NULL : table;
}

/* A new partition or child, and the table from which rows are routed to it. */
static bool ties(struct arena *arena, struct world *world, struct text statement, struct relation *two[2])
{
    struct sql_reader words = sql_read(statement);
    const bool alters = sql_take(&words, "alter");
    if (!alters && !sql_take(&words, "create")) {
        return false;
    }
    static const char *const adjectives[] = {"unlogged", "temp", "temporary", "local", "global", "foreign", NULL};
    while (sql_is_any_word(&words.token, adjectives)) {
        sql_advance(&words);
    }
    if (!sql_take(&words, "table")) {
        return false;
    }
    two[0] = take_relation(arena, world, &words);
    for (; words.token.kind != SQL_END && words.token.kind != SQL_BROKEN; sql_advance(&words)) {
        const bool is_partition = sql_take(&words, "partition");
        const bool is_tied =
            alters ? is_partition || sql_take(&words, "inherit")
                   : (is_partition && sql_take(&words, "of")) || (!is_partition && sql_take(&words, "inherits"));
        if (is_tied) {
            if (sql_is_symbol(&words.token, '(')) {
                sql_advance(&words);
            }
            two[1] = take_relation(arena, world, &words);
            return two[0] != NULL && two[1] != NULL;
        }
    }
    return false;
}

void fires_note(struct fires *fires, struct text statement)
{
    struct hidden_function function;
    struct relation *two[2] = {NULL, NULL};
    if (hidden_read_function(fires->arena, statement, &function)) {
        note_function(fires, statement, &function);
        return;
    }
    struct relation *const table = fired_table(fires, statement);
    if (table != NULL) {
        head_of(table)->fires = FIRES_UNKNOWN;
    } else if (ties(fires->arena, fires->world, statement, two) && head_of(two[0]) != head_of(two[1])) {
        const bool is_known = fires_no_more_than_rows(fires->arena, fires->questions, two[0]) &&
                              fires_no_more_than_rows(fires->arena, fires->questions, two[1]);
        head_of(two[0])->tied_to = head_of(two[1]);
        head_of(two[1])->fires = is_known ? head_of(two[1])->fires : FIRES_UNKNOWN;
    }
}

bool fires_changed(struct fires *fires, struct text statement)
{
    static const char *const changing[] = {"insert", "update", "delete", "merge", "copy", "with", NULL};
    struct sql_reader words = sql_read(statement);
    const bool may_change_more = sql_is_word(&words.token, "with");
    bool goes_on = sql_is_any_word(&words.token, changing);
    while (goes_on && words.token.kind != SQL_END && words.token.kind != SQL_BROKEN) {
        struct sql_reader ahead = words;
        const bool changes = sql_take_changed(fires->arena, &ahead) != NULL;
        sql_advance(&words);
        if (!changes) {
            continue;
        }
        if (!sql_take(&words, "into")) {
            sql_take(&words, "from");
        }
        struct relation *const relation = take_relation(fires->arena, fires->world, &words);
        if (relation != NULL && relation->oid == 0 && head_of(relation)->fires == FIRES_UNKNOWN) {
            return true;
        }
        goes_on = may_change_more;
    }
    return false;
}
