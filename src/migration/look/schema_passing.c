#include "migration/look/schema_passing.h"

#include "base/search.h"
#include "base/sorting.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

/* What a statement takes away. */
struct gone {
    const char *name;
    const char *parent; /* the table of a column or constraint, the type of a value; NULL: it is an object by itself */
    const char *at;     /* the statement, in the script */
};

struct all_gone {
    struct gone *items;
    size_t count;
    size_t capacity;
};

static void add(struct arena *arena, struct all_gone *all, struct gone gone)
{
    if (gone.name != NULL) {
        all->items = arena_grow(arena, all->items, all->count, &all->capacity, sizeof *all->items);
        all->items[all->count++] = gone;
    }
}

static void take_kind(struct sql_reader *reader)
{
    static const char *const before[] = {"materialized", "foreign", "event", NULL};
    if (sql_is_any_word(&reader->token, before)) {
        sql_advance(reader);
    }
    sql_advance(reader);
    sql_take(reader, "concurrently");
    sql_take_if(reader);
    sql_take(reader, "only");
}

/* DROP … a, b.c(int), d */
static void read_drop(struct arena *arena, struct sql_reader *reader, const char *at, struct all_gone *all)
{
    take_kind(reader);
    bool goes_on = true;
    while (goes_on) {
        add(arena, all, (struct gone){.name = sql_take_name(arena, reader, NULL), .at = at});
        if (sql_is_symbol(&reader->token, '(')) {
            sql_skip_parentheses(reader);
        }
        goes_on = sql_is_symbol(&reader->token, ',');
        sql_advance(reader);
    }
}

/* ALTER … name RENAME TO, SET SCHEMA, RENAME COLUMN a TO, DROP CONSTRAINT b */
static void read_alter(struct arena *arena, struct sql_reader *reader, const char *at, struct all_gone *all)
{
    static const char *const parts[] = {"column", "constraint", "attribute", "value", NULL};
    take_kind(reader);
    const char *const name = sql_take_name(arena, reader, NULL);
    while (reader->token.kind != SQL_END) {
        if (sql_take_words(reader, "rename to") || sql_take_words(reader, "set schema")) {
            add(arena, all, (struct gone){.name = name, .at = at});
        } else if (sql_take(reader, "rename") || sql_take(reader, "drop")) {
            if (sql_is_any_word(&reader->token, parts)) {
                sql_advance(reader);
            }
            sql_take_if(reader);
            const char *const value = sql_string(arena, &reader->token);
            const char *const part = value != NULL ? value : sql_take_name(arena, reader, NULL);
            add(arena, all, (struct gone){.name = part, .parent = name, .at = at});
        } else {
            sql_advance(reader);
        }
    }
}

static bool is_before(const void *item, const void *name)
{
    return strcmp(((const struct gone *)item)->name, name) < 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct gone *)left)->name, ((const struct gone *)right)->name);
}

static struct all_gone read_script(struct arena *arena, struct text script)
{
    struct all_gone all = {0};
    struct sql_lexer lexer = {.text = script};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(script, statement.start, statement.end);
        struct sql_reader reader = sql_read(text);
        if (sql_take(&reader, "drop")) {
            read_drop(arena, &reader, text.data, &all);
        } else if (sql_take(&reader, "alter")) {
            read_alter(arena, &reader, text.data, &all);
        }
    }
    sort_items(all.items, all.count, sizeof *all.items, compare_names);
    return all;
}

/* Is what has this name taken away behind `at`? */
static bool goes(const struct all_gone *all, const char *name, const char *parent, const char *at)
{
    for (size_t i = search_first(all->items, all->count, sizeof *all->items, is_before, name);
         i < all->count && strcmp(all->items[i].name, name) == 0; i++) {
        const struct gone *const gone = &all->items[i];
        const bool is_its = gone->parent == NULL || (parent != NULL && strcmp(gone->parent, parent) == 0);
        if (is_its && gone->at > at) {
            return true;
        }
    }
    return false;
}

bool schema_leaves_any(struct arena *arena, struct text script, const struct sql_objects *objects,
                       const struct text *statements)
{
    const struct all_gone all = read_script(arena, script);
    for (size_t i = 0; i < objects->count; i++) {
        const struct sql_object *const object = &objects->items[i];
        const char *const at = statements[i].data;
        if (!goes(&all, object->name, object->parent, at) &&
            (object->parent == NULL || !goes(&all, object->parent, NULL, at))) {
            return true;
        }
    }
    return false;
}
