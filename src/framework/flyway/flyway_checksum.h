/*
 * Flyway's checksums (measured with flyway-core 9.22.3): the hooks of framework.h.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_CHECKSUM_H
#define FRAMEWORK_FLYWAY_FLYWAY_CHECKSUM_H

#include "framework/core/framework.h"

const char *flyway_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                            struct text content);
bool flyway_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          const char **checksum, struct status *status);
bool flyway_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char *stored, struct text content);

#endif
