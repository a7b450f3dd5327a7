/*
 * Short lists, searched linearly.
 */
#include "base/words.h"

#include <string.h>

void words_add(struct arena *arena, struct words *words, const char *word)
{
    words->items = arena_grow(arena, words->items, words->count, &words->capacity, sizeof *words->items);
    words->items[words->count++] = word;
}

void words_add_all(struct arena *arena, struct words *words, const struct words *others)
{
    for (size_t i = 0; others != NULL && i < others->count; i++) {
        words_add(arena, words, others->items[i]);
    }
}

bool words_have(const struct words *words, const char *word)
{
    for (size_t i = 0; word != NULL && i < words->count; i++) {
        if (strcmp(words->items[i], word) == 0) {
            return true;
        }
    }
    return false;
}

const char *const *words_list(struct arena *arena, struct words *words)
{
    words_add(arena, words, NULL);
    words->count--;
    return words->items;
}

bool word_is_one_of(struct text word, const char *const *list)
{
    while (*list != NULL && !text_is(word, *list)) {
        list++;
    }
    return *list != NULL;
}

bool word_is_among(const char *words, const char *word)
{
    const size_t size = strlen(word);
    if (size == 0 || memchr(word, ' ', size) != NULL) {
        return false;
    }
    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

bool word_next(const char **list, struct text *word)
{
    if (**list == '\0') {
        return false;
    }
    *word = (struct text){*list, strcspn(*list, "|")};
    *list += word->size;
    *list += **list == '|' ? 1 : 0;
    return true;
}

bool text_has_one_of(struct text text, const char *words)
{
    bool has = false;
    for (struct text word; !has && text.data != NULL && word_next(&words, &word);) {
        has = memmem(text.data, text.size, word.data, word.size) != NULL;
    }
    return has;
}

bool word_is_one_of_nocase(struct text word, const char *const *list)
{
    while (*list != NULL && !text_is_nocase(word, *list)) {
        list++;
    }
    return *list != NULL;
}

const char *words_counted(struct arena *arena, size_t count, const char *one, const char *many)
{
    return arena_printf(arena, "%zu %s", count, count == 1 ? one : many);
}

const char *words_joined(struct arena *arena, const struct words *words)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < words->count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : ", ", words->items[i]);
    }
    return buffer_string(&out);
}

const char *words_some(struct arena *arena, const struct words *words, size_t most)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < words->count && i < most; i++) {
        buffer_printf(&out, "%s\"%s\"", i == 0 ? "" : ", ", words->items[i]);
    }
    if (words->count > most) {
        buffer_printf(&out, " and %zu more", words->count - most);
    }
    return buffer_string(&out);
}

const char *words_quoted(struct arena *arena, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@%+=,";
    struct buffer out = {.arena = arena};
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        return word;
    }
    buffer_putc(&out, '\'');
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'') {
            buffer_puts(&out, "'\\''");
        } else {
            buffer_putc(&out, *c);
        }
    }
    buffer_putc(&out, '\'');
    return buffer_string(&out);
}
