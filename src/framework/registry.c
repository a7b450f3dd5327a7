/*
 * The list of frameworks: the one place that a new one is entered.
 */
#include "framework/framework.h"

#include <string.h>

extern const struct framework framework_prisma;

const struct framework *const frameworks[] = {
    &framework_prisma,
    NULL,
};

const struct framework *framework_find(const char *id)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        if (strcmp(frameworks[i]->id, id) == 0) {
            return frameworks[i];
        }
    }
    return NULL;
}
