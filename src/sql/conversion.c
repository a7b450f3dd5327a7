/*
 * First the kinds of types, by a table; then the modifiers of the new type: lengths, digits, digits of a second.
 */
#include "sql/conversion.h"

#include "base/sqlstate.h"

#include <limits.h>
#include <string.h>

#define UNBOUNDED       LONG_MAX
#define SECOND_DIGITS   6  /* without a modifier */
#define NAME_BYTES      63 /* NAMEDATALEN - 1 */
#define FLOAT4_DIGITS   6  /* that survive, whatever they are: FLT_DIG, DBL_DIG */
#define FLOAT8_DIGITS   15
#define FLOAT4_INTEGERS "int4 int8" /* that have more digits than a float4 keeps */

#define TEXTS    "varchar bpchar text name"
#define INTEGERS "int2 int4 int8"
#define RANGE    "A value out of the range of the new type"
#define WRITTEN  "lose how they were written (zeros in front, blanks, what the new type does not have)"
#define ROUNDED  "are rounded to the digits that the new type has"
#define ZONED                                                                                                          \
    "may become another moment: in a TimeZone with summer time an hour is missing, and another one comes twice"
#define UNKNOWN "may lose something: what this change of type keeps is not known"

/* ---- kinds of types ---- */

static const struct row {
    const char *from;
    const char *to;
    const char *loses;
    const char *fails;
    const char *state;
} rows[] = {
    {"int2", "int4 int8 numeric float4 float8 oid", NULL, NULL, NULL},
    {"int4", "int8 numeric float8 oid", NULL, NULL, NULL},
    {"int8", "numeric", NULL, NULL, NULL},
    {FLOAT4_INTEGERS, "float4", ROUNDED, NULL, NULL},
    {"int8", "float8", ROUNDED, NULL, NULL},
    {"int4 int8", "int2", NULL, RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"int8", "int4 oid", NULL, RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"oid", "int4 int8", NULL, NULL, NULL},
    {"float4", "float8", NULL, NULL, NULL},
    {"float8", "float4", ROUNDED, RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"float4 float8", INTEGERS, "are rounded to whole numbers", RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"float4", "numeric", "keep 6 digits", NULL, NULL},
    {"float8", "numeric", "keep 15 digits", NULL, NULL},
    {"bool", "int4", NULL, NULL, NULL},
    {"int4", "bool", "become true, or false for 0", NULL, NULL},
    {INTEGERS, "money", NULL, RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"numeric", "money", "are rounded to the fraction of the currency", RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"money", "numeric", NULL, NULL, NULL},
    {"date", "timestamp timestamptz", NULL, NULL, NULL},
    {"timestamp", "timestamptz", ZONED, NULL, NULL},
    {"timestamptz", "timestamp", ZONED, NULL, NULL},
    {"timestamp timestamptz", "date", "lose the time of day", NULL, NULL},
    {"timestamp timestamptz", "time timetz", "lose the date", NULL, NULL},
    {"time", "timetz interval", NULL, NULL, NULL},
    {"timetz", "time", "lose the time zone", NULL, NULL},
    {"interval", "time", "lose days, months and years", NULL, NULL},
    {"json", "jsonb", "lose all but the last of equal keys, and the order of keys",
     "A \\u0000, or a number that is too large", SQLSTATE_UNTRANSLATABLE_CHARACTER},
    {"jsonb", "json", NULL, NULL, NULL},
    {"cidr", "inet", NULL, NULL, NULL},
    {"inet", "cidr", "lose the bits right of the netmask", NULL, NULL},
    {"macaddr", "macaddr8", NULL, NULL, NULL},
    {"macaddr8", "macaddr", NULL, RANGE, SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE},
    {"bit varbit", "bit varbit", NULL, NULL, NULL},
    {"varchar text name", "bpchar", "lose blanks at their end", NULL, NULL},
    {TEXTS, "json xml uuid", NULL, "Text that the new type does not accept", SQLSTATE_INVALID_TEXT_REPRESENTATION},
};

