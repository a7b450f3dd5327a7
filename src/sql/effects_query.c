/*
 * Queries and expressions: the relations that they name, and the functions that they call. Names from WITH are no
 * relations; what a view or a user's function reads cannot be seen here.
 */
#include "sql/effects_reader.h"
#include "sql/parse.h"

#include <string.h>

/* ---- functions ---- */

/* Built-in functions that migrations call; they take no lock that anybody waits for. */
static const char steady[] =
    "abs age array_agg array_append array_length array_position array_remove array_to_string avg bool_and bool_or "
    "btrim cardinality ceil char_length concat concat_ws convert_from convert_to count current_database current_schema "
    "current_setting date_part date_trunc decode digest encode exp extract floor format format_type generate_series "
    "initcap isfinite int4range int8range json_agg json_array_elements json_build_array json_build_object json_typeof "
    "jsonb_agg jsonb_array_elements jsonb_array_length jsonb_build_array jsonb_build_object jsonb_object_agg jsonb_set "
    "jsonb_typeof left length lower lpad ltrim make_date make_interval make_timestamp max md5 min mod now num_nonnulls "
    "num_nulls octet_length overlay pg_backend_pid pg_get_serial_sequence pg_sleep pg_typeof position power "
    "quote_ident quote_literal regexp_replace repeat replace reverse right round row_number row_to_json rpad rtrim "
    "sha256 sign split_part sqrt starts_with statement_timestamp string_agg string_to_array strpos substr substring "
    "sum timezone to_char to_date to_json to_jsonb to_number to_regclass to_timestamp to_tsquery to_tsvector "
    "transaction_timestamp translate trim trunc unnest upper version";

/* The same for functions that may give a different answer for each row. */
static const char volatiles[] =
    "clock_timestamp currval gen_random_bytes gen_random_uuid lastval nextval pg_advisory_lock pg_advisory_unlock "
    "pg_advisory_xact_lock pg_notify pg_try_advisory_lock random set_config setval timeofday txid_current "
    "uuid_generate_v4 uuidv4 uuidv7";

/* The name of a function that may be built in; "" if it is in another schema. */
static const char *function_name(const json_t *call)
{
    const json_t *const names = json_object_get(call, "funcname");
    const char *const schema = tree_name(names, 1);
    const char *const name = tree_name(names, 0);
    return name == NULL || (schema != NULL && strcmp(schema, "pg_catalog") != 0) ? "" : name;
}

bool effects_is_steady(const json_t *call)
{
    return word_is_among(steady, function_name(call));
}

static bool is_known(const json_t *call)
{
    return effects_is_steady(call) || word_is_among(volatiles, function_name(call));
}

struct finding {
    const struct sql_facts *facts;
    bool is_volatile;
};

/* Without facts a function that is not known is taken for volatile, an operator for PostgreSQL's. */
static bool find_volatile(void *data, const char *key, json_t *object)
{
    struct finding *const finding = data;
    const struct sql_facts *const facts = finding->facts;
    const json_t *const names = json_object_get(object, "funcname");
    const char *const operator= effects_operator(key, object);
    const bool asks = facts->is_volatile != NULL;
    if (strcmp(key, "FuncCall") == 0 && !effects_is_steady(object)) {
        finding->is_volatile = finding->is_volatile || is_known(object) || !asks || tree_name(names, 0) == NULL ||
                               facts->is_volatile(facts->asked, tree_name(names, 1), tree_name(names, 0));
    } else if (operator!= NULL && asks) {
        finding->is_volatile = finding->is_volatile || facts->is_volatile(facts->asked, NULL, operator);
    }
    return !finding->is_volatile;
}

bool effects_is_volatile(const struct effects_reader *reader, json_t *expression)
{
    struct finding finding = {reader->facts, false};
    tree_walk(expression, find_volatile, &finding);
    return finding.is_volatile;
}

