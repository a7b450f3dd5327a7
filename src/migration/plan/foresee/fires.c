/*
 * What changing, and reading, the rows of a relation runs: asked once for each relation of the database, followed for
 * those of the plan.
 */
#include "migration/plan/foresee/fires.h"

#include "migration/plan/foresee/guarded.h"
#include "migration/plan/foresee/part.h"
#include "pg/session.h"
#include "pg/values.h"
#include "sql/changes.h"
#include "sql/take.h"

#include <string.h>

/* The CHECKs of the domain that a column of r has, also below it or in an array. OFFSET 0: one by one, by the indexes,
 * since few columns have any. */
#define OF_DOMAINS                                                                                                     \
    "SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid FROM pg_catalog.pg_attribute a CROSS JOIN "    \
    "LATERAL (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid AND (t.typtype = 'd' OR "                \
    "t.typelem >= 16384) OFFSET 0) t CROSS JOIN LATERAL (WITH RECURSIVE below(oid) AS (SELECT "                        \
    "t.oid UNION SELECT CASE u.typtype WHEN 'd' THEN u.typbasetype ELSE u.typelem END FROM below b JOIN "              \
    "pg_catalog.pg_type u ON u.oid = b.oid AND (u.typtype = 'd' OR u.typelem >= 16384)) SELECT c.oid FROM below b "    \
    "JOIN pg_catalog.pg_constraint c ON c.contypid = b.oid OFFSET 0) k WHERE a.attrelid = r.oid AND a.attnum > 0"

/* SQL: is it another relation, reached from $1, or is this event (i, u, d) among those of $2? */
#define OR_EVENT(event) "(r.oid <> $1::oid OR pg_catalog.strpos($2, " event ") > 0)"

/* Does the change compute what is in f, a default or a generated column? A default only for columns that an INSERT
 * leaves out, and those that an UPDATE sets: $3 the columns that are given, $4 those that are set, NULL: any. */
#define COMPUTED                                                                                                       \
    "(r.oid <> $1::oid OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = f.adrelid AND a.attnum = "  \
    "f.adnum AND (a.attgenerated <> '' OR (pg_catalog.strpos($2, 'i') > 0 AND ($3::text IS NULL OR a.attname::text "   \
    "<> ALL (pg_catalog.string_to_array($3, pg_catalog.chr(31))))) OR (pg_catalog.strpos($2, 'u') > 0 AND ($4::text "  \
    "IS NULL OR a.attname::text = ANY (pg_catalog.string_to_array($4, pg_catalog.chr(31))))))))"

/* What calls something when rows of r are changed: defaults, CHECKs, and what a view selects. */
#define CARRIED                                                                                                        \
    "SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid AS class, f.oid AS object FROM pg_catalog.pg_attrdef f " \
    "WHERE f.adrelid = r.oid AND " COMPUTED " UNION ALL SELECT "                                                       \
    "'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid FROM pg_catalog.pg_constraint k WHERE k.conrelid = "  \
    "r.oid AND k.contype = 'c' AND (r.oid <> $1::oid OR $2 <> 'd') UNION ALL " OF_DOMAINS                              \
    " AND (r.oid <> $1::oid OR $2 <> 'd') UNION ALL " GUARDED("$7") " UNION ALL " SELECTED

#define SELECTED                                                                                                       \
    "SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid AS class, w.oid AS object FROM pg_catalog.pg_rewrite w " \
    "WHERE w.ev_class = r.oid AND w.ev_type = '1'"

/* The functions that these call, by themselves or through an operator. OFFSET 0: one by one, by the indexes, since few
 * call any. */
