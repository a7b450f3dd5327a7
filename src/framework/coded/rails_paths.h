/*
 * What config/application.rb says about the folders of migrations.
 */
#ifndef FRAMEWORK_CODED_RAILS_PATHS_H
#define FRAMEWORK_CODED_RAILS_PATHS_H

#include "framework/core/layout.h"
#include "framework/core/unread.h"

/* Does the application load ActiveRecord? One that names its railties may do without. */
bool rails_has_record(struct text source);

/* Takes the directories that config.paths["db/migrate"] has instead of the usual one, or besides; a form that is
 * computed, or depends on a condition, is noted. */
void rails_read_paths(struct arena *arena, struct folder *folder, const struct source_file *file);

#endif
