/*
 * Folders and configuration files that the commands of a project name: goose -dir sql/real, knex --knexfile db/knex.js.
 * Where a command names another one than what was found, and none names that, the folder is a question.
 */
#ifndef FRAMEWORK_CORE_MENTION_PATH_H
#define FRAMEWORK_CORE_MENTION_PATH_H

#include "framework/core/unread.h"

enum named_path {
    NAMED_NOTHING, /* there is no such path in the project: it is one of a container, or of another directory */
    NAMED_IT,      /* the folder that was found, the configuration that was read, or what they are in */
    NAMED_OTHER,   /* another one that is there */
};

/* What a path that stands in this file of the folder's package is to the folder. said: as it is written there. */
enum named_path mention_path(struct arena *arena, const struct folder *folder, const struct source_file *file,
                             const char *said);

/* Code that computes a path at this offset: is the folder's own name a text of that line, or of one that sets what the
 * line names (dir := filepath.Join(root, "migrations"))? */
bool mention_has_name(struct arena *arena, const struct folder *folder, const struct source_file *file, size_t at);

/* What a path in the project is to the folder. */
enum named_path mention_judge(struct arena *arena, const struct folder *folder, const char *path);

#endif
