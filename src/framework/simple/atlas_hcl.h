/*
 * What a project says of Atlas in atlas.hcl.
 */
#ifndef FRAMEWORK_SIMPLE_ATLAS_HCL_H
#define FRAMEWORK_SIMPLE_ATLAS_HCL_H

#include "framework/core/framework.h"

#define ATLAS_EDITED_NOTE                                                                                              \
    "atlas refuses a directory whose sum does not match; once that is computed again, it does not compare."
#define ATLAS_MISSING_NOTE "atlas says nothing of it."

/* What of it is no fact of a folder: folder->settings. */
struct atlas_settings {
    bool is_own_format;   /* the directory has atlas's own */
    const char *baseline; /* the version with which the first run begins, without running it; NULL: none */
};

/* hooks.configure. */
bool atlas_configure(struct arena *arena, struct folder *folder);

#endif
