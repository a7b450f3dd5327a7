/*
 * The rules are tried at each token outside of strings and comments. What none of them takes is copied.
 */
#include "sql/newer.h"

#include "base/words.h"
#include "sql/newer_rewriting.h"

#include <string.h>

/* ---- rewriting ---- */

size_t newer_end(const struct sql_token *token)
{
    return token->offset + token->text.size;
}

void newer_copy(struct newer_rewriting *rewriting, size_t to)
{
    if (to > rewriting->copied) {
        buffer_add(&rewriting->out, text_slice(rewriting->in, rewriting->copied, to));
        rewriting->copied = to;
    }
}

void newer_replace(struct newer_rewriting *rewriting, size_t from, size_t to, const char *words)
{
    newer_copy(rewriting, from);
    buffer_puts(&rewriting->out, words == NULL ? " " : words);
    rewriting->copied = to;
}

void newer_skip(struct newer_rewriting *rewriting, struct sql_reader to)
{
    rewriting->before = rewriting->words.token;
    rewriting->words = to;
}

void newer_drop_rest(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    newer_replace(rewriting, words.token.offset, rewriting->in.size, NULL);
    while (!sql_is_end(&words.token)) {
        sql_advance(&words);
    }
    newer_skip(rewriting, words);
}

void newer_mark(struct newer_rewriting *rewriting, enum newer_kind kind, size_t at)
{
    newer_copy(rewriting, at);
    rewriting->marks = arena_grow(rewriting->arena, rewriting->marks, rewriting->count, &rewriting->capacity,
                                  sizeof *rewriting->marks);
    rewriting->marks[rewriting->count++] =
        (struct newer_mark){.kind = kind, .at = rewriting->out.size, .command = rewriting->commands};
}

bool newer_declares(const struct newer_rewriting *rewriting)
{
    return (rewriting->is_alter && rewriting->depth == 0) || (rewriting->is_create && rewriting->depth == 1);
}

/* ---- where the reader is ---- */

/* Is a parenthesis that opens here a query, or a join, of a FROM clause? */
static bool begins_query(const struct newer_rewriting *rewriting)
{
    static const char *const before[] = {"from", "join", "lateral", NULL};
    static const char *const queries[] = {"select", "values", "with", NULL};
    struct sql_reader words = rewriting->words;
    sql_advance(&words);
    return (sql_is_any_word(&rewriting->before, before) ||
            (sql_is_symbol(&rewriting->before, ',') && rewriting->from[rewriting->depth])) &&
           sql_is_any_word(&words.token, queries);
}

static void open_parenthesis(struct newer_rewriting *rewriting)
{
    const bool is_query = begins_query(rewriting);
    rewriting->depth++;
    rewriting->has_failed = rewriting->has_failed || rewriting->depth == NEWER_DEEPEST;
    rewriting->depth = rewriting->has_failed ? 1 : rewriting->depth;
    rewriting->query[rewriting->depth] = is_query;
    rewriting->from[rewriting->depth] = false;
    rewriting->json[rewriting->depth] = rewriting->begins_json;
    rewriting->begins_json = false;
}

/* Is this the alias of what stands before it? */
static bool is_alias(const struct sql_token *token)
{
    static const char *const others[] = {"where",   "group",     "order",     "having",      "limit", "offset", "fetch",
                                         "for",     "union",     "except",    "window",      "join",  "left",   "right",
                                         "full",    "inner",     "cross",     "on",          "using", "when",   "set",
                                         "natural", "intersect", "returning", "tablesample", NULL};
    return token->kind == SQL_IDENTIFIER || (token->kind == SQL_WORD && !sql_is_any_word(token, others));
}

/* Behind the parentheses of a query in FROM: since PostgreSQL 16 it needs no alias. */
static void close_parenthesis(struct newer_rewriting *rewriting)
{
    struct sql_reader behind = rewriting->words;
    sql_advance(&behind);
    if (rewriting->query[rewriting->depth] && rewriting->major >= 16 && !is_alias(&behind.token)) {
        newer_copy(rewriting, newer_end(&rewriting->words.token));
        buffer_printf(&rewriting->out, " AS truss_%zu", rewriting->out.size);
    }
    if (rewriting->generated == rewriting->depth && rewriting->generated > 0) {
        rewriting->generated = 0;
        const bool is_virtual = sql_is_word(&behind.token, "virtual");
        if (rewriting->major >= 18 && !sql_is_word(&behind.token, "stored")) {
            newer_mark(rewriting, NEWER_VIRTUAL, newer_end(&rewriting->words.token));
            newer_replace(rewriting, newer_end(&rewriting->words.token),
                          is_virtual ? newer_end(&behind.token) : newer_end(&rewriting->words.token), " STORED");
            if (is_virtual) {
                rewriting->words = behind;
            }
        }
    }
    rewriting->depth -= rewriting->depth > 0 ? 1 : 0;
}

