/*
 * Who is served next. As many are served at once as keep us busy; others wait in a line, so that a single client waits
 * for those few and not for a crowd of thousands. The number depends on how long turns take: equal requests at the same
 * moment share an answer, so more of them at once take hardly longer, while other requests slow each other down.
 * Addresses get turns round robin, however many requests they have. Guests that have closed their sending half, or send
 * a request before they have read the last answer, wait in a second line with few turns at once, because clients that
 * only want to cause work do that.
 */
#include "rpc/door_private.h"

#include "base/clock.h"

#include <string.h>

#define SECOND_PART 8      /* of the turns: the most for the second line */
#define FEW_PART    16     /* of the links: the most for an address in any case */
#define LOOKED_AT   64     /* addresses whose turn it is, if some have too many links */
#define TURN_US     100000 /* a guest that takes longer waits for something other than us */
#define SOON_US     10000  /* if turns are shorter, more are allowed */
#define LATE_US     20000  /* if turns are longer, fewer are */
#define MEAN_OF     16     /* turns in the mean */

/* ---- lines ---- */

static void add_to_row(struct guest_row *row, struct guest_group *group, unsigned line)
{
    group->before[line] = row->last;
    group->behind[line] = NULL;
    group->is_in_row[line] = true;
    *(row->last == NULL ? &row->first : &row->last->behind[line]) = group;
    row->last = group;
}

/* Removes an address from the row. */
static void leave_row(struct guest_row *row, struct guest_group *group, unsigned line)
{
    struct guest_group *const before = group->before[line];
    struct guest_group *const behind = group->behind[line];
    *(before == NULL ? &row->first : &before->behind[line]) = behind;
    *(behind == NULL ? &row->last : &behind->before[line]) = before;
    group->is_in_row[line] = false;
}

static void stand_in_line(struct guest *guest, unsigned line)
{
    struct guest_group *const group = guest->group;
    guest->turn = TURN_WAITED;
    guest->line = line;
    guest_list_add(&group->lines[line], guest, ORDER_TURN);
    if (!group->is_in_row[line]) {
        add_to_row(&guest->door->rows[line], group, line);
    }
}

static void leave_line(struct guest *guest)
{
    struct guest_group *const group = guest->group;
    guest_list_remove(&group->lines[guest->line], guest, ORDER_TURN);
    guest->turn = TURN_NONE;
    if (group->lines[guest->line].first == NULL) {
        leave_row(&guest->door->rows[guest->line], group, guest->line);
    }
}

/* Adjusts the limit. Called after as many turns have ended as are allowed at once, which are then of one kind. */
static void tune(struct door *door, int64_t took)
{
    const unsigned fewest = door->options.turns;
    const unsigned most = door->options.most_turns;
    door->turns_took += (took - door->turns_took) / MEAN_OF;
    if (++door->turns_ended < door->turns_now) {
        return;
    }
    door->turns_ended = 0;
    if (door->turns_took > LATE_US) {
        door->turns_now -= door->turns_now / 4 + 1;
        door->turns_now = door->turns_now < fewest ? fewest : door->turns_now;
    } else if (door->turns_took < SOON_US && door->rows[0].first != NULL) {
        door->turns_now += door->turns_now / 8 + 1;
        door->turns_now = door->turns_now > most ? most : door->turns_now;
    }
}

/* Frees a turn that has ended or lasts too long. */
static void free_turn(struct door *door, unsigned line, int64_t turned)
{
    door->turn_counts[line]--;
    if (line == 0) {
        tune(door, clock_us() - turned);
    }
}

static void drop_turn(struct guest *guest)
{
    guest_list_remove(&guest->door->turns, guest, ORDER_TURN);
    guest->turn = TURN_NONE;
    free_turn(guest->door, guest->line, guest->turned);
}

void guest_wait_turn(struct guest *guest, bool is_ahead)
{
    if (guest->fd >= 0 && guest->turn == TURN_NONE) {
        stand_in_line(guest, is_ahead || guest->has_ended || guest->will_end ? 1 : 0);
    }
}

void guest_end_turn(struct guest *guest)
{
    if (guest->turn == TURN_WAITED) {
        leave_line(guest);
    } else if (guest->turn == TURN_TAKEN) {
        drop_turn(guest);
    }
}

void turns_leave(struct guest *guest)
{
    struct door *const door = guest->door;
    if (guest->turn == TURN_TAKEN) {
        guest_list_remove(&door->turns, guest, ORDER_TURN);
        guest->turn = TURN_NONE;
        door->turns_left[door->turns_left_count++] = (struct turn_left){guest->name, guest->turned, guest->line};
    }
    guest_end_turn(guest);
}

