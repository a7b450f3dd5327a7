/*
 * Asks both catalogs the same questions in the same order; one walk through both lists finds the differences.
 */
#include "branch/refusals.h"
#include "branch/registry.h"
#include "pg/exec.h"
#include "pg/objects.h"
#include "pg/own_query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>

#define MOST           500
#define MOST_TEXT      ((size_t)8 * 1024)
#define NEWEST_KNOWN   18 /* the newest major version whose catalogs were read for pg/objects.c */
#define BETWEEN        '\x1f'
#define COLUMN_ORDER   "COLUMNS "
#define HIDDEN_DIFFERS "(a value that is not shown is another one)"

/* What pg_objects_query leaves out. */
static const char *const left_out[] = {
    "rows, large objects, the positions of sequences, and whether a materialized view is populated",
    "what an extension made itself, except for rights and comments: only the extension's version is",
    "the connection and the options of subscriptions",
    "the databases' names and comments, and whether they are templates",
    "roles and tablespaces, which both databases share",
};

static PGresult *read_catalog(const struct branch_call *call, struct pg_session *session, int *version)
{
    const bool is_ready =
        pg_session_begin_reading(session, call->status) && pg_exec(session, pg_objects_settings, call->status);
    PGresult *const catalog =
        is_ready ? own_query(session, pg_objects_query(call->arena, session), 0, NULL, call->status) : NULL;
    *version = catalog == NULL ? 0 : pg_session_server_version(session) / 10000;
    return catalog;
}

/* Reads it in a pooled session, and undoes the settings. */
static PGresult *catalog_of_home(const struct branch_call *call, int *version)
{
    struct status ignored = {.arena = call->arena};
    struct pg_session *const home = registry_take(call);
    PGresult *const catalog = home == NULL ? NULL : read_catalog(call, home, version);
    if (home != NULL) {
        pg_exec(home, "ROLLBACK", &ignored);
    }
    registry_give(call, home, true);
    return catalog;
}

static PGresult *catalog_of(const struct branch_call *call, const char *database, int *version)
{
    if (strcmp(database, call->branches->conninfo->place.database) == 0) {
        return catalog_of_home(call, version);
    }
    const struct conninfo conninfo = conninfo_beside(call->arena, call->branches->conninfo, database);
    struct pg_session *const session = pg_session_open_pinned(&conninfo, call->deadline, call->status);
    PGresult *const catalog = session == NULL ? NULL : read_catalog(call, session, version);
    pg_session_free(session);
    return catalog;
}

/* ---- one object ---- */

/* Less than 0, 0, or more than 0, as strcmp; past the end of a list counts as greatest. */
static int compare(const PGresult *a, int i, const PGresult *b, int j)
{
    if (i >= PQntuples(a) || j >= PQntuples(b)) {
        return (i >= PQntuples(a) ? 1 : 0) - (j >= PQntuples(b) ? 1 : 0);
    }
    const int by_kind = strcmp(pg_field(a, i, PG_OBJECTS_KIND), pg_field(b, j, PG_OBJECTS_KIND));
    return by_kind != 0 ? by_kind : strcmp(pg_field(a, i, PG_OBJECTS_NAME), pg_field(b, j, PG_OBJECTS_NAME));
}

/* A row of one of the lists. Borrowed from it; no member is NULL. */
struct object {
    const char *definition;
    const char *rest;
    const char *hidden;
};

static struct object object_of(const PGresult *list, int row)
{
    const char *const definition = pg_field(list, row, PG_OBJECTS_DEFINITION);
    const char *const rest = pg_field(list, row, PG_OBJECTS_REST);
    const char *const hidden = pg_field(list, row, PG_OBJECTS_HIDDEN);
    return (struct object){definition == NULL ? "" : definition, rest == NULL ? "" : rest,
                           hidden == NULL ? "" : hidden};
}

static bool is_equal(const struct object *a, const struct object *b)
{
    return strcmp(a->definition, b->definition) == 0 && strcmp(a->rest, b->rest) == 0 &&
           strcmp(a->hidden, b->hidden) == 0;
}

/* Takes the next of the texts in `rest`. */
static bool next_text(struct text *rest, struct text *one)
{
    if (rest->size == 0) {
        return false;
    }
    const char *const end = memchr(rest->data, BETWEEN, rest->size);
    const size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    *one = text_slice(*rest, 0, size);
    *rest = end == NULL ? (struct text){0} : text_slice(*rest, size + 1, rest->size);
    return true;
}

/* Two orders of the same columns have the same length. If some were added or removed, that is told anyway. */
static bool is_order_of_others(struct text one, struct text there)
{
    struct text other;
    while (text_starts_with(one, COLUMN_ORDER) && next_text(&there, &other)) {
        if (text_starts_with(other, COLUMN_ORDER)) {
            return other.size != one.size;
        }
    }
    return false;
}

static bool has_text(struct text texts, struct text one)
{
    struct text other;
    while (next_text(&texts, &other)) {
        if (text_equal(other, one)) {
            return true;
        }
    }
    return false;
}

