/*
 * A label is free text and is used only in parameters and literals; a name is made of characters that need no quotes.
 */
#include "branch/names.h"

#include "base/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLUG_BYTES 37 /* 13 of the prefix, "_", and up to 12 of the suffix are added */

/* The number of bytes in the first `most` characters. */
static size_t bytes_of(const char *text, size_t most)
{
    size_t size = 0;
    for (size_t characters = 0; text[size] != '\0'; size++) {
        characters += ((unsigned char)text[size] & 0xC0) != 0x80 ? 1 : 0;
        if (characters > most) {
            break;
        }
    }
    return size;
}

const char *branch_label(struct arena *arena, const char *label, int64_t now_us, bool *is_cut)
{
    char *const clean = arena_strdup(arena, label == NULL ? "" : label);
    for (char *c = clean; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x20 || *c == 0x7F ? ' ' : *c;
    }
    const struct text trimmed = text_trim(text_of(clean));
    const char *const whole = arena_strndup(arena, trimmed.data, trimmed.size);
    const size_t size = bytes_of(whole, BRANCH_LABEL_CHARACTERS);
    *is_cut = size < trimmed.size;
    if (size > 0) {
        return arena_strndup(arena, whole, size);
    }
    const time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    char text[32] = "";
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "branch_%Y%m%d_%H%M%S", &utc);
    return arena_strdup(arena, text);
}

static char slug_character(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

static void put_base36(struct buffer *out, uint64_t number)
{
    char digits[16];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
        number /= 36;
    } while (number > 0);
    while (count > 0) {
        buffer_putc(out, digits[--count]);
    }
}

/* Two base-36 characters. */
static void put_random(struct buffer *out)
{
    char random[UUID_SIZE];
    uuid_v4(random);
    const unsigned long number = strtoul(arena_strndup(out->arena, random, 8), NULL, 16) % (36 * 36);
    buffer_putc(out, "0123456789abcdefghijklmnopqrstuvwxyz"[number / 36]);
    buffer_putc(out, "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]);
}

const char *branch_database_name(struct arena *arena, const char *label, int64_t now_us)
{
    static const char again[] = "branch_"; /* as in the label of a branch that nobody gave one */
    const bool is_said = strncmp(label, again, sizeof again - 1) == 0;
    struct buffer name = {.arena = arena};
    size_t size = 0;
    buffer_puts(&name, BRANCH_PREFIX);
    for (const char *c = is_said ? label + sizeof again - 1 : label; *c != '\0' && size < SLUG_BYTES; c++) {
        if (((unsigned char)*c & 0xC0) != 0x80) { /* one "_" for each character, however many bytes it has */
            buffer_putc(&name, slug_character(*c));
            size++;
        }
    }
    buffer_puts(&name, size == 0 ? "" : "_");
    put_base36(&name, (uint64_t)(now_us / 1000));
    put_random(&name);
    return buffer_string(&name);
}

void branch_token(char token[BRANCH_TOKEN_SIZE])
{
    uuid_digits(token);
}

const char *branch_provisional_name(struct arena *arena, const char *token)
{
    return arena_printf(arena, BRANCH_PROVISIONAL "%s", token);
}
