/*
 * Who is served next. So many are served at once as keep us busy, and those who wait stand in a line: then who comes
 * alone waits for those few, and not for the thousand of a crowd. The addresses have their turns one after the other,
 * whoever has more to ask. Who has closed his sending half, or asks again before he has read the last answer, stands in
 * a second line, which has few turns at once: who only makes work does it that way.
 */
#include "rpc/door_private.h"

#include "base/clock.h"

#define SECOND_PART 8   /* of the turns, that the second line may have at once */
#define TURN_MS     100 /* who is not served in this time waits for something else than us */

/* ---- lines ---- */

static void add_to_row(struct guest_row *row, struct guest_group *group, unsigned line)
{
    group->behind[line] = NULL;
    group->is_in_row[line] = true;
    *(row->last == NULL ? &row->first : &row->last->behind[line]) = group;
    row->last = group;
}

/* The address at the front goes to the end of the row, or out of it where nobody of it waits. */
static void go_round(struct guest_row *row, unsigned line)
{
    struct guest_group *const group = row->first;
    row->first = group->behind[line];
    row->last = row->first == NULL ? NULL : row->last;
    group->is_in_row[line] = false;
    if (group->lines[line].first != NULL) {
        add_to_row(row, group, line);
    }
}

/* Takes an address out of the row where it stands: nobody of it waits any more. */
static void leave_row(struct guest_row *row, struct guest_group *group, unsigned line)
{
    struct guest_group *before = NULL;
    for (struct guest_group *one = row->first; one != group; one = one->behind[line]) {
        before = one;
    }
    *(before == NULL ? &row->first : &before->behind[line]) = group->behind[line];
    row->last = row->last == group ? before : row->last;
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

static void drop_turn(struct guest *guest)
{
    guest_list_remove(&guest->door->turns, guest, ORDER_TURN);
    guest->door->turn_counts[guest->line]--;
    guest->turn = TURN_NONE;
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

void turns_note_end(struct guest *guest)
{
    const bool waits = guest->turn == TURN_WAITED && guest->line == 0;
    guest->will_end = true;
    if (waits) {
        leave_line(guest);
        stand_in_line(guest, 1);
    }
}

/* ---- turns ---- */

/* The line that has the next turn; DOOR_LINES: none. */
static unsigned next_line(const struct door *door)
{
    const unsigned part = door->options.turns / SECOND_PART;
    const bool second_may = door->turn_counts[1] < (part > 0 ? part : 1);
    if (door->rows[1].first != NULL && second_may && (door->rows[0].first == NULL || door->turn_counts[1] == 0)) {
        return 1;
    }
    return door->rows[0].first != NULL ? 0 : DOOR_LINES;
}

static struct guest *next_in_line(struct door *door, unsigned line)
{
    struct guest_group *const group = door->rows[line].first;
    struct guest *const guest = group->lines[line].first;
    guest_list_remove(&group->lines[line], guest, ORDER_TURN);
    go_round(&door->rows[line], line);
    return guest;
}

/* Where all links are taken, who has had one for longest and is not being served gives it up, and leaves: he sends his
 * request slowly, or has none. */
static bool has_link_free(struct door *door)
{
    struct guest *guest = door->link_count < door->options.links ? NULL : door->linked.first;
    while (guest != NULL && guest->rank == GUEST_IN_SERVICE) {
        guest = guest->in[ORDER_LINK].behind;
    }
    if (guest != NULL) {
        guest_leave(guest);
    }
    return door->link_count < door->options.links;
}

void turns_give(struct door *door)
{
    while (door->turn_counts[0] + door->turn_counts[1] < door->options.turns) {
        if (next_line(door) == DOOR_LINES || !has_link_free(door)) {
            return;
        }
        const unsigned line = next_line(door); /* who gave up his link may have stood in it, alone */
        if (line == DOOR_LINES) {
            return;
        }
        struct guest *const guest = next_in_line(door, line);
        guest->turn = TURN_TAKEN;
        guest->turned = clock_ms();
        guest_list_add(&door->turns, guest, ORDER_TURN);
        door->turn_counts[line]++;
        guest_touch(guest);
        door->options.protocol->turn(guest);
    }
}

void turns_look(struct door *door)
{
    const int64_t now = clock_ms();
    while (door->turns.first != NULL && now - door->turns.first->turned >= TURN_MS) {
        drop_turn(door->turns.first);
    }
}
