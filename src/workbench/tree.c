/*
 * The parser is recursive and needs stack space: for text that may be deep, it gets a stack of its own. It needs some
 * hundred times as much memory as its text, so large and deep texts are read one at a time.
 */
#include "workbench/tree.h"

#include "sql/parse.h"

#include <ctype.h>
#include <pg_query.h>
#include <pthread.h>
#include <string.h>

#define SMALL  ((size_t)32 * 1024)
#define LEVELS 1500                        /* of a tree that fits on any thread's stack */
#define STACK  ((size_t)256 * 1024 * 1024) /* enough for what STATEMENT_LIMIT allows; only used pages are taken */
#define DEEP   200 /* levels of JSON: from here on, the value of a member becomes a part of its own */

static pthread_mutex_t one_large = PTHREAD_MUTEX_INITIALIZER;

/* ---- parsing ---- */

struct parse {
    const char *text;
    PgQueryParseResult result;
};

static void *parse_there(void *data)
{
    struct parse *const parse = data;
    parse->result = pg_query_parse(parse->text);
    return NULL;
}

/* Returns false if there is no memory for the stack. */
static bool parse_on_own_stack(struct parse *parse)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    const bool ok = pthread_attr_setstacksize(&attributes, STACK) == 0 &&
                    pthread_create(&thread, &attributes, parse_there, parse) == 0;
    pthread_attr_destroy(&attributes);
    return ok && pthread_join(thread, NULL) == 0;
}

static bool fail_syntax(const PgQueryError *error, struct status *status)
{
    status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX, "%s", error->message);
    status->position = error->cursorpos > 0 ? (uint32_t)error->cursorpos : 0;
    status->hint = arena_printf(status->arena,
                                "Queries are checked with the grammar of PostgreSQL %d. If a newer server knows this, "
                                "write it as %d does.",
                                sql_grammar_version(), sql_grammar_version());
    return false;
}

static bool fail_deep(struct status *status)
{
    return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_SYNTAX,
                               "The query is nested too deeply to be checked; make it shorter.");
}

/* ---- cutting ---- */

/* A part that has begun inside another. */
struct part {
    size_t start;
    size_t depth; /* the depth that the outer part has reached */
    bool is_select;
};

/* The JSON is written over itself: a finished part makes room for the rest of the outer one. */
struct cutting {
    const struct nodes_walk *walk;
    char *json;
    size_t from;
    size_t to;
    size_t depth;
    struct part *parts;
    size_t count;
    size_t capacity;
};

static void copy_string(struct cutting *cutting)
{
    char *const json = cutting->json;
    bool is_escaped = false;
    do {
        is_escaped = !is_escaped && json[cutting->from] == '\\';
        json[cutting->to++] = json[cutting->from++];
    } while (json[cutting->from] != '\0' && (json[cutting->from] != '"' || is_escaped));
    if (json[cutting->from] != '\0') {
        json[cutting->to++] = json[cutting->from++];
    }
}

static bool is_behind(const struct cutting *cutting, const char *key)
{
    const size_t size = strlen(key);
    return cutting->to >= size && memcmp(cutting->json + cutting->to - size, key, size) == 0;
}

/* Is the object that begins here a value that is checked in the same way wherever it is: {"Type": {…}}, or a SELECT of
 * a UNION, which has no type name around it? Items of a list may be examined by the node around them. */
static bool begins_part(const struct cutting *cutting, bool *is_select)
{
    const char *const behind = cutting->json + cutting->from + 1;
    if (cutting->depth < DEEP || !is_behind(cutting, ":") || behind[0] != '"') {
        return false;
    }
    *is_select = islower((unsigned char)behind[1]) != 0;
    return !*is_select || is_behind(cutting, "\"larg\":") || is_behind(cutting, "\"rarg\":");
}

static bool walk_part(struct cutting *cutting)
{
    const struct part part = cutting->parts[--cutting->count];
    json_t *const value = json_loadb(cutting->json + part.start, cutting->to - part.start, 0, NULL);
    const bool ok = value == NULL    ? fail_deep(cutting->walk->status)
                    : part.is_select ? nodes_walk(cutting->walk, value)
                                     : nodes_walk_value(cutting->walk, value);
    json_decref(value);
    cutting->depth = part.depth;
    memcpy(cutting->json + part.start, "{}", 2);
    cutting->to = part.start + 2;
    return ok;
}

static bool cut_next(struct cutting *cutting)
{
    bool is_select = false;
    const char c = cutting->json[cutting->from];
    if (c == '"') {
        copy_string(cutting);
        return true;
    }
    if (c == '{' && begins_part(cutting, &is_select)) {
        cutting->parts = arena_grow(cutting->walk->arena, cutting->parts, cutting->count, &cutting->capacity,
                                    sizeof *cutting->parts);
        cutting->parts[cutting->count++] = (struct part){cutting->to, cutting->depth, is_select};
        cutting->depth = 0;
    }
    cutting->json[cutting->to++] = cutting->json[cutting->from++];
    if (c == '{' || c == '[') {
        cutting->depth++;
    } else if ((c == '}' || c == ']') && cutting->depth > 0) {
        cutting->depth--;
        return cutting->depth > 0 || cutting->count == 0 || walk_part(cutting);
    }
    return true;
}

static json_t *tree_of(const struct nodes_walk *walk, char *json)
{
    struct cutting cutting = {.walk = walk, .json = json};
    while (json[cutting.from] != '\0') {
        if (!cut_next(&cutting)) {
            return NULL;
        }
    }
    json_t *const tree = json_loadb(json, cutting.to, 0, NULL);
    if (tree == NULL) {
        fail_deep(walk->status);
    }
    return tree;
}

/* ---- reading ---- */

static json_t *parse_and_cut(const struct nodes_walk *walk, struct parse *parse, bool is_deep)
{
    json_t *tree = NULL;
    if (!is_deep) {
        parse_there(parse);
    } else if (!parse_on_own_stack(parse)) {
        status_fail(walk->status, STATUS_RESOURCE_EXHAUSTED,
                    "There is no memory to check a query that is nested so deeply; try again later.");
        return NULL;
    }
    if (parse->result.error != NULL) {
        fail_syntax(parse->result.error, walk->status);
    } else {
        tree = tree_of(walk, parse->result.parse_tree);
    }
    pg_query_free_parse_result(parse->result);
    return tree;
}

json_t *tree_read(const struct nodes_walk *walk, struct text text)
{
    const bool is_shallow = sql_may_be_parsed_up_to(text, STATEMENT_LIMIT, LEVELS);
    const bool is_deep = !is_shallow && sql_may_be_parsed_up_to(text, STATEMENT_LIMIT, STATEMENT_LIMIT);
    /* If the lexer finds it broken the parser does too, and with a better message. */
    const bool is_broken = !is_shallow && !is_deep;
    struct parse parse = {.text = arena_strndup(walk->arena, text.data, text.size)};
    const bool is_alone = is_deep || text.size > SMALL;
    if (is_broken && text.size >= SMALL / 8) {
        fail_deep(walk->status);
        return NULL;
    }
    if (is_alone) {
        pthread_mutex_lock(&one_large);
    }
    json_t *tree = parse_and_cut(walk, &parse, is_deep);
    if (is_alone) {
        pthread_mutex_unlock(&one_large);
    }
    if (is_broken && tree != NULL) {
        json_decref(tree);
        tree = NULL;
        fail_deep(walk->status);
    }
    return tree;
}
