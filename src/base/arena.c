/*
 * A chain of blocks, each handed out from its start. Blocks double up to a bound, so that a small request stays small
 * and a large one makes few calls to malloc; what is larger than a block gets one of its own.
 */
#include "base/arena.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK   ((size_t)4 * 1024)
#define LARGEST_BLOCK ((size_t)256 * 1024)
#define ALIGNMENT     _Alignof(max_align_t)
#define GIVEN_BACK    (512 * 1024) /* blocks from this size on, when they are freed: larger than any block of an arena */
#define MOST_HEAPS    4            /* of glibc's, which has eight for each processor */

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* the newest first; only it is filled */
    size_t next_size;
    size_t used;
    size_t budget;
};

static void out_of_memory(void)
{
    fputs("truss: out of memory\n", stderr);
    abort();
}

void *memory_alloc(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

void *memory_resize(void *memory, size_t size)
{
    void *const resized = realloc(memory, size);
    if (resized == NULL) {
        out_of_memory();
    }
    return resized;
}

struct arena *arena_new(size_t budget)
{
    struct arena *arena = memory_alloc(sizeof *arena);
    arena->next_size = FIRST_BLOCK;
    arena->budget = budget;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct block *block = arena->blocks; block != NULL;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

/* Puts a block with room for size bytes at the head of the chain, or behind it when it serves this one request only. */
static struct block *add_block(struct arena *arena, size_t size)
{
    const bool own = size > arena->next_size;
    const size_t room = own ? size : arena->next_size;
    struct block *block = malloc(sizeof *block + room);
    if (block == NULL) {
        return NULL;
    }
    block->size = room;
    block->used = 0;
    if (own && arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    if (!own && arena->next_size < LARGEST_BLOCK) {
        arena->next_size *= 2;
    }
    return block;
}

static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    const size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < rounded) {
        block = add_block(arena, rounded);
        if (block == NULL) {
            return NULL;
        }
    }
    void *memory = (char *)block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    if (arena->budget != 0 && (size > arena->budget || arena->used > arena->budget - size)) {
        return NULL;
    }
    return take(arena, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);
    if (memory == NULL) {
        out_of_memory();
    }
    return memset(memory, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        out_of_memory();
    }
    return arena_alloc(arena, count * size);
}

char *arena_strndup(struct arena *arena, const char *data, size_t size)
{
    char *copy = take(arena, size + 1);
    if (copy == NULL) {
        out_of_memory();
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
    return string == NULL ? NULL : arena_strndup(arena, string, strlen(string));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    char *string = arena_alloc(arena, size < 0 ? 1 : (size_t)size + 1);
    if (size > 0) {
        vsnprintf(string, (size_t)size + 1, format, again);
    }
    va_end(again);
    return string;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *string = arena_vprintf(arena, format, args);
    va_end(args);
    return string;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    const size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = arena_array(arena, wanted, size);
    if (count > 0) {
        memcpy(grown, items, count * size);
    }
    *capacity = wanted;
    return grown;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

void memory_keep_little(void)
{
    mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
    mallopt(M_TRIM_THRESHOLD, GIVEN_BACK);
    mallopt(M_ARENA_MAX, MOST_HEAPS);
}
