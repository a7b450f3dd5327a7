#include "base/near.h"

#include <string.h>

#define MOST 3 /* letters that may be wrong */

void near_try(struct near *near, const char *name)
{
    const size_t distance = text_distance(near->wanted, text_of(name));
    const bool is_nearer = near->name == NULL ? distance <= MOST : distance < near->distance;
    if (is_nearer && distance * 2 <= strlen(name)) {
        near->distance = distance;
        near->name = name;
    }
}
