/*
 * Reads the statement word by word, remembering the words before each; columns are those of the relations that it
 * names.
 */
#include "migration/plan/foresee/early_value.h"

#include "migration/plan/cut/enum_value.h"
#include "migration/plan/foresee/label.h"
#include "pg/values.h"
#include "sql/classify.h"
#include "sql/lexer.h"

#include <string.h>

#define SINCE_17    170000 /* values of a type that was created in the same transaction may be used */
#define MOST_BEHIND 4      /* words that are looked back at */

/* A column of a relation that the statement names. */
struct column {
    const struct relation *relation;
    const char *name;
    bool is_value; /* has the enum's type */
};

struct reading {
    struct early_values *early;
    const char *type;
    const char *value;
    struct column *columns; /* of each relation, in order */
    size_t count;
    size_t capacity;
    struct sql_token before[MOST_BEHIND]; /* the last one first */
    const char *subject;                  /* the column that the next value is compared with; NULL: none */
    bool is_list;                         /* with each value of a list */
};

/* ---- columns ---- */

/* $1 the type's name, $2 the relation. */
static const char columns_sql[] =
    "SELECT a.attname, t.typtype = 'e' AND t.typname = $1::name FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type "
    "t ON t.oid = a.atttypid WHERE a.attrelid = $2::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

static void read_columns(struct reading *reading, const struct relation *relation)
{
    struct arena *const arena = reading->early->arena;
    const char *const values[] = {reading->type, arena_printf(arena, "%u", relation->oid)};
    PG_RESULT(result) = questions_ask(reading->early->questions, columns_sql, 2, values);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        reading->columns =
            arena_grow(arena, reading->columns, reading->count, &reading->capacity, sizeof *reading->columns);
        reading->columns[reading->count++] =
            (struct column){relation, arena_strdup(arena, pg_field(result, i, 0)), pg_field_bool(result, i, 1)};
    }
}

static void read_relations(struct reading *reading, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        const struct sql_relation_lock *const lock = &effects->locks[i];
        const struct relation *const relation =
            lock->name == NULL ? NULL : world_find(reading->early->world, lock->schema, lock->name);
        if (relation != NULL && relation->oid != 0) {
            read_columns(reading, relation);
        }
    }
}

/* Does the column of this name have the type, in all relations that have such a column? */
static bool is_value_column(const struct reading *reading, const char *name)
{
    bool is = false;
    bool is_other = false;
    for (size_t i = 0; name != NULL && i < reading->count; i++) {
        const bool has_name = strcmp(reading->columns[i].name, name) == 0;
        is = is || (has_name && reading->columns[i].is_value);
        is_other = is_other || (has_name && !reading->columns[i].is_value);
    }
    return is && !is_other;
}

/* ---- words ---- */

static void look_back(struct reading *reading, const struct sql_token *token)
{
    for (size_t i = MOST_BEHIND; i-- > 1;) {
        reading->before[i] = reading->before[i - 1];
    }
    reading->before[0] = *token;
}

static bool is_type(const struct reading *reading, struct sql_reader words)
{
    const char *const name = sql_take_name(reading->early->arena, &words, NULL);
    return name != NULL && strcmp(name, reading->type) == 0 && !sql_is_symbol(&words.token, '[');
}

/* 'value'::type, CAST ('value' AS type); the reader is after the string. */
static bool is_cast(const struct reading *reading, struct sql_reader words)
{
    const bool casts = sql_is_symbol(&reading->before[0], '(') && sql_is_word(&reading->before[1], "cast");
    if (sql_is_symbol(&words.token, ':')) {
        sql_advance(&words);
        sql_advance(&words);
        return is_type(reading, words);
    }
    return casts && sql_take(&words, "as") && is_type(reading, words);
}

/* ALTER column SET DEFAULT 'value'; column type [NOT NULL] DEFAULT 'value'. */
static bool is_default(const struct reading *reading)
{
    struct arena *const arena = reading->early->arena;
    const struct sql_token *const before = reading->before;
    if (!sql_is_word(&before[0], "default")) {
        return false;
    }
    const size_t behind = sql_is_word(&before[1], "null") && sql_is_word(&before[2], "not") ? 3 : 1;
    const char *const type = sql_identifier(arena, &before[behind]);
    return sql_is_word(&before[1], "set") ? is_value_column(reading, sql_identifier(arena, &before[2]))
                                          : type != NULL && strcmp(type, reading->type) == 0;
}

