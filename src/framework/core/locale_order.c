/*
 * Three passes, as in the Unicode Collation Algorithm: first the characters alone, then their accents, then their case.
 * The order of the characters is CLDR's root order, printed by Node 20.20.
 */
#include "framework/core/locale_order.h"

#include "framework/core/listing.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* A character's weights; base 0: it does not count (control characters, accents that follow their letter). */
struct weights {
    uint32_t base;
    uint32_t accent;
    uint32_t is_upper;
};

#define PUNCTUATION "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%"
static const char in_order[] = PUNCTUATION "`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";

/* U+00E0 to U+00FF: the letter below the accent, and the accent's rank; '.' is a character of its own. */
static const char below[] = "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y";
static const char accents[] = "21365407213521350621365082135105";

static struct weights weights_of(uint32_t character)
{
    const bool is_capital_latin1 = character >= 0xC0 && character <= 0xDE && character != 0xD7;
    const uint32_t small = is_capital_latin1 ? character + 0x20 : character;
    if (small >= 0xE0 && small <= 0xFF && below[small - 0xE0] != '.') {
        struct weights weights = weights_of((unsigned char)below[small - 0xE0]);
        weights.accent = (uint32_t)(accents[small - 0xE0] - '0');
        weights.is_upper = is_capital_latin1;
        return weights;
    }
    if (character >= 0x300 && character < 0x370) {
        return (struct weights){0, 0, 0};
    }
    if (character >= 0x80) {
        return (struct weights){character, 0, 0};
    }
    const bool is_upper = character >= 'A' && character <= 'Z';
    const char *const place = strchr(in_order, is_upper ? (int)character + ('a' - 'A') : (int)character);
    return (struct weights){place == NULL || *place == '\0' ? 0 : (uint32_t)(place - in_order) + 1, 0, is_upper};
}

/* The next character of UTF-8 text; a byte that begins none is one by itself. */
static uint32_t next_character(const char **at)
{
    const unsigned char *const bytes = (const unsigned char *)*at;
    const int more = bytes[0] >= 0xF0 ? 3 : bytes[0] >= 0xE0 ? 2 : bytes[0] >= 0xC0 ? 1 : 0;
    uint32_t character = more == 0 ? bytes[0] : bytes[0] & (0x3FU >> more);
    int taken = 1;
    while (taken <= more && (bytes[taken] & 0xC0) == 0x80) {
        character = character << 6 | (bytes[taken++] & 0x3FU);
    }
    *at += taken;
    return character;
}

/* The weights of the next character that counts; base 0: the end. */
static struct weights next_weights(const char **at)
{
    while (**at != '\0') {
        const struct weights weights = weights_of(next_character(at));
        if (weights.base != 0) {
            return weights;
        }
    }
    return (struct weights){0, 0, 0};
}

enum pass { PASS_BASE, PASS_ACCENT, PASS_CASE };

static uint32_t weight_in(enum pass pass, struct weights weights)
{
    return pass == PASS_BASE ? weights.base : pass == PASS_ACCENT ? weights.accent : weights.is_upper;
}

/* The digits at *at, which it moves behind them, without the zeros in front; empty: there are none. */
static struct text next_number(const char **at)
{
    const size_t size = strspn(*at, "0123456789");
    const size_t zeros = strspn(*at, "0");
    const struct text number = {*at + (zeros < size ? zeros : size), zeros < size ? size - zeros : 0};
    *at += size;
    return number;
}

/* Skips blanks and punctuation, and characters that do not count. */
static void skip_punctuation(const char **at)
{
    static const uint32_t last = sizeof PUNCTUATION - 1;
    for (const char *next = *at; *next != '\0'; *at = next) {
        const struct weights weights = weights_of(next_character(&next));
        if (weights.base > last) {
            break;
        }
    }
}

/* is_numeric: digits are compared as numbers, and punctuation does not count. */
static int compare_in(enum pass pass, const char *a, const char *b, bool is_numeric)
{
    for (;;) {
        if (is_numeric) {
            skip_punctuation(&a);
            skip_punctuation(&b);
        }
        if (is_numeric && isdigit((unsigned char)*a) != 0 && isdigit((unsigned char)*b) != 0) {
            const struct text first = next_number(&a);
            const struct text second = next_number(&b);
            const int order = first.size != second.size ? (first.size < second.size ? -1 : 1)
                                                        : memcmp(first.data, second.data, first.size);
            if (order != 0) {
                return order;
            }
            continue;
        }
        const struct weights first = next_weights(&a);
        const struct weights second = next_weights(&b);
        if (weight_in(pass, first) != weight_in(pass, second)) {
            return weight_in(pass, first) < weight_in(pass, second) ? -1 : 1;
        }
        if (first.base == 0 || second.base == 0) {
            return 0;
        }
    }
}

static int compare(const char *a, const char *b, bool is_numeric)
{
    int order = 0;
    for (enum pass pass = PASS_BASE; order == 0 && pass <= PASS_CASE; pass++) {
        order = compare_in(pass, a, b, is_numeric);
    }
    return order;
}

int locale_compare(const char *a, const char *b)
{
    return compare(a, b, false);
}

int locale_compare_numeric(const char *a, const char *b)
{
    return compare(a, b, true);
}

int listing_by_locale(const struct migration_file *a, const struct migration_file *b)
{
    const int order = locale_compare(a->name, b->name);
    return order != 0 ? order : listing_by_name(a, b);
}
