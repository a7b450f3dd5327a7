#include "base/unseen.h"

#include <stdbool.h>

size_t text_unseen(const char *string)
{
    const unsigned char *const bytes = (const unsigned char *)string;
    if ((bytes[0] < 0x20 && bytes[0] != '\0') || bytes[0] == 0x7F) {
        return 1;
    }
    if (bytes[0] == 0xC2 && bytes[1] >= 0x80 && bytes[1] < 0xA0) {
        return 2;
    }
    const bool is_general = bytes[0] == 0xE2 && bytes[1] == 0x80;
    const bool is_mark = is_general && (bytes[2] == 0x8E || bytes[2] == 0x8F);
    const bool is_order = is_general && bytes[2] >= 0xA8 && bytes[2] <= 0xAE;
    const bool is_isolate = bytes[0] == 0xE2 && bytes[1] == 0x81 && bytes[2] >= 0xA6 && bytes[2] <= 0xA9;
    return is_mark || is_order || is_isolate ? 3 : 0;
}

unsigned text_unseen_code(const char *string, size_t size)
{
    const unsigned char *const bytes = (const unsigned char *)string;
    return size == 1   ? bytes[0]
           : size == 2 ? (bytes[0] & 0x1FU) << 6 | (bytes[1] & 0x3FU)
                       : (bytes[0] & 0x0FU) << 12 | (bytes[1] & 0x3FU) << 6 | (bytes[2] & 0x3FU);
}
