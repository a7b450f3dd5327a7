/*
 * Plain strings out of a project's configuration (prisma.config.ts, package.json, drizzle.config.js): object literals
 * of JavaScript, TypeScript and JSON read as text, never executed. A value that is computed is not found, which is the
 * truth.
 */
#ifndef FRAMEWORK_FORMATS_PROPERTIES_H
#define FRAMEWORK_FORMATS_PROPERTIES_H

#include "base/arena.h"
#include "base/text.h"
#include "framework/formats/config.h"

#include <stdbool.h>

/* The string at a path of property names, {"migrations", "path", NULL} for `migrations: { path: "x" }`, at whatever
 * depth the first of them stands. Comments are passed over; keys may be quoted. NULL where it is not there or not a
 * plain string. */
const char *property_string(struct arena *arena, struct text source, const char *const path[]);

/* What the object at a path has, as pairs {name, value}: strings without their quotes, numbers as they stand, NULL for
 * any other value. *count of them. */
const struct config_pair *property_pairs(struct arena *arena, struct text source, const char *const path[],
                                         size_t *count);

/* The offset of a value at the path, or of one on the way to it, that says something and is not a plain string: what is
 * computed. SIZE_MAX where there is none, and where another value at the path is one. */
size_t property_unread(struct text source, const char *const path[]);

/* The offset of the next value at the path, at or behind *at, which moves on; SIZE_MAX: there is none. */
size_t property_find(struct text source, const char *const path[], size_t *at);

/* Is there a value at the path that says anything: not null, false, or an empty string, list or object? */
bool property_is_set(struct text source, const char *const path[]);

#endif
