#ifndef TRUSS_BASE_NEAR_H
#define TRUSS_BASE_NEAR_H

#include "base/text.h"

/* The nearest so far to a name that is none, for "did you mean". Begin with {.wanted = name}; names are borrowed. */
struct near {
    struct text wanted;
    const char *name; /* NULL: none is near */
    size_t distance;  /* letters of it that are written otherwise */
};

/* Takes name where it is nearer: at most three letters, and no more than half of it, are written otherwise. */
void near_try(struct near *near, const char *name);

#endif
