/*
 * What a profile of Spring or Quarkus says and the usual configuration does not. Whether it counts is up to how the
 * program is started, so that it is a question.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_PROFILES_H
#define FRAMEWORK_FLYWAY_FLYWAY_PROFILES_H

#include "framework/core/package.h"

/* Notes it in folder->unread and folder->unread_ledger; folder has what the usual configuration says. */
void flyway_profiles_note(struct arena *arena, struct folder *folder);

#endif
