/*
 * An unqualified name exists if any schema has it, and so does a type: only the server knows what a search path finds.
 */
#include "migration/plan/foresee/needed.h"

#include "base/text.h"
#include "base/words.h"
#include "migration/plan/foresee/types_said.h"

#include <string.h>

/* ---- queries ---- */

#define IN_SCHEMA(class, prefix)                                                                                       \
    "SELECT o.oid FROM pg_catalog." class " o JOIN pg_catalog.pg_namespace n ON n.oid = o." prefix                     \
                                          "namespace WHERE o." prefix                                                  \
                                          "name = $2::name AND ($1::text IS NULL OR n.nspname = $1::name)"

#define GLOBAL(class, name) "SELECT o.oid FROM pg_catalog." class " o WHERE o." name " = $2::name AND $1::text IS NULL"

/* relation: its column with the relation's oid. */
#define PART(class, relation, name)                                                                                    \
    "SELECT o.oid FROM pg_catalog." class " o WHERE o." relation " = $1::oid AND o." name " = $2::name"

#define OF_METHOD(class, prefix)                                                                                       \
    IN_SCHEMA(class, prefix)                                                                                           \
    " AND EXISTS (SELECT FROM pg_catalog.pg_am a WHERE a.oid = o." prefix "method AND a.amname = $3::name)"

#define TYPES_GIVEN_ARE TYPES_ARE(TYPES_GIVEN, "$4")

/* OUT parameters count as well if PROCEDURE or ROUTINE is written, without modes (LookupFuncWithArgs, 14 to 18). */
#define TYPES_ALL_ARE TYPES_ARE("p.proallargtypes", "$4")

static const char routine_sql[] = "SELECT p.oid, " TYPES_ARE_UNSURE(
    "$4") " FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = "
          "$2::name AND ($1::text IS NULL OR n.nspname = $1::name) AND pg_catalog.strpos($3, p.prokind::text) > 0 AND "
          "($4::text IS NULL OR " TYPES_GIVEN_ARE " OR (pg_catalog.strpos($3, 'o') > 0 AND " TYPES_ALL_ARE "))";

static const char operator_sql[] = "SELECT o.oid, o.oprcode = 0 OR " TYPES_ARE_UNSURE(
    "$4") " FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE "
          "o.oprname = $2::name AND ($1::text IS NULL OR n.nspname = $1::name) AND coalesce($3, '') = '' AND ($4::text "
          "IS "
          "NULL OR " TYPES_ARE("ARRAY[o.oprleft, o.oprright]", "$4") ")";

/* A shell type of that name becomes the new type. */
static const char type_sql[] =
    "SELECT o.oid, NOT o.typisdefined FROM pg_catalog.pg_type o JOIN pg_catalog.pg_namespace n ON n.oid = "
    "o.typnamespace WHERE o.typname = $2::name AND ($1::text IS NULL OR n.nspname = $1::name)";

static const char cast_sql[] =
    "SELECT o.oid, " TYPES_ARE_UNSURE("$4") " FROM pg_catalog.pg_cast o WHERE coalesce($1, $2, $3) IS NOT NULL "
                                            "AND " TYPES_ARE("ARRAY[o.castsource, o.casttarget]", "$4");

/* With this number of arguments. A type or column can be called with one. */
#define CALLABLE(only)                                                                                                 \
    IN_SCHEMA("pg_proc", "pro")                                                                                        \
    " AND " only " AND ($3::text IS NULL OR (o.prokind <> 'p' AND $3::int >= o.pronargs - o.pronargdefaults - "        \
    "(o.provariadic <> 0)::int AND (o.provariadic <> 0 OR $3::int <= o.pronargs))) UNION ALL " IN_SCHEMA(              \
        "pg_type", "typ") " AND coalesce($3, '1') = '1' UNION ALL SELECT 0::oid FROM pg_catalog.pg_attribute a WHERE " \
                          "a.attname = $2::name "                                                                      \
                          "AND coalesce($3, '1') = '1' LIMIT 1"

static const char callable_sql[] = CALLABLE("true");

