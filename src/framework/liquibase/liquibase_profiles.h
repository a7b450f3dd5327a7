/*
 * Changelogs, contexts, labels and tables in a Spring profile that differ from the default configuration. Which profile
 * is active depends on how the program is started, so the user is asked.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_PROFILES_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_PROFILES_H

#include "framework/core/package.h"
#include "framework/liquibase/liquibase_changelog.h"

#define LIQUIBASE_RESOURCES "src/main/resources" /* where files on the classpath are */

/* Notes them, except changelogs, in folder->unread and folder->unread_ledger; folder and settings have the default
 * configuration and the environment. */
void liquibase_profiles_note(struct arena *arena, struct folder *folder, const struct liquibase_settings *settings);

/* Notes a profile's changelog in folder->unread; settings has the one that was found, NULL: none. */
void liquibase_profiles_note_changelogs(struct arena *arena, struct folder *folder,
                                        const struct liquibase_settings *settings);

#endif