/* Follows FROM clauses and parentheses, and takes one token. */
static void follow(struct newer_rewriting *rewriting)
{
    static const char *const ends[] = {"where",  "group", "order",     "having", "limit",     "union", "except",
                                       "window", "set",   "returning", "on",     "intersect", NULL};
    const struct sql_token *const token = &rewriting->words.token;
    bool *const from = &rewriting->from[rewriting->depth];
    *from = (*from || sql_is_word(token, "from") || sql_is_word(token, "join")) && !sql_is_any_word(token, ends);
    if (sql_is_symbol(token, '(')) {
        open_parenthesis(rewriting);
    } else if (sql_is_symbol(token, ')')) {
        close_parenthesis(rewriting);
    } else if (sql_is_symbol(token, ',') && rewriting->depth == 0) {
        rewriting->commands++;
        rewriting->alters_constraint = false;
    }
    rewriting->before = rewriting->words.token;
    sql_advance(&rewriting->words);
}

/* ---- the whole ---- */

static bool take(struct newer_rewriting *rewriting, const struct newer_rule *rules)
{
    for (const struct newer_rule *one = rules; one->take != NULL; one++) {
        if (rewriting->major >= one->since && one->take(rewriting)) {
            return true;
        }
    }
    return false;
}

static bool creates_table(struct sql_reader words)
{
    static const char *const adjectives[] = {"temp", "temporary", "unlogged", "global", "local", "foreign", NULL};
    bool creates = sql_take(&words, "create");
    while (creates && sql_is_any_word(&words.token, adjectives)) {
        sql_advance(&words);
    }
    return creates && sql_is_word(&words.token, "table");
}

bool newer_rewrite(struct arena *arena, struct text statement, int major, struct newer *newer)
{
    struct newer_rewriting rewriting = {
        .arena = arena, .in = statement, .major = major, .words = sql_read(statement), .out = {.arena = arena}};
    struct sql_reader words = rewriting.words;
    rewriting.first = words.token;
    rewriting.is_create = creates_table(words);
    rewriting.is_alter = sql_take_words(&words, "alter table") || sql_take_words(&words, "alter foreign table");
    while (!sql_is_end(&rewriting.words.token) && !rewriting.has_failed) {
        if (!take(&rewriting, newer_of_tables) && !take(&rewriting, newer_of_rows)) {
            follow(&rewriting);
        }
    }
    const bool is_other = rewriting.out.size > 0;
    newer_copy(&rewriting, statement.size);
    *newer =
        (struct newer){buffer_text(&rewriting.out), rewriting.is_reworded, is_other, rewriting.marks, rewriting.count};
    return is_other && !rewriting.has_failed;
}

/* ---- the tree ---- */

struct finding {
    const struct newer_mark *mark;
    json_t *found;
    json_int_t at;
};

/* The last CHECK, key or generated column that begins before the mark. */
static bool find_constraint(void *data, const char *key, json_t *object)
{
    static const char kinds[] =
        "CONSTR_CHECK CONSTR_FOREIGN CONSTR_GENERATED CONSTR_PRIMARY CONSTR_UNIQUE CONSTR_NOTNULL";
    struct finding *const finding = data;
    const json_int_t at = tree_integer(object, "location");
    if (strcmp(key, "Constraint") == 0 && word_is_among(kinds, tree_string(object, "contype")) &&
        at <= (json_int_t)finding->mark->at && at >= finding->at) {
        finding->found = object;
        finding->at = at;
    }
    return true;
}

static void set(json_t *object, const char *member)
{
    json_object_set_new(object, member, json_true());
}

static void mark_constraint(const struct newer_mark *mark, json_t *tree)
{
    struct finding finding = {mark, NULL, 0};
    tree_walk(tree, find_constraint, &finding);
    json_t *const found = finding.found;
    if (found == NULL) {
        return;
    }
    if (mark->kind == NEWER_NOT_ENFORCED) {
        set(found, "is_not_enforced");
        set(found, "skip_validation");
    } else if (mark->kind == NEWER_NOT_NULL) {
        json_object_set_new(found, "contype", json_string("CONSTR_NOTNULL"));
        json_object_set_new(found, "keys", json_pack("[{s:{s:s}}]", "String", "sval", mark->column));
        json_object_del(found, "raw_expr");
    } else {
        set(found, mark->kind == NEWER_VIRTUAL    ? "is_virtual"
                   : mark->kind == NEWER_OVERLAPS ? "is_overlapping"
                                                  : "is_period");
    }
}

static void mark_command(const struct newer_mark *mark, json_t *tree)
{
    json_t *const statement = json_object_get(json_array_get(json_object_get(tree, "stmts"), 0), "stmt");
    const json_t *const commands = json_object_get(json_object_get(statement, "AlterTableStmt"), "cmds");
    json_t *const command = json_object_get(json_array_get(commands, mark->command), "AlterTableCmd");
    if (command == NULL) {
        return;
    }
    static const char *const members[] = {
        [NEWER_ENFORCES] = "enforces", [NEWER_FREES] = "frees", [NEWER_HANDS_ON] = "hands_on", [NEWER_KEEPS] = "keeps"};
    if (mark->kind == NEWER_EXPRESSION) {
        json_object_set_new(command, "subtype", json_string("AT_SetExpression"));
    } else {
        set(command, members[mark->kind]);
    }
}

void newer_mark_tree(const struct newer *newer, json_t *tree)
{
    for (size_t i = 0; i < newer->count; i++) {
        if (newer->marks[i].kind < NEWER_EXPRESSION) {
            mark_constraint(&newer->marks[i], tree);
        } else {
            mark_command(&newer->marks[i], tree);
        }
    }
}
