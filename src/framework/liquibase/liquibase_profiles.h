/*
 * What a profile of Spring says of changelogs, contexts, labels and tables, and the usual configuration does not.
 * Whether it counts is up to how the program is started, so that it is a question.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_PROFILES_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_PROFILES_H

#include "framework/core/package.h"
#include "framework/liquibase/liquibase_changelog.h"

#define LIQUIBASE_RESOURCES "src/main/resources" /* where files on the classpath are */

/* Notes it in folder->unread and folder->unread_ledger, but for the changelogs; folder and settings have what the usual
 * configuration and the environment say. */
void liquibase_profiles_note(struct arena *arena, struct folder *folder, const struct liquibase_settings *settings);

/* Notes in folder->unread what a profile names as its changelog; settings has the one that was found, and is NULL where
 * none was. */
void liquibase_profiles_note_changelogs(struct arena *arena, struct folder *folder,
                                        const struct liquibase_settings *settings);

#endif
