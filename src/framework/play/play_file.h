/*
 * A file of Play's Evolutions, as Play reads it: its Ups and Downs.
 */
#ifndef FRAMEWORK_PLAY_PLAY_FILE_H
#define FRAMEWORK_PLAY_PLAY_FILE_H

#include "framework/core/framework.h"

/* Both as they are in a row: of lines without blanks at their ends, and without empty lines around them. */
struct play_parts {
    struct text up;
    struct text down;
};

void play_parts_of(struct arena *arena, struct text content, struct play_parts *parts);

/* The hash of both: SHA-1 in hexadecimal. */
const char *play_hash(struct arena *arena, const struct play_parts *parts);

/* The Ups, with the file's lines: each ;; is a ; in what is sent. Fails if Play would cut them inside of a string, a
 * comment or a body, or would replace a variable in them. */
bool play_script(const struct script_request *request);

#endif
