/*
 * Who has a turn at a door, and who waits for one: real connections from several addresses of the loopback network.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "rpc/door.h"
#include "support/runner.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST    64
#define WAIT_MS 15000

/* What guests have said. A letter asks for a turn, a small one ahead of time; "." ends it, and "+" when its answer was
 * sent; "!" makes a link; "#" has something kept, which is noted, or that it was not: "-". */
static struct {
    pthread_mutex_t mutex;
    char turns[MOST]; /* letters, in the order of their turns */
    size_t said;      /* bytes */
    size_t left;      /* guests */
    size_t spared;    /* links */
} seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

struct state {
    char letter;
    struct intake intake;
};

static struct door *door;
static unsigned guests; /* places */
static struct arena *arena;
static int stayed[MOST]; /* clients whom the end of the test lets go */
static int stayed_count;

static void note(char turn)
{
    pthread_mutex_lock(&seen.mutex);
    seen.turns[strlen(seen.turns)] = turn;
    pthread_mutex_unlock(&seen.mutex);
}

static void on_enter(struct guest *guest)
{
    (void)guest;
}

static void make_link(struct guest *guest)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    close(ends[1]);
    guest_set_link(guest, ends[0]);
    guest_link_wants(guest, false, false);
}

static void on_byte(struct guest *guest, const char *byte)
{
    struct state *const state = guest_state(guest);
    const struct text one = {byte, 1};
    if (*byte == '.') {
        guest_end_turn(guest);
    } else if (*byte == '+') {
        guest_send_copy(guest, one);
    } else if (*byte == '!') {
        make_link(guest);
    } else if (*byte == '#') {
        note(guest_put_aside(guest, &state->intake, one, SIZE_MAX) ? '#' : '-');
    } else {
        state->letter = *byte;
        guest_wait_turn(guest, *byte >= 'a');
        guest_keep_place(guest);
    }
}

static void on_bytes(struct guest *guest, struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        on_byte(guest, bytes.data + i);
    }
    pthread_mutex_lock(&seen.mutex);
    seen.said += bytes.size;
    pthread_mutex_unlock(&seen.mutex);
}

static void on_turn(struct guest *guest)
{
    guest_serve(guest);
    note(((const struct state *)guest_state(guest))->letter);
}

static bool on_spare(struct guest *guest, bool is_urgent)
{
    const bool does = !is_urgent && ((const struct state *)guest_state(guest))->letter == 0;
    if (does) {
        guest_drop_link(guest);
        pthread_mutex_lock(&seen.mutex);
        seen.spared++;
        pthread_mutex_unlock(&seen.mutex);
    }
    return does;
}

static void on_end(struct guest *guest)
{
    (void)guest;
}

static void on_link(struct guest *guest)
{
    (void)guest;
}

static void on_leave(struct guest *guest)
{
    intake_drop(&((struct state *)guest_state(guest))->intake);
    pthread_mutex_lock(&seen.mutex);
    seen.left++;
    pthread_mutex_unlock(&seen.mutex);
}

static const struct door_protocol protocol = {
    .state_size = sizeof(struct state),
    .enter = on_enter,
    .bytes = on_bytes,
    .ends = on_end,
    .sent = guest_end_turn,
    .link = on_link,
    .turn = on_turn,
    .spare = on_spare,
    .leave = on_leave,
};

static void open_door(unsigned turns, unsigned links)
{
    static const char *const urls[] = {"tcp://127.0.0.1:0", NULL};
    struct status status = {.arena = arena};
    const struct door_options options = {.urls = urls,
                                         .protocol = &protocol,
                                         .guests = guests,
                                         .per_address = MOST,
                                         .links = links,
                                         .turns = turns,
                                         .bytes = 2048};
    door = door_open(&options, &status);
    ck_assert_msg(door != NULL && door_start(door), "%s", status.message);
}

static void set_up(void)
{
    arena = arena_new(0);
    memset(seen.turns, 0, sizeof seen.turns);
    seen.said = seen.left = seen.spared = 0;
    guests = MOST;
}

static void tear_down(void)
{
    while (stayed_count > 0) {
        close(stayed[--stayed_count]);
    }
    door_free(door);
    door = NULL;
    arena_free(arena);
}