/* A function in SQL may be inlined, and is then what its body is. */
static const char immutable_sql[] = CALLABLE("(o.provolatile = 'i' OR o.prolang = (SELECT l.oid FROM "
                                             "pg_catalog.pg_language l WHERE l.lanname = 'sql'))");

/* A function of any argument. */
static const char column_or_function_sql[] =
    "SELECT a.attnum::oid FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = $2::name AND NOT "
    "a.attisdropped UNION ALL SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.proname = $2::name LIMIT 1";

static const char trigger_function_sql[] =
    IN_SCHEMA("pg_proc", "pro") " AND o.pronargs = 0 AND EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = "
                                "o.prorettype AND t.typname = $3::name)";

static const char key_sql[] =
    "SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indpred IS NULL "
    "AND i.indexprs IS NULL AND CASE WHEN $2 = '' THEN i.indisprimary ELSE ARRAY(SELECT a.attname FROM "
    "pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) "
    "ORDER BY 1) = ARRAY(SELECT u.name::name FROM pg_catalog.unnest(pg_catalog.string_to_array($2, "
    "pg_catalog.chr(31))) AS u(name) ORDER BY 1) END";

/* A view uses its table's. */
static const char arbiter_sql[] =
    "SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indpred IS NULL "
    "AND i.indexprs IS NULL AND ARRAY(SELECT DISTINCT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = "
    "i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) ORDER BY 1) = ARRAY(SELECT DISTINCT u.name::name "
    "FROM pg_catalog.unnest(pg_catalog.string_to_array($2, pg_catalog.chr(31))) AS u(name) ORDER BY 1) UNION ALL "
    "SELECT "
    "c.oid FROM pg_catalog.pg_class c WHERE c.oid = $1::oid AND c.relkind NOT IN ('r', 'p') LIMIT 1";

static const char not_generated_sql[] =
    "SELECT $1::oid WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = "
    "$2::name AND a.attgenerated <> '')";

static const char not_always_sql[] =
    "SELECT $1::oid WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = "
    "$2::name AND a.attidentity = 'a')";

static const char column_count_sql[] =
    "SELECT $1::oid WHERE $2::int <= (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = "
    "$1::oid AND a.attnum > 0 AND NOT a.attisdropped)";

/* The number of the column a. */
#define NUMBER                                                                                                         \
    "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute b WHERE b.attrelid = a.attrelid AND b.attnum > 0 AND "   \
    "NOT b.attisdropped AND b.attnum <= a.attnum)"

/* A trigger may fill columns, and a rule do something else. */
#define IS_FILLED                                                                                                      \
    "EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = $1::oid AND NOT g.tgisinternal AND g.tgenabled <> " \
    "'D' AND g.tgtype & 7 = 7) OR EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = $1::oid)"

/* A domain may have a default. */
static const char filled_sql[] =
    "SELECT $1::oid WHERE coalesce($3, '') = $2 AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN "
    "pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
    "AND t.typtype <> 'd' WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT "
    "a.atthasdef AND a.attidentity = '' AND CASE $4 WHEN 'number' THEN " NUMBER " > $2::int ELSE a.attname <> ALL "
    "(pg_catalog.string_to_array($2, pg_catalog.chr(31))::name[]) END) OR " IS_FILLED;

static const char nullable_sql[] =
    "SELECT $1::oid WHERE coalesce($3, '') = $2 AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN "
    "pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' WHERE a.attrelid = $1::oid AND a.attnum > 0 AND "
    "NOT a.attisdropped AND a.attnotnull AND CASE $4 WHEN 'number' THEN " NUMBER
    "::text ELSE a.attname::text END = ANY "
    "(pg_catalog.string_to_array($2, pg_catalog.chr(31)))) OR " IS_FILLED;

/* An operator class is for a type, for one that is stored in the same way, or for all arrays; those for all enums,
 * ranges and rows are not looked for. */
