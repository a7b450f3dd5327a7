/*
 * Reads backwards through balanced parentheses, and looks for declarations by their form: "Type name", "name: Type",
 * "val name = Type.of()". No more than a few thousand bytes are looked at for one call.
 */
#include "framework/core/receiver.h"

#include "base/words.h"

#include <ctype.h>
#include <string.h>

#define CHAIN_LIMIT 4000 /* bytes of a chain of calls */
#define MOST_PLACES 50   /* of a variable's name */

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '$';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The offset behind the last byte before `at` that is not white space. */
static size_t skip_back(struct text content, size_t at)
{
    while (at > 0 && is_blank(content.data[at - 1])) {
        at--;
    }
    return at;
}

static size_t skip(struct text content, size_t at)
{
    while (at < content.size && is_blank(content.data[at])) {
        at++;
    }
    return at;
}

static struct text word_before(struct text content, size_t at)
{
    size_t start = at;
    while (start > 0 && is_word_character(content.data[start - 1])) {
        start--;
    }
    return text_slice(content, start, at);
}

static struct text word_at(struct text content, size_t at)
{
    size_t end = at;
    while (end < content.size && is_word_character(content.data[end])) {
        end++;
    }
    return text_slice(content, at, end);
}

/* MAX_SIZE, in capitals, is a constant and no class. */
static bool is_class(struct text word)
{
    bool has_small = false;
    for (size_t i = 0; i < word.size; i++) {
        has_small = has_small || islower((unsigned char)word.data[i]) != 0;
    }
    return word.size > 0 && isupper((unsigned char)word.data[0]) != 0 && has_small;
}

/* The offset of what opens the parentheses, or the angle brackets, that end before `at`; `at` itself if they do not
 * open near. */
static size_t opening(struct text content, size_t at, char open, char close)
{
    int depth = 0;
    char quote = '\0';
    for (size_t i = at; i > 0 && at - i < CHAIN_LIMIT; i--) {
        const char c = content.data[i - 1];
        if (quote != '\0' || c == '"') {
            quote = quote == '\0' ? c : c == quote ? '\0' : quote;
            continue;
        }
        depth += c == close ? 1 : c == open ? -1 : 0;
        if (depth == 0) {
            return i - 1;
        }
    }
    return at;
}

/* The offset behind the receiver whose dot ends before `at`; false: there is no dot. */
static bool take_dot(struct text content, size_t *at)
{
    const size_t dot = skip_back(content, *at);
    if (dot == 0 || content.data[dot - 1] != '.') {
        return false;
    }
    *at = skip_back(content, dot - 1);
    while (*at > 0 && (content.data[*at - 1] == '?' || content.data[*at - 1] == '!')) {
        *at = skip_back(content, *at - 1);
    }
    return true;
}

/* What the chain of calls before `at` begins with: a class that it names, or else a variable or a method. */
static struct text root_of(struct text content, size_t at)
{
    struct text root = {0};
    struct text class = {0};
    for (const size_t from = at; from - at < CHAIN_LIMIT && take_dot(content, &at);) {
        if (at > 0 && content.data[at - 1] == ')') {
            const size_t open = opening(content, at, '(', ')');
            if (open == at) {
                return (struct text){0};
            }
            at = skip_back(content, open);
            at = at > 0 && content.data[at - 1] == '>' ? opening(content, at, '<', '>') : at;
        }
        const struct text word = word_before(content, at);
        if (word.size == 0) {
            return (struct text){0};
        }
        root = text_is(word, "this") ? root : word;
        class = is_class(word) ? word : class;
        at -= word.size;
    }
    return class.size > 0 ? class : root;
}

/* ---- declarations ---- */

/* The class that an expression begins with: new Type(), a.b.Type.of(). Empty: none is seen. */
static struct text class_of(struct text content, size_t at)
{
    struct text word = word_at(content, at = skip(content, at));
    if (text_is(word, "new")) {
        word = word_at(content, at = skip(content, at + word.size));
    }
    while (word.size > 0 && !is_class(word) && at + word.size < content.size && content.data[at + word.size] == '.') {
        at += word.size + 1;
        word = word_at(content, at);
    }
    return is_class(word) ? word : (struct text){0};
}

/* The type before a name: Client, Map<String, Client>. */
static struct text type_before(struct text content, size_t at)
{
    size_t end = skip_back(content, at);
    if (end > 0 && content.data[end - 1] == '>') {
        end = skip_back(content, opening(content, end, '<', '>'));
    }
    return end == at ? (struct text){0} : word_before(content, end);
}

/* The type with which the name is declared at this place; empty: it is not declared there. */
static struct text declared_at(struct text content, size_t at, size_t size)
{
    static const char *const keywords[] = {"val", "var", "def", "final", "lateinit", "private", NULL};
    const struct text before = type_before(content, at);
    const size_t behind = skip(content, at + size);
    const char sign = behind < content.size ? content.data[behind] : '\0';
    if (is_class(before)) {
        return before;
    }
    if (sign == ':') {
        return class_of(content, behind + 1);
    }
    return sign == '=' && word_is_one_of(before, keywords) ? class_of(content, behind + 1) : (struct text){0};
}

bool receiver_is_other(struct text content, size_t at, const char *words)
{
    const struct text root = root_of(content, at < content.size && content.data[at] == '.' ? at + 1 : at);
    bool is_other = false;
    size_t places = 0;
    if (root.size == 0 || is_class(root)) {
        return root.size > 0 && !text_has_one_of(root, words);
    }
    for (size_t i = 0; i + root.size <= content.size && places < MOST_PLACES; i++) {
        if (memcmp(content.data + i, root.data, root.size) != 0 || (i > 0 && is_word_character(content.data[i - 1])) ||
            word_at(content, i).size != root.size) {
            continue;
        }
        places++;
        const size_t behind = skip(content, i + root.size);
        if (text_starts_with(text_slice(content, behind, content.size), "->")) {
            return false; /* a parameter whose type is not written */
        }
        const struct text type = declared_at(content, i, root.size);
        if (type.size > 0 && text_has_one_of(type, words)) {
            return false;
        }
        is_other = is_other || type.size > 0;
    }
    return is_other && places < MOST_PLACES;
}
