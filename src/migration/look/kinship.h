/*
 * Do the rows of a tracking table belong to the migrations of a folder? A small number that both have may be chance,
 * since every project begins with 1; a time or a checksum is no chance.
 */
#ifndef MIGRATION_LOOK_KINSHIP_H
#define MIGRATION_LOOK_KINSHIP_H

#include "migration/look/looking.h"

/* The number of rows, by how they relate to the folder's files. Rolled-back rows and the tool's own marker rows are not
 * counted. */
struct kinship {
    size_t same;    /* match a file by a checksum, or by a key that no other project would have */
    size_t named;   /* match a file by a name that others may use, too */
    size_t weak;    /* match a file by a small number only */
    size_t dated;   /* match a file by a key with a date, whatever their checksum */
    size_t differs; /* have a file's key but another checksum */
    size_t others;  /* match no file */
};

/* Reads the source's tracking table and its folder. */
bool kinship_find(const struct looking *looking, const struct source *source, struct kinship *kinship);

/* The same for files of the source's folder that were listed already, with the tracking table of another source, which
 * is read without a folder. */
bool kinship_find_of(const struct looking *looking, const struct source *source, const struct migration_files *files,
                     const struct source *other, struct kinship *kinship);

/* The number of rows that match a file. */
size_t kinship_known(const struct kinship *kinship);

/* Do all rows belong to these files, with proof? */
bool kinship_is_same(const struct kinship *kinship);

/* Do no rows belong to these files? */
bool kinship_is_none(const struct kinship *kinship);

#endif