static const char indexable_sql[] =
    "SELECT $1::oid WHERE coalesce($3, '') = $2 AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN "
    "pg_catalog.pg_type y ON y.oid = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = CASE y.typtype WHEN 'd' THEN "
    "y.typbasetype ELSE y.oid END WHERE a.attrelid = $1::oid AND NOT a.attisdropped AND a.attname = ANY "
    "(pg_catalog.string_to_array($2, pg_catalog.chr(31))::name[]) AND t.typtype = 'b' AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod WHERE m.amname = $4::name AND o.opcdefault "
    "AND (o.opcintype = t.oid OR (t.typelem <> 0 AND o.opcintype = 'pg_catalog.anyarray'::pg_catalog.regtype) OR "
    "EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = t.oid AND k.casttarget = o.opcintype AND "
    "k.castmethod = 'b' AND k.castcontext = 'i'))))";

/* Expressions in a key are not judged. */
static const char within_key_sql[] =
    "SELECT $1::oid WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_attribute a ON "
    "a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[]) WHERE p.partrelid = $1::oid AND a.attname <> "
    "ALL "
    "(pg_catalog.string_to_array($2, pg_catalog.chr(31))::name[]))";

static const char index_sql[] =
    "SELECT i.indexrelid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE "
    "i.indrelid = $1::oid AND c.relname = $2::name";

static const char enum_value_sql[] =
    "SELECT e.oid FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid JOIN "
    "pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = $2::name AND ($1::text IS NULL OR n.nspname "
    "= $1::name) AND e.enumlabel = $3::name";

/* Types that are not enums count as well: their constants are not checked here. */
static const char label_sql[] =
    "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = "
    "$2::name AND ($1::text IS NULL OR n.nspname = $1::name) AND (t.typtype <> 'e' OR EXISTS (SELECT FROM "
    "pg_catalog.pg_enum e WHERE e.enumtypid = t.oid AND e.enumlabel::text = $3))";

static const char domain_constraint_sql[] =
    "SELECT k.oid FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid JOIN "
    "pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = $2::name AND ($1::text IS NULL OR n.nspname "
    "= $1::name) AND k.conname = $3::name";

/* Not needed for installed extensions, nor for those that pg_tle stores in its tables. CREATE EXTENSION also accepts a
 * version that scripts lead to. */
static const char files_sql[] =
    "SELECT o.oid FROM pg_catalog.pg_extension o WHERE o.extname = $2::name AND $1::text IS NULL AND ($3::text IS NULL "
    "OR o.extversion = $3) UNION ALL SELECT 0::oid FROM pg_catalog.pg_available_extension_versions() v WHERE v.name = "
    "$2::name AND ($3::text IS NULL OR v.version = $3) UNION ALL SELECT 0::oid FROM pg_catalog.pg_extension o WHERE "
    "o.extname = 'pg_tle' UNION ALL SELECT 0::oid FROM "
    "pg_catalog.pg_available_extensions() e CROSS JOIN LATERAL pg_catalog.pg_extension_update_paths(e.name) u WHERE "
    "e.name = $2::name AND u.target = $3 LIMIT 1";

