/*
 * jansson reads byte by byte, and copies each word twice. This takes words from where they are; what is rare (escapes
 * by number, fractions, white space, great depth, what is no JSON) is left to jansson, from the beginning.
 */
#include "sql/parse_json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH      2000 /* jansson's own limit is 2048 */
#define DIGITS     18   /* of a number that surely fits */
#define WORD_BYTES 512  /* of a word with escapes */

struct reading {
    const char *at;
    unsigned depth;
};

struct word {
    const char *data;
    size_t size;
    bool is_ascii;
};

static bool take(struct reading *reading, char c)
{
    const bool is = *reading->at == c;
    reading->at += is ? 1 : 0;
    return is;
}

/* The character of an escape; '\0': one that is left to jansson. */
static char escaped(char c)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *const at = c == '\0' ? NULL : strchr(letters, c);
    return at == NULL ? '\0' : values[at - letters];
}

/* Behind the opening quote, up to the closing one or an escape. */
static void read_plain(struct reading *reading, struct word *word)
{
    const char *at = reading->at;
    unsigned char all = 0;
    for (; *at != '"' && *at != '\\' && (unsigned char)*at >= ' '; at++) {
        all |= (unsigned char)*at;
    }
    *word = (struct word){reading->at, (size_t)(at - reading->at), all < 0x80};
    reading->at = at;
}

/* Behind what is plain in it. */
static bool read_escaped(struct reading *reading, struct word *word, char room[WORD_BYTES])
{
    const char *at = reading->at;
    if (word->size >= WORD_BYTES) {
        return false;
    }
    memcpy(room, word->data, word->size);
    for (; *at != '"' && word->size < WORD_BYTES; at++) {
        const bool is_escape = *at == '\\';
        const char c = is_escape ? escaped(at[1]) : *at;
        if (c == '\0' || (!is_escape && (unsigned char)c < ' ')) {
            return false;
        }
        at += is_escape ? 1 : 0;
        word->is_ascii = word->is_ascii && (unsigned char)c < 0x80;
        room[word->size++] = c;
    }
    word->data = room;
    reading->at = at;
    return true;
}

/* NULL also if it is not UTF-8, as jansson has it. */
static json_t *read_string(struct reading *reading)
{
    struct word word;
    char room[WORD_BYTES];
    read_plain(reading, &word);
    if ((*reading->at == '\\' && !read_escaped(reading, &word, room)) || !take(reading, '"')) {
        return NULL;
    }
    return word.is_ascii ? json_stringn_nocheck(word.data, word.size) : json_stringn(word.data, word.size);
}

static json_t *read_number(struct reading *reading)
{
    const char *const start = reading->at;
    char *end;
    const long long value = strtoll(start, &end, 10);
    if (end == start || end - start > DIGITS || *end == '.' || *end == 'e' || *end == 'E') {
        return NULL;
    }
    reading->at = end;
    return json_integer(value);
}

static json_t *read_value(struct reading *reading);

static bool read_member(struct reading *reading, json_t *object)
{
    struct word key;
    if (!take(reading, '"')) {
        return false;
    }
    read_plain(reading, &key);
    if (!key.is_ascii || !take(reading, '"') || !take(reading, ':')) {
        return false;
    }
    return json_object_setn_new_nocheck(object, key.data, key.size, read_value(reading)) == 0;
}

static bool read_element(struct reading *reading, json_t *array)
{
    return json_array_append_new(array, read_value(reading)) == 0;
}

/* Behind the opening bracket. */
static json_t *read_all(struct reading *reading, json_t *all, char closing,
                        bool (*read)(struct reading *reading, json_t *all))
{
    bool ok = ++reading->depth < DEPTH;
    if (ok && !take(reading, closing)) {
        do {
            ok = read(reading, all);
        } while (ok && take(reading, ','));
        ok = ok && take(reading, closing);
    }
    reading->depth--;
    if (!ok) {
        json_decref(all);
    }
    return ok ? all : NULL;
}

static bool take_word(struct reading *reading, const char *word, size_t size)
{
    const bool is = strncmp(reading->at, word, size) == 0;
    reading->at += is ? size : 0;
    return is;
}

static json_t *read_value(struct reading *reading)
{
    if (take(reading, '{')) {
        return read_all(reading, json_object(), '}', read_member);
    }
    if (take(reading, '[')) {
        return read_all(reading, json_array(), ']', read_element);
    }
    if (take(reading, '"')) {
        return read_string(reading);
    }
    if (take_word(reading, "true", 4)) {
        return json_true();
    }
    if (take_word(reading, "false", 5)) {
        return json_false();
    }
    return read_number(reading);
}

json_t *sql_json_read(const char *json)
{
    struct reading reading = {.at = json};
    json_t *const value = json[0] == '{' ? read_value(&reading) : NULL;
    if (value != NULL && *reading.at == '\0') {
        return value;
    }
    json_decref(value);
    return json_loads(json, 0, NULL);
}
