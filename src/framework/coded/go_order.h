/*
 * The order in which a Go program runs the migrations that are values in it: that of the list which it gives to
 * gormigrate or xormigrate.
 */
#ifndef FRAMEWORK_CODED_GO_ORDER_H
#define FRAMEWORK_CODED_GO_ORDER_H

#include "framework/core/framework.h"

/* A file of the folder. */
struct go_source {
    struct text text;
    size_t first; /* its migrations: the index of the first, and how many */
    size_t count;
};

/* All files of the folder by their names, which is the order in which Go initialises them. */
struct go_sources {
    struct go_source *items;
    size_t count;
};

/* Where in its file the ID of a migration is: migration_file.own. */
struct go_place {
    size_t at;
};

/* Orders the migrations, which come in the order of files and places: by the list in the folder's code and what is
 * appended to it, or by their IDs if the code sorts by these. If none of them tells the order of all it is that of the
 * IDs, with a warning. */
void go_order(struct arena *arena, const struct go_sources *sources, struct migration_files *files);

#endif
