/*
 * migrations_paths in config/database.yml of Rails: where the migrations of its databases are.
 */
#ifndef FRAMEWORK_CODED_RAILS_DATABASES_H
#define FRAMEWORK_CODED_RAILS_DATABASES_H

#include "framework/core/unread.h"

/* Sets the folder's path and others to what the file says for the primary database; notes other databases with
 * migrations of their own, and what cannot be read. */
void rails_read_databases(struct arena *arena, struct folder *folder);

#endif
