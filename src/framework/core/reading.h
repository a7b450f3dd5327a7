/*
 * Reading a ledger as a framework's facts say.
 */
#ifndef FRAMEWORK_CORE_READING_H
#define FRAMEWORK_CORE_READING_H

#include "framework/core/framework.h"

/* Fills reading->entries by facts->read, also where the ledger knows only the last version. */
bool ledger_read_facts(struct ledger_reading *reading, const struct ledger_facts *facts);

#endif
