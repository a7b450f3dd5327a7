/*
 * What is buffered for guests, and what was sent to them and the kernel has not taken. If the limit is reached, the
 * address that uses most gives some up, so that a few clients that send partial requests, or read nothing, cannot
 * exclude all others.
 */
#include "rpc/door_private.h"

#include "base/memory.h"

#define LOOKED_AT 1024 /* guests of one's own address with incomplete requests that are examined */

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

/* Is there room for this many buffered bytes within its address's share? */
static bool is_in_share(const struct guest *guest, size_t bytes)
{
    const struct door *const door = guest->door;
    return !places_are_counted(guest) || guest->group->bytes - guest->kept + bytes <= door->options.bytes / 4 * 3;
}

static bool fits(const struct guest *guest, size_t bytes)
{
    return guest->door->bytes - guest->kept + bytes <= guest->door->options.bytes && is_in_share(guest, bytes);
}

/* ---- guests that give memory up ---- */

/* The address that uses most; NULL: none. Guests of Unix sockets, and of a proxy that has not named its client, are not
 * one address, so they are not considered. */
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

/* What a guest needs: `bytes` more for it; with them its address would use `own`. */
struct need {
    const struct guest *guest;
    size_t bytes;
    size_t own;
    bool is_over; /* there is room now, or no guest left to ask */
};

/* Asks a guest to give memory up; true if it did. If it was the last of its address and left, the group no longer
 * exists. */
static bool take_from(struct need *need, const struct guest_group *group, struct guest *other)
{
    const bool is_last = places_of(group) == 1;
    const bool has_given = need->guest->door->options.protocol->full(other, false);
    need->is_over = is_last || fits(need->guest, need->bytes) || group->bytes <= need->own;
    return has_given;
}

/* Asks the guests of a rank, the largest first (by halving a threshold, so that a crowd need not be sorted), as long as
 * it is needed and their address uses more than the other would. Returns true if any gave memory up. */
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

/* Guests that are not being served first. Returns true if any gave memory up. */
static bool take_from_others(struct need *need, const struct guest_group *group)
{
    bool has_taken = false;
    for (enum guest_rank rank = GUEST_STRANGER; rank < GUEST_RANKS && !need->is_over; rank++) {
        has_taken = take_from_rank(need, group, rank) || has_taken;
    }
    return has_taken;
}

/* Of the guest's own address asks only guests that are overdue with their bytes, oldest first. */
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

/* Makes room for this many buffered bytes. Fails if the guest's address would then use more than any other. */
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
        return bytes == 0; /* the guest itself was disconnected */
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

void door_drop_stalled(struct door *door, int64_t ms)
{
    for (unsigned i = 0; i < door->most; i++) {
        struct guest *const guest = door->places[i];
        if (guest != NULL && guest_stalled_ms(guest) >= ms) {
            guest_leave(guest);
        }
    }
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
