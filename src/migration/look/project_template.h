/*
 * Connection URLs that a configuration puts together at run time:
 * `postgres://${process.env.DB_USER}:…@${HOST}:5432/app`. Texts are slices of the given one.
 */
#ifndef MIGRATION_LOOK_PROJECT_TEMPLATE_H
#define MIGRATION_LOOK_PROJECT_TEMPLATE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* Its parts, each as written; empty: not there. */
struct template_url {
    struct text whole;
    struct text host;
    struct text port;
    struct text database;
    bool is_cut; /* what follows the text in quotes is added to it ("postgres://" + host) */
};

/* Is there such a URL at the start of the text, which is behind a word's end? schemes as in project_text.c. False for a
 * URL that is written out, and for anything else. */
bool template_url_read(struct text text, struct template_url *url);

/* Where the values of variables come from, and what was found out about them. */
struct template_values {
    struct arena *arena;
    const char *(*value)(void *data, const char *name); /* NULL: it is not set */
    void *data;
    const char *missing; /* result: the first that is not set; NULL: none */
    bool has_default;    /* result: a default that is written beside one stands for it */
};

/* The value of a part, its variables replaced. Returns NULL if it is empty, or if one of them has neither a value nor a
 * default, or is computed otherwise. */
const char *template_part(struct template_values *values, struct text part);

#endif