/* What keeps a function from being inlined: subqueries, aggregates and sets. (pg_sleep is VOLATILE.) */
static bool find_more(void *data, const char *key, json_t *object)
{
    static const char more[] =
        "array_agg avg bool_and bool_or count generate_series json_agg json_array_elements jsonb_agg "
        "jsonb_array_elements jsonb_object_agg max min pg_sleep row_number string_agg sum unnest";
    bool *const found = data;
    *found = *found || strcmp(key, "SubLink") == 0 ||
             (strcmp(key, "FuncCall") == 0 && word_is_among(more, function_name(object)));
    return !*found;
}

/* inline_function() of clauses.c: one SELECT with one result and nothing else. Calls of other functions are not
 * followed. */
bool sql_is_steady_select(struct arena *arena, struct text body)
{
    static const struct sql_facts nothing = {0};
    static const char *const only[] = {"targetList", "limitOption", "op", NULL};
    const struct effects_reader reader = {.arena = arena, .statement = body, .facts = &nothing};
    json_t *const tree = sql_parse(arena, body);
    json_t *const select = json_object_get(tree_only_statement(tree), "SelectStmt");
    bool is = tree_count(select, "targetList") == 1;
    bool has_more = false;
    const char *key;
    json_t *value;
    json_object_foreach(select, key, value)
    {
        is = is && word_is_one_of(text_of(key), only);
    }
    tree_walk(select, find_more, &has_more);
    is = is && !has_more && !effects_is_volatile(&reader, select);
    json_decref(tree);
    return is;
}

const char *effects_operator(const char *key, const json_t *object)
{
    const char *const names = strcmp(key, "A_Expr") == 0 ? "name" : strcmp(key, "SubLink") == 0 ? "operName" : NULL;
    const char *const name = names == NULL ? NULL : tree_name(json_object_get(object, names), 0);
    return name != NULL && strstr(name, "BETWEEN") != NULL ? ">=" : name; /* and <=, which is made with it */
}

const char *effects_cast(const struct effects_reader *reader, const json_t *cast)
{
    const char *const name = tree_name(json_object_get(json_object_get(cast, "typeName"), "names"), 0);
    return name == NULL || tree_body(json_object_get(cast, "arg"), "A_Const") != NULL
               ? NULL
               : arena_printf(reader->arena, "::%s", name);
}

/* ---- relations ---- */

/* True if FOR UPDATE OF … names this relation (by its alias if it has one), or names none. */
static bool is_wanted(const json_t *range, const json_t *wanted)
{
    const char *const alias = tree_string(json_object_get(range, "alias"), "aliasname");
    const char *const name = alias[0] == '\0' ? tree_string(range, "relname") : alias;
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        if (tree_is(tree_body(json_array_get(wanted, i), "RangeVar"), "relname", name)) {
            return true;
        }
    }
    return wanted == NULL;
}

/* A locking clause, and the relations that it names; NULL: all of the FROM clause. */
struct locking {
    struct effects_reader *reader;
    const json_t *wanted;
};

static bool lock_rows(void *data, const char *key, json_t *object)
{
    const struct locking *const locking = data;
    if (strcmp(key, "RangeVar") == 0 && is_wanted(object, locking->wanted) && !tree_is_cte(object)) {
        effects_lock(locking->reader, object, SQL_LOCK_ROW_SHARE);
    }
    return true;
}

/* The relations of the query's FROM clause, also inside joins and subqueries, to which its locking clauses apply. */
static void lock_rows_of(struct effects_reader *reader, const json_t *query)
{
    const json_t *const clauses = json_object_get(query, "lockingClause");
    for (size_t i = 0; i < json_array_size(clauses); i++) {
        const json_t *const clause = tree_body(json_array_get(clauses, i), "LockingClause");
        struct locking locking = {reader, json_object_get(clause, "lockedRels")};
        tree_walk(json_object_get(query, "fromClause"), lock_rows, &locking);
    }
}

