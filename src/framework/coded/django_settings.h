/*
 * Finds and reads the settings of a project of Django: settings.py, the files in settings/, what DJANGO_SETTINGS_MODULE
 * names in manage.py and the like, and what these import. Nothing is executed.
 */
#ifndef FRAMEWORK_CODED_DJANGO_SETTINGS_H
#define FRAMEWORK_CODED_DJANGO_SETTINGS_H

#include "framework/core/unread.h"

struct django_settings {
    struct source_file *files; /* relative to the project; in the order in which they were found */
    size_t count;
    size_t capacity;
    const char *module;  /* "config.settings", as manage.py names it; NULL: nothing names one */
    const char *missing; /* a module that the settings import all names of, and that was not read; NULL: none */
};

/* Reads them, but not those of tests. root: the directory of manage.py, or of the project. */
void django_settings_read(struct arena *arena, const char *root, struct django_settings *settings);

/* The first of them that has this word; NULL: none. */
const struct source_file *django_settings_with(const struct django_settings *settings, const char *word);

#endif
