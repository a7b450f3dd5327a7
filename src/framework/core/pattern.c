/*
 * Names are short and patterns have two or three variable parts: trying all possibilities is fast enough.
 */
#include "framework/core/pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ANY_NUMBER 255 /* digits: no name is longer */

static bool fits(struct text pattern, struct text name, size_t at, struct pattern_match *match);

static size_t digits_at(struct text name, size_t at)
{
    size_t count = 0;
    while (at + count < name.size && isdigit((unsigned char)name.data[at + count]) != 0) {
        count++;
    }
    return count;
}

/* "14" or "1-14" in {number:…}; empty: any number of digits. */
static void read_range(struct text range, size_t *least, size_t *most)
{
    const size_t dash = text_find(range, "-", 0);
    *least = 1;
    *most = ANY_NUMBER;
    if (range.size > 0) {
        *least = strtoul(range.data, NULL, 10);
        *most = dash == SIZE_MAX ? *least : strtoul(range.data + dash + 1, NULL, 10);
    }
}

static bool fits_number(struct text range, struct text rest, struct text name, size_t at, struct pattern_match *match)
{
    const size_t count = digits_at(name, at);
    size_t least;
    size_t most;
    read_range(range, &least, &most);
    if (count < least || count > most) {
        return false;
    }
    match->number = text_slice(name, at, at + count);
    match->stem = text_slice(name, 0, at + count);
    return fits(rest, name, at + count, match);
}

/* A number with a sign, of which only "-" is kept. */
static bool fits_integer(struct text rest, struct text name, size_t at, struct pattern_match *match)
{
    const bool has_sign = at < name.size && (name.data[at] == '+' || name.data[at] == '-');
    const size_t first = has_sign ? at + 1 : at;
    const size_t count = digits_at(name, first);
    if (count == 0) {
        return false;
    }
    match->number = text_slice(name, has_sign && name.data[at] == '-' ? at : first, first + count);
    match->stem = text_slice(name, 0, first + count);
    return fits(rest, name, first + count, match);
}

/* The longest text that leaves room for the rest. */
static bool fits_anything(struct text rest, struct text name, size_t at, bool is_title, struct pattern_match *match)
{
    for (size_t end = name.size + 1; end-- > at;) {
        struct pattern_match tried = *match;
        tried.stem = text_slice(name, 0, end);
        tried.title = is_title ? text_slice(name, at, end) : tried.title;
        if (fits(rest, name, end, &tried)) {
            *match = tried;
            return true;
        }
    }
    return false;
}

static bool fits_one_of(struct text words, struct text rest, struct text name, size_t at, struct pattern_match *match)
{
    for (size_t start = 0; start <= words.size;) {
        const size_t bar = text_find(words, "|", start);
        const struct text word = text_slice(words, start, bar);
        const struct text here = text_slice(name, at, at + word.size);
        if (text_equal(word, here) && fits(rest, name, at + word.size, match)) {
            return true;
        }
        start = bar == SIZE_MAX ? words.size + 1 : bar + 1;
    }
    return false;
}

static bool fits(struct text pattern, struct text name, size_t at, struct pattern_match *match)
{
    if (pattern.size == 0) {
        return at == name.size;
    }
    const struct text rest = text_slice(pattern, 1, pattern.size);
    if (pattern.data[0] == '*') {
        return fits_anything(rest, name, at, false, match);
    }
    const size_t close = pattern.data[0] == '{' ? text_find(pattern, "}", 0) : SIZE_MAX;
    if (close == SIZE_MAX) {
        return at < name.size && name.data[at] == pattern.data[0] && fits(rest, name, at + 1, match);
    }
    const struct text word = text_slice(pattern, 1, close);
    const struct text behind = text_slice(pattern, close + 1, pattern.size);
    if (text_is(word, "title")) {
        return fits_anything(behind, name, at, true, match);
    }
    if (text_is(word, "integer")) {
        return fits_integer(behind, name, at, match);
    }
    if (text_starts_with(word, "number")) {
        return fits_number(text_slice(word, strlen("number:"), word.size), behind, name, at, match);
    }
    return fits_one_of(word, behind, name, at, match);
}

bool pattern_fits(const char *pattern, struct text name, struct pattern_match *match)
{
    struct pattern_match found = {.stem = name};
    const bool fit = fits(text_of(pattern), name, 0, &found);
    if (fit && match != NULL) {
        *match = found;
    }
    return fit;
}

bool pattern_is_one(struct text pattern)
{
    return memchr(pattern.data, '*', pattern.size) != NULL || memchr(pattern.data, '{', pattern.size) != NULL;
}
