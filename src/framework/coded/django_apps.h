/*
 * INSTALLED_APPS of Django's settings, and the labels by which rows know the apps.
 */
#ifndef FRAMEWORK_CODED_DJANGO_APPS_H
#define FRAMEWORK_CODED_DJANGO_APPS_H

#include "base/words.h"
#include "framework/coded/django_settings.h"

struct django_apps {
    const char *root;   /* the project */
    struct words names; /* "shop.orders", "blog.apps.BlogConfig", of all settings that were read */
    bool is_known;      /* these are all: there are settings with INSTALLED_APPS, and no part of it is computed */
    bool is_told;       /* there are such settings */
    const struct django_settings *settings;
};

void django_apps_read(struct arena *arena, const char *root, const struct django_settings *settings,
                      struct django_apps *apps);

enum django_installed {
    DJANGO_INSTALLED,
    DJANGO_NOT_INSTALLED,
    DJANGO_PERHAPS, /* INSTALLED_APPS does not name it, but a part of that is computed */
};

/* Is the app of this directory of the project installed? Where no settings were read, all are. */
enum django_installed django_app_state(struct arena *arena, const struct django_apps *apps, const char *directory);

/* Does INSTALLED_APPS name this directory, or something below it? */
bool django_apps_lead_to(struct arena *arena, const struct django_apps *apps, const char *directory);

/* The label of the app of this directory. NULL if its program computes it; then *computed says where. */
const char *django_label(struct arena *arena, const struct django_apps *apps, const char *directory,
                         const char **computed);

#endif
