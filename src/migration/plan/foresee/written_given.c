/*
 * A sequence is read: as long as nobody else takes a number, the rows get the next ones, in the order of VALUES
 * (nextval() in a DEFAULT, or an identity).
 */
#include "migration/plan/foresee/written_given.h"

#include "migration/plan/foresee/rows.h"
#include "migration/plan/foresee/written_rules.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

/* $1 the table: its columns, what a row gets there (z: NULL, p: a number or true, s: a string, n: the next number of a
 * sequence; NULL: not known), its text without quotes, a query for the next number, the step, the name of the sequence.
 * Without the relation pg_get_expr() waits for no lock: a DEFAULT reads no columns (a generated one does). */
static const char given_sql[] =
    "SELECT a.attname, CASE WHEN a.attgenerated <> '' OR t.typdefault IS NOT NULL THEN NULL WHEN s.oid IS NOT NULL AND "
    "(a.attidentity <> '' OR e.text = pg_catalog.format('nextval(%L::regclass)', s.oid::pg_catalog.regclass)) THEN 'n' "
    "WHEN a.attidentity = '' AND d.oid IS NULL THEN 'z' WHEN e.text ~ '^(-?[0-9]+([.][0-9]+)?|true|false)$' THEN 'p' "
    "WHEN e.text ~ '^''([^''\\\\]|'''')*''(::[a-z ]+)?$' THEN 's' END, CASE WHEN e.text ~ '^''' THEN "
    "pg_catalog.replace(pg_catalog.regexp_replace(e.text, '^''((.|\\n)*)''(::[a-z ]+)?$', '\\1'), '''''', '''') ELSE "
    "e.text END, s.next, s.seqincrement, s.relname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = "
    "a.atttypid LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum CROSS JOIN LATERAL "
    "(SELECT CASE a.attgenerated WHEN '' THEN pg_catalog.pg_get_expr(d.adbin, 0) END) AS e(text) LEFT JOIN LATERAL "
    "(SELECT c.oid, q.seqincrement, c.relname, pg_catalog.format('SELECT last_value + CASE WHEN is_called THEN %s ELSE "
    "0 END FROM %I.%I', q.seqincrement, n.nspname, c.relname) AS next FROM pg_catalog.pg_depend p JOIN "
    "pg_catalog.pg_sequence q ON q.seqrelid = p.objid AND NOT q.seqcycle JOIN pg_catalog.pg_class c ON c.oid = "
    "q.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.classid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "
    "p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.deptype IN ('a', 'i') LIMIT 1) s ON true WHERE "
    "a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
enum { GIVEN_NAME, GIVEN_KIND, GIVEN_TEXT, GIVEN_NEXT, GIVEN_STEP, GIVEN_SEQUENCE };

/* A column of the rows, and where its values come from. */
struct given {
    const char *name;
    size_t at;  /* in the rows as they are written; their width: it is left out */
    int number; /* of its row in the answer */
    long long next;
    bool counts; /* `next` is known */
};

struct giving {
    struct needs *needs;
    const struct sql_written *written;
    const PGresult *answer;
    struct given *columns;
    size_t count;
    struct buffer counted; /* as in struct sql_written */
};

static char kind_of(const struct giving *giving, int number)
{
    const char *const kind = pg_field(giving->answer, number, GIVEN_KIND);
    return kind == NULL ? '\0' : kind[0];
}

static bool has_default(const struct sql_written *written, size_t column)
{
    bool has = false;
    for (size_t row = 0; !has && row < written->count; row++) {
        has = written->values[row * written->width + column].kind == SQL_VALUE_DEFAULT;
    }
    return has;
}

/* The next number of the column's sequence, if nothing of the plan takes one before. */
static void count_from(struct giving *giving, struct given *given)
{
    struct needs *const needs = giving->needs;
    const bool may_be_known = kind_of(giving, given->number) == 'n' && !needs->may_have_counted &&
                              !word_set_has(&needs->wrote, giving->written->name) &&
                              !needs_mentioned(needs, pg_field(giving->answer, given->number, GIVEN_SEQUENCE));
    const char *const next =
        may_be_known
            ? rows_value(needs, arena_strdup(needs->arena, pg_field(giving->answer, given->number, GIVEN_NEXT)))
            : NULL;
    given->counts = next != NULL;
    if (given->counts) {
        buffer_printf(&giving->counted, "%s%s", giving->counted.size == 0 ? "" : "\x1F", given->name);
    }
    given->next = next == NULL ? 0 : strtoll(next, NULL, 10);
}

