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

/* The address that has most; NULL: nobody is of any. Those of Unix sockets, and of a proxy who has not said for whom,
 * are not one address, and what they have together is nobody's. */
static struct guest_group *heaviest(struct door *door)
{
    struct guest_group *found = NULL;
    for (unsigned i = 0; i < DOOR_BUCKETS; i++) {
        for (struct guest_group *group = door->groups[i]; group != NULL; group = group->next) {
            const bool has_more = found == NULL || group->bytes > found->bytes;
            found = group->address != UNCOUNTED && has_more ? group : found;
        }
    }
    return found;
}

static size_t most_of(const struct guest_list *list)
{
    size_t most = 0;
    for (const struct guest *guest = list->first; guest != NULL; guest = guest->in[ORDER_ADDRESS].behind) {
        most = bytes_of(guest) > most ? bytes_of(guest) : most;
    }
    return most;
}

/* What somebody needs: so many bytes kept for a guest; with them its address would have `own`. */
struct need {
    const struct guest *guest;
    size_t bytes;
    size_t own;
    bool is_over; /* there is room, or nobody left to be asked of the address that had most */
};

/* True where it gave up some. The last of an address may leave, and then there is no such group any more. */
static bool take_from(struct need *need, const struct guest_group *group, struct guest *other)
{
    const bool is_last = places_of(group) == 1;
    const bool has_given = need->guest->door->options.protocol->full(other, false);
    need->is_over = is_last || fits(need->guest, need->bytes) || group->bytes <= need->own;
    return has_given;
}

/* Those of a rank, the largest first (as large as it is: half as large, and so on; a crowd is not sorted for each), as
 * long as it is needed, and their address has more than the other one would have. True where somebody gave up some. */
static bool take_from_rank(struct need *need, const struct guest_group *group, enum guest_rank rank)
{
    bool has_taken = false;
    for (size_t least = most_of(&group->ranks[rank]); least > 0 && !need->is_over; least /= 2) {
        struct guest *next = NULL;
        for (struct guest *other = group->ranks[rank].first; other != NULL && !need->is_over; other = next) {
            next = other->in[ORDER_ADDRESS].behind;
            has_taken = (bytes_of(other) >= least && take_from(need, group, other)) || has_taken;
        }
    }
    return has_taken;
}

/* Who is not served goes first. True where somebody gave up some. */
static bool take_from_others(struct need *need, const struct guest_group *group)
{
    bool has_taken = false;
    for (enum guest_rank rank = GUEST_STRANGER; rank < GUEST_RANKS && !need->is_over; rank++) {
        has_taken = take_from_rank(need, group, rank) || has_taken;
    }
    return has_taken;
}

/* Of its own address only those who have not sent what was to come at once: the oldest of them. */
static bool take_from_own(const struct guest *guest)
{
    const struct door_protocol *const protocol = guest->door->options.protocol;
    unsigned looked = 0;
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
    if (guest->door->options.protocol->full == NULL) {
        return fits(guest, bytes);
    }
    while (!fits(guest, bytes)) {
        const size_t all = places_are_counted(guest) ? guest->group->bytes : bytes_of(guest);
        struct need need = {.guest = guest, .bytes = bytes, .own = all - guest->kept + bytes};
        const struct guest_group *const group = heaviest(guest->door);
        const bool is_own =
            !is_in_share(guest, bytes) || group == NULL || group == guest->group || need.own >= group->bytes;
        if (is_own ? !take_from_own(guest) : !take_from_others(&need, group)) {
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
