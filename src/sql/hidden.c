#include "sql/hidden.h"

#include "base/words.h"
#include "sql/lexer.h"
#include "sql/split.h"
#include "sql/take.h"

#include <string.h>

#define DEEPEST 3 /* how deep strings inside strings are searched: EXECUTE 'SELECT f()' in a DO */

/* ---- the list ---- */

static bool is_known(const struct hidden *hidden, const struct hidden_one *one)
{
    for (size_t i = 0; i < hidden->count; i++) {
        const struct hidden_one *const other = &hidden->items[i];
        if (other->is_table == one->is_table && other->lasting.kind == one->lasting.kind &&
            (!other->on_write || one->on_write) && strcmp(other->name, one->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool note(struct arena *arena, struct hidden *hidden, struct hidden_one one)
{
    if (is_known(hidden, &one)) {
        return false;
    }
    hidden->items = arena_grow(arena, hidden->items, hidden->count, &hidden->capacity, sizeof *hidden->items);
    hidden->items[hidden->count++] = one;
    for (size_t i = 0; one.on_write && i < hidden->link_count; i++) {
        if (strcmp(hidden->links[i].from, one.name) == 0) {
            struct hidden_one next = one;
            next.name = hidden->links[i].to;
            note(arena, hidden, next);
        }
    }
    return true;
}

void hidden_note_link(struct arena *arena, struct hidden *hidden, const struct hidden_link *link)
{
    hidden->links = arena_grow(arena, hidden->links, hidden->link_count, &hidden->link_capacity, sizeof *hidden->links);
    hidden->links[hidden->link_count++] = *link;
}

void hidden_join(struct arena *arena, struct hidden *hidden, const struct hidden *others)
{
    for (size_t i = 0; others != NULL && i < others->link_count; i++) {
        hidden_note_link(arena, hidden, &others->links[i]);
    }
    for (size_t i = 0; others != NULL && i < others->count; i++) {
        note(arena, hidden, others->items[i]);
    }
}

/* ---- names in statements ---- */

/* What is searched for in a statement: functions that it calls, and if it handles rows, tables that it names. */
struct naming {
    struct arena *arena;
    const struct hidden *hidden;
    struct sql_lastings *out;
    bool with_tables;
    bool empties; /* after TRUNCATE: the rows of all tables that it names are changed */
};

static void add(const struct naming *naming, const struct hidden_one *one)
{
    struct sql_lastings *const out = naming->out;
    out->items = arena_grow(naming->arena, out->items, out->count, &out->capacity, sizeof *out->items);
    out->items[out->count++] = one->lasting;
}

static void add_named(const struct naming *naming, const struct sql_token *token, bool is_call)
{
    for (size_t i = 0; i < naming->hidden->count; i++) {
        const struct hidden_one *const one = &naming->hidden->items[i];
        const bool counts = one->is_table ? naming->with_tables && (!one->on_write || naming->empties) : is_call;
        if (counts && sql_names(token, one->name)) {
            add(naming, one);
        }
    }
}

/* The table named after these words has its rows changed. */
static void add_changed(const struct naming *naming, struct sql_reader words)
{
    const char *const name = naming->with_tables ? sql_take_changed(naming->arena, &words) : NULL;
    for (size_t i = 0; name != NULL && i < naming->hidden->count; i++) {
        const struct hidden_one *const one = &naming->hidden->items[i];
        if (one->is_table && one->on_write && strcmp(one->name, name) == 0) {
            add(naming, one);
        }
    }
}

/* Looks into strings as deep as `depth` says: in a body they may be statements for EXECUTE. After INTO comes a table
 * with its columns, which is no call. */
static void look(const struct naming *naming, struct text text, int depth)
{
    struct sql_reader reader = sql_read(text);
    struct naming here = *naming;
    bool is_target = false;
    while (reader.token.kind != SQL_END) {
        const struct sql_token token = reader.token;
        here.empties = sql_is_word(&token, "truncate") || (here.empties && !sql_is_symbol(&token, ';'));
        add_changed(&here, reader);
        sql_advance(&reader);
        const bool was_target = is_target;
        is_target = sql_is_word(&token, "into") ||
                    (is_target && (sql_is_symbol(&token, '.') || sql_is_symbol(&reader.token, '.')));
        const char *const inner = token.kind == SQL_STRING && depth > 0 ? sql_string(naming->arena, &token) : NULL;
        if (inner != NULL) {
            look(naming, text_of(inner), depth - 1);
        } else {
            add_named(&here, &token, !was_target && sql_is_symbol(&reader.token, '('));
        }
    }
}

/* Does the statement handle rows of the tables that it names, define something, or both? */
static const struct {
    const char *word;
    bool calls;
    bool with_tables;
} verbs[] = {
    {"comment", false, false}, {"drop", false, false},  {"grant", false, false},  {"revoke", false, false},
    {"set", false, false},     {"reset", false, false}, {"lock", false, false},   {"reindex", true, false},
    {"alter", true, false},    {"create", true, true},  {"vacuum", false, false}, {"analyze", false, false},
};

/* True for CREATE or ALTER of an object whose expressions are not computed now. */
static bool only_defines(struct text statement)
{
    static const char *const passed[] = {"or",        "replace",    "create", "alter",    "temp",
                                         "temporary", "local",      "global", "unlogged", "unique",
                                         "recursive", "constraint", NULL};
    static const char *const computed[] = {"table", "index", "materialized", NULL};
    struct sql_reader reader = sql_read(statement);
    while (sql_is_any_word(&reader.token, passed)) {
        sql_advance(&reader);
    }
    return !sql_is_any_word(&reader.token, computed);
}

void hidden_find(struct arena *arena, const struct hidden *hidden, struct text statement, struct sql_lastings *lastings)
{
    if (hidden == NULL || hidden->count == 0) {
        return;
    }
    struct naming naming = {.arena = arena, .hidden = hidden, .out = lastings, .with_tables = true};
    struct sql_reader reader = sql_read(statement);
    const bool defines = sql_is_word(&reader.token, "create") || sql_is_word(&reader.token, "alter");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (sql_is_word(&reader.token, verbs[i].word)) {
            naming.with_tables = verbs[i].with_tables;
            if (!verbs[i].calls || (defines && only_defines(statement))) {
                return;
            }
        }
    }
    look(&naming, statement, sql_is_word(&reader.token, "do") ? DEEPEST : 0);
}

/* ---- functions ---- */

/* One lasting effect of a call, described in words that name the function. */
static struct sql_lasting of_call(struct arena *arena, const char *name, const struct sql_lasting *lasting)
{
    const bool is_late = lasting->kind == SQL_CHECKED_LATER || lasting->kind == SQL_FIRES_LATER;
    const bool is_told = lasting->what != NULL && text_starts_with(text_of(lasting->what), "what ");
    return (struct sql_lasting){
        .kind = lasting->kind,
        .name = is_late ? lasting->name : NULL,
        .what = is_late || is_told ? lasting->what : arena_printf(arena, "what %s() does (%s)", name, lasting->what),
    };
}

/* Does the function restore this setting itself, with a SET clause? */
static bool is_put_back(const struct hidden_function *function, const struct sql_lasting *lasting)
{
    struct text rest = text_of(function->settings == NULL ? "" : function->settings);
    bool is = false;
    for (struct text word; !is && lasting->name != NULL && text_next_word(&rest, &word);) {
        is = text_is_nocase(word, lasting->name);
    }
    return is;
}

static bool is_hidden(enum sql_lasting_kind kind)
{
    return kind == SQL_ENDS || kind == SQL_OF_SESSION || kind == SQL_READING || kind == SQL_CHECKED_LATER ||
           kind == SQL_FIRES_LATER;
}

static void add_late(struct arena *arena, struct text body, const struct deferred *deferred,
                     struct sql_lastings *lastings)
{
    const struct sql_lasting late[] = {
        {.kind = SQL_CHECKED_LATER, .name = sql_changed_table(arena, body, &deferred->checked)},
        {.kind = SQL_FIRES_LATER, .name = sql_changed_table(arena, body, &deferred->fires)},
    };
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++) {
        if (late[i].name != NULL) {
            lastings->items =
                arena_grow(arena, lastings->items, lastings->count, &lastings->capacity, sizeof *lastings->items);
            lastings->items[lastings->count++] = late[i];
        }
    }
}

bool hidden_note_function(struct arena *arena, struct hidden *hidden, const struct hidden_function *function,
                          const struct deferred *deferred)
{
    struct sql_lastings lastings = {0};
    const struct naming naming = {.arena = arena, .hidden = hidden, .out = &lastings, .with_tables = true};
    bool is_new = false;
    sql_lasting_of_body(arena, function->body, function->language, &lastings);
    look(&naming, function->body, DEEPEST);
    if (deferred != NULL) {
        add_late(arena, function->body, deferred, &lastings);
    }
    for (size_t i = 0; i < lastings.count; i++) {
        if (is_hidden(lastings.items[i].kind) && !is_put_back(function, &lastings.items[i])) {
            const struct hidden_one one = {.name = function->name,
                                           .lasting = of_call(arena, function->name, &lastings.items[i])};
            is_new = note(arena, hidden, one) || is_new;
        }
    }
    return is_new;
}

void hidden_note_unknown(struct arena *arena, struct hidden *hidden, const char *function)
{
    const char *const what =
        arena_printf(arena, "what %s() does (not known: another session keeps a table locked that it names)", function);
    note(arena, hidden,
         (struct hidden_one){.name = arena_strdup(arena, function), .lasting = {.kind = SQL_ENDS, .what = what}});
}

void hidden_note_table(struct arena *arena, struct hidden *hidden, const struct hidden_table *table)
{
    const size_t count = hidden->count;
    for (size_t i = 0; i < count; i++) {
        if (!hidden->items[i].is_table && strcmp(hidden->items[i].name, table->function) == 0) {
            const struct hidden_one one = {.name = table->name,
                                           .is_table = true,
                                           .on_write = table->on_write,
                                           .lasting = hidden->items[i].lasting};
            note(arena, hidden, one);
        }
    }
}

/* ---- what a statement makes ---- */

/* The parts of CREATE FUNCTION after its name, in any order. */
static void read_function(struct arena *arena, struct sql_reader *reader, struct hidden_function *function)
{
    const struct text whole = reader->lexer.text;
    function->language = "sql";
    function->settings = "";
    for (bool behind_as = false; reader->token.kind != SQL_END;) {
        if (sql_take(reader, "language")) {
            function->language = reader->token.kind == SQL_STRING ? sql_string(arena, &reader->token)
                                                                  : sql_identifier(arena, &reader->token);
        } else if (sql_take(reader, "set")) {
            const size_t start = reader->token.offset;
            sql_take_name(arena, reader, NULL);
            function->settings = arena_printf(arena, "%s %.*s", function->settings, (int)(reader->token.offset - start),
                                              whole.data + start);
            continue;
        } else if (sql_take(reader, "atomic")) {
            function->body = text_slice(whole, reader->token.offset, whole.size);
            return;
        } else if (behind_as && reader->token.kind == SQL_STRING && function->body.data == NULL) {
            function->body = text_of(sql_string(arena, &reader->token));
        }
        behind_as = sql_is_word(&reader->token, "as");
        sql_advance(reader);
    }
}

/* False for a view, a policy or a rule: these are also used (a rule may be) by those who only read. */
static bool is_of_writes(struct text statement)
{
    static const char *const read[] = {"view", "policy", "rule", NULL};
    static const char *const names[] = {"on", "table", NULL};
    struct sql_reader reader = sql_read(statement);
    while (reader.token.kind != SQL_END && !sql_is_any_word(&reader.token, names)) {
        if (sql_is_any_word(&reader.token, read)) {
            return false;
        }
        sql_advance(&reader);
    }
    return true;
}

/* Notes every table or view that is the target of the statement, if the statement names one of these functions. */
static void note_targets(struct arena *arena, struct hidden *hidden, struct text statement)
{
    static const char *const before[] = {"on", "table", "view", NULL};
    static const char *const passed[] = {"if", "not", "exists", "only", NULL};
    struct sql_lastings lastings = {0};
    const struct naming naming = {.arena = arena, .hidden = hidden, .out = &lastings, .with_tables = true};
    look(&naming, statement, 0);
    const bool on_write = is_of_writes(statement);
    struct sql_reader reader = sql_read(statement);
    while (lastings.count > 0 && reader.token.kind != SQL_END) {
        const bool is_before = sql_is_any_word(&reader.token, before);
        sql_advance(&reader);
        while (is_before && sql_is_any_word(&reader.token, passed)) {
            sql_advance(&reader);
        }
        const char *const target = is_before ? sql_take_name(arena, &reader, NULL) : NULL;
        for (size_t i = 0; target != NULL && i < lastings.count; i++) {
            note(arena, hidden,
                 (struct hidden_one){
                     .name = target, .is_table = true, .on_write = on_write, .lasting = lastings.items[i]});
        }
    }
}

bool hidden_read_function(struct arena *arena, struct text statement, struct hidden_function *function)
{
    struct sql_reader reader = sql_read(statement);
    *function = (struct hidden_function){0};
    if (!sql_take_create_function(&reader)) {
        return false;
    }
    function->name = sql_take_name(arena, &reader, NULL);
    read_function(arena, &reader, function);
    return true;
}

void hidden_note(struct arena *arena, struct hidden *hidden, struct text statement, const struct deferred *deferred)
{
    static const struct deferred none = {.checked = {0}};
    const struct sql_reader reader = sql_read(statement);
    struct hidden_function function;
    if (!sql_is_word(&reader.token, "create") && !sql_is_word(&reader.token, "alter")) {
        return;
    }
    if (!hidden_read_function(arena, statement, &function)) {
        note_targets(arena, hidden, statement);
    } else if (function.name != NULL && function.body.data != NULL && function.language != NULL) {
        hidden_note_function(arena, hidden, &function, deferred == NULL ? &none : deferred);
    }
}
