/*
 * Who has a turn at a door, who waits for one, and who keeps his place meanwhile.
 */
#include "door_scene.h"

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

/* As long as somebody waits. */
START_TEST(turns_that_end_soon_are_more_at_once)
{
    most_turns = 8;
    open_door(1, MOST);
    char letter = 'A';
    for (int i = 0; i < 12; i++, letter++) {
        char words[] = {letter, '\0'};
        stay(1, words);
    }
    for (int i = 0; i < 10; i++) {
        say(stayed[i], ".");
    }
    pause_ms(50); /* before a turn ends by itself */
    ck_assert_msg(have_turns("ABCDEFGHIJKL"), "%s", seen.turns);
}
END_TEST

/* They end by themselves behind 100 ms: in the end one in that time, where five were had at once. */
START_TEST(turns_that_last_are_fewer_again)
{
    most_turns = 8;
    open_door(1, MOST);
    char words[] = "A";
    for (; words[0] <= 'L'; words[0]++) {
        stay(1, words);
    }
    for (int i = 0; i < 10; i++) {
        say(stayed[i], ".");
    }
    for (; words[0] <= 'Z'; words[0]++) {
        stay(1, words);
    }
    turns_are("ABCDEFGHIJKLMNOPQRST");
    const int64_t began = clock_ms();
    turns_are("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    ck_assert_int_ge(clock_ms() - began, 400);
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
    tcase_add_test(all, turns_that_end_soon_are_more_at_once);
    tcase_add_test(all, turns_that_last_are_fewer_again);
    tcase_add_test(all, a_turn_that_ends_with_what_is_sent_is_given_on_at_once);
    tcase_add_test(all, who_waits_with_a_link_needs_no_other);
    tcase_add_test(all, one_address_leaves_links_to_others);
    tcase_add_test(all, where_all_links_are_taken_who_has_one_and_is_not_served_gives_it_up);
    return run_suite(suite);
}
