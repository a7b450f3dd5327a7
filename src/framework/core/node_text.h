/*
 * What a program of Node has of a file that it reads as text, for tools that make their checksums of that.
 */
#ifndef FRAMEWORK_CORE_NODE_TEXT_H
#define FRAMEWORK_CORE_NODE_TEXT_H

#include "framework/core/framework.h"

/* The content as Node decodes it: what is not UTF-8 has become U+FFFD; a byte order mark stays. The content itself if
 * it is UTF-8, else a copy in the arena. */
struct text node_text(struct arena *arena, struct text content);

/* Hooks for SHA-256: of that text, which is what a row gets; of the file's bytes, computed piece by piece, which
 * differs for what is not UTF-8; whether a row has the sum of that text. */
const char *node_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          struct text content);
bool node_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                        const char **checksum, struct status *status);
bool node_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                           const char *stored, struct text content);

#endif
