/*
 * Hash chains; there are at least as many buckets as words.
 */
#include "base/word_set.h"

#include <string.h>

#define FIRST_BUCKETS 64

struct word_set_item {
    struct word_set_item *next;
    const char *word;
    size_t hash;
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

static struct word_set_item *find_hashed(const struct word_set *set, const char *word, size_t hash)
{
    struct word_set_item *one = set->count == 0 ? NULL : set->buckets[hash % set->bucket_count];
    while (one != NULL && (one->hash != hash || strcmp(one->word, word) != 0)) {
        one = one->next;
    }
    return one;
}

static struct word_set_item *find(const struct word_set *set, const char *word)
{
    return set->count == 0 || word == NULL ? NULL : find_hashed(set, word, word_hash(word));
}

static void grow(struct arena *arena, struct word_set *set)
{
    const size_t count = set->bucket_count == 0 ? FIRST_BUCKETS : set->bucket_count * 2;
    struct word_set_item **const buckets = arena_array(arena, count, sizeof(struct word_set_item *));
    for (size_t i = 0; i < set->bucket_count; i++) {
        for (struct word_set_item *one = set->buckets[i], *next; one != NULL; one = next) {
            next = one->next;
            one->next = buckets[one->hash % count];
            buckets[one->hash % count] = one;
        }
    }
    set->buckets = buckets;
    set->bucket_count = count;
}

static struct word_set_item *find_or_add(struct arena *arena, struct word_set *set, const char *word)
{
    const size_t hash = word_hash(word);
    struct word_set_item *one = find_hashed(set, word, hash);
    if (one == NULL) {
        if (set->count == set->bucket_count) {
            grow(arena, set);
        }
        struct word_set_item **const bucket = &set->buckets[hash % set->bucket_count];
        one = arena_alloc(arena, sizeof *one);
        *one = (struct word_set_item){*bucket, arena_strdup(arena, word), hash, 0};
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

void word_set_count(struct arena *arena, struct word_set *set, const char *word)
{
    find_or_add(arena, set, word)->number++;
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
