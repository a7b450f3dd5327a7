/*
 * Plain strings from a project's configuration (prisma.config.ts, package.json, drizzle.config.js): object literals of
 * JavaScript, TypeScript and JSON, read as text and never executed. A computed value counts as not found.
 */
#ifndef FRAMEWORK_FORMATS_PROPERTIES_H
#define FRAMEWORK_FORMATS_PROPERTIES_H

#include "base/arena.h"
#include "base/text.h"
#include "framework/formats/config.h"

#include <stdbool.h>

/* The string at a path of property names, {"migrations", "path", NULL} for `migrations: { path: "x" }`; the first name
 * may be at any depth. Skips comments; keys may be quoted. NULL if there is none, or no plain string. */
const char *property_string(struct arena *arena, struct text source, const char *const path[]);

/* The members of the object at a path, as pairs {name, value}: strings without quotes, numbers as written, NULL for
 * other values. *count is their number. */
const struct config_pair *property_pairs(struct arena *arena, struct text source, const char *const path[],
                                         size_t *count);

/* The offset of a value at the path, or of one on the way to it, that is not a plain string but computed. SIZE_MAX if
 * there is none, or if another value at the path is plain. */
size_t property_unread(struct text source, const char *const path[]);

/* The offset of the next value at the path, at or after *at, which is advanced; SIZE_MAX: none. */
size_t property_find(struct text source, const char *const path[], size_t *at);

/* Is there a value at the path other than null, false, or an empty string, list or object? */
bool property_is_set(struct text source, const char *const path[]);

#endif
