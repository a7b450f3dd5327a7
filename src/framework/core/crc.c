#include "framework/core/crc.h"

#include <zlib.h>

uint32_t crc32_add(uint32_t crc, struct text text)
{
    return text.size == 0 ? crc : (uint32_t)crc32_z(crc, (const unsigned char *)text.data, text.size);
}