static size_t place_of(const struct giving *giving, const PGresult *columns, const char *name)
{
    size_t i = 0;
    while (i < giving->written->width && strcmp(pg_field(columns, (int)i, WRITTEN_NAME), name) != 0) {
        i++;
    }
    return i;
}

/* Lists the columns; true if one of them gets a known value that is not written. */
static bool find(struct giving *giving, const PGresult *columns)
{
    const size_t width = giving->written->width;
    bool has = false;
    giving->columns = arena_array(giving->needs->arena, (size_t)PQntuples(giving->answer), sizeof *giving->columns);
    for (int i = 0; i < PQntuples(giving->answer); i++) {
        const char *const name = pg_field(giving->answer, i, GIVEN_NAME);
        const size_t at = place_of(giving, columns, name);
        const bool is_given = at == width || has_default(giving->written, at);
        if (at == width && kind_of(giving, i) == '\0') {
            continue;
        }
        struct given *const given = &giving->columns[giving->count++];
        *given = (struct given){.name = arena_strdup(giving->needs->arena, name), .at = at, .number = i};
        if (is_given) {
            count_from(giving, given);
        }
        has = has || is_given;
    }
    return has;
}

static struct sql_value value_of(struct giving *giving, struct given *given)
{
    struct arena *const arena = giving->needs->arena;
    const char kind = kind_of(giving, given->number);
    const char *const text = arena_strdup(arena, pg_field(giving->answer, given->number, GIVEN_TEXT));
    if (kind == 'n' && given->counts) {
        const long long number = given->next;
        given->next += pg_field_int(giving->answer, given->number, GIVEN_STEP, 1);
        return (struct sql_value){SQL_VALUE_PLAIN, arena_printf(arena, "%lld", number)};
    }
    return kind == 'z'   ? (struct sql_value){SQL_VALUE_NULL, NULL}
           : kind == 'p' ? (struct sql_value){SQL_VALUE_PLAIN, text}
           : kind == 's' ? (struct sql_value){SQL_VALUE_STRING, text}
                         : (struct sql_value){SQL_VALUE_COMPUTED, NULL};
}

const struct sql_written *written_given(struct needs *needs, const struct sql_written *written,
                                        const struct relation *relation, const PGresult *columns)
{
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    const bool is_known = written->where == NULL && !needs_mentioned(needs, written->name) && columns != NULL &&
                          (size_t)PQntuples(columns) == written->width;
    PG_RESULT(answer) = is_known ? needs_ask(needs, given_sql, 1, &oid) : NULL;
    struct giving giving = {.needs = needs, .written = written, .answer = answer, .counted = {.arena = needs->arena}};
    if (answer == NULL || !find(&giving, columns)) {
        return written;
    }
    struct sql_written *const whole = arena_alloc(needs->arena, sizeof *whole);
    struct sql_value *const values = arena_array(needs->arena, written->count * giving.count, sizeof *values);
    struct buffer names = {.arena = needs->arena};
    for (size_t row = 0; row < written->count; row++) {
        for (size_t i = 0; i < giving.count; i++) {
            struct given *const given = &giving.columns[i];
            const bool is_written = given->at < written->width &&
                                    written->values[row * written->width + given->at].kind != SQL_VALUE_DEFAULT;
            values[row * giving.count + i] =
                is_written ? written->values[row * written->width + given->at] : value_of(&giving, given);
        }
    }
    for (size_t i = 0; i < giving.count; i++) {
        buffer_printf(&names, "%s%s", i == 0 ? "" : "\x1F", giving.columns[i].name);
    }
    *whole = *written;
    whole->columns = buffer_string(&names);
    whole->values = values;
    whole->width = giving.count;
    whole->counted = buffer_string(&giving.counted);
    return whole;
}
