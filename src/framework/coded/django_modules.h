/*
 * MIGRATION_MODULES in Django's settings: apps whose migrations are not in their own "migrations".
 */
#ifndef FRAMEWORK_CODED_DJANGO_MODULES_H
#define FRAMEWORK_CODED_DJANGO_MODULES_H

#include "framework/coded/django_settings.h"

struct django_module {
    const char *app;
    const char *directory; /* in the project; NULL: the app has no migrations (None) */
};

struct django_modules {
    struct django_module *items;
    size_t count;
    size_t capacity;
    const char *unread; /* "config/settings.py, line 3, computes MIGRATION_MODULES"; NULL: it is literal */
};

/* Reads them in a project's settings. If several files name an app, the last one counts: base.py comes before
 * production.py. */
void django_modules_read(struct arena *arena, const struct django_settings *settings, struct django_modules *modules);

/* NULL: the app has the usual place. */
struct django_module *django_module_of(const struct django_modules *modules, const char *app);

/* Does what follows the word MIGRATION_MODULES change nothing, or say it literally? content: the whole file, for its
 * constants. */
bool django_modules_are_plain(struct text behind, struct text content);

#endif
