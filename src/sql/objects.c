/*
 * What a statement creates, read from its words: CREATE kind [IF NOT EXISTS] name, ALTER TABLE … ADD, ALTER TYPE … ADD
 * VALUE.
 */
#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/take.h"

#include <string.h>

struct reader {
    struct sql_reader words;
    struct arena *arena;
};

struct qualified {
    const char *schema;
    const char *name; /* NULL: there is none */
};

static struct qualified take_name(struct reader *reader)
{
    struct qualified qualified = {0};
    qualified.name = sql_take_name(reader->arena, &reader->words, &qualified.schema);
    return qualified;
}

static void add(struct reader *reader, struct sql_objects *objects, const char *type, struct qualified object,
                struct qualified parent)
{
    if (object.name == NULL) {
        return;
    }
    objects->items =
        arena_grow(reader->arena, objects->items, objects->count, &objects->capacity, sizeof *objects->items);
    objects->items[objects->count++] = (struct sql_object){
        .type = type,
        .schema = object.schema,
        .name = object.name,
        .parent = parent.name,
        .parent_schema = parent.schema,
    };
}

static const struct qualified nothing;

/* Moves to the word ON outside of parentheses, and reads the table after it. */
static struct qualified table_behind_on(struct reader *reader)
{
    while (!sql_is_end(&reader->words.token)) {
        if (sql_take(&reader->words, "on")) {
            sql_take(&reader->words, "only");
            return take_name(reader);
        }
        sql_advance(&reader->words);
    }
    return nothing;
}

/* An index is in its table's schema, even if the statement does not name it. */
static void create_index(struct reader *reader, struct sql_objects *objects)
{
    sql_take(&reader->words, "concurrently");
    sql_take_if(&reader->words);
    if (sql_is_word(&reader->words.token, "on")) {
        return; /* PostgreSQL chooses the name */
    }
    struct qualified index = take_name(reader);
    index.schema = table_behind_on(reader).schema;
    add(reader, objects, "index", index, nothing);
}

/* Kinds whose name belongs to a table that is named after ON. */
static void create_on_table(struct reader *reader, struct sql_objects *objects, const char *type)
{
    sql_take_if(&reader->words);
    const struct qualified object = take_name(reader);
    add(reader, objects, type, object, table_behind_on(reader));
}

static const struct {
    const char *first;
    const char *second; /* NULL: one word */
    const char *type;
} kinds[] = {
    {"table", NULL, "table"},       {"view", NULL, "view"},           {"materialized", "view", "materialized view"},
    {"sequence", NULL, "sequence"}, {"schema", NULL, "schema"},       {"type", NULL, "type"},
    {"function", NULL, "function"}, {"procedure", NULL, "procedure"}, {"extension", NULL, "extension"},
    {"domain", NULL, "domain"},     {"foreign", "table", "table"},
};

static void create_plain(struct reader *reader, struct sql_objects *objects)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!sql_take(&reader->words, kinds[i].first)) {
            continue;
        }
        if (kinds[i].second != NULL && !sql_take(&reader->words, kinds[i].second)) {
            return;
        }
        sql_take_if(&reader->words);
        if (strcmp(kinds[i].type, "schema") == 0 && sql_is_word(&reader->words.token, "authorization")) {
            return;
        }
        add(reader, objects, kinds[i].type, take_name(reader), nothing);
        return;
    }
}

static void read_create(struct reader *reader, struct sql_objects *objects)
{
    if (sql_is_word(&reader->words.token, "temp") || sql_is_word(&reader->words.token, "temporary")) {
        return; /* it is gone when the session ends */
    }
    sql_take(&reader->words, "unlogged");
    sql_take(&reader->words, "recursive");
    const bool unique = sql_take(&reader->words, "unique");
    if (sql_take(&reader->words, "index")) {
        create_index(reader, objects);
    } else if (!unique) {
        const bool constraint = sql_take(&reader->words, "constraint");
        if (sql_take(&reader->words, "trigger")) {
            create_on_table(reader, objects, "trigger");
        } else if (!constraint && sql_take(&reader->words, "policy")) {
            create_on_table(reader, objects, "policy");
        } else {
            create_plain(reader, objects);
        }
    }
}

/* Words that begin a table constraint without a name: then no column follows ADD. */
static bool is_unnamed_constraint(const struct reader *reader)
{
    static const char *const words[] = {"primary", "unique", "check", "foreign", "exclude", "not", NULL};
    return sql_is_any_word(&reader->words.token, words);
}

/* ADD [COLUMN] [IF NOT EXISTS] name type, or ADD CONSTRAINT name …. */
static void read_add(struct reader *reader, struct sql_objects *objects, struct qualified table)
{
    if (sql_take(&reader->words, "constraint")) {
        add(reader, objects, "constraint", take_name(reader), table);
        return;
    }
    const bool column = sql_take(&reader->words, "column");
    sql_take_if(&reader->words);
    if (column || !is_unnamed_constraint(reader)) {
        add(reader, objects, "column", take_name(reader), table);
    }
}

/* Each action of an ALTER TABLE; they are separated by commas outside of parentheses. */
static void read_alter_table(struct reader *reader, struct sql_objects *objects)
{
    int depth = 0;
    bool starts = true;
    if (sql_take(&reader->words, "if")) {
        sql_take(&reader->words, "exists");
    }
    sql_take(&reader->words, "only");
    const struct qualified table = take_name(reader);
    while (!sql_is_end(&reader->words.token)) {
        if (starts && sql_take(&reader->words, "add")) {
            read_add(reader, objects, table);
            starts = false;
            continue;
        }
        depth += sql_is_symbol(&reader->words.token, '(') ? 1 : sql_is_symbol(&reader->words.token, ')') ? -1 : 0;
        starts = depth == 0 &&
                 (sql_is_symbol(&reader->words.token, ',') || (starts && sql_is_symbol(&reader->words.token, '*')));
        sql_advance(&reader->words);
    }
}

static void read_alter_type(struct reader *reader, struct sql_objects *objects)
{
    const struct qualified type = take_name(reader);
    if (sql_take(&reader->words, "add") && sql_take(&reader->words, "value")) {
        sql_take_if(&reader->words);
        add(reader, objects, "enum value", (struct qualified){.name = sql_string(reader->arena, &reader->words.token)},
            type);
    }
}

void sql_created_objects(struct arena *arena, struct text statement, struct sql_objects *objects)
{
    struct reader reader = {.arena = arena, .words = sql_read(statement)};
    if (sql_take_create(&reader.words)) {
        read_create(&reader, objects);
    } else if (sql_take(&reader.words, "alter")) {
        if (sql_take(&reader.words, "table")) {
            read_alter_table(&reader, objects);
        } else if (sql_take(&reader.words, "type")) {
            read_alter_type(&reader, objects);
        }
    }
}