static const struct needed_kind kinds[] = {
    [SQL_NEED_ROLE] = {"role", GLOBAL("pg_roles", "rolname"), 2, .is_global = true},
    [SQL_NEED_TYPE] = {"type", type_sql, 2, "pg_type"},
    [SQL_NEED_DOMAIN] = {"domain", type_sql, 2, "pg_type"},
    [SQL_NEED_FUNCTION] = {"function", callable_sql, 3},
    [SQL_NEED_IMMUTABLE] = {"function", immutable_sql, 3},
    [SQL_NEED_SCHEMA] = {"schema", GLOBAL("pg_namespace", "nspname"), 2, "pg_namespace", .is_global = true},
    [SQL_NEED_COLLATION] = {"collation", IN_SCHEMA("pg_collation", "coll"), 2, "pg_collation"},
    [SQL_NEED_TABLESPACE] = {"tablespace", GLOBAL("pg_tablespace", "spcname"), 2, .is_global = true},
    [SQL_NEED_METHOD] = {"access method", GLOBAL("pg_am", "amname"), 2, "pg_am", .is_global = true},
    [SQL_NEED_SETTING] = {"setting",
                          "SELECT 0::oid WHERE pg_catalog.current_setting($2, true) IS NOT NULL AND $1::text IS NULL",
                          2, .is_global = true},
    [SQL_NEED_COLUMN] = {"column",
                         "SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = "
                         "$2::name AND NOT a.attisdropped",
                         2, .is_part = true},
    [SQL_NEED_COLUMN_OR_FUNCTION] = {"column", column_or_function_sql, 2, .is_part = true},
    [SQL_NEED_CONSTRAINT] = {"constraint", PART("pg_constraint", "conrelid", "conname"), 2, "pg_constraint",
                             .is_part = true},
    [SQL_NEED_TRIGGER] = {"trigger", PART("pg_trigger", "tgrelid", "tgname"), 2, .is_part = true},
    [SQL_NEED_POLICY] = {"policy", PART("pg_policy", "polrelid", "polname"), 2, .is_part = true},
    [SQL_NEED_RULE] = {"rule", PART("pg_rewrite", "ev_class", "rulename"), 2, .is_part = true},
    [SQL_NEED_INDEX] = {"index", index_sql, 2, .is_part = true},
    [SQL_NEED_KEY] = {"unique constraint", key_sql, 2, .is_part = true},
    [SQL_NEED_NOT_GENERATED] = {"column", not_generated_sql, 2, .is_part = true},
    [SQL_NEED_NOT_ALWAYS] = {"column", not_always_sql, 2, .is_part = true},
    [SQL_NEED_COLUMN_COUNT] = {"columns", column_count_sql, 2, .is_part = true},
    [SQL_NEED_FILLED] = {"columns", filled_sql, 4, .is_part = true},
    [SQL_NEED_NULLABLE] = {"columns", nullable_sql, 4, .is_part = true},
    [SQL_NEED_INDEXABLE] = {"columns", indexable_sql, 4, .is_part = true},
    [SQL_NEED_WITHIN_KEY] = {"columns", within_key_sql, 2, .is_part = true},
    [SQL_NEED_ARBITER] = {"unique index", arbiter_sql, 2, .is_part = true},
    [SQL_NEED_ROUTINE] = {"function", routine_sql, 4, "pg_proc"},
    [SQL_NEED_TRIGGER_FUNCTION] = {"function", trigger_function_sql, 3},
    [SQL_NEED_OPERATOR] = {"operator", operator_sql, 4, "pg_operator"},
    [SQL_NEED_CAST] = {"cast", cast_sql, 4, "pg_cast", .is_global = true},
    [SQL_NEED_OPERATOR_CLASS] = {"operator class", OF_METHOD("pg_opclass", "opc"), 3, "pg_opclass"},
    [SQL_NEED_OPERATOR_FAMILY] = {"operator family", OF_METHOD("pg_opfamily", "opf"), 3, "pg_opfamily"},
    [SQL_NEED_CONVERSION] = {"conversion", IN_SCHEMA("pg_conversion", "con"), 2, "pg_conversion"},
    [SQL_NEED_PARSER] = {"text search parser", IN_SCHEMA("pg_ts_parser", "prs"), 2, "pg_ts_parser"},
    [SQL_NEED_DICTIONARY] = {"text search dictionary", IN_SCHEMA("pg_ts_dict", "dict"), 2, "pg_ts_dict"},
    [SQL_NEED_TEMPLATE] = {"text search template", IN_SCHEMA("pg_ts_template", "tmpl"), 2, "pg_ts_template"},
    [SQL_NEED_CONFIGURATION] = {"text search configuration", IN_SCHEMA("pg_ts_config", "cfg"), 2, "pg_ts_config"},
    [SQL_NEED_STATISTICS] = {"statistics object", IN_SCHEMA("pg_statistic_ext", "stx"), 2},
    [SQL_NEED_ENUM_VALUE] = {"enum value", enum_value_sql, 3, .is_on_type = true},
    [SQL_NEED_LABEL] = {"label", label_sql, 3, .is_on_type = true},
    [SQL_NEED_DOMAIN_CONSTRAINT] = {"constraint", domain_constraint_sql, 3, .is_on_type = true},
    [SQL_NEED_EXTENSION] = {"extension", GLOBAL("pg_extension", "extname"), 2, "pg_extension", .is_global = true},
    [SQL_NEED_EXTENSION_FILES] = {"extension", files_sql, 3, .is_global = true},
    [SQL_NEED_LANGUAGE] = {"language", GLOBAL("pg_language", "lanname"), 2, "pg_language", .is_global = true},
    [SQL_NEED_DATABASE] = {"database", GLOBAL("pg_database", "datname"), 2, .is_global = true},
    [SQL_NEED_WRAPPER] = {"foreign-data wrapper", GLOBAL("pg_foreign_data_wrapper", "fdwname"), 2,
                          "pg_foreign_data_wrapper", .is_global = true},
    [SQL_NEED_SERVER] = {"foreign server", GLOBAL("pg_foreign_server", "srvname"), 2, "pg_foreign_server",
                         .is_global = true},
    [SQL_NEED_EVENT_TRIGGER] = {"event trigger", GLOBAL("pg_event_trigger", "evtname"), 2, .is_global = true},
    [SQL_NEED_PUBLICATION] = {"publication", GLOBAL("pg_publication", "pubname"), 2, .is_global = true},
    [SQL_NEED_SUBSCRIPTION] = {"subscription", NULL, 0, .is_global = true},
};

