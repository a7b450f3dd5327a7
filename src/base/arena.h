/*
 * Memory that lives and goes together. A request owns an arena; what its handler makes lives there and is released in
 * one call. Not thread-safe: an arena belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A new, empty arena. budget: the most bytes that arena_try_alloc may have handed out in all; 0: no limit. */
struct arena *arena_new(size_t budget);

/* Releases everything made in it. NULL is fine. */
void arena_free(struct arena *arena);

/* Zeroed memory, aligned for any type. Never NULL: where there is none others are waited for, and after seconds the
 * process ends. Not counted against the budget's refusal: for sizes that we chose ourselves. What is large and comes
 * from outside asks before (base/memory.h). */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc for count elements; ends the process on overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* As arena_alloc, but NULL when it would exceed the budget or what memory there is (base/memory.h): for sizes that come
 * from outside. Not zeroed. */
void *arena_try_alloc(struct arena *arena, size_t size);

/* Copies, NUL-terminated. arena_strdup of NULL is NULL. */
char *arena_strdup(struct arena *arena, const char *string);
char *arena_strndup(struct arena *arena, const char *data, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Grows an array held in the arena so that it has room for one more element; the old one stays until the arena goes.
 * *capacity is updated. Use: items = arena_grow(arena, items, count, &capacity, sizeof *items). */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

/* malloc that waits, and then ends the process, instead of failing; zeroed; for long-lived things that have their own
 * _free. */
void *memory_alloc(size_t size);

/* The same for realloc. */
void *memory_resize(void *memory, size_t size);

#endif
