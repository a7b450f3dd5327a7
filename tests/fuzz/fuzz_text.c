/*
 * A project's .env file, and what a tool has printed. The first line is the secret; the rest is read as a .env file and
 * masked as output. What may be shown has no secret, no escape sequence and no control character in it.
 */
#include "base/dotenv.h"
#include "base/masking.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Shorter ones are not masked: in ordinary words their gaps would tell them. */
#define SHORTEST_SECRET 3
#define LONGEST_SECRET  32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void read_environment(struct arena *arena, struct text content)
{
    static const char *const keys[] = {"DATABASE_URL", "A", "B"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *const value = dotenv_value(arena, content, keys[i]);
        must(value == NULL || strlen(value) < SIZE_MAX);
    }
}

static void mask(struct arena *arena, struct text line, const char *secret)
{
    const char *const shown = masked(arena, line, secret);
    must(text_is_utf8(text_of(shown), NULL));
    for (const char *at = shown; *at != '\0'; at++) {
        must((unsigned char)*at >= ' ' || *at == '\t');
    }
    /* A secret of asterisks is in what stands for it. */
    if (strlen(secret) >= SHORTEST_SECRET && strchr(secret, '*') == NULL) {
        must(strstr(shown, secret) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *const end = size == 0 ? NULL : memchr(data, '\n', size);
    const size_t length = end == NULL ? 0 : (size_t)(end - data);
    if (end == NULL || length > LONGEST_SECRET || memchr(data, '\0', length) != NULL) {
        return 0;
    }
    struct arena *const arena = arena_new(0);
    const char *const secret = arena_strndup(arena, (const char *)data, length);
    /* A block of its own, so that a byte read behind it is seen. */
    const size_t rest = size - length - 1;
    char *const copy = memory_alloc(rest == 0 ? 1 : rest);
    memcpy(copy, end + 1, rest);
    const struct text content = {copy, rest};
    if (text_is_utf8(text_of(secret), NULL)) {
        mask(arena, content, secret);
    }
    if (memchr(copy, '\0', rest) == NULL) {
        read_environment(arena, content);
    }
    free(copy);
    arena_free(arena);
    return 0;
}
