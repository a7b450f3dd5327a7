/*
 * Expressions for contexts and labels, with the grammar of ExpressionMatcher.java: words, "!" and "not", "and", "or"
 * and commas (which mean "or"), parentheses.
 */
#include "framework/liquibase/liquibase_changelog.h"

#include <ctype.h>
#include <string.h>

#define MOST_DEPTH 50

struct expression {
    const char *rest;
    struct text words;
    int depth;
};

static void skip_blanks(struct expression *expression)
{
    while (isspace((unsigned char)*expression->rest) != 0) {
        expression->rest++;
    }
}

/* A word ends at a blank, a comma, a parenthesis or a "!". */
static struct text peek(struct expression *expression)
{
    skip_blanks(expression);
    return (struct text){expression->rest, strcspn(expression->rest, " \t\r\n,()!")};
}

static bool take(struct expression *expression, const char *word)
{
    const struct text next = peek(expression);
    const bool is_sign = word[1] == '\0';
    if (is_sign ? *expression->rest != word[0] : !text_is_nocase(next, word)) {
        return false;
    }
    expression->rest += is_sign ? 1 : next.size;
    return true;
}

static bool has_word(struct text words, struct text word)
{
    while (words.size > 0) {
        const size_t comma = text_find(words, ",", 0);
        const struct text one = text_trim(text_slice(words, 0, comma));
        if (one.size == word.size && strncasecmp(one.data, word.data, one.size) == 0) {
            return true;
        }
        words = text_slice(words, comma == SIZE_MAX ? words.size : comma + 1, words.size);
    }
    return false;
}

static bool read_any(struct expression *expression);

static bool read_one(struct expression *expression)
{
    bool holds = false;
    if (++expression->depth > MOST_DEPTH) {
        expression->rest = "";
    } else if (take(expression, "!") || take(expression, "not")) {
        holds = !read_one(expression);
    } else if (take(expression, "(")) {
        holds = read_any(expression);
        (void)take(expression, ")");
    } else {
        struct text word = peek(expression);
        expression->rest += word.size;
        /* "@test" requires that contexts are given, and they are. */
        holds = has_word(expression->words, text_starts_with(word, "@") ? text_slice(word, 1, word.size) : word);
    }
    expression->depth--;
    return holds;
}

static bool read_all(struct expression *expression)
{
    bool holds = read_one(expression);
    while (take(expression, "and")) {
        const bool next = read_one(expression);
        holds = holds && next;
    }
    return holds;
}

static bool read_any(struct expression *expression)
{
    bool holds = read_all(expression);
    while (take(expression, ",") || take(expression, "or")) {
        const bool next = read_all(expression);
        holds = holds || next;
    }
    return holds;
}

bool liquibase_holds(const char *expression, const char *words)
{
    struct expression reading = {.rest = expression == NULL ? "" : expression, .words = text_of(words)};
    skip_blanks(&reading);
    return *reading.rest == '\0' || reading.words.size == 0 || read_any(&reading);
}
