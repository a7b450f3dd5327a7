/*
 * The advisory lock that Ecto's migrator takes if a repository is configured with migration_lock: :pg_advisory_lock,
 * instead of LOCK TABLE.
 */
#ifndef FRAMEWORK_CODED_ECTO_LOCK_H
#define FRAMEWORK_CODED_ECTO_LOCK_H

#include "framework/core/folder.h"

#define ECTO_CONFIG "config/config.exs"

/* Notes in folder->settings which repositories of the project's configuration take it, and in folder->note one whose
 * name cannot be read. config: the content of ECTO_CONFIG, if the package has one; else its data is NULL. */
void ecto_lock_configure(struct arena *arena, struct folder *folder, struct text config);

/* Its keys, for hooks.advisory_locks. */
size_t ecto_locks(const struct ledger *ledger, const char *database, int64_t *keys);

/* The key of one repository, "Blog.Repo". prefix: the schema that the migrator was given (--prefix); NULL: none. */
int64_t ecto_lock_key(const char *prefix, const char *repository);

#endif