static void drop_turn_left(struct door *door, unsigned index)
{
    const struct turn_left left = door->turns_left[index];
    door->turns_left_count--;
    memmove(door->turns_left + index, door->turns_left + index + 1,
            (door->turns_left_count - index) * sizeof *door->turns_left);
    free_turn(door, left.line, left.turned);
}

void door_end_turn(struct door *door, guest_name name)
{
    struct guest *const guest = door_find(door, name);
    if (guest != NULL) {
        guest_end_turn(guest);
    }
    for (unsigned i = 0; i < door->turns_left_count; i++) {
        if (door->turns_left[i].name == name) {
            drop_turn_left(door, i);
            return;
        }
    }
}

void turns_note_end(struct guest *guest)
{
    const bool waits = guest->turn == TURN_WAITED && guest->line == 0;
    guest->will_end = true;
    if (waits) {
        leave_line(guest);
        stand_in_line(guest, 1);
    }
}

/* ---- links ---- */

/* Makes a guest give up its link. */
static bool find_spare(struct door *door, bool is_urgent)
{
    struct guest *next = NULL;
    for (struct guest *guest = door->linked.first; guest != NULL; guest = next) {
        next = guest->in[ORDER_LINK].behind;
        if (door->options.protocol->spare(guest, is_urgent)) {
            guest_touch(guest);
            return true;
        }
    }
    return false;
}

/* Returns true if the guest has a link, or can get one: idle links of others are given up first. The last quarter is
 * for addresses with few links, so that slow requests of one machine cannot use all of them. */
static bool has_link(struct guest *guest)
{
    struct door *const door = guest->door;
    const unsigned most = door->options.links;
    if (guest->link >= 0 || door->link_count < most - most / 4 || find_spare(door, false)) {
        return true;
    }
    return guest->group->links <= most / FEW_PART && (door->link_count < most || find_spare(door, true));
}

/* ---- turns ---- */

/* May the second line have the next turn? is_first: asked before the first line. */
static bool second_may(const struct door *door, bool is_first)
{
    const unsigned part = door->options.turns / SECOND_PART;
    return door->turn_counts[1] < (is_first || part == 0 ? 1 : part);
}

/* The first guest in a line whose address may have a turn; NULL: none. */
static struct guest *next_in_line(const struct door *door, unsigned line)
{
    unsigned looked = 0;
    for (const struct guest_group *group = door->rows[line].first; group != NULL && looked < LOOKED_AT; looked++) {
        struct guest *const guest = group->lines[line].first;
        if (has_link(guest)) {
            return guest->fd < 0 ? NULL : guest; /* giving up its link may have disconnected the guest */
        }
        group = group->behind[line];
    }
    return NULL;
}

/* Who gets the next turn; NULL: nobody. */
static struct guest *next_of_all(const struct door *door)
{
    struct guest *guest = second_may(door, true) ? next_in_line(door, 1) : NULL;
    if (guest == NULL) {
        guest = next_in_line(door, 0);
    }
    return guest != NULL || !second_may(door, false) ? guest : next_in_line(door, 1);
}

/* Takes the turn; its address goes to the end of the row if others of it wait. */
static void take_turn(struct guest *guest)
{
    struct door *const door = guest->door;
    const unsigned line = guest->line;
    struct guest_group *const group = guest->group;
    leave_line(guest);
    if (group->is_in_row[line]) {
        leave_row(&door->rows[line], group, line);
        add_to_row(&door->rows[line], group, line);
    }
    guest->turn = TURN_TAKEN;
    guest->turned = clock_us();
    guest_list_add(&door->turns, guest, ORDER_TURN);
    door->turn_counts[line]++;
    if (guest->link >= 0) {
        guest_list_remove(&door->linked, guest, ORDER_LINK);
        guest_list_add(&door->linked, guest, ORDER_LINK);
    }
    guest_touch(guest);
    door->options.protocol->turn(guest);
}

bool turns_give(struct door *door)
{
    bool has_given = false;
    while (door->turn_counts[0] + door->turn_counts[1] < door->turns_now) {
        struct guest *const guest = next_of_all(door);
        if (guest == NULL) {
            break;
        }
        take_turn(guest);
        has_given = true;
    }
    return has_given;
}

bool turns_are_used(const struct door *door)
{
    bool does_wait = false;
    for (unsigned line = 0; line < DOOR_LINES; line++) {
        does_wait = does_wait || door->rows[line].first != NULL;
    }
    return does_wait || door->turns.first != NULL || door->turns_left_count > 0;
}

void turns_look(struct door *door)
{
    const int64_t now = clock_us();
    while (door->turns.first != NULL && now - door->turns.first->turned >= TURN_US) {
        drop_turn(door->turns.first);
    }
    for (unsigned i = door->turns_left_count; i > 0; i--) {
        if (now - door->turns_left[i - 1].turned >= TURN_US) {
            drop_turn_left(door, i - 1);
        }
    }
}
