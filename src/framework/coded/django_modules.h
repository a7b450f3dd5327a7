/*
 * MIGRATION_MODULES in Django's settings: apps whose migrations are not in their own "migrations".
 */
#ifndef FRAMEWORK_CODED_DJANGO_MODULES_H
#define FRAMEWORK_CODED_DJANGO_MODULES_H

#include "framework/core/framework.h"

struct django_module {
    const char *app;
    const char *directory; /* in the project; NULL: the app has no migrations (None) */
};

struct django_modules {
    struct django_module *items;
    size_t count;
    size_t capacity;
    const char *unread; /* "config/settings.py, line 3, computes MIGRATION_MODULES"; NULL: it is literal */
    struct buffer read; /* all settings that were read, one after the other */
};

/* Reads a project's settings: settings.py, settings/, and those in its directories, but not those of tests. */
void django_modules_read(struct arena *arena, const char *root, struct django_modules *modules);

/* NULL: the app has the usual place. */
struct django_module *django_module_of(const struct django_modules *modules, const char *app);

/* Does a file of settings with INSTALLED_APPS exist, while none of the settings has the name of this app's directory?
 * Then Django does not know the app, unless that list is computed. */
bool django_modules_lack(const struct django_modules *modules, const char *directory);

/* Does a completely literal dictionary follow the word? content (the whole file) is not used. */
bool django_modules_are_plain(struct text behind, struct text content);

#endif
