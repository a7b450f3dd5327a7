/*
 * Flyway's placeholders: "${name}" in a script.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_FILL_H
#define FRAMEWORK_FLYWAY_FLYWAY_FILL_H

#include "framework/flyway/flyway_settings.h"

/* What the file NAME.conf beside a script says (SqlScriptMetadata.java). */
struct flyway_conf {
    bool is_alone;       /* executeInTransaction=false */
    bool says_how;       /* it or the configuration says whether to execute in a transaction */
    bool replaces;       /* placeholderReplacement */
    const char *problem; /* a setting that only Flyway itself follows, or that it does not know; NULL: none */
    const char *unread;  /* why the file cannot be read, a sentence; NULL: it was, or there is none */
};

/* path: of the script; what it does not say is as in the configuration. */
struct flyway_conf flyway_conf_of(struct arena *arena, const char *path, const struct flyway_settings *settings);

/* Fails if the file beside the request's has such a setting. */
bool flyway_check_conf(const struct script_request *request);

/* Sets request->script->sql to the content with its placeholders replaced; project NULL: except those whose values come
 * from the connection. Fails if one has no value. */
bool flyway_fill(const struct script_request *request);

#endif