/* SQL/JSON of PostgreSQL 16 and 17: to our grammar, these are calls of functions with these names. */
bool effects_is_newer_syntax(const struct effects_reader *reader, const json_t *call)
{
    static const char of_16[] = "json_array json_arrayagg json_object json_objectagg";
    static const char of_17[] =
        "json json_exists json_query json_scalar json_serialize json_table json_value merge_action";
    const json_t *const names = json_object_get(call, "funcname");
    const char *const name = json_array_size(names) == 1 ? tree_name(names, 0) : "";
    return (effects_since(reader, 16, false) && word_is_among(of_16, name)) ||
           (effects_since(reader, 17, false) && word_is_among(of_17, name));
}

/* True if the function is known, or if the database says that it can lock rows at most. */
static bool is_harmless(const struct effects_reader *reader, const json_t *call)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const names = json_object_get(call, "funcname");
    const char *const name = tree_name(names, 0);
    return is_known(call) || effects_is_newer_syntax(reader, call) ||
           (facts->is_harmless != NULL && name != NULL && facts->is_harmless(facts->data, tree_name(names, 1), name));
}

/* The same for the operator of an expression, or of a comparison with a subquery, and for a cast. */
static bool is_operator_harmless(const struct effects_reader *reader, const char *key, const json_t *object)
{
    const struct sql_facts *const facts = reader->facts;
    const char *const name =
        strcmp(key, "TypeCast") == 0 ? effects_cast(reader, object) : effects_operator(key, object);
    return name == NULL || facts->is_harmless == NULL || facts->is_harmless(facts->data, NULL, name);
}

/* The relations that a locking clause names are those of the FROM clause; the one after INTO is made, not read. */
static bool take_part(void *data, const char *key, json_t *object)
{
    struct effects_reader *const reader = data;
    if (word_is_among("LockingClause intoClause", key)) {
        return false;
    }
    if (strcmp(key, "RangeVar") == 0 && !tree_is_cte(object)) {
        effects_lock(reader, object, SQL_LOCK_ACCESS_SHARE);
    } else if (word_is_among("InsertStmt UpdateStmt DeleteStmt MergeStmt", key)) {
        reader->changes_rows = true;
        effects_lock(reader, json_object_get(object, "relation"), SQL_LOCK_ROW_EXCLUSIVE);
    } else if ((strcmp(key, "FuncCall") == 0 && !is_harmless(reader, object)) ||
               !is_operator_harmless(reader, key, object)) {
        reader->calls_unknown = true;
    }
    lock_rows_of(reader, object);
    return true;
}

void effects_query(struct effects_reader *reader, json_t *tree)
{
    tree_walk(tree, take_part, reader);
}

void effects_runs(struct effects_reader *reader, json_t *tree)
{
    effects_query(reader, tree);
    effects_every_row_within(reader, tree);
    reader->effects->unknown = reader->effects->unknown || reader->calls_unknown;
}

void effects_runs_on_rows(struct effects_reader *reader, json_t *expression)
{
    if (reader->effects->count > 0) {
        effects_runs(reader, expression);
    }
}

/* ---- statements ---- */

/* set_config('search_path', …) with constants, with which pg_dump begins its scripts. */
static void take_path(struct effects_reader *reader, const json_t *body)
{
    const json_t *const target = tree_body(json_array_get(json_object_get(body, "targetList"), 0), "ResTarget");
    const json_t *const call = tree_body(json_object_get(target, "val"), "FuncCall");
    const json_t *const arguments = json_object_get(call, "args");
    if (strcmp(function_name(call), "set_config") == 0 &&
        strcmp(effects_constant(json_array_get(arguments, 0)), "search_path") == 0) {
        effects_path(reader, arguments);
    }
}

/* UPDATE, DELETE or MERGE: does it take all rows of a table that exists? */
static void note_every_row(struct effects_reader *reader, json_t *body)
{
    const enum every_row taken = reader->is_reworded ? SOME_ROWS : effects_every_row(reader, body);
    const size_t left_out = reader->left_out;
    effects_lock(reader, json_object_get(body, "relation"), SQL_LOCK_ROW_EXCLUSIVE);
    if (taken != SOME_ROWS && reader->left_out == left_out) {
        reader->effects->every_row = true;
        effects_work(reader, SQL_WORK_ROWS,
                     taken == EVERY_ROW
                         ? "It takes every row in one transaction. If a WHERE is missing, add it; if not, do it in "
                           "batches, and apart from changes of the schema."
                         : "Its condition names no column of the table: it takes every row, or none. If a condition "
                           "that joins the two is missing, add it; if not, do it in batches, and apart from changes of "
                           "the schema.");
    }
}