#define CALLED(carried)                                                                                                \
    "SELECT f.prosrc, f.lanname, f.proname FROM reached r CROSS JOIN LATERAL (" carried " OFFSET 0) x CROSS JOIN "     \
    "LATERAL (SELECT CASE d.refclassid WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid ELSE (SELECT "   \
    "o.oprcode::oid FROM pg_catalog.pg_operator o WHERE o.oid = d.refobjid) END AS oid FROM pg_catalog.pg_depend d "   \
    "WHERE d.classid = x.class AND d.objid = x.object AND d.refclassid IN "                                            \
    "('pg_catalog.pg_proc'::pg_catalog.regclass, "                                                                     \
    "'pg_catalog.pg_operator'::pg_catalog.regclass) OFFSET 0) d CROSS JOIN LATERAL (SELECT p.prosrc, " STEADY_SAID     \
    " AS lanname, p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE "       \
    "p.oid = ANY (coalesce((SELECT " STEADY_AGGREGATES " FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = d.oid), "   \
    "ARRAY[d.oid])) AND NOT " STEADY_TRUSTED " OFFSET 0) f"

/* Of the trigger t of r: is its event among those of the change? */
#define OF_EVENT                                                                                                       \
    "(r.oid <> $1::oid OR (pg_catalog.strpos($2, 'i') > 0 AND t.tgtype & 4 <> 0) OR (pg_catalog.strpos($2, 'd') > 0 "  \
    "AND t.tgtype & 8 <> 0) OR (pg_catalog.strpos($2, 'u') > 0 AND t.tgtype & 16 <> 0))"

/* Of the foreign key k to r: does it pass the change on? */
#define HANDED_ON                                                                                                      \
    "k.contype = 'f' AND ((k.confdeltype IN ('c', 'n', 'd') AND " OR_EVENT(                                            \
        "'d'") ") OR (k.confupdtype IN ('c', 'n', 'd') AND " OR_EVENT("'u'") "))"

/* $1 the relation; $2 what is done to it, in letters; $3, $4 its columns, see COMPUTED; $5, $6 what is turned off; $7
 * see guarded.h. Also for its partitions and children, the tables to which its keys pass changes on (found by the
 * triggers that do it: pg_constraint has no index for them), and what a view is made of, which it may change. A rule
 * has no body in a language: what it does is not known. */
static const char functions_sql[] =
    "WITH RECURSIVE reached(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM reached r CROSS JOIN LATERAL (SELECT "
    "i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid UNION ALL SELECT k.conrelid FROM "
    "pg_catalog.pg_trigger t JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgrelid = r.oid AND "
    "k.confrelid = r.oid AND " HANDED_ON " UNION ALL SELECT d.refobjid FROM pg_catalog.pg_rewrite w "
    "JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid AND "
    "d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass WHERE w.ev_class = r.oid AND w.ev_type = '1') x) "
    "SELECT '' AS prosrc, 'rule' AS lanname, '' AS proname FROM pg_catalog.pg_rewrite w JOIN reached r ON r.oid = "
    "w.ev_class WHERE " STEADY_DOES
    " AND " OR_EVENT("CASE w.ev_type WHEN '2' THEN 'u' WHEN '3' THEN 'i' ELSE 'd' END") " AND " SWITCHED_FIRES(
        SWITCHED_STATE("r", "w.ev_class", "w.rulename", "w.ev_enabled", "$5"),
        "$6") " UNION SELECT p.prosrc, " STEADY_SAID
              ", p.proname FROM pg_catalog.pg_trigger t JOIN reached r ON r.oid = "
              "t.tgrelid JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_language l ON l.oid = "
              "p.prolang WHERE NOT t.tgisinternal AND l.lanname <> 'internal' AND " OF_EVENT " AND " SWITCHED_FIRES(
                  SWITCHED_STATE("t", "t.tgrelid", "t.tgname", "t.tgenabled", "$5"), "$6") " UNION " CALLED(CARRIED);

/* $1 a view, a materialized one or a table with row security: the functions that it calls, and the views and such
 * tables below it. */
