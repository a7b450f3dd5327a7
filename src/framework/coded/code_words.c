/*
 * Words of a program.
 */
#include "framework/coded/code.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '$';
}

struct text code_word(struct text source, size_t at)
{
    size_t end = at;
    while (end < source.size && is_word_character(source.data[end])) {
        end++;
    }
    return text_slice(source, at, end);
}

size_t code_find_word(struct text source, const char *word, size_t from)
{
    for (size_t at = from; (at = text_find(source, word, at)) != SIZE_MAX; at++) {
        const size_t end = at + strlen(word);
        if ((at == 0 || !is_word_character(source.data[at - 1])) &&
            (end >= source.size || !is_word_character(source.data[end]))) {
            return end;
        }
    }
    return SIZE_MAX;
}

struct text code_behind(struct text source, const char *word)
{
    const size_t at = text_find(source, word, 0);
    return text_slice(source, at, source.size);
}

bool code_has(struct text text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (text_find(text, words[i], 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

size_t code_skip_blanks(struct text source, size_t at)
{
    while (at < source.size && isspace((unsigned char)source.data[at]) != 0) {
        at++;
    }
    return at;
}
