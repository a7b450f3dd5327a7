/*
 * Decides by the first words which statements may make others wait. Every statement of every migration is checked, so
 * it works without the parser. In doubt the answer is yes.
 */
#include "sql/effects.h"

#include "base/words.h"
#include "sql/lexer.h"

#include <string.h>

static bool take_any(struct sql_reader *words, const char *const *list)
{
    while (*list != NULL && !sql_take(words, *list)) {
        list++;
    }
    return *list != NULL;
}

/* Is the word anywhere in the rest, outside strings and comments? */
static bool has(struct sql_reader rest, const char *word)
{
    return sql_skip_to(&rest, word);
}

/* Do these two words follow each other anywhere in the rest? */
static bool has_pair(struct sql_reader rest, const char *first, const char *second)
{
    while (sql_skip_to(&rest, first)) {
        if (sql_is_word(&rest.token, second)) {
            return true;
        }
    }
    return false;
}

/* ---- by the first word; the rest is what follows it ---- */

static bool always(struct sql_reader rest)
{
    (void)rest;
    return true;
}

/* Objects that are no relations and belong to none: ALTER and DROP of them lock nothing that is read or written. */
static const char *const aside[] = {
    "access",     "aggregate",    "cast",   "collation",  "conversion", "database",    "default", "event",   "function",
    "group",      "language",     "large",  "operator",   "procedure",  "publication", "role",    "routine", "server",
    "statistics", "subscription", "system", "tablespace", "text",       "transform",   "user",    NULL};

/* DETACH … CONCURRENTLY waits without making others queue, and must not be interrupted. */
static bool alter_stalls(struct sql_reader rest)
{
    if (take_any(&rest, aside) || (sql_take(&rest, "type") && has_pair(rest, "add", "value"))) {
        return false;
    }
    if (!has_pair(rest, "detach", "partition")) {
        return true;
    }
    struct sql_token last = rest.token;
    for (; rest.token.kind != SQL_END; rest.token = sql_next(&rest.lexer)) {
        last = rest.token;
    }
    return !sql_is_word(&last, "concurrently");
}

static bool drop_stalls(struct sql_reader rest)
{
    if (sql_take(&rest, "index")) {
        return !sql_take(&rest, "concurrently");
    }
    return !take_any(&rest, aside) || has(rest, "cascade");
}

/* A new table blocks others only at tables that it refers to, inherits from or is a partition of. */
static bool links_tables(struct sql_reader rest)
{
    return has(rest, "references") || has(rest, "inherits") || has_pair(rest, "partition", "of");
}

static bool create_stalls(struct sql_reader rest)
{
    static const char *const strong[] = {"trigger", "rule", "policy", NULL};
    static const char *const adjectives[] = {"global", "local", "temp", "temporary", "unlogged", "foreign", NULL};
    const bool replaces = sql_take(&rest, "or") && sql_take(&rest, "replace");
    (void)sql_take(&rest, "constraint");
    (void)sql_take(&rest, "unique");
    if (sql_take(&rest, "index")) {
        return !sql_take(&rest, "concurrently");
    }
    if (take_any(&rest, strong)) {
        return true;
    }
    while (take_any(&rest, adjectives)) {
    }
    (void)sql_take(&rest, "recursive");
    if (sql_take(&rest, "view")) {
        return replaces;
    }
    if (sql_take(&rest, "table")) {
        return links_tables(rest);
    }
    return sql_take(&rest, "schema") && (links_tables(rest) || has(rest, "index") || has(rest, "trigger"));
}

/* REINDEX TABLE CONCURRENTLY t, REINDEX (CONCURRENTLY [value]) TABLE t. A value other than these may mean "off". */
static bool reindex_stalls(struct sql_reader rest)
{
    static const char *const on[] = {"on", "true", NULL};
    bool in_options = sql_is_symbol(&rest.token, '(');
    while (rest.token.kind != SQL_END && !sql_take(&rest, "concurrently")) {
        in_options = in_options && !sql_is_symbol(&rest.token, ')');
        rest.token = sql_next(&rest.lexer);
    }
    const bool has_value = !sql_is_symbol(&rest.token, ',') && !sql_is_symbol(&rest.token, ')');
    return rest.token.kind == SQL_END || (in_options && has_value && !take_any(&rest, on));
}

static bool vacuum_stalls(struct sql_reader rest)
{
    return has(rest, "full");
}

/* Looks for words anywhere, also inside strings: EXECUTE 'ALTER TABLE …' in the body of a DO block. */
static bool body_stalls(struct sql_reader rest)
{
    static const char *const strong[] = {"alter",   "cluster", "create",   "drop",   "lock", "reassign",
                                         "refresh", "reindex", "truncate", "vacuum", NULL};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const struct text text = text_slice(rest.lexer.text, rest.token.offset, rest.lexer.text.size);
    for (size_t start = 0; start < text.size;) {
        size_t end = start;
        while (end < text.size && text.data[end] != '\0' && strchr(letters, text.data[end]) != NULL) {
            end++;
        }
        if (word_is_one_of_nocase(text_slice(text, start, end), strong)) {
            return true;
        }
        start = end + 1;
    }
    return false;
}

static const struct {
    const char *word;
    bool (*stalls)(struct sql_reader rest);
} verbs[] = {
    {"alter", alter_stalls},   {"create", create_stalls}, {"drop", drop_stalls}, {"reindex", reindex_stalls},
    {"vacuum", vacuum_stalls}, {"do", body_stalls},       {"call", body_stalls}, {"truncate", always},
    {"lock", always},          {"cluster", always},       {"refresh", always},   {"reassign", always},
};

bool sql_may_stall_others(struct text statement)
{
    struct sql_reader words = {.lexer = {.text = statement}};
    do {
        words.token = sql_next(&words.lexer);
    } while (sql_is_symbol(&words.token, ';'));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (sql_take(&words, verbs[i].word)) {
            return verbs[i].stalls(words);
        }
    }
    return false;
}
