/*
 * One configuration file in which Flyway's settings may stand, and its values. Keys are the same in all of them, but
 * for Spring's hyphens.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_SOURCE_H
#define FRAMEWORK_FLYWAY_FLYWAY_SOURCE_H

#include "base/words.h"
#include "framework/core/unread.h"

enum source_format {
    SOURCE_KEYS, /* config.h */
    SOURCE_YAML, /* below a path of keys, which stands in place of a section */
    SOURCE_POM,  /* elements behind the plugin's name */
};

/* A configuration file: where its keys are. */
struct flyway_source {
    const char *name;
    const char *section; /* of a TOML file, or "spring.flyway" of one in YAML */
    const char *prefix;  /* "flyway." */
    enum source_format format;
    const char *begins; /* what is read begins with this; NULL: all */
};

/* The value of a key, written as Flyway ("defaultSchema") or Spring does; NULL: it is not there. */
const char *flyway_value_of(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key);

/* Every location that is written there. */
struct words flyway_locations_of(struct arena *arena, struct text content, const struct flyway_source *source);

/* A location relative to the project; NULL, and why in folder->unread, where it is none. said: as it stands in the
 * file. */
const char *flyway_location_of(struct arena *arena, struct folder *folder, const char *said,
                               const struct source_file *file);

#endif
