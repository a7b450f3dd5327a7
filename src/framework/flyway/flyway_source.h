/*
 * One configuration file that may contain Flyway's settings, and its values. Keys are the same in all files, except for
 * Spring's hyphens.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_SOURCE_H
#define FRAMEWORK_FLYWAY_FLYWAY_SOURCE_H

#include "base/words.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

/* The directory of classpath locations. */
#define FLYWAY_RESOURCES "src/main/resources/"

enum source_format {
    SOURCE_KEYS, /* config.h */
    SOURCE_YAML, /* below a path of keys, which takes the place of a section */
    SOURCE_POM,  /* elements after the plugin's name */
};

/* Where the keys are in a configuration file. */
struct flyway_source {
    const char *name;
    const char *section; /* of a TOML file; of a YAML file "spring.flyway" */
    const char *prefix;  /* "flyway." */
    enum source_format format;
    const char *begins; /* only what follows this counts; NULL: everything */
};

/* The value of a key in Flyway's spelling ("defaultSchema") or Spring's; NULL: not set. */
const char *flyway_value_of(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key);

/* Is the key there, without a value? */
bool flyway_is_empty(struct arena *arena, struct text content, const struct flyway_source *source, const char *key);

/* All items of a list ("locations"); one: what Maven calls an item ("location"). */
struct words flyway_list_of(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key, const char *one);

/* The placeholders, as pairs of name and value, without those whose value is computed. */
const struct config_pair *flyway_placeholders_of(struct arena *arena, struct text content,
                                                 const struct flyway_source *source, size_t *count);

/* A location relative to the project; NULL, with the reason in folder->unread, if it is invalid. said: as written in
 * the file. */
const char *flyway_location_of(struct arena *arena, struct folder *folder, const char *said,
                               const struct source_file *file);

#endif
