/*
 * Copies nothing if a file has one document, as most have.
 */
#include "framework/formats/spring.h"

#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

#define MOST_PROFILES 50
#define MOST_READ     ((size_t)512 * 1024) /* bytes, of all of them */

size_t spring_most_profiles(size_t size)
{
    const size_t most = size == 0 ? MOST_PROFILES : MOST_READ / size;
    return most > MOST_PROFILES ? MOST_PROFILES : most;
}

static bool is_separator(struct text line)
{
    line = text_trim(line);
    return text_is(line, "---") || text_is(line, "#---") || text_is(line, "!---");
}

/* The document that begins at *at, which moves behind it. */
static struct text next_document(struct text content, size_t *at)
{
    const size_t start = *at;
    struct text rest = text_slice(content, start, content.size);
    size_t end = content.size;
    for (struct text line; end == content.size && text_next_line(&rest, &line);) {
        end = is_separator(line) ? (size_t)(line.data - content.data) : end;
    }
    *at = end == content.size ? end : content.size - rest.size;
    return text_slice(content, start, end);
}

/* The profile for which a document is; NULL: it counts for all. */
static const char *profile_of(struct arena *arena, struct text document)
{
    static const char *const paths[][5] = {{"spring", "config", "activate", "on-profile", NULL},
                                           {"spring", "profiles", NULL}};
    static const char *const keys[] = {"spring.config.activate.on-profile", "spring.profiles"};
    const char *profile = NULL;
    for (size_t i = 0; profile == NULL && i < 2; i++) {
        profile = config_yaml(arena, document, paths[i]);
        profile = profile != NULL ? profile : config_value(arena, document, NULL, keys[i]);
    }
    return profile;
}

struct text spring_usual(struct arena *arena, struct text content)
{
    struct text usual = content;
    char *copy = NULL;
    for (size_t at = 0; at < content.size;) {
        const struct text document = next_document(content, &at);
        const size_t start = (size_t)(document.data - content.data);
        if ((start > 0 || document.size < content.size) && profile_of(arena, document) != NULL) {
            copy = copy != NULL ? copy : arena_strndup(arena, content.data, content.size);
            text_blank(copy + start, document.size);
            usual.data = copy;
        }
    }
    return usual;
}

bool spring_next_profile(struct arena *arena, struct text content, size_t *at, struct text *document)
{
    while (*at < content.size) {
        const struct text one = next_document(content, at);
        const size_t start = (size_t)(one.data - content.data);
        const char *const profile = one.size == content.size ? NULL : profile_of(arena, one);
        if (profile != NULL && strcmp(profile, "test") != 0) {
            char *const copy = arena_strndup(arena, content.data, content.size);
            text_blank(copy, start);
            text_blank(copy + start + one.size, content.size - start - one.size);
            *document = (struct text){copy, content.size};
            return true;
        }
    }
    return false;
}
