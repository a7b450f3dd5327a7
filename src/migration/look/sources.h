/*
 * The frameworks' folders and ledgers put together into sources.
 */
#ifndef MIGRATION_LOOK_SOURCES_H
#define MIGRATION_LOOK_SOURCES_H

#include "migration/look/looking.h"

/* Fills the detection's sources: every folder with its ledger, and every ledger without a folder. */
bool sources_make(const struct looking *looking, const struct folder_list *folders);

#endif
