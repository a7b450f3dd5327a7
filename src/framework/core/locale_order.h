/*
 * The order of JavaScript's String.prototype.localeCompare, by which some tools sort the names of migrations.
 */
#ifndef FRAMEWORK_CORE_LOCALE_ORDER_H
#define FRAMEWORK_CORE_LOCALE_ORDER_H

#include "framework/core/folder.h"

/* Below, at or above zero, as localeCompare of Node 20 (ICU, English or no locale) has it: "_" before "-" before digits
 * before letters; "a" before "A" where nothing else differs. Exact for ASCII and the letters of Latin-1 that have an
 * accent; every other character is behind "z", by its code point. */
int locale_compare(const char *a, const char *b);

/* The same with { numeric: true, ignorePunctuation: true }: "a-2" before "a_10", and "a-b" equals "a_b". */
int locale_compare_numeric(const char *a, const char *b);

/* By name; equal ones by the bytes of the names. */
int listing_by_locale(const struct migration_file *a, const struct migration_file *b);

#endif
