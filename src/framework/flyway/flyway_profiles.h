/*
 * Settings in a Spring or Quarkus profile that differ from the default configuration. Which profile is active depends
 * on how the program is started, so the user is asked.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_PROFILES_H
#define FRAMEWORK_FLYWAY_FLYWAY_PROFILES_H

#include "framework/core/package.h"

/* Notes them in folder->unread and folder->unread_ledger; folder has the default configuration. */
void flyway_profiles_note(struct arena *arena, struct folder *folder);

#endif
