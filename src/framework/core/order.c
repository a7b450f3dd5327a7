/*
 * Each thing counts what it waits for. Those that wait for nothing are in a heap, the lowest on top.
 */
#include "framework/core/order.h"

#include <stdint.h>

#define NO_EDGE SIZE_MAX

/* `one` needs the thing in whose list this is. */
struct edge {
    size_t one;
    size_t next;
};

struct order {
    struct arena *arena;
    size_t count;
    size_t *waits; /* number of things that each waits for */
    size_t *first; /* of the edges to those that need it */
    struct edge *edges;
    size_t edge_count;
    size_t edge_capacity;
    size_t *heap;
    size_t heap_count;
};

struct order *order_new(struct arena *arena, size_t count)
{
    struct order *const order = arena_alloc(arena, sizeof *order);
    *order = (struct order){
        .arena = arena,
        .count = count,
        .waits = arena_array(arena, count, sizeof *order->waits),
        .first = arena_array(arena, count, sizeof *order->first),
        .heap = arena_array(arena, count, sizeof *order->heap),
    };
    for (size_t i = 0; i < count; i++) {
        order->first[i] = NO_EDGE;
    }
    return order;
}

void order_needs(struct order *order, size_t one, size_t needed)
{
    order->edges =
        arena_grow(order->arena, order->edges, order->edge_count, &order->edge_capacity, sizeof *order->edges);
    order->edges[order->edge_count] = (struct edge){one, order->first[needed]};
    order->first[needed] = order->edge_count++;
    order->waits[one]++;
}

/* ---- the heap ---- */

static void push(struct order *order, size_t number)
{
    size_t at = order->heap_count++;
    while (at > 0 && order->heap[(at - 1) / 2] > number) {
        order->heap[at] = order->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    order->heap[at] = number;
}

static size_t pop(struct order *order)
{
    const size_t top = order->heap[0];
    const size_t last = order->heap[--order->heap_count];
    size_t at = 0;
    for (size_t child = 1; child < order->heap_count; child = 2 * at + 1) {
        child += child + 1 < order->heap_count && order->heap[child + 1] < order->heap[child] ? 1 : 0;
        if (order->heap[child] >= last) {
            break;
        }
        order->heap[at] = order->heap[child];
        at = child;
    }
    order->heap[at] = last;
    return top;
}

/* ---- the order ---- */

const size_t *order_made(struct order *order)
{
    size_t *const made = arena_array(order->arena, order->count, sizeof *made);
    bool *const is_placed = arena_array(order->arena, order->count, sizeof *is_placed);
    size_t count = 0;
    for (size_t i = 0; i < order->count; i++) {
        if (order->waits[i] == 0) {
            push(order, i);
        }
    }
    while (order->heap_count > 0) {
        const size_t number = pop(order);
        made[count++] = number;
        is_placed[number] = true;
        for (size_t i = order->first[number]; i != NO_EDGE; i = order->edges[i].next) {
            if (--order->waits[order->edges[i].one] == 0) {
                push(order, order->edges[i].one);
            }
        }
    }
    for (size_t i = 0; i < order->count; i++) {
        if (!is_placed[i]) {
            made[count++] = i;
        }
    }
    return made;
}

void order_files(struct order *order, struct migration_files *files)
{
    const size_t *const made = order_made(order);
    struct migration_file *const items = arena_array(order->arena, files->count, sizeof *items);
    for (size_t i = 0; i < files->count; i++) {
        items[i] = files->items[made[i]];
    }
    files->items = items;
    files->capacity = files->count;
}