static bool is_text(const struct sql_type *type)
{
    return type_is_one_of(type, TEXTS);
}

static const struct row *find_row(const struct sql_type *from, const struct sql_type *to)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (type_is_one_of(from, rows[i].from) && type_is_one_of(to, rows[i].to)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Every type can be written as text, and is read from it. */
static struct sql_conversion through_text(const struct sql_type *from, const struct sql_type *to)
{
    static const struct sql_conversion unknown = {UNKNOWN, "A value that the new type does not accept",
                                                  SQLSTATE_INVALID_TEXT_REPRESENTATION};
    return type_is_one_of(to, "varchar bpchar text") ? (struct sql_conversion){0}
           : type_is_one_of(to, "name")              ? (struct sql_conversion){"are cut to 63 bytes", NULL, NULL}
           : is_text(from) && to->builtin != NULL
               ? (struct sql_conversion){WRITTEN, "Text that the new type does not accept",
                                         SQLSTATE_INVALID_TEXT_REPRESENTATION}
               : unknown;
}

/* ---- numbers ---- */

/* The digits before and after the point that a value may have. */
struct digits {
    long before;
    long after;
};

static struct digits digits_of(const struct sql_type *type)
{
    if (type_is_one_of(type, "numeric") && type->modifier_count == 2) {
        return (struct digits){type->modifiers[0] - type->modifiers[1], type->modifiers[1]};
    }
    return type_is_one_of(type, "int2")   ? (struct digits){5, 0}
           : type_is_one_of(type, "int4") ? (struct digits){10, 0}
           : type_is_one_of(type, "int8") ? (struct digits){19, 0}
                                          : (struct digits){UNBOUNDED, UNBOUNDED};
}

/* To numeric(p,s). Rounding may give one more digit: 9.99 becomes 10.0. */
static struct sql_conversion to_digits(struct arena *arena, struct digits from, struct digits to)
{
    const bool rounds = from.after > to.after;
    const bool is_short = from.before > to.before || (rounds && from.before == to.before);
    return (struct sql_conversion){
        .loses = rounds ? arena_printf(arena, "are rounded to %ld decimals", to.after) : NULL,
        .fails = is_short ? arena_printf(arena, "A value of more than %ld digits before the point", to.before) : NULL,
        .state = is_short ? SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE : NULL};
}

/* From numeric to the other numbers. */
static struct sql_conversion from_numeric(const struct sql_type *from, const struct sql_type *to)
{
    const struct digits digits = digits_of(from);
    const bool is_unbounded = digits.before == UNBOUNDED;
    const long all = is_unbounded ? UNBOUNDED : digits.before + digits.after;
    if (type_is_one_of(to, "float4 float8")) {
        const long kept = type_is_one_of(to, "float4") ? FLOAT4_DIGITS : FLOAT8_DIGITS;
        return (struct sql_conversion){all > kept ? ROUNDED : NULL, is_unbounded ? RANGE : NULL,
                                       is_unbounded ? SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE : NULL};
    }
    /* One digit less than the largest has: that much always fits. */
    const bool is_short = digits.before > digits_of(to).before - 1;
    return (struct sql_conversion){digits.after > 0 ? "are rounded to whole numbers" : NULL, is_short ? RANGE : NULL,
                                   is_short ? SQLSTATE_NUMERIC_VALUE_OUT_OF_RANGE : NULL};
}

/* ---- lengths ---- */

/* The most characters that a value has when it is written. */
static long widest(const struct sql_type *type)
{
    static const struct {
        const char *name;
        long width;
    } widths[] = {{"int2", 6},  {"int4", 11},    {"int8", 20},        {"bool", 5},
                  {"uuid", 36}, {"macaddr", 17}, {"name", NAME_BYTES}};
    if (type_is_one_of(type, "varchar bpchar bit varbit") && type->modifier_count > 0) {
        return type->modifiers[0];
    }
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (type_is_one_of(type, widths[i].name)) {
            return widths[i].width;
        }
    }
    return UNBOUNDED;
}

