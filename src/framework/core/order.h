/*
 * A topological order: everything comes after what it needs.
 */
#ifndef FRAMEWORK_CORE_ORDER_H
#define FRAMEWORK_CORE_ORDER_H

#include "framework/core/folder.h"

struct order;

/* Makes an order of `count` things, identified by their numbers. */
struct order *order_new(struct arena *arena, size_t count);

/* `one` needs `needed`. Self-references and circles are allowed. */
void order_needs(struct order *order, size_t one, size_t needed);

/* All numbers in that order; where several are possible, the lowest first. Members of a circle, and what needs them,
 * come last in their original order. */
const size_t *order_made(struct order *order);

/* Sorts the files into that order. */
void order_files(struct order *order, struct migration_files *files);

#endif
