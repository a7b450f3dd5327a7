/*
 * Finds Liquibase's changelogs.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_LAYOUT_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_LAYOUT_H

#include "framework/core/layout.h"

extern const struct framework framework_liquibase;

/* Its folders have a struct liquibase_settings. */
bool liquibase_find(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                    struct status *status);

#endif
