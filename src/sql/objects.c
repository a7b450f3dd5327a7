/*
 * What a statement creates, by its words: CREATE kind [IF NOT EXISTS] name, ALTER TABLE … ADD, ALTER TYPE … ADD VALUE.
 */
#include "sql/classify.h"
#include "sql/lexer.h"

#include <string.h>

/* A statement that is read token by token, with one token of look-ahead. */
struct reader {
    struct arena *arena;
    struct sql_lexer lexer;
    struct sql_token token;
};

static void advance(struct reader *reader)
{
    reader->token = sql_next(&reader->lexer);
}

static bool take(struct reader *reader, const char *word)
{
    const bool is = sql_is_word(&reader->token, word);
    if (is) {
        advance(reader);
    }
    return is;
}

static bool take_symbol(struct reader *reader, char symbol)
{
    const bool is = sql_is_symbol(&reader->token, symbol);
    if (is) {
        advance(reader);
    }
    return is;
}

static void take_if_not_exists(struct reader *reader)
{
    if (take(reader, "if")) {
        take(reader, "not");
        take(reader, "exists");
    }
}

struct qualified {
    const char *schema;
    const char *name; /* NULL: there is none */
};

static struct qualified take_name(struct reader *reader)
{
    struct qualified qualified = {.name = sql_identifier(reader->arena, &reader->token)};
    if (qualified.name == NULL) {
        return qualified;
    }
    advance(reader);
    while (take_symbol(reader, '.')) {
        qualified.schema = qualified.name;
        qualified.name = sql_identifier(reader->arena, &reader->token);
        advance(reader);
    }
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

/* Goes on to the word ON at the statement's own level, and reads the table behind it. */
static struct qualified table_behind_on(struct reader *reader)
{
    while (reader->token.kind != SQL_END && reader->token.kind != SQL_BROKEN) {
        if (take(reader, "on")) {
            take(reader, "only");
            return take_name(reader);
        }
        advance(reader);
    }
    return nothing;
}

/* An index lives in its table's schema, whatever is said of the table. */
static void create_index(struct reader *reader, struct sql_objects *objects)
{
    take(reader, "concurrently");
    take_if_not_exists(reader);
    if (sql_is_word(&reader->token, "on")) {
        return; /* PostgreSQL chooses the name */
    }
    struct qualified index = take_name(reader);
    index.schema = table_behind_on(reader).schema;
    add(reader, objects, "index", index, nothing);
}

/* Kinds whose name belongs to a table that is named behind ON. */
static void create_on_table(struct reader *reader, struct sql_objects *objects, const char *type)
{
    take_if_not_exists(reader);
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
        if (!take(reader, kinds[i].first)) {
            continue;
        }
        if (kinds[i].second != NULL && !take(reader, kinds[i].second)) {
            return;
        }
        take_if_not_exists(reader);
        if (strcmp(kinds[i].type, "schema") == 0 && sql_is_word(&reader->token, "authorization")) {
            return;
        }
        add(reader, objects, kinds[i].type, take_name(reader), nothing);
        return;
    }
}

static void read_create(struct reader *reader, struct sql_objects *objects)
{
    if (take(reader, "or")) {
        take(reader, "replace");
    }
    if (sql_is_word(&reader->token, "temp") || sql_is_word(&reader->token, "temporary")) {
        return; /* gone with the session */
    }
    take(reader, "unlogged");
    take(reader, "recursive");
    const bool unique = take(reader, "unique");
    if (take(reader, "index")) {
        create_index(reader, objects);
    } else if (!unique) {
        const bool constraint = take(reader, "constraint");
        if (take(reader, "trigger")) {
            create_on_table(reader, objects, "trigger");
        } else if (!constraint && take(reader, "policy")) {
            create_on_table(reader, objects, "policy");
        } else {
            create_plain(reader, objects);
        }
    }
}

/* Words that begin a table constraint without a name, so that ADD is not followed by a column. */
static bool is_unnamed_constraint(const struct reader *reader)
{
    static const char *const words[] = {"primary", "unique", "check", "foreign", "exclude", "not"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (sql_is_word(&reader->token, words[i])) {
            return true;
        }
    }
    return false;
}

/* ADD [COLUMN] [IF NOT EXISTS] name type, or ADD CONSTRAINT name …. */
static void read_add(struct reader *reader, struct sql_objects *objects, struct qualified table)
{
    if (take(reader, "constraint")) {
        add(reader, objects, "constraint", take_name(reader), table);
        return;
    }
    const bool column = take(reader, "column");
    take_if_not_exists(reader);
    if (column || !is_unnamed_constraint(reader)) {
        add(reader, objects, "column", take_name(reader), table);
    }
}

/* Each action of an ALTER TABLE, separated by commas at its own level. */
static void read_alter_table(struct reader *reader, struct sql_objects *objects)
{
    int depth = 0;
    bool starts = true;
    if (take(reader, "if")) {
        take(reader, "exists");
    }
    take(reader, "only");
    const struct qualified table = take_name(reader);
    while (reader->token.kind != SQL_END && reader->token.kind != SQL_BROKEN) {
        if (starts && take(reader, "add")) {
            read_add(reader, objects, table);
            starts = false;
            continue;
        }
        depth += sql_is_symbol(&reader->token, '(') ? 1 : sql_is_symbol(&reader->token, ')') ? -1 : 0;
        starts = depth == 0 && (sql_is_symbol(&reader->token, ',') || (starts && sql_is_symbol(&reader->token, '*')));
        advance(reader);
    }
}

static void read_alter_type(struct reader *reader, struct sql_objects *objects)
{
    const struct qualified type = take_name(reader);
    if (take(reader, "add") && take(reader, "value")) {
        take_if_not_exists(reader);
        add(reader, objects, "enum value", (struct qualified){.name = sql_string(reader->arena, &reader->token)}, type);
    }
}

void sql_created_objects(struct arena *arena, struct text statement, struct sql_objects *objects)
{
    struct reader reader = {.arena = arena, .lexer = {.text = statement}};
    advance(&reader);
    if (take(&reader, "create")) {
        read_create(&reader, objects);
    } else if (take(&reader, "alter")) {
        if (take(&reader, "table")) {
            read_alter_table(&reader, objects);
        } else if (take(&reader, "type")) {
            read_alter_type(&reader, objects);
        }
    }
}