/* A connection from 127.0.0.HOST, whose first words have arrived. */
static int come(int host, const char *words);

/* So far at least: on a busy machine a turn lasts, and the next one is given. */
static bool have_turns(const char *turns)
{
    pthread_mutex_lock(&seen.mutex);
    const bool ok = strncmp(seen.turns, turns, strlen(turns)) == 0;
    pthread_mutex_unlock(&seen.mutex);
    return ok;
}

static bool has_come(size_t said)
{
    pthread_mutex_lock(&seen.mutex);
    const bool ok = seen.said == said;
    pthread_mutex_unlock(&seen.mutex);
    return ok;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void turns_are(const char *turns)
{
    for (const int64_t until = deadline_in(WAIT_MS); !have_turns(turns) && !deadline_passed(until);) {
        pause_ms(1);
    }
    ck_assert_msg(have_turns(turns), "\"%s\" does not begin with \"%s\"", seen.turns, turns);
}

static void say(int client, const char *words)
{
    pthread_mutex_lock(&seen.mutex);
    const size_t before = seen.said;
    pthread_mutex_unlock(&seen.mutex);
    ck_assert_int_eq(send(client, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
    for (const int64_t until = deadline_in(WAIT_MS); !has_come(before + strlen(words));) {
        ck_assert(!deadline_passed(until));
        pause_ms(1);
    }
}

static int come(int host, const char *words)
{
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *const port = strrchr(door_url(door, 0), ':') + 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)host)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
    ck_assert_int_eq(bind(client, (const struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)&to, sizeof to), 0);
    say(client, words);
    return client;
}

static void wait_for_leaving(size_t count)
{
    size_t left = 0;
    for (const int64_t until = deadline_in(WAIT_MS); left < count && !deadline_passed(until);) {
        pause_ms(1);
        pthread_mutex_lock(&seen.mutex);
        left = seen.left;
        pthread_mutex_unlock(&seen.mutex);
    }
    ck_assert_uint_eq(left, count);
}

/* The same, until the end of the test. */
static void stay(int host, const char *words)
{
    stayed[stayed_count++] = come(host, words);
}

START_TEST(a_turn_is_had_at_once_where_one_is_free)
{
    open_door(2, MOST);
    const int a = come(1, "A");
    const int b = come(1, "B");
    turns_are("AB");
    close(a);
    close(b);
}
END_TEST

/* A holds the only turn; what comes meanwhile waits, and then goes on one after the other. */
START_TEST(who_comes_alone_waits_for_no_crowd)
{
    open_door(1, MOST);
    const int a = come(1, "A");
    const int crowd[] = {come(1, "B"), come(1, "C"), come(1, "D")};
    const int alone = come(2, "X");
    say(a, ".");
    turns_are("AB"); /* the first of the address that came first */
    say(crowd[0], ".");
    turns_are("ABX");
    say(alone, ".");
    turns_are("ABXC");
    say(crowd[1], ".");
    turns_are("ABXCD");
}
END_TEST

START_TEST(who_has_closed_his_half_or_asks_ahead_stands_in_the_second_line)
{
    open_door(8, MOST); /* one of which the second line may have at once */
    const int ahead = come(1, "a");
    turns_are("a");
    const int closed = come(1, "");
    ck_assert_int_eq(send(closed, "H", 1, MSG_NOSIGNAL | MSG_MORE), 1); /* both at once */
    ck_assert_int_eq(shutdown(closed, SHUT_WR), 0);
    while (!has_come(2)) {
        pause_ms(1);
    }
    const int good = come(1, "G");
    turns_are("aG");
    say(ahead, ".");
    turns_are("aGH");
    close(good);
}
END_TEST

START_TEST(a_turn_that_lasts_is_not_us_who_is_waited_for)
{
    open_door(1, MOST);
    const int64_t began = clock_ms();
    const int a = come(1, "A");
    const int b = come(1, "B");
    turns_are("AB");
    ck_assert_int_ge(clock_ms() - began, 90);
    close(a);
    close(b);
}
END_TEST

START_TEST(who_leaves_takes_no_turn_and_gives_his_back)
{
    open_door(1, MOST);
    const int64_t began = clock_ms();
    const int a = come(1, "A");
    const int b = come(2, "B");
    const int c = come(2, "C");
    const int d = come(3, "D");
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(b, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    setsockopt(a, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(b);
    wait_for_leaving(1);
    turns_are("A");
    close(a);
    turns_are("AC");
    ck_assert_int_ge(clock_ms() - began, 90); /* what he asked may still be worked at */
    say(c, ".");
    turns_are("ACD");
    close(c);
    close(d);
}
END_TEST

START_TEST(who_waits_keeps_his_place_whoever_comes)
{
    guests = 8;
    open_door(1, MOST);
    const int a = come(1, "A");
    const int waiting[] = {come(2, "B"), come(3, "C"), come(4, "D")};
    for (int i = 0; i < 20; i++) {
        stay(5 + i, "");
    }
    wait_for_leaving(16);
    say(a, ".");
    say(waiting[0], ".");
    say(waiting[1], ".");
    turns_are("ABCD");
}
END_TEST

START_TEST(one_address_leaves_places_where_there_are_few)
{
    guests = 8;
    open_door(1, MOST);
    for (int i = 0; i < 8; i++) {
        stay(1, "");
    }
    wait_for_leaving(2);
}
END_TEST

START_TEST(one_address_leaves_memory_to_others)
{
    open_door(1, MOST);
    stay(1, "#");
    stay(1, "#");
    stay(2, "#");
    turns_are("#-#");
}
END_TEST

START_TEST(a_turn_that_ends_with_what_is_sent_is_given_on_at_once)
{
    open_door(1, MOST);
    int64_t best = WAIT_MS;
    char turns[16] = "A";
    int holder = come(1, "A");
    for (int i = 1; i < 6; i++) {
        turns[i] = (char)('A' + i);
        const int next = come(1, turns + i);
        const int64_t began = clock_ms();
        say(holder, "+");
        turns_are(turns);
        best = clock_ms() - began < best ? clock_ms() - began : best;
        holder = next;
    }
    ck_assert_int_lt(best, 50);
}
END_TEST

START_TEST(who_waits_with_a_link_needs_no_other)
{
    open_door(1, 1);
    const int a = come(1, "A");
    const int waiting = come(2, "!W");
    say(a, ".");
    turns_are("AW");
    close(waiting);
}
END_TEST

START_TEST(one_address_leaves_links_to_others)
{
    char words[] = "A";
    open_door(8, 8);
    for (; words[0] <= 'F'; words[0]++) {
        stay(1, words);
        say(stayed[stayed_count - 1], "!");
    }
    stay(1, "X");
    stay(2, "Y");
    turns_are("ABCDEFY");
}
END_TEST

START_TEST(where_all_links_are_taken_who_has_one_and_is_not_served_gives_it_up)
{
    open_door(4, 2);
    const int idle = come(1, "!");
    const int served = come(1, "S");
    turns_are("S");
    say(served, "!");
    const int next = come(2, "N");
    turns_are("SN");
    char byte;
    ck_assert_uint_eq(seen.spared, 1);
    ck_assert_int_eq(recv(idle, &byte, 1, MSG_DONTWAIT), -1); /* and stays */
    ck_assert_int_eq(recv(served, &byte, 1, MSG_DONTWAIT), -1);
    close(next);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("door");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_turn_is_had_at_once_where_one_is_free);
    tcase_add_test(all, who_comes_alone_waits_for_no_crowd);
    tcase_add_test(all, who_has_closed_his_half_or_asks_ahead_stands_in_the_second_line);
    tcase_add_test(all, a_turn_that_lasts_is_not_us_who_is_waited_for);
    tcase_add_test(all, who_leaves_takes_no_turn_and_gives_his_back);
    tcase_add_test(all, who_waits_keeps_his_place_whoever_comes);
    tcase_add_test(all, one_address_leaves_places_where_there_are_few);
    tcase_add_test(all, one_address_leaves_memory_to_others);
    tcase_add_test(all, a_turn_that_ends_with_what_is_sent_is_given_on_at_once);
    tcase_add_test(all, who_waits_with_a_link_needs_no_other);
    tcase_add_test(all, one_address_leaves_links_to_others);
    tcase_add_test(all, where_all_links_are_taken_who_has_one_and_is_not_served_gives_it_up);
    return run_suite(suite);
}