/* After this word: the column with which the next string would be compared, before = and similar, or before IN (. */
static void follow(struct reading *reading, const struct sql_token *token)
{
    static const char *const joins[] = {"in", "not", NULL};
    const bool is_operator = token->kind == SQL_SYMBOL && strchr("=<>!.", token->text.data[0]) != NULL;
    const char *const name = sql_identifier(reading->early->arena, token);
    if (sql_is_symbol(token, '(') && sql_is_word(&reading->before[0], "in")) {
        reading->is_list = true;
    } else if (name != NULL && !sql_is_any_word(token, joins)) {
        reading->subject = name;
        reading->is_list = false;
    } else if (name == NULL && !is_operator &&
               !(reading->is_list && (token->kind == SQL_STRING || sql_is_symbol(token, ',')))) {
        reading->subject = NULL;
        reading->is_list = false;
    }
}

static bool is_compared(const struct reading *reading)
{
    const struct sql_token *const last = &reading->before[0];
    const bool is_operator = last->kind == SQL_SYMBOL && strchr("=<>", last->text.data[0]) != NULL;
    return reading->subject != NULL && (is_operator || reading->is_list) && is_value_column(reading, reading->subject);
}

static bool is_value(const struct reading *reading, const struct sql_token *token)
{
    const char *const string = sql_string(reading->early->arena, token);
    return string != NULL && strcmp(string, reading->value) == 0;
}

static bool is_used(struct reading *reading, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    while (!sql_is_end(&words.token)) {
        const struct sql_token token = words.token;
        sql_advance(&words);
        /* A cast to another type yields a value that is not compared with the column's type. */
        if (is_value(reading, &token) && (is_cast(reading, words) || (!sql_is_symbol(&words.token, ':') &&
                                                                      (is_default(reading) || is_compared(reading))))) {
            return true;
        }
        follow(reading, &token);
        look_back(reading, &token);
    }
    return false;
}

/* ---- INSERT ---- */

/* The index of the column in the relation; SIZE_MAX: none. */
static size_t column_of(const struct reading *reading, const struct relation *relation, const char *name)
{
    size_t i = 0;
    while (name != NULL && i < reading->count &&
           (reading->columns[i].relation != relation || strcmp(reading->columns[i].name, name) != 0)) {
        i++;
    }
    return name == NULL || i == reading->count ? SIZE_MAX : i;
}

/* The columns that values are for, in order: those in parentheses, or all. */
static size_t take_columns(const struct reading *reading, const struct relation *relation, struct sql_reader *words,
                           size_t *columns)
{
    size_t count = 0;
    const bool is_list = sql_is_symbol(&words->token, '(');
    for (size_t i = 0; !is_list && i < reading->count; i++) {
        if (reading->columns[i].relation == relation) {
            columns[count++] = i;
        }
    }
    while (is_list && words->token.kind != SQL_END && !sql_is_symbol(&words->token, ')') && count < reading->count) {
        sql_advance(words);
        columns[count++] = column_of(reading, relation, sql_take_name(reading->early->arena, words, NULL));
    }
    if (is_list) {
        sql_advance(words);
    }
    return count;
}

/* INSERT INTO relation [(columns)] VALUES (…, 'value', …). */
static bool is_inserted(const struct reading *reading, struct text statement)
{
    struct arena *const arena = reading->early->arena;
    struct sql_reader words = sql_read(statement);
    const char *schema;
    if (!sql_take(&words, "insert") || !sql_take(&words, "into")) {
        return false;
    }
    const char *const name = sql_take_name(arena, &words, &schema);
    const struct relation *const relation = name == NULL ? NULL : world_find(reading->early->world, schema, name);
    size_t *const columns = arena_array(arena, reading->count + 1, sizeof *columns);
    const size_t count = take_columns(reading, relation, &words, columns);
    struct sql_token last = words.token;
    size_t depth = 0;
    size_t number = 0;
    for (bool reads = sql_take(&words, "values"); reads && words.token.kind != SQL_END;
         last = words.token, sql_advance(&words)) {
        struct sql_reader next = words;
        sql_advance(&next);
        const bool is_alone = depth == 1 && (sql_is_symbol(&last, '(') || sql_is_symbol(&last, ',')) &&
                              (sql_is_symbol(&next.token, ',') || sql_is_symbol(&next.token, ')'));
        if (is_alone && number < count && columns[number] != SIZE_MAX && reading->columns[columns[number]].is_value &&
            is_value(reading, &words.token)) {
            return true;
        }
        number = depth == 0 ? 0 : number + (depth == 1 && sql_is_symbol(&words.token, ',') ? 1 : 0);
        depth += sql_is_symbol(&words.token, '(') ? 1 : 0;
        depth -= sql_is_symbol(&words.token, ')') && depth > 0 ? 1 : 0;
    }
    return false;
}

/* ---- added values ---- */

/* Is the value known to exist, so that IF NOT EXISTS adds nothing? */
static bool is_there(const struct early_values *early, const char *type, const char *value)
{
    static const char sql[] = "SELECT FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid WHERE "
                              "t.typname = $1::name AND e.enumlabel = $2::name";
    PG_RESULT(result) = questions_ask(early->questions, sql, 2, (const char *const[]){type, value});
    return result == NULL || PQntuples(result) > 0;
}

