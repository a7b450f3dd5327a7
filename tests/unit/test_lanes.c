/*
 * The threads of a lane: how many jobs are done at once, and what becomes of a lane whose jobs never end.
 */
#include "base/clock.h"
#include "rpc/lanes.h"
#include "support/runner.h"

#include <semaphore.h>
#include <stdatomic.h>

#define JOBS 8

struct job {
    struct lane_job lane; /* first, so that a lane's job is the job */
    sem_t *until;
};

static struct lane *lane;
static struct job jobs[JOBS];
static sem_t stuck;   /* what stuck jobs wait for */
static sem_t started; /* a stuck job has begun */
static sem_t done;    /* another job was done */

static void run(struct lane_job *lane_job)
{
    const struct job *const job = (const struct job *)lane_job;
    if (job->until != NULL) {
        sem_post(&started);
        sem_wait(job->until);
    } else {
        sem_post(&done);
    }
}

static void set_up(void)
{
    sem_init(&stuck, 0, 0);
    sem_init(&started, 0, 0);
    sem_init(&done, 0, 0);
    lane = lane_new(2, 3);
}

static void tear_down(void)
{
    for (int i = 0; i < JOBS; i++) {
        sem_post(&stuck);
    }
    lane_free(lane);
}

/* Adds the job of this number, which should have been done that long ago. */
static enum lane_answer add(int number, sem_t *until, int64_t late_ms)
{
    jobs[number] = (struct job){.lane = {.run = run, .deadline = clock_ms() - late_ms}, .until = until};
    return lane_add(lane, &jobs[number].lane);
}

/* Adds a job that does not end, and waits until it has begun. */
static void get_stuck(int number, int64_t late_ms)
{
    ck_assert_int_eq(add(number, &stuck, late_ms), LANE_ADDED);
    sem_wait(&started);
}

static bool is_done_soon(int64_t ms)
{
    for (const int64_t until = clock_ms() + ms; clock_ms() < until;) {
        if (sem_trywait(&done) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(a_lane_whose_jobs_never_end_goes_on_with_other_threads)
{
    get_stuck(0, 10000);
    get_stuck(1, 10000);
    ck_assert_int_eq(add(2, NULL, 0), LANE_ADDED);
    ck_assert(is_done_soon(60000));
}
END_TEST

START_TEST(a_job_that_has_time_left_is_waited_for)
{
    get_stuck(0, -60000);
    get_stuck(1, 0); /* its deadline has just passed */
    ck_assert_int_eq(add(2, NULL, 0), LANE_ADDED);
    ck_assert(!is_done_soon(300));
    sem_post(&stuck);
    ck_assert(is_done_soon(60000));
}
END_TEST

START_TEST(as_many_threads_as_a_lane_has_are_replaced_and_no_more)
{
    for (int i = 0; i < 4; i++) {
        get_stuck(i, 10000);
    }
    ck_assert_int_eq(add(4, NULL, 0), LANE_ADDED);
    ck_assert_int_eq(add(5, NULL, 0), LANE_ADDED);
    ck_assert_int_eq(add(6, NULL, 0), LANE_ADDED);
    ck_assert_int_eq(add(7, NULL, 0), LANE_FULL);
    ck_assert(!is_done_soon(300));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("lanes");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_lane_whose_jobs_never_end_goes_on_with_other_threads);
    tcase_add_test(all, a_job_that_has_time_left_is_waited_for);
    tcase_add_test(all, as_many_threads_as_a_lane_has_are_replaced_and_no_more);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
