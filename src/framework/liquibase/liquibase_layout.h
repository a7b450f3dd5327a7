/*
 * How the changelogs of Liquibase are found.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_LAYOUT_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_LAYOUT_H

#include "framework/core/layout.h"

extern const struct framework framework_liquibase;

/* Its folders have a struct liquibase_settings. */
extern const struct layout liquibase_layout;

#endif
