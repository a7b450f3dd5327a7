/*
 * CRC-32, which Flyway's checksums and the keys of some tools' locks are.
 */
#ifndef FRAMEWORK_CORE_CRC_H
#define FRAMEWORK_CORE_CRC_H

#include "base/text.h"

#include <stdint.h>

/* The CRC-32 of a text, continuing from `crc`; start with 0. */
uint32_t crc32_add(uint32_t crc, struct text text);

#endif