static bool note_part(void *data, const char *key, json_t *object)
{
    if (word_is_among("UpdateStmt DeleteStmt MergeStmt", key)) {
        note_every_row(data, object);
    }
    return true;
}

/* The same for those within a query, in its WITH. */
void effects_every_row_within(struct effects_reader *reader, json_t *tree)
{
    tree_walk(tree, note_part, reader);
}

static void select_rows(struct effects_reader *reader, json_t *body)
{
    reader->effects->computes = true;
    effects_query(reader, body);
    effects_every_row_within(reader, body);
    take_path(reader, body);
    effects_creates(reader, json_object_get(json_object_get(body, "intoClause"), "rel"));
    if (reader->calls_unknown) {
        effects_work(reader, SQL_WORK_UNKNOWN, NULL);
    } else if (reader->changes_rows) {
        effects_work(reader, SQL_WORK_ROWS, NULL);
    } else if (reader->effects->count + reader->left_out > 0) {
        effects_work(reader, SQL_WORK_SCAN, NULL);
    }
}

static void change_rows(struct effects_reader *reader, json_t *body)
{
    effects_lock(reader, json_object_get(body, "relation"), SQL_LOCK_ROW_EXCLUSIVE);
    effects_query(reader, body);
    effects_every_row_within(reader, body);
    effects_work(reader, SQL_WORK_ROWS, NULL);
    reader->effects->unknown = reader->effects->unknown || reader->calls_unknown;
}

static void change_found_rows(struct effects_reader *reader, json_t *body)
{
    change_rows(reader, body);
    note_every_row(reader, body);
}

static void copy(struct effects_reader *reader, json_t *body)
{
    const bool is_from = tree_flag(body, "is_from");
    effects_runs(reader, json_object_get(body, "query"));
    effects_lock(reader, json_object_get(body, "relation"), is_from ? SQL_LOCK_ROW_EXCLUSIVE : SQL_LOCK_ACCESS_SHARE);
    effects_work(reader, is_from ? SQL_WORK_ROWS : SQL_WORK_SCAN, NULL);
}

static void explain(struct effects_reader *reader, json_t *body)
{
    json_t *const query = json_object_get(body, "query");
    if (json_object_get(query, "RefreshMatViewStmt") != NULL) { /* has no plan, and is not run */
        return;
    }
    effects_statement(reader, query);
    if (!tree_option_on(json_object_get(body, "options"), "analyze")) {
        reader->effects->work = SQL_WORK_NONE;
        reader->effects->advice = NULL;
        reader->effects->every_row = false;
        reader->effects->computes = false;
        reader->effects->unknown = false;
        reader->effects->change_count = 0;
    }
}

/* PREPARE, and the body of CREATE FUNCTION … BEGIN ATOMIC: they are analysed, but not run. */
static void only_parse(struct effects_reader *reader, json_t *body)
{
    effects_query(reader, json_object_get(body, "query"));
    effects_query(reader, json_object_get(body, "sql_body"));
}

static void declare_cursor(struct effects_reader *reader, json_t *body)
{
    select_rows(reader, json_object_get(body, "query"));
}

const struct effects_kind effects_on_rows[] = {
    {.kind = "CopyStmt", .take = copy},
    {.kind = "CreateFunctionStmt", .take = only_parse},
    {.kind = "DeclareCursorStmt", .take = declare_cursor},
    {.kind = "DeleteStmt", .take = change_found_rows},
    {.kind = "ExplainStmt", .take = explain},
    {.kind = "InsertStmt", .take = change_rows},
    {.kind = "MergeStmt", .take = change_found_rows},
    {.kind = "PrepareStmt", .take = only_parse},
    {.kind = "SelectStmt", .take = select_rows},
    {.kind = "UpdateStmt", .take = change_found_rows},
    {0},
};