const struct needed_kind *needed_kind(enum sql_need_kind kind)
{
    return (size_t)kind < sizeof kinds / sizeof kinds[0] && kinds[kind].sql != NULL ? &kinds[kind] : NULL;
}

/* ---- for people ---- */

const char *needed_called(const struct sql_need *need)
{
    return need->kind != SQL_NEED_ROUTINE || need->part == NULL ? kinds[need->kind].called
           : need->part[0] == 'p'                               ? "procedure"
           : need->part[0] == 'a'                               ? "aggregate"
                                                                : "function";
}

const char *needed_relation(char kind)
{
    static const char *const names[] = {"ra table",
                                        "pa partitioned table",
                                        "va view",
                                        "ma materialized view",
                                        "Sa sequence",
                                        "ian index",
                                        "Ian index of a partitioned table",
                                        "fa foreign table",
                                        "ca composite type",
                                        "ta TOAST table"};
    size_t i = 0;
    while (i + 1 < sizeof names / sizeof names[0] && names[i][0] != kind) {
        i++;
    }
    return names[i] + 1;
}

/* "schema\x1Ename\x1E[]". */
static void put_type(struct buffer *text, struct text said)
{
    const size_t dot = text_find(said, "\x1E", 0);
    const size_t end = text_find(said, "\x1E", dot == SIZE_MAX ? 0 : dot + 1);
    if (said.size == 0 || dot == SIZE_MAX || end == SIZE_MAX) {
        buffer_puts(text, "NONE");
        return;
    }
    const struct text schema = text_slice(said, 0, dot);
    const struct text name = text_slice(said, dot + 1, end);
    if (schema.size > 0 && !text_is_nocase(schema, "pg_catalog")) {
        buffer_add(text, schema);
        buffer_putc(text, '.');
    }
    buffer_add(text, name);
    buffer_add(text, text_slice(said, end + 1, said.size));
}

const char *needed_display(struct arena *arena, const struct sql_need *need)
{
    struct buffer text = {.arena = arena};
    const bool is_cast = need->kind == SQL_NEED_CAST;
    struct text types = text_of(need->types);
    if (!is_cast) {
        buffer_puts(&text, need->name);
    }
    if (need->types == NULL) {
        return buffer_string(&text);
    }
    buffer_puts(&text, is_cast ? "" : "(");
    const char *between = "";
    for (struct text type; text_next_unit(&types, &type); between = is_cast ? " AS " : ", ") {
        buffer_puts(&text, between);
        put_type(&text, type);
    }
    buffer_puts(&text, is_cast ? "" : ")");
    return buffer_string(&text);
}

/* Columns as a person writes them: "a", "b". */
static const char *with_commas(struct arena *arena, const char *columns)
{
    struct words names = {0};
    struct text rest = text_of(columns);
    for (struct text name; text_next_unit(&rest, &name);) {
        words_add(arena, &names, arena_strndup(arena, name.data, name.size));
    }
    return words_some(arena, &names, names.count);
}

