/*
 * MIGRATION_MODULES of Django's settings: apps whose migrations are in another place than their own "migrations".
 */
#ifndef FRAMEWORK_CODED_DJANGO_MODULES_H
#define FRAMEWORK_CODED_DJANGO_MODULES_H

#include "framework/core/framework.h"

struct django_module {
    const char *app;
    const char *directory; /* of the project; NULL: the app has no migrations (None) */
};

struct django_modules {
    struct django_module *items;
    size_t count;
    size_t capacity;
    const char *unread; /* "config/settings.py, line 3, computes MIGRATION_MODULES"; NULL: nothing is computed */
};

/* Reads the settings of a project: settings.py, settings/, and those in its directories. Settings of tests are none. */
void django_modules_read(struct arena *arena, const char *root, struct django_modules *modules);

/* NULL: the app has its usual place. */
struct django_module *django_module_of(const struct django_modules *modules, const char *app);

/* Is what stands behind the word a dictionary in which all is written out? content: of the whole file, which does not
 * matter. */
bool django_modules_are_plain(struct text behind, struct text content);

#endif
