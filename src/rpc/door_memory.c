/*
 * What is kept for guests, and what they have been sent and the network has not taken. Where that is as much as there
 * may be, the address that has most of it gives up some: then a few who send halves of requests, or read nothing, do
 * not keep all others from being heard.
 */
#include "rpc/door_private.h"

#include "base/memory.h"

#define LOOKED_AT 1024 /* guests of one's own address that have not sent all of their request */

static size_t bytes_of(const struct guest *guest)
{
    return guest->kept + guest->unsent;
}

/* ---- counting ---- */

void door_count(struct guest *guest, size_t more, size_t less)
{
    guest->door->bytes = guest->door->bytes + more - less;
    if (guest->group != NULL) {
        guest->group->bytes = guest->group->bytes + more - less;
    }
}

/* True where there is room for so many bytes that are kept for it, in its address's part. */
static bool is_in_share(const struct guest *guest, size_t bytes)
{
    const struct door *const door = guest->door;
    return !places_are_counted(guest) || guest->group->bytes - guest->kept + bytes <= door->options.bytes / 4 * 3;
}

static bool fits(const struct guest *guest, size_t bytes)
{
    return guest->door->bytes - guest->kept + bytes <= guest->door->options.bytes && is_in_share(guest, bytes);
}

/* ---- who gives up some ---- */

static struct guest_group *heaviest(struct door *door)
{
    struct guest_group *found = NULL;
    for (unsigned i = 0; i < DOOR_BUCKETS; i++) {
        for (struct guest_group *group = door->groups[i]; group != NULL; group = group->next) {
            found = found == NULL || group->bytes > found->bytes ? group : found;
        }
    }
    return found;
}

/* The one of a rank that has most; NULL where nobody has so many bytes. */
static struct guest *largest_of(const struct guest_group *group, enum guest_rank rank, size_t bytes)
{
    struct guest *found = NULL;
    for (struct guest *guest = group->ranks[rank].first; guest != NULL; guest = guest->in[ORDER_ADDRESS].behind) {
        const size_t least = found == NULL ? bytes : bytes_of(found) + 1; /* of equals the oldest */
        found = bytes_of(guest) >= least ? guest : found;
    }
    return found;
}

/* Who is not served goes first. True where somebody gave up as much as is wanted. */
static bool take_from_others(struct guest *guest, const struct guest_group *group, size_t bytes)
{
    struct guest *other = NULL;
    for (enum guest_rank rank = GUEST_STRANGER; rank < GUEST_RANKS && other == NULL; rank++) {
        other = largest_of(group, rank, bytes);
    }
    if (other == NULL) {
        return false;
    }
    const struct door_protocol *const protocol = guest->door->options.protocol;
    if (protocol->full == NULL) {
        guest_leave(other);
    } else {
        protocol->full(other, false);
    }
    return true;
}

/* Of its own address only those who have not sent what was to come at once: the oldest of them. */
static bool take_from_own(const struct guest *guest)
{
    const struct door_protocol *const protocol = guest->door->options.protocol;
    unsigned looked = 0;
    if (protocol->full == NULL) {
        return false;
    }
    for (enum guest_rank rank = GUEST_STRANGER; rank <= GUEST_SERVED; rank++) {
        struct guest *next = NULL;
        for (struct guest *other = guest->group->ranks[rank].first; other != NULL && looked < LOOKED_AT; other = next) {
            next = other->in[ORDER_ADDRESS].behind;
            looked++;
            if (other != guest && other->kept > 0 && protocol->full(other, true)) {
                return true;
            }
        }
    }
    return false;
}

/* Makes room for so many bytes that are kept for it. Who wants more than the address that has most is not helped. */
static bool make_room(struct guest *guest, size_t bytes)
{
    while (!fits(guest, bytes)) {
        const struct guest_group *const group = heaviest(guest->door);
        const size_t own = guest->group->bytes - guest->kept + bytes;
        const bool is_own = !is_in_share(guest, bytes) || group == guest->group || own >= group->bytes;
        if (is_own ? !take_from_own(guest) : !take_from_others(guest, group, bytes)) {
            return false;
        }
    }
    return true;
}

bool guest_keep(struct guest *guest, size_t bytes)
{
    if (guest->group == NULL) {
        return bytes == 0; /* it has left */
    }
    if (bytes > guest->kept && (!memory_has_room(bytes) || !make_room(guest, bytes))) {
        return false;
    }
    door_count(guest, bytes, guest->kept);
    guest->kept = bytes;
    return true;
}

bool guest_put_aside(struct guest *guest, struct intake *intake, struct text bytes, size_t most)
{
    const size_t room = intake_room(intake, bytes.size, most);
    if (!guest_keep(guest, room)) {
        return false;
    }
    intake_put(intake, bytes, room);
    return true;
}

void guest_take_off(struct guest *guest, struct intake *intake, size_t size)
{
    intake_take_off(intake, size);
    guest_keep(guest, intake->capacity);
}

/* ---- answers that nobody reads ---- */

static struct guest *least_read(struct door *door)
{
    struct guest *found = NULL;
    for (unsigned i = 0; i < door->most; i++) {
        struct guest *const guest = door->places[i];
        if (guest != NULL && (found == NULL || guest->unsent > found->unsent)) {
            found = guest;
        }
    }
    return found;
}

void door_drop_unread(struct door *door)
{
    while (door->bytes > 2 * door->options.bytes) {
        struct guest *const guest = least_read(door);
        if (guest == NULL || guest->unsent == 0) {
            break;
        }
        guest_leave(guest);
    }
}
