/*
 * Reads a ledger by a framework's facts.
 */
#ifndef FRAMEWORK_CORE_READING_H
#define FRAMEWORK_CORE_READING_H

#include "framework/core/framework.h"

/* Fills reading->entries by facts->read, also if the ledger stores only the last version. */
bool ledger_read_facts(struct ledger_reading *reading, const struct ledger_facts *facts);

#endif
