/*
 * What is kept for a door's guests, whose they are, and when it sleeps.
 */
#include "base/memory.h"
#include "door_scene.h"

#include <dirent.h>
#include <stdio.h>

START_TEST(one_address_leaves_memory_to_others)
{
    open_door(1, MOST);
    stay(1, "#");
    stay(1, "#");
    stay(2, "#");
    turns_are("#-#");
}
END_TEST

/* Each has 1,024 bytes. The first of 127.0.0.2 waits for an answer, the others of it do not. */
START_TEST(who_has_most_gives_up_memory_for_who_has_less)
{
    kept_most = 4096;
    open_door(1, MOST);
    stay(2, "#A");
    stay(2, "#");
    stay(2, "#");
    stay(3, "#");
    turns_are("#A###");
    stay(4, "#");
    stay(5, "#");
    turns_are("#A###*#*#");
    stay(6, "#"); /* nobody has more than he would have */
    turns_are("#A###*#*#-");
}
END_TEST

/* No one of them has as much as is needed. */
START_TEST(several_give_up_memory_for_one_who_needs_more)
{
    kept_most = 8192;
    open_door(1, MOST);
    for (int i = 0; i < 5; i++) {
        stay(2, "#");
    }
    for (int i = 0; i < 3; i++) {
        stay(3, "#");
    }
    stay(4, "$");
    turns_are("########**$");
    stay(5, "#"); /* those of 127.0.0.2 and 127.0.0.3 have as much: one gives, and all have at most what they had */
    turns_are("########**$*#");
}
END_TEST

START_TEST(who_is_of_no_address_gives_up_no_memory)
{
    proxy = "127.0.0.9";
    kept_most = 4096;
    open_door(1, MOST);
    stay(9, "#");
    stay(9, "#");
    stay(9, "#");
    stay(2, "#");
    stay(3, "#");
    turns_are("####-");
}
END_TEST

START_TEST(of_one_address_who_should_have_said_all_at_once_gives_up_memory)
{
    open_door(1, MOST);
    stay(1, "~#");
    stay(1, "~#");
    turns_are("#*#"); /* the older one */
    stay(1, "#");
    turns_are("#*#*#");
    stay(1, "#");
    turns_are("#*#*#-");
}
END_TEST

START_TEST(who_comes_by_a_proxy_is_of_the_address_that_it_says)
{
    proxy = "127.0.0.9";
    open_door(1, MOST);
    const int a = come(9, "A");
    const int crowd[] = {come(9, "@1B"), come(9, "@1C"), come(9, "@1D")};
    const int alone = come(9, "@2X");
    say(a, ".");
    turns_are("AB");
    say(crowd[0], ".");
    turns_are("ABX");
    say(alone, ".@1E"); /* and now for somebody else */
    turns_are("ABXC");
    say(crowd[1], ".");
    say(crowd[2], ".");
    turns_are("ABXCDE");
}
END_TEST

/* Answers have twice the room, 4,096 bytes: what is asked for at once has not been sent yet. */
START_TEST(who_has_most_unread_leaves_if_answers_have_no_room)
{
    open_door(2, MOST);
    const int modest = come(2, "==");
    stay(3, "===");
    wait_for_leaving(1);
    say(modest, "A");
    turns_are("A");
    close(modest);
}
END_TEST

/* Times that a thread other than this one was put to sleep. */
static long sleeps(void)
{
    char path[320];
    char line[256];
    long count = -1;
    DIR *const tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.' || strtol(task->d_name, NULL, 10) == (long)getpid()) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *const file = fopen(path, "r");
        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1) {
                break;
            }
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    closedir(tasks);
    ck_assert_int_ge(count, 0);
    return count;
}

START_TEST(a_door_where_nothing_happens_sleeps)
{
    open_door(2, MOST);
    stay(1, "");
    stay(2, "A.");
    pause_ms(300);
    const long before = sleeps();
    pause_ms(900);
    ck_assert_int_le(sleeps() - before, 1);
    struct arena *const large = arena_new(0);
    arena_alloc(large, 1024 * 1024);
    arena_free(large); /* is given back when nothing was freed for a second */
    ck_assert(memory_is_kept());
    for (const int64_t until = deadline_in(WAIT_MS); memory_is_kept();) {
        ck_assert(!deadline_passed(until));
        pause_ms(10);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("door_memory");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, one_address_leaves_memory_to_others);
    tcase_add_test(all, who_has_most_gives_up_memory_for_who_has_less);
    tcase_add_test(all, several_give_up_memory_for_one_who_needs_more);
    tcase_add_test(all, who_is_of_no_address_gives_up_no_memory);
    tcase_add_test(all, of_one_address_who_should_have_said_all_at_once_gives_up_memory);
    tcase_add_test(all, who_comes_by_a_proxy_is_of_the_address_that_it_says);
    tcase_add_test(all, who_has_most_unread_leaves_if_answers_have_no_room);
    tcase_add_test(all, a_door_where_nothing_happens_sleeps);
    return run_suite(suite);
}
