/*
 * Who has a place, and who loses it. The guests of each address are counted separately. Nothing here iterates over all
 * guests, because crowds may come and go thousands of times in a second.
 */
#include "rpc/door_private.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

#define FEW_WAIT 16   /* of an address, however many others wait */
#define FRESH_MS 1000 /* how long a newcomer may be silent, unless there are too many of them */

/* ---- lists ---- */

void guest_list_add(struct guest_list *list, struct guest *guest, enum guest_order order)
{
    guest->in[order].before = list->last;
    guest->in[order].behind = NULL;
    *(list->last == NULL ? &list->first : &list->last->in[order].behind) = guest;
    list->last = guest;
}

void guest_list_remove(struct guest_list *list, struct guest *guest, enum guest_order order)
{
    struct guest *const before = guest->in[order].before;
    struct guest *const behind = guest->in[order].behind;
    *(before == NULL ? &list->first : &before->in[order].behind) = behind;
    *(behind == NULL ? &list->last : &behind->in[order].before) = before;
}

static void link_guest(struct guest *guest, enum guest_rank rank)
{
    struct guest_group *const all = &guest->door->all;
    guest->rank = rank;
    guest_list_add(&all->ranks[rank], guest, ORDER_ALL);
    guest_list_add(&guest->group->ranks[rank], guest, ORDER_ADDRESS);
    all->counts[rank]++;
    guest->group->counts[rank]++;
}

static void unlink_guest(struct guest *guest)
{
    struct guest_group *const all = &guest->door->all;
    guest_list_remove(&all->ranks[guest->rank], guest, ORDER_ALL);
    guest_list_remove(&guest->group->ranks[guest->rank], guest, ORDER_ADDRESS);
    all->counts[guest->rank]--;
    guest->group->counts[guest->rank]--;
}

/* ---- addresses ---- */

unsigned places_of(const struct guest_group *group)
{
    unsigned count = 0;
    for (int rank = 0; rank < GUEST_RANKS; rank++) {
        count += group->counts[rank];
    }
    return count;
}

/* Where the group of an address is, or would be inserted. */
static struct guest_group **find_group(struct door *door, uint64_t address)
{
    struct guest_group **link = &door->groups[(address ^ address >> 8 ^ address >> 24) % DOOR_BUCKETS];
    while (*link != NULL && (*link)->address != address) {
        link = &(*link)->next;
    }
    return link;
}

static struct guest_group *group_of(struct door *door, uint64_t address)
{
    struct guest_group **const link = find_group(door, address);
    if (*link == NULL) {
        *link = memory_alloc(sizeof **link);
        (*link)->address = address;
    }
    return *link;
}

/* Frees the group if it is empty. */
static void leave_group(struct door *door, struct guest_group *group)
{
    if (places_of(group) == 0) {
        *find_group(door, group->address) = group->next;
        free(group);
    }
}

bool places_are_counted(const struct guest *guest)
{
    return guest->group->address != UNCOUNTED;
}

void places_take(struct guest *guest, uint64_t address)
{
    struct door *const door = guest->door;
    const uint32_t place = door->free_places[door->most - door->count - 1];
    guest->group = group_of(door, address);
    guest->name = (uint64_t)++door->generation << 32 | place;
    door->places[place] = guest;
    door->count++;
    link_guest(guest, GUEST_STRANGER);
}

void places_give(struct guest *guest)
{
    struct door *const door = guest->door;
    struct guest_group *const group = guest->group;
    turns_leave(guest);
    unlink_guest(guest);
    door->places[(uint32_t)guest->name] = NULL;
    door->free_places[door->most - door->count] = (uint32_t)guest->name;
    door->count--;
    leave_group(door, group);
    guest->group = NULL;
}

void places_move(struct guest *guest, uint64_t address)
{
    struct door *const door = guest->door;
    struct guest_group *const before = guest->group;
    const size_t bytes = guest->kept + guest->unsent;
    const unsigned links = guest->link >= 0 ? 1 : 0;
    if (before->address == address || guest->turn != TURN_NONE) {
        return;
    }
    unlink_guest(guest);
    before->bytes -= bytes;
    before->links -= links;
    guest->group = group_of(door, address);
    guest->group->bytes += bytes;
    guest->group->links += links;
    link_guest(guest, guest->rank);
    leave_group(door, before);
}

/* ---- ranks ---- */

void guest_set_rank(struct guest *guest, enum guest_rank rank)
{
    if (guest->fd >= 0) {
        unlink_guest(guest);
        link_guest(guest, rank);
    }
}

void guest_serve(struct guest *guest)
{
    guest_set_rank(guest, GUEST_IN_SERVICE);
}

void guest_served(struct guest *guest)
{
    guest_set_rank(guest, GUEST_SERVED);
}

void guest_keep_place(struct guest *guest)
{
    guest_set_rank(guest, GUEST_WAITING);
}

/* Half of the places are kept for guests that do not wait, so that somebody can always connect and be told to come
 * later. */
bool guest_line_is_full(const struct guest *guest)
{
    return guest->group->counts[GUEST_WAITING] >= FEW_WAIT &&
           guest->door->all.counts[GUEST_WAITING] >= guest->door->most / 2;
}

unsigned guest_served_beside(const struct guest *guest)
{
    return places_are_counted(guest) ? guest->group->counts[GUEST_IN_SERVICE] : 0;
}

bool guest_is_greedy(const struct guest *guest, unsigned most)
{
    return guest->group->counts[GUEST_IN_SERVICE] >= most && places_of(guest->group) < guest->door->count;
}

/* ---- guests that lose a place ---- */

/* Finds the guest that loses its place to a newcomer, if the group may have `places`. Half of the places are for guests
 * that were served before, so that a flood of silent ones does not displace them; half for newcomers, so that idle ones
 * that were served cannot exclude them. NULL if all are being served, or have just connected. */
static struct guest *stalest(const struct guest_group *group, unsigned places)
{
    const unsigned strangers = group->counts[GUEST_STRANGER];
    struct guest *const stranger = group->ranks[GUEST_STRANGER].first;
    struct guest *const served = group->ranks[GUEST_SERVED].first;
    if (strangers > places / 2 || served == NULL) {
        const bool may_stay = stranger != NULL && strangers <= places / 2 && clock_ms() - stranger->since < FRESH_MS;
        return may_stay ? NULL : stranger;
    }
    return served;
}

struct guest *places_stalest(const struct door *door)
{
    return stalest(&door->all, door->most);
}

bool places_has_room(const struct door *door)
{
    return door->count < door->most || places_stalest(door) != NULL;
}

/* A crowd from one address loses places of its own first. */
void places_make_room(struct door *door, uint64_t address)
{
    const struct guest_group *const group = address == UNCOUNTED ? NULL : *find_group(door, address);
    const unsigned most = door->options.per_address;
    struct guest *guest = group != NULL && places_of(group) >= most ? stalest(group, most) : NULL;
    if (guest == NULL && door->count == door->most) {
        guest = places_stalest(door);
    }
    if (guest != NULL) {
        guest_writable(guest); /* it may just have been refused, and must be told so */
        guest_leave(guest);
    }
}