/* Why rows cannot be written; NULL: for another kind. */
static const char *specially_unwritable(struct arena *arena, const struct sql_need *need)
{
    const char *const name = need->name;
    const char *const part = need->part == NULL ? "" : need->part;
    const bool is_number = need->types != NULL && need->types[0] != '\0'; /* of the first columns, not their names */
    switch (need->kind) {
    case SQL_NEED_FILLED:
        return arena_printf(arena,
                            "\"%s\" has columns that may not be NULL, have no default, and get no value%s%s (23502).",
                            name, is_number ? "" : ": it gives only ", is_number ? "" : with_commas(arena, part));
    case SQL_NEED_NULLABLE:
        return arena_printf(arena, "It gives NULL to columns of \"%s\" that may not be NULL (23502).", name);
    case SQL_NEED_COLUMN_COUNT:
        return arena_printf(arena, "\"%s\" has fewer columns than the %s values (42601).", name, part);
    case SQL_NEED_NOT_GENERATED:
        return arena_printf(arena, "\"%s\" of \"%s\" is generated: no value can be given to it (428C9).", part, name);
    case SQL_NEED_NOT_ALWAYS:
        return arena_printf(arena,
                            "\"%s\" of \"%s\" is GENERATED ALWAYS as an identity: no value can be given to it without "
                            "OVERRIDING SYSTEM VALUE in an INSERT (428C9).",
                            part, name);
    default:
        return NULL;
    }
}

/* Why an index, or another thing that is computed and kept, cannot be; NULL: for another kind. */
static const char *specially_unindexed(struct arena *arena, const struct sql_need *need)
{
    const char *const name = need->name;
    const char *const part = need->part == NULL ? "" : need->part;
    switch (need->kind) {
    case SQL_NEED_WITHIN_KEY:
        return arena_printf(
            arena,
            "What is unique in the partitioned table \"%s\" must have all columns of its key, which %s has "
            "not (0A000).",
            name, with_commas(arena, part));
    case SQL_NEED_IMMUTABLE:
        return arena_printf(
            arena,
            "No function \"%s\" with %s argument%s is IMMUTABLE, which an index, a generated column and "
            "a partition key need (42P17).",
            name, part, strcmp(part, "1") == 0 ? "" : "s");
    case SQL_NEED_INDEXABLE:
        return arena_printf(arena,
                            "The access method \"%s\" has no default operator class for the type of a column of %s "
                            "(42704): name one, or use another method.",
                            need->types, with_commas(arena, part));
    default:
        return specially_unwritable(arena, need);
    }
}

/* A special message for some kinds; NULL: none. */
static const char *specially_missing(struct arena *arena, const struct sql_need *need)
{
    const char *const name = need->name;
    const char *const part = need->part == NULL ? "" : need->part;
    switch (need->kind) {
    case SQL_NEED_KEY:
        return part[0] == '\0'
                   ? arena_printf(arena, "\"%s\" has no primary key, and nothing before this statement makes one.",
                                  name)
                   : arena_printf(
                         arena, "\"%s\" has no unique constraint over %s, and nothing before this statement makes one.",
                         name, with_commas(arena, part));
    case SQL_NEED_ARBITER:
        return arena_printf(arena,
                            "\"%s\" has no unique index over %s, which ON CONFLICT needs, and nothing before this "
                            "statement makes one (42P10).",
                            name, with_commas(arena, part));
    case SQL_NEED_EXTENSION_FILES:
        return arena_printf(arena, "The server has no files of the extension \"%s\"%s%s: install its package there.",
                            name, need->part == NULL ? "" : " in version ", part);
    case SQL_NEED_TRIGGER_FUNCTION:
        return arena_printf(arena,
                            "A function \"%s\" without arguments that returns %s is not there, and nothing before this "
                            "statement makes it.",
                            name, part);
    default:
        return specially_unindexed(arena, need);
    }
}

const char *needed_missing(struct arena *arena, const struct sql_need *need)
{
    const struct needed_kind *const kind = needed_kind(need->kind);
    const char *const specially = specially_missing(arena, need);
    return specially != NULL ? specially
           : kind->is_part || kind->is_on_type
               ? arena_printf(arena, "\"%s\" has no %s \"%s\", and nothing before this statement makes one.",
                              need->name, kind->called, need->part)
               : arena_printf(arena, "The %s \"%s\" is not there, and nothing before this statement makes it.",
                              needed_called(need), needed_display(arena, need));
}