static const char selected_sql[] =
    "WITH RECURSIVE reached(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM reached r CROSS JOIN LATERAL (SELECT "
    "d.refobjid AS oid FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d ON d.classid = "
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid AND d.refclassid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass JOIN pg_catalog.pg_class v ON v.oid = d.refobjid AND (v.relkind = 'v' "
    "OR v.relrowsecurity) WHERE w.ev_class = r.oid AND w.ev_type = '1') x) " CALLED(
        GUARDED("$2") " UNION ALL " SELECTED);

/* ---- what the database has ---- */

/* What a query gives: known not to be more than rows? Keeps the names of the functions. */
static enum firing ask(struct fires *fires, const char *sql, int count, const char *const *values, struct words *names)
{
    PG_RESULT(functions) = questions_ask(fires->questions, sql, count, values);
    for (int i = 0; functions != NULL && i < PQntuples(functions); i++) {
        words_add(fires->arena, names, arena_strdup(fires->arena, pg_field(functions, i, STEADY_NAME)));
    }
    const bool is = functions == NULL ? questions_are_noted(fires->questions) : steady_are(&fires->steady, functions);
    return is ? FIRES_ROWS : FIRES_UNKNOWN;
}

/* The same for changes of the relation's rows; NULL: for every change. */
static enum firing ask_changes(struct fires *fires, const struct relation *relation, const struct sql_touch *touch,
                               struct words *names)
{
    const char *const values[] = {arena_printf(fires->arena, "%u", relation->oid),
                                  touch == NULL ? "iud" : touch->how,
                                  touch == NULL ? NULL : touch->given,
                                  touch == NULL ? NULL : touch->updated,
                                  switched_said(&fires->switched),
                                  switched_firing(&fires->switched),
                                  guarded_said(relation)};
    return ask(fires, functions_sql, sizeof values / sizeof values[0], values, names);
}

/* The same for running the relation's query, and its policies. */
static enum firing ask_selected(struct fires *fires, const struct relation *relation, struct words *names)
{
    const char *const values[] = {arena_printf(fires->arena, "%u", relation->oid), guarded_said(relation)};
    return ask(fires, selected_sql, 2, values, names);
}

/* The representative of everything that the plan has tied to it. */
static struct relation *head_of(struct relation *relation)
{
    while (relation->tied_to != NULL) {
        relation = relation->tied_to;
    }
    return relation;
}

/* The relation alone, without what the plan has linked with it. touch: how it is changed, NULL: in any way. What every
 * change fires is asked first, since many statements change a table and few fire something. */
static bool changes_quietly(struct fires *fires, struct relation *relation, const struct sql_touch *touch)
{
    struct words names = {0};
    if (head_of(relation)->fires_more) {
        return false;
    }
    if (relation->fires == FIRES_NOT_ASKED || relation->fires_since != fires->switched.number) {
        relation->fired = (struct words){0};
        relation->fires = relation->oid == 0 ? FIRES_ROWS : ask_changes(fires, relation, NULL, &relation->fired);
        relation->fires_since = fires->switched.number;
    }
    if (relation->fires == FIRES_ROWS && !steady_lost(&fires->steady, &relation->fired)) {
        return true;
    }
    return touch != NULL && relation->oid != 0 && ask_changes(fires, relation, touch, &names) == FIRES_ROWS &&
           !steady_lost(&fires->steady, &names);
}

static bool reads_quietly(struct fires *fires, struct relation *relation)
{
    if (relation->reads == FIRES_NOT_ASKED) {
        const bool calls = relation->kind == 'v' || relation->has_policies;
        relation->reads = calls ? ask_selected(fires, relation, &relation->selected) : FIRES_ROWS;
    }
    return relation->reads == FIRES_ROWS && !steady_lost(&fires->steady, &relation->selected);
}

/* ---- what the plan has linked ---- */

struct following {
    struct fires *fires;
    size_t followed;
    bool reads;
    bool is_quiet;
};

static bool is_quiet(struct fires *fires, struct relation *relation, bool reads, const struct sql_touch *touch)
{
    return reads ? reads_quietly(fires, relation) : changes_quietly(fires, relation, touch);
}

static void follow(void *data, struct relation *relation, enum sql_link link)
{
    struct following *const following = data;
    if (!following->is_quiet || (link != SQL_LINK_VIEW && (following->reads || link != SQL_LINK_ACTION))) {
        return;
    }
    following->is_quiet =
        following->followed++ < FIRES_MOST_FOLLOWED && is_quiet(following->fires, relation, following->reads, NULL);
    if (following->is_quiet) {
        world_links(following->fires->world, relation, NULL, follow, following);
    }
}

/* Is it known that changing rows of this relation fires nothing that locks more than rows, including foreign keys,
 * partitions, and what the plan has made of it? For reading: that a view, or one below it, calls no such function. */
static bool runs_no_more_than_rows(struct fires *fires, struct relation *relation, const struct sql_touch *touch)
{
    const bool reads = strcmp(touch->how, "r") == 0;
    struct following following = {.fires = fires, .reads = reads, .is_quiet = is_quiet(fires, relation, reads, touch)};
    world_links(fires->world, relation, NULL, follow, &following);
    return following.is_quiet;
}

/* $1 the schema of a domain, NULL for any; $2 its name: the functions that it, and what it is made of, calls. */
static const char domain_sql[] =
    "WITH RECURSIVE found(oid) AS (SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = "
    "t.typnamespace WHERE t.typname = $2::name AND t.typtype = 'd' AND ($1::text IS NULL OR n.nspname = $1::name) "
    "UNION "
    "SELECT t.typbasetype FROM found f JOIN pg_catalog.pg_type t ON t.oid = f.oid AND t.typtype = 'd'), reached(oid) "
    "AS "
    "(SELECT oid FROM found) " CALLED(
        "SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid AS class, k.oid AS object FROM "
        "pg_catalog.pg_constraint k WHERE k.contypid = r.oid UNION ALL SELECT "
        "'pg_catalog.pg_type'::pg_catalog.regclass::oid, r.oid");

static bool is_quiet_type(struct fires *fires, const struct sql_need *need)
{
    const char *const values[] = {need->schema, need->name};
    if (words_have(&fires->domains, need->name)) {
        return false;
    }
    PG_RESULT(functions) = questions_ask(fires->questions, domain_sql, 2, values);
    return functions == NULL ? questions_are_noted(fires->questions) : steady_are(&fires->steady, functions);
}

/* Do the domains that the statement names call nothing that may lock more than rows? */
static bool types_are_quiet(struct fires *fires, const struct sql_effects *effects)
{
    bool are = true;
    for (size_t i = 0; are && i < effects->need_count; i++) {
        are = effects->needs[i].kind != SQL_NEED_TYPE || is_quiet_type(fires, &effects->needs[i]);
    }
    return are;
}

bool fires_calls_quietly(struct fires *fires, const char *schema, const char *name)
{
    struct steady *const steady = &fires->steady;
    bool is_users;
    if (steady_names_operator(name)) {
        return steady_is_operator(steady, name);
    }
    const bool is = world_is_harmless(fires->world, schema, name, &is_users);
    return steady_says(steady, name, is && (!is_users || steady_is(steady, name)));
}

static void make_unknown(struct sql_effects *effects, const char *advice)
{
    effects->unknown = true;
    effects->advice = effects->advice != NULL ? effects->advice : advice;
}

void fires_by_types(struct fires *fires, struct sql_effects *effects)
{
    const bool computes = effects->work != SQL_WORK_NONE || effects->computes;
    if (computes && !types_are_quiet(fires, effects)) {
        make_unknown(effects, "A function that a domain calls may do more than compute: what that locks is not known, "
                              "and may block.");
    } else if (computes && !steady_are_unnamed(&fires->steady)) {
        make_unknown(effects, "A cast or an operator class of this database calls a function that may do more than "
                              "compute, and is used without being named: what that locks is not known, and may block.");
    }
}

void fires_by_rows(struct fires *fires, struct relation *relation, const struct sql_touch *touch,
                   struct sql_effects *effects)
{
    const bool reads = strcmp(touch->how, "r") == 0;
    static const char *const advices[] = {
        "A trigger, a rule, or a function that a default, a CHECK, a policy or a view calls may do more than change "
        "rows: what that locks is not known, and may block.",
        "A function that a view or a policy calls may do more than read rows: what that locks is not known, and may "
        "block."};
    if (effects->work != SQL_WORK_NONE && !runs_no_more_than_rows(fires, relation, touch)) {
        make_unknown(effects, advices[reads ? 1 : 0]);
    }
}

void fires_by_refresh(struct fires *fires, const struct relation *relation, struct sql_effects *effects)
{
    struct words names = {0};
    const bool is_quiet = relation->oid == 0 || ask_selected(fires, relation, &names) == FIRES_ROWS;
    if (!is_quiet || steady_lost(&fires->steady, &names)) {
        effects->unknown = true;
        effects->advice = "A function that its query calls may do more than read rows: what that locks is not known, "
                          "and may block.";
    }
}

/* ---- what the plan creates ---- */

struct fires fires_begin(struct arena *arena, struct questions *questions, struct world *world)
{
    return (struct fires){.arena = arena,
                          .questions = questions,
                          .world = world,
                          .steady = {.arena = arena, .questions = questions},
                          .switched = {.arena = arena, .world = world, .said = {.arena = arena}}};
}

/* The relation that is named here; moves the reader after it. */
static struct relation *take_relation(struct arena *arena, struct world *world, struct sql_reader *words)
{
    const char *schema;
    sql_take_if(words);
    sql_take(words, "only");
    const char *const name = sql_take_name(arena, words, &schema);
    return name == NULL ? NULL : world_find(world, schema, name);
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
    if (!sql_take_create(&words)) {
        return NULL;
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
    return name != NULL && steady_is(&fires->steady, name) ? NULL : table;
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
    for (; !sql_is_end(&words.token); sql_advance(&words)) {
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

static bool are_quiet(struct fires *fires, const char *functions)
{
    struct text rest = text_of(functions);
    bool are = true;
    for (struct text name; are && text_next_unit(&rest, &name);) {
        const char *const one = arena_strndup(fires->arena, name.data, name.size);
        are = steady_names_operator(one) ? steady_is_operator(&fires->steady, one) : steady_is(&fires->steady, one);
    }
    return are;
}

static bool is_like_quiet(struct fires *fires, const struct sql_stored *stored)
{
    struct relation *const like =
        stored->like == NULL ? NULL : world_find(fires->world, stored->like_schema, stored->like);
    return like == NULL || changes_quietly(fires, like, NULL);
}

/* What the statement stores calls a function that may lock more. */
static void note_stored(struct fires *fires, const struct sql_effects *effects)
{
    const struct sql_stored *const stored = effects->stored;
    const bool is_relations = stored->in < SQL_STORES_IN_DOMAIN;
    struct relation *const relation = is_relations ? world_find(fires->world, stored->schema, stored->name) : NULL;
    if (stored->in == SQL_STORES_IN_OPERATOR || stored->in == SQL_STORES_IN_CAST) {
        steady_note_operator(&fires->steady, stored->name, stored->calls, stored->is_unnamed);
        return;
    }
    if (stored->in == SQL_STORES_IN_AGGREGATE) {
        steady_note_aggregate(&fires->steady, stored->name, are_quiet(fires, stored->calls));
        return;
    }
    if (are_quiet(fires, stored->calls) && is_like_quiet(fires, stored) && types_are_quiet(fires, effects)) {
        return;
    }
    if (stored->in == SQL_STORES_IN_DOMAIN) {
        words_add(fires->arena, &fires->domains, arena_strdup(fires->arena, stored->name));
    }
    if (relation != NULL) {
        head_of(relation)->fires_more = true;
        relation->reads = stored->in == SQL_STORES_IN_TABLE ? relation->reads : FIRES_UNKNOWN;
    }
}

void fires_note(struct fires *fires, struct text statement, const struct sql_effects *effects)
{
    struct relation *two[2] = {NULL, NULL};
    fires->has_unknown = fires->has_unknown || effects->unknown;
    part_note(fires->world, effects);
    switched_note(&fires->switched, statement);
    guarded_note(fires->world, effects);
    if (steady_note(&fires->steady, statement)) {
        return;
    }
    if (effects->stored != NULL) {
        note_stored(fires, effects);
    }
    struct relation *const table = fired_table(fires, statement);
    if (table != NULL) {
        head_of(table)->fires_more = true;
    } else if (ties(fires->arena, fires->world, statement, two) && head_of(two[0]) != head_of(two[1])) {
        const bool is_known = changes_quietly(fires, two[0], NULL) && changes_quietly(fires, two[1], NULL);
        head_of(two[0])->tied_to = head_of(two[1]);
        head_of(two[1])->fires_more = head_of(two[1])->fires_more || !is_known;
    }
}
