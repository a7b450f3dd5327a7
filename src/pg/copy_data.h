/*
 * What a script's COPY … FROM STDIN reads.
 */
#ifndef PG_COPY_DATA_H
#define PG_COPY_DATA_H

#include "base/text.h"

/* The data of each COPY … FROM STDIN of a script, in their order; borrowed. */
struct pg_copy_data {
    const struct text *items;
    size_t count;
};

#endif
