#include "base/near.h"

#include <stdint.h>
#include <string.h>

#define MOST 3 /* letters that may be wrong */

size_t near_distance(struct text a, struct text b)
{
    size_t row[256];
    if (a.size > 255 || b.size > 255) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            const size_t above = row[j];
            const size_t changed = diagonal + (a.data[i - 1] == b.data[j - 1] ? 0 : 1);
            size_t least = above + 1 < row[j - 1] + 1 ? above + 1 : row[j - 1] + 1;
            least = changed < least ? changed : least;
            row[j] = least;
            diagonal = above;
        }
    }
    return row[b.size];
}

void near_try(struct near *near, const char *name)
{
    const size_t distance = near_distance(near->wanted, text_of(name));
    const bool is_nearer = near->name == NULL ? distance <= MOST : distance < near->distance;
    const size_t length = strlen(name);
    if (is_nearer && distance * 2 <= (length < near->wanted.size ? length : near->wanted.size)) {
        near->distance = distance;
        near->name = name;
    }
}
