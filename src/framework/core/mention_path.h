/*
 * Folders and configuration files that the commands of a project name: goose -dir sql/real, knex --knexfile db/knex.js.
 * If a command names another folder than the one found, and none names that, the user is asked.
 */
#ifndef FRAMEWORK_CORE_MENTION_PATH_H
#define FRAMEWORK_CORE_MENTION_PATH_H

#include "framework/core/unread.h"

enum named_path {
    NAMED_NOTHING, /* no such path in the project: it is of a container, or relative to another directory */
    NAMED_IT,      /* the folder that was found, the configuration that was read, or a parent of them */
    NAMED_OTHER,   /* another existing one */
};

/* What a path in this file of the folder's package means for the folder. said: as written there. */
enum named_path mention_path(struct arena *arena, const struct folder *folder, const struct source_file *file,
                             const char *said);

/* For code that computes a path at this offset: is the folder's own name in a string of that line, or of a line that
 * sets what it uses (dir := filepath.Join(root, "migrations"))? */
bool mention_has_name(struct arena *arena, const struct folder *folder, const struct source_file *file, size_t at);

/* What a path in the project means for the folder. */
enum named_path mention_judge(struct arena *arena, const struct folder *folder, const char *path);

#endif
