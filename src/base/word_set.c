/*
 * Hash chains; there are at least as many buckets as words.
 */
#include "base/word_set.h"

#include <string.h>

#define FIRST_BUCKETS 64

struct word_set_item {
    struct word_set_item *next;
    const char *word;
    int number;
};

size_t word_hash(const char *word)
{
    size_t hash = 5381;
    for (; *word != '\0'; word++) {
        hash = hash * 33 + (unsigned char)*word;
    }
    return hash;
}

static struct word_set_item *find(const struct word_set *set, const char *word)
{
    struct word_set_item *one =
        set->count == 0 || word == NULL ? NULL : set->buckets[word_hash(word) % set->bucket_count];
    while (one != NULL && strcmp(one->word, word) != 0) {
        one = one->next;
    }
    return one;
}

static void grow(struct arena *arena, struct word_set *set)
{
    const size_t count = set->bucket_count == 0 ? FIRST_BUCKETS : set->bucket_count * 2;
    struct word_set_item **const buckets = arena_array(arena, count, sizeof(struct word_set_item *));
    for (size_t i = 0; i < set->bucket_count; i++) {
        for (struct word_set_item *one = set->buckets[i], *next; one != NULL; one = next) {
            next = one->next;
            one->next = buckets[word_hash(one->word) % count];
            buckets[word_hash(one->word) % count] = one;
        }
    }
    set->buckets = buckets;
    set->bucket_count = count;
}

static struct word_set_item *find_or_add(struct arena *arena, struct word_set *set, const char *word)
{
    struct word_set_item *one = find(set, word);
    if (one == NULL) {
        if (set->count == set->bucket_count) {
            grow(arena, set);
        }
        struct word_set_item **const bucket = &set->buckets[word_hash(word) % set->bucket_count];
        one = arena_alloc(arena, sizeof *one);
        *one = (struct word_set_item){*bucket, arena_strdup(arena, word), 0};
        *bucket = one;
        set->count++;
    }
    return one;
}

void word_set_add(struct arena *arena, struct word_set *set, const char *word)
{
    find_or_add(arena, set, word);
}

void word_set_put(struct arena *arena, struct word_set *set, const char *word, int number)
{
    find_or_add(arena, set, word)->number = number;
}

bool word_set_has(const struct word_set *set, const char *word)
{
    return find(set, word) != NULL;
}

int word_set_number(const struct word_set *set, const char *word)
{
    const struct word_set_item *const one = find(set, word);
    return one == NULL ? 0 : one->number;
}