static void note_added(struct early_values *early, struct text statement)
{
    struct arena *const arena = early->arena;
    const char *const value = sql_added_enum_value(arena, statement);
    struct sql_reader words = sql_read(statement);
    const bool alters = sql_take(&words, "alter") && sql_take(&words, "type");
    const char *const type = alters && value != NULL ? sql_take_name(arena, &words, NULL) : NULL;
    const char *const key = type == NULL ? NULL : arena_printf(arena, "%s %s", type, value);
    if (key != NULL && !words_have(&early->types, type) && !word_set_has(&early->added, key) &&
        !is_there(early, type, value)) {
        words_add(arena, &early->values, type);
        words_add(arena, &early->values, value);
        word_set_add(early->lasting, &early->added, key);
    }
}

static void note_types(struct early_values *early, struct text statement)
{
    struct sql_objects made = {0};
    if (pg_session_server_version(questions_session(early->questions)) >= SINCE_17) {
        sql_created_objects(early->arena, statement, &made);
    }
    for (size_t i = 0; i < made.count; i++) {
        if (strcmp(made.items[i].type, "type") == 0) {
            words_add(early->arena, &early->types, made.items[i].name);
        }
    }
}

/* Its strings are no values: texts, names, and the labels themselves. */
static bool has_no_values(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    return sql_is_word(&words.token, "comment") || (sql_take(&words, "alter") && sql_is_word(&words.token, "type"));
}

/* A body that is only read when it runs: of a function, unless it is in SQL. */
static bool makes_body(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    bool makes = false;
    for (bool creates = sql_is_word(&words.token, "create"); creates && !makes && words.token.kind != SQL_END;) {
        makes = sql_take(&words, "language") && !sql_is_word(&words.token, "sql");
        sql_advance(&words);
    }
    return makes;
}

/* May it contain the value: in a string, in an array's text or in a body? */
static bool may_have_value(const struct reading *reading, struct text statement)
{
    struct buffer quoted = {.arena = reading->early->arena};
    for (const char *c = reading->value; *c != '\0'; c++) {
        buffer_puts(&quoted, *c == '\'' ? "'" : "");
        buffer_putc(&quoted, *c);
    }
    return enum_value_is_used(statement, buffer_string(&quoted));
}

/* Does the tree say so: a constant of the type, or one beside a column of it? */
static bool is_needed(const struct early_values *early, const struct reading *reading,
                      const struct sql_effects *effects)
{
    bool is = false;
    for (size_t i = 0; !is && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        if (need->kind == SQL_NEED_LABEL) {
            is = strcmp(need->name, reading->type) == 0 && strcmp(need->part, reading->value) == 0;
        } else if (need->kind == SQL_NEED_COLUMN_LABEL && strcmp(need->types, reading->value) == 0) {
            const char *const type = label_type(early->questions, early->world, early->arena, need);
            is = type != NULL && strcmp(type, reading->type) == 0;
        }
    }
    return is;
}

void early_value_step(struct early_values *early)
{
    early->values.count = 0;
    early->types.count = 0;
}

static const char *say_used(const struct early_values *early, const struct reading *reading)
{
    return arena_printf(early->arena,
                        "It uses the value '%s' of the type %s, which its own transaction has added: that must be "
                        "committed first (55P04).",
                        reading->value, reading->type);
}

static const char *say_doubt(const struct early_values *early, const struct reading *reading)
{
    return arena_printf(early->lasting,
                        "It may use the value '%s' of the type %s, which its own transaction has added: then "
                        "PostgreSQL refuses it (55P04). Commit the value first.",
                        reading->value, reading->type);
}

const char *early_value_why(struct early_values *early, struct text statement, const struct sql_effects *effects)
{
    const enum sql_class class = sql_classify(statement);
    early->doubt = NULL;
    if (class == SQL_CLASS_COMMIT || class == SQL_CLASS_ROLLBACK) {
        early->values.count = 0;
        return NULL;
    }
    const size_t count = has_no_values(statement) ? 0 : early->values.count;
    for (size_t i = 0; i < count; i += 2) {
        struct reading reading = {.early = early, .type = early->values.items[i], .value = early->values.items[i + 1]};
        if (!may_have_value(&reading, statement)) {
            continue;
        }
        read_relations(&reading, effects);
        if (is_needed(early, &reading, effects) || is_used(&reading, statement) || is_inserted(&reading, statement)) {
            return say_used(early, &reading);
        }
        early->doubt = makes_body(statement) ? early->doubt : say_doubt(early, &reading);
    }
    note_types(early, statement);
    note_added(early, statement);
    return NULL;
}
