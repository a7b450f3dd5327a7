/*
 * Are the rows of a tracking table those of a folder's migrations? A number that both have may be chance, where every
 * project begins with 1; a time or a checksum is not.
 */
#ifndef MIGRATION_LOOK_KINSHIP_H
#define MIGRATION_LOOK_KINSHIP_H

#include "migration/look/looking.h"

/* Rows that are counted; what was rolled back, and a tool's own marks, are none. */
struct kinship {
    size_t same;    /* of a file, by a checksum or by a key that is nobody else's */
    size_t named;   /* of a file by its name, which others may have given, too */
    size_t weak;    /* of a file by a small number */
    size_t differs; /* with a file's key, and another checksum than the file's */
    size_t others;  /* of no file */
};

/* Reads the source's tracking table, and its folder. */
bool kinship_find(const struct looking *looking, const struct source *source, struct kinship *kinship);

/* How many files have a row. */
size_t kinship_known(const struct kinship *kinship);

/* All that it has is of these files, and cannot well be of others. */
bool kinship_is_same(const struct kinship *kinship);

/* Nothing that it has is of these files. */
bool kinship_is_none(const struct kinship *kinship);

#endif