static void put_line(struct buffer *lines, struct text line)
{
    buffer_puts(lines, lines->size == 0 ? "" : "\n");
    buffer_add(lines, line);
}

/* What is known of one of two objects of the same name, and is not so of the other. */
static const char *own_part(struct arena *arena, const struct object *one, const struct object *other)
{
    struct buffer lines = {.arena = arena};
    struct text rest = text_of(one->rest);
    struct text text;
    if (strcmp(one->definition, other->definition) != 0) {
        put_line(&lines, text_of(one->definition));
    }
    while (next_text(&rest, &text)) {
        if (!has_text(text_of(other->rest), text) && !is_order_of_others(text, text_of(other->rest))) {
            put_line(&lines, text);
        }
    }
    if (strcmp(one->hidden, other->hidden) != 0) {
        put_line(&lines, text_of(HIDDEN_DIFFERS));
    }
    return text_clean(arena, buffer_string(&lines), MOST_TEXT);
}

/* ---- both lists ---- */

static void add(struct arena *arena, struct branch_differences *differences, const struct branch_difference *one)
{
    if (differences->count == MOST) {
        differences->is_truncated = true;
        return;
    }
    if (differences->items == NULL) {
        differences->items = arena_array(arena, MOST, sizeof *differences->items);
    }
    differences->items[differences->count++] = *one;
}

static const char *cell(struct arena *arena, const PGresult *result, int row, int column)
{
    return arena_strdup(arena, pg_field(result, row, column));
}

/* An object that only one side has. */
static void add_lone(struct arena *arena, const PGresult *list, int row, bool is_parent,
                     struct branch_differences *differences)
{
    const char *const definition = text_clean(arena, object_of(list, row).definition, MOST_TEXT);
    const struct branch_difference one = {
        .kind = cell(arena, list, row, PG_OBJECTS_KIND),
        .name = cell(arena, list, row, PG_OBJECTS_NAME),
        .parent = is_parent ? definition : NULL,
        .branch = is_parent ? NULL : definition,
    };
    add(arena, differences, &one);
}

static void add_unknown(struct arena *arena, const PGresult *list, int row, struct branch_differences *differences)
{
    words_add(arena, &differences->unknown,
              arena_printf(arena, "%s %s", pg_field(list, row, PG_OBJECTS_KIND), pg_field(list, row, PG_OBJECTS_NAME)));
}

/* Two objects of the same name. */
struct pair {
    const PGresult *parent;
    int i;
    const PGresult *branch;
    int j;
};

static void compare_both(struct arena *arena, const struct pair *pair, struct branch_differences *differences)
{
    const struct object there = object_of(pair->parent, pair->i);
    const struct object here = object_of(pair->branch, pair->j);
    if (is_equal(&there, &here)) {
        return;
    }
    const struct branch_difference one = {
        .kind = cell(arena, pair->parent, pair->i, PG_OBJECTS_KIND),
        .name = cell(arena, pair->parent, pair->i, PG_OBJECTS_NAME),
        .parent = own_part(arena, &there, &here),
        .branch = own_part(arena, &here, &there),
    };
    if (one.parent[0] != '\0' || one.branch[0] != '\0') {
        add(arena, differences, &one);
    }
}

static void merge(struct arena *arena, const PGresult *parent, const PGresult *branch,
                  struct branch_differences *differences)
{
    for (int i = 0, j = 0; i < PQntuples(parent) || j < PQntuples(branch);) {
        const int order = compare(parent, i, branch, j);
        const struct pair pair = {parent, i, branch, j};
        if (order != 0) {
            add_lone(arena, order < 0 ? parent : branch, order < 0 ? i : j, order < 0, differences);
        } else if (pg_field(parent, i, PG_OBJECTS_DEFINITION) == NULL ||
                   pg_field(branch, j, PG_OBJECTS_DEFINITION) == NULL) {
            add_unknown(arena, parent, i, differences);
        } else {
            compare_both(arena, &pair, differences);
        }
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
}

static void say_left_out(struct arena *arena, int version, struct words *words)
{
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        words_add(arena, words, left_out[i]);
    }
    if (version > NEWEST_KNOWN) {
        words_add(arena, words, arena_printf(arena, "what PostgreSQL %d added to objects of known kinds", version));
    }
}

bool branch_diff(const struct branch_call *call, int64_t id, struct branch_row *row,
                 struct branch_differences *differences)
{
    int version = 0;
    *differences = (struct branch_differences){0};
    if (!branch_get(call, id, row)) {
        return false;
    }
    PG_RESULT(parent) = catalog_of(call, row->parent, &version);
    PG_RESULT(branch) = parent == NULL ? NULL : catalog_of(call, row->branch, &version);
    if (branch == NULL) {
        explain_gone(call, row, false);
        return false;
    }
    merge(call->arena, parent, branch, differences);
    say_left_out(call->arena, version, &differences->left_out);
    return true;
}
