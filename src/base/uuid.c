/*
 * Separate from the checksums, so that programs without libcrypto do not load it.
 */
#include "base/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void uuid_v4(char out[UUID_SIZE])
{
    unsigned char b[16];
    while (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) {
        if (errno != EINTR) {
            fputs("truss: the system gives no random numbers\n", stderr);
            abort();
        }
    }
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    snprintf(out, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
             b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

void uuid_digits(char out[UUID_DIGITS_SIZE])
{
    char uuid[UUID_SIZE];
    size_t size = 0;
    uuid_v4(uuid);
    for (const char *c = uuid; *c != '\0'; c++) {
        if (*c != '-') {
            out[size++] = *c;
        }
    }
    out[size] = '\0';
}
