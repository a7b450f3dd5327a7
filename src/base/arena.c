/*
 * A chain of blocks, each filled from its start. Block sizes double up to a limit, so that small requests stay small
 * and large ones need few calls of malloc; an allocation larger than a block gets its own.
 */
#include "base/arena.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK   ((size_t)4 * 1024)
#define LARGEST_BLOCK ((size_t)256 * 1024)
#define ALIGNMENT     _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* newest first; only it is filled */
    size_t next_size;
    size_t used;
    size_t budget; /* of arena_try_alloc */
    size_t spent;  /* of that */
};

void *memory_alloc(size_t size)
{
    void *memory = NULL;
    for (unsigned times = 0; memory == NULL; times++) {
        memory = calloc(1, size > 0 ? size : 1);
        memory_must_wait(memory, times);
    }
    return memory;
}

void *memory_resize(void *memory, size_t size)
{
    void *resized = NULL;
    for (unsigned times = 0; resized == NULL; times++) {
        resized = realloc(memory, size);
        memory_must_wait(resized, times);
    }
    return resized;
}

char *memory_strdup(const char *string)
{
    const size_t size = string == NULL ? 0 : strlen(string) + 1;
    return string == NULL ? NULL : memcpy(memory_alloc(size), string, size);
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
    memory_freed(arena->used);
    free(arena);
}

/* Adds a block with room for `size` bytes: at the head, or behind it if it is only for this allocation. */
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

/* NULL if there is no memory; asks: also NULL if a new block would use the reserve. */
static void *try_take(struct arena *arena, size_t size, bool asks)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    const size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < rounded) {
        const size_t wanted = rounded < arena->next_size ? arena->next_size : rounded;
        if (!asks) {
            memory_wait_for_room(wanted);
        }
        block = asks && !memory_has_room(wanted) ? NULL : add_block(arena, rounded);
        if (block == NULL) {
            return NULL;
        }
    }
    void *memory = (char *)block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

static void *take(struct arena *arena, size_t size)
{
    void *memory = NULL;
    for (unsigned times = 0; memory == NULL; times++) {
        memory = try_take(arena, size, false);
        memory_must_wait(memory, times);
    }
    return memory;
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    if (arena->budget != 0 && size > arena->budget - arena->spent) {
        return NULL;
    }
    void *const memory = try_take(arena, size, true);
    arena->spent += memory == NULL || arena->budget == 0 ? 0 : size;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    const bool fits = size == 0 || count <= SIZE_MAX / 2 / size;
    return arena_alloc(arena, fits ? count * size : SIZE_MAX); /* SIZE_MAX cannot be allocated */
}

char *arena_strndup(struct arena *arena, const char *data, size_t size)
{
    char *copy = take(arena, size + 1);
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
