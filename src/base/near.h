#ifndef TRUSS_BASE_NEAR_H
#define TRUSS_BASE_NEAR_H

#include "base/text.h"

/* Levenshtein distance of two short names, for "did you mean"; SIZE_MAX if either has more than 255 bytes. */
size_t near_distance(struct text a, struct text b);

/* Finds the most similar name for "did you mean". Start with {.wanted = name}; names are borrowed. */
struct near {
    struct text wanted;
    const char *name; /* NULL: none is similar */
    size_t distance;  /* its edit distance */
};

/* Takes this name if it is more similar: at most three letters, and no more than half of the shorter name, differ. */
void near_try(struct near *near, const char *name);

#endif
