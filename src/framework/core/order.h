/*
 * An order in which what is needed comes before what needs it.
 */
#ifndef FRAMEWORK_CORE_ORDER_H
#define FRAMEWORK_CORE_ORDER_H

#include "framework/core/folder.h"

struct order;

/* Of so many things, which are called by their numbers. */
struct order *order_new(struct arena *arena, size_t count);

/* One needs another one; itself, and in a circle, too. */
void order_needs(struct order *order, size_t one, size_t needed);

/* All numbers in that order; of those that could come next the lowest does. What is in a circle, or needs what is,
 * comes behind all others, as it was. */
const size_t *order_made(struct order *order);

/* Puts the files into the order. */
void order_files(struct order *order, struct migration_files *files);

#endif
