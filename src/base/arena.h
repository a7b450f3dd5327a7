/*
 * Memory that is freed as a whole. A request owns an arena; what its handler allocates lives there and is freed in one
 * call. Not thread-safe: only one thread at a time may use an arena.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Makes an empty arena. budget: the most bytes that arena_try_alloc hands out in all; 0: no limit. */
struct arena *arena_new(size_t budget);

/* Frees everything allocated from it. NULL is fine. */
void arena_free(struct arena *arena);

/* Returns zeroed memory, aligned for any type; never NULL. If there is no memory it waits for other threads to free
 * some, and ends the process after some seconds. The budget does not limit it: use it for sizes that we choose. For
 * large sizes that come from outside ask for room first (base/memory.h). */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc for `count` elements; ends the process on overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* As arena_alloc, but returns NULL if that would exceed the budget or the available memory (base/memory.h): for sizes
 * that come from outside. Not zeroed. */
void *arena_try_alloc(struct arena *arena, size_t size);

/* Copies into the arena, NUL-terminated. arena_strdup(NULL) is NULL. */
char *arena_strdup(struct arena *arena, const char *string);
char *arena_strndup(struct arena *arena, const char *data, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Grows an array in the arena if it has no room for one more element, and updates *capacity; the old array stays until
 * the arena is freed. Use: items = arena_grow(arena, items, count, &capacity, sizeof *items). */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

/* malloc, zeroed, for long-lived things with their own _free function. If there is no memory it waits, and finally ends
 * the process. */
void *memory_alloc(size_t size);

/* The same for realloc. */
void *memory_resize(void *memory, size_t size);

/* The same for strdup: free() it. NULL is NULL. */
char *memory_strdup(const char *string);

#endif