/* By assignment, blanks at the end are cut in silence. */
static struct sql_conversion to_length(struct arena *arena, const struct sql_type *from, const struct sql_type *to,
                                       bool is_cast)
{
    const long most = widest(from);
    const long length = to->modifiers[0];
    const bool is_exact = type_is_one_of(to, "bit");
    const char *const unit = type_is_one_of(to, "bit varbit") ? "bits" : "characters";
    if (is_exact ? most == length : most <= length) {
        return (struct sql_conversion){0};
    }
    if (is_cast) {
        return (struct sql_conversion){.loses = arena_printf(arena, "are cut to %ld %s", length, unit)};
    }
    if (is_exact) {
        return (struct sql_conversion){NULL, arena_printf(arena, "A value that has not %ld bits", length),
                                       SQLSTATE_STRING_DATA_LENGTH_MISMATCH};
    }
    return (struct sql_conversion){.loses =
                                       is_text(from) ? "lose blanks at their end for which there is no room" : NULL,
                                   .fails = arena_printf(arena, "A value of more than %ld %s", length, unit),
                                   .state = SQLSTATE_STRING_DATA_RIGHT_TRUNCATION};
}

/* ---- seconds ---- */

static long second_digits(const struct sql_type *type)
{
    return type->modifier_count > 0 ? type->modifiers[0] : SECOND_DIGITS;
}

static struct sql_conversion to_seconds(struct arena *arena, const struct sql_type *from, const struct sql_type *to)
{
    const long digits = second_digits(to);
    const bool rounds =
        from->builtin != NULL && from->builtin->widening == WIDENS_SECONDS && second_digits(from) > digits;
    return (struct sql_conversion){.loses = !rounds ? NULL
                                            : digits == 0
                                                ? "are rounded to whole seconds"
                                                : arena_printf(arena, "are rounded to %ld digits of a second", digits)};
}

/* ---- all of it ---- */

struct sql_conversion conversion_then(struct sql_conversion first, struct sql_conversion second)
{
    return (struct sql_conversion){.loses = first.loses != NULL ? first.loses : second.loses,
                                   .fails = first.fails != NULL ? first.fails : second.fails,
                                   .state = first.fails != NULL ? first.state : second.state};
}

static struct sql_conversion between_kinds(const struct sql_type *from, const struct sql_type *to)
{
    const struct row *const row = find_row(from, to);
    if (from->builtin == to->builtin) {
        return (struct sql_conversion){0};
    }
    return row != NULL ? (struct sql_conversion){row->loses, row->fails, row->state} : through_text(from, to);
}

/* The modifiers of the new type. */
static struct sql_conversion by_modifiers(struct arena *arena, const struct sql_type *from, const struct sql_type *to,
                                          bool is_cast)
{
    if (to->modifier_count == 0) {
        return (struct sql_conversion){0};
    }
    switch (to->builtin->widening) {
    case WIDENS_NUMERIC:
        return to_digits(arena, digits_of(from), digits_of(to));
    case WIDENS_SECONDS:
        return to_seconds(arena, from, to);
    default:
        return to_length(arena, from, to, is_cast);
    }
}

struct sql_conversion conversion_of(struct arena *arena, const struct sql_type *from, const struct sql_type *to,
                                    bool is_cast)
{
    struct sql_type one = *from;
    struct sql_type other = *to;
    if (type_is_same(from, to)) {
        return (struct sql_conversion){0};
    }
    if (one.is_array && other.is_array) {
        one.is_array = other.is_array = false;
    }
    const bool is_known = other.builtin != NULL && !other.is_array;
    if (one.is_array != other.is_array || other.builtin == NULL) {
        return conversion_then(through_text(&one, &other),
                               is_known ? by_modifiers(arena, &one, &other, is_cast) : (struct sql_conversion){0});
    }
    if (type_is_one_of(&one, "numeric") && type_is_one_of(&other, INTEGERS " float4 float8")) {
        return from_numeric(&one, &other);
    }
    return conversion_then(between_kinds(&one, &other), by_modifiers(arena, &one, &other, is_cast));
}
