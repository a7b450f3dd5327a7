/*
 * The base library: what everything else stands on.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file_trace.h"
#include "base/files.h"
#include "base/intake.h"
#include "base/memory.h"
#include "base/memory_group.h"
#include "base/near.h"
#include "base/search.h"
#include "base/text.h"
#include "base/uuid.h"
#include "base/word_set.h"
#include "base/words.h"
#include "support/runner.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct status status;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

START_TEST(a_budget_refuses_what_would_exceed_it)
{
    struct arena *const small = arena_new(1000);
    ck_assert_ptr_nonnull(arena_alloc(small, 5000)); /* is no part of it */
    ck_assert_ptr_nonnull(arena_try_alloc(small, 600));
    ck_assert_ptr_null(arena_try_alloc(small, 600));
    ck_assert_ptr_null(arena_try_alloc(small, SIZE_MAX));
    arena_free(small);
}
END_TEST

START_TEST(large_and_small_pieces_do_not_overlap)
{
    unsigned char *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        const size_t size = i % 7 == 0 ? 300000 : i * 13 + 1;
        pieces[i] = arena_alloc(arena, size);
        memset(pieces[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++) {
        ck_assert_uint_eq(pieces[i][0], i & 0xFF);
        ck_assert_uint_eq(pieces[i][i % 7 == 0 ? 299999 : i * 13], i & 0xFF);
    }
}
END_TEST

START_TEST(what_comes_piece_by_piece_is_kept_whole_and_no_more_memory_than_allowed)
{
    struct intake intake = {0};
    ck_assert_uint_eq(intake_room(&intake, 1, SIZE_MAX), 1024);
    ck_assert_uint_eq(intake_room(&intake, 1, 100), 100);   /* never above what was announced */
    ck_assert_uint_eq(intake_room(&intake, 200, 100), 200); /* but always enough */
    for (int i = 0; i < 3000; i++) {
        const char letter = (char)('a' + i % 26);
        intake_put(&intake, (struct text){&letter, 1}, intake_room(&intake, 1, 3000));
        ck_assert_uint_le(intake.capacity, 3000);
    }
    ck_assert_uint_eq(intake.size, 3000);
    intake_take_off(&intake, 26);
    ck_assert_uint_eq(intake.size, 2974);
    for (size_t i = 0; i < intake.size; i++) {
        ck_assert_int_eq(intake.bytes[i], 'a' + (int)(i % 26));
    }
    intake_take_off(&intake, 2974);
    ck_assert_ptr_null(intake.bytes); /* an empty one holds no memory */
    ck_assert_uint_eq(intake.capacity, 0);
}
END_TEST

START_TEST(utf8_is_checked_to_the_last_byte)
{
    static const struct {
        const char *bytes;
        size_t bad; /* SIZE_MAX: well-formed */
    } cases[] = {
        {"plain", SIZE_MAX},
        {"gr\xC3\xBC\xC3\x9F", SIZE_MAX},
        {"\xF0\x9F\x98\x80", SIZE_MAX},
        {"a\xC3", 1},
        {"\xC0\xAF", 0},
        {"ab\xED\xA0\x80", 2},
        {"\xF4\x90\x80\x80", 0},
        {"\xE2\x82", 0},
        {"\xFF", 0},
        {"\xE0\x80\x80", 0},
        {"x\x80", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t bad = SIZE_MAX;
        const bool ok = text_is_utf8(text_of(cases[i].bytes), &bad);
        ck_assert_msg(ok == (cases[i].bad == SIZE_MAX) && bad == cases[i].bad, "case %zu", i);
    }
}
END_TEST

/* ASCII is looked at eight bytes at a time. */
START_TEST(a_bad_byte_is_found_wherever_it_stands)
{
    for (size_t size = 1; size <= 40; size++) {
        char bytes[48];
        memset(bytes, 'a', sizeof bytes);
        size_t bad = SIZE_MAX;
        ck_assert(text_is_utf8((struct text){bytes, size}, &bad));
        for (size_t at = 0; at < size; at++) {
            bytes[at] = '\xFF';
            ck_assert(!text_is_utf8((struct text){bytes, size}, &bad));
            ck_assert_uint_eq(bad, at);
            bytes[at] = 'a';
        }
        bytes[size] = '\xFF'; /* behind the end */
        ck_assert(text_is_utf8((struct text){bytes, size}, NULL));
    }
}
END_TEST

START_TEST(a_text_is_cleaned_and_cut_at_a_character)
{
    ck_assert_str_eq(text_clean(arena, NULL, 10), "");
    ck_assert_str_eq(text_clean(arena, "plain", 5), "plain");
    ck_assert_str_eq(text_clean(arena, "plainer", 5), "plain\u2026");
    ck_assert_str_eq(text_clean(arena, "abc\u00e4", 4), "abc\u2026");
    ck_assert_str_eq(text_clean(arena, "abc\u00e4", 5), "abc\u00e4");
    ck_assert_str_eq(text_clean(arena, "\u00e4\u00e4", 1), "\u2026");
    ck_assert_str_eq(text_clean(arena,
                                "a\xff"
                                "b\xc3",
                                10),
                     "a\uFFFD"
                     "b\uFFFD");
    ck_assert_str_eq(text_clean(arena, "", 0), "");
    ck_assert_str_eq(text_ascii(arena, ""), "");
    ck_assert_str_eq(text_escaped(arena, ""), "");
    ck_assert_str_eq(text_escaped(arena, "a\\ \u00e9 \u2014 \U0001f9ac"), "a\\ \\u00e9 \\u2014 \\ud83e\\uddac");
    ck_assert_str_eq(text_ascii(arena, "a \u2014 b\u2026 c\u2013d \u00e9 \u2019 \U0001f600!"), "a - b... c-d ? ? ?!");
}
END_TEST

START_TEST(positions_count_characters_and_lines)
{
    const struct text text = text_of("\xC3\xA4\xC3\xB6\nsel\xE2\x82\xAC"
                                     "ct\n");
    const size_t offset = text_find(text, "ct", 0);
    const struct position position = text_position(text, offset);
    ck_assert_uint_eq(position.line, 2);
    ck_assert_uint_eq(position.column, 5);
    ck_assert_uint_eq(position.character, 8);
    ck_assert_uint_eq(text_byte_of_character(text, 8), offset);
    for (size_t from = 0; from <= offset; from++) { /* also from inside of a character */
        const struct position next = text_position_from(text, from, text_position(text, from), offset);
        ck_assert_mem_eq(&next, &position, sizeof position);
    }
    ck_assert_uint_eq(text_lines(text), 2);
    ck_assert_uint_eq(text_lines(text_of("a\nb")), 2);
    ck_assert_uint_eq(text_lines(text_of("")), 0);
}
END_TEST

START_TEST(percent_decoding_refuses_broken_escapes_and_nul)
{
    ck_assert_str_eq(text_percent_decode(arena, text_of("a%20b%2Fc+d")), "a b/c+d");
    ck_assert_ptr_null(text_percent_decode(arena, text_of("a%0")));
    ck_assert_ptr_null(text_percent_decode(arena, text_of("a%")));
    ck_assert_ptr_null(text_percent_decode(arena, text_of("a%zz")));
    ck_assert_ptr_null(text_percent_decode(arena, text_of("a%00b")));
}
END_TEST

START_TEST(a_word_is_found_in_its_list_and_nothing_else_is)
{
    static const char *const list[] = {"alter", "", "drop", NULL};
    struct words words = {0};
    ck_assert(word_is_one_of(text_of("drop"), list));
    ck_assert(word_is_one_of(text_of(""), list));
    ck_assert(!word_is_one_of(text_of("DROP"), list));
    ck_assert(!word_is_one_of(text_of("dro"), list));
    ck_assert(word_is_one_of_nocase(text_of("DROP"), list));
    ck_assert(!word_is_one_of_nocase((struct text){"dropped", 7}, list));
    ck_assert(!words_have(&words, "alter"));
    for (int i = 0; i < 100; i++) {
        words_add(arena, &words, arena_printf(arena, "word %d", i));
    }
    ck_assert(words_have(&words, "word 99"));
    ck_assert(!words_have(&words, "word 100"));
    ck_assert(!words_have(&words, NULL));
    ck_assert_ptr_null(words_list(arena, &words)[100]);
    ck_assert_uint_eq(words.count, 100);
}
END_TEST

START_TEST(a_word_is_among_others_only_as_a_whole)
{
    static const char those[] = "abc ab  bc_a a";
    ck_assert(word_is_among(those, "abc"));
    ck_assert(word_is_among(those, "ab"));
    ck_assert(word_is_among(those, "bc_a"));
    ck_assert(word_is_among(those, "a"));
    ck_assert(!word_is_among(those, "b"));
    ck_assert(!word_is_among(those, "bc"));
    ck_assert(!word_is_among(those, "_a"));
    ck_assert(!word_is_among(those, "abcd"));
    ck_assert(!word_is_among(those, "abc ab"));
    ck_assert(!word_is_among(those, ""));
    ck_assert(!word_is_among("", "a"));
}
END_TEST

START_TEST(words_with_bars_between_come_one_after_the_other)
{
    const char *list = "ab||c|";
    struct text word;
    ck_assert(word_next(&list, &word) && text_is(word, "ab"));
    ck_assert(word_next(&list, &word) && word.size == 0);
    ck_assert(word_next(&list, &word) && text_is(word, "c"));
    ck_assert(!word_next(&list, &word));
    ck_assert(!word_next(&(const char *){""}, &word));
}
END_TEST

START_TEST(a_set_keeps_every_word_and_its_number_as_it_grows)
{
    struct word_set set = {0};
    ck_assert(!word_set_has(&set, "word 1"));
    ck_assert_int_eq(word_set_number(&set, "word 1"), 0);
    for (int i = 0; i < 5000; i++) {
        word_set_put(arena, &set, arena_printf(arena, "word %d", i), i);
        word_set_add(arena, &set, arena_printf(arena, "word %d", i / 2));
    }
    word_set_put(arena, &set, "word 7", 70);
    ck_assert_uint_eq(set.count, 5000);
    for (int i = 0; i < 5000; i++) {
        ck_assert_int_eq(word_set_number(&set, arena_printf(arena, "word %d", i)), i == 7 ? 70 : i);
    }
    ck_assert(word_set_has(&set, "word 0"));
    ck_assert(!word_set_has(&set, "word 5000"));
    ck_assert(!word_set_has(&set, ""));
    ck_assert(!word_set_has(&set, NULL));
}
END_TEST

START_TEST(distance_is_levenshteins)
{
    ck_assert_uint_eq(near_distance(text_of("kitten"), text_of("sitting")), 3);
    ck_assert_uint_eq(near_distance(text_of(""), text_of("abc")), 3);
    ck_assert_uint_eq(near_distance(text_of("same"), text_of("same")), 0);
}
END_TEST

START_TEST(times_are_rfc_3339_in_utc)
{
    char out[RFC3339_SIZE];
    clock_rfc3339(0, out);
    ck_assert_str_eq(out, "1970-01-01T00:00:00Z");
    clock_rfc3339(1700000000123456, out);
    ck_assert_str_eq(out, "2023-11-14T22:13:20.123456Z");
    clock_rfc3339(-1, out);
    ck_assert_str_eq(out, "1969-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(sha256_is_the_known_one)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256_text(text_of("abc"), digest);
    sha256_hex(digest, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(uuids_are_of_version_4)
{
    char a[UUID_SIZE];
    char b[UUID_SIZE];
    uuid_v4(a);
    uuid_v4(b);
    ck_assert_str_ne(a, b);
    ck_assert_uint_eq(strlen(a), 36);
    ck_assert_int_eq(a[14], '4');
    ck_assert_ptr_nonnull(strchr("89ab", a[19]));
}
END_TEST

static char directory[64];

static const char *in_directory(const char *name)
{
    return arena_printf(arena, "%s/%s", directory, name);
}

static void set_up_directory(void)
{
    set_up();
    strcpy(directory, "/tmp/truss-base-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void tear_down_directory(void)
{
    const char *const command = arena_printf(arena, "rm -rf '%s'", directory);
    ck_assert_int_eq(system(command), 0);
    tear_down();
}

START_TEST(paths_are_joined_with_one_slash)
{
    ck_assert_str_eq(path_join(arena, "a", "b"), "a/b");
    ck_assert_str_eq(path_join(arena, "a/", "b"), "a/b");
    ck_assert_str_eq(path_join(arena, "/", "b"), "/b");
    ck_assert_str_eq(path_join(arena, ".", "b"), "b");
    ck_assert_str_eq(path_join(arena, "a", ""), "a");
    ck_assert_str_eq(path_join(arena, "a", "/b"), "/b");
    ck_assert(path_is_within("/a", "/a") && path_is_within("/a", "/a/b") && path_is_within("/", "/a"));
    ck_assert(!path_is_within("/a", "/ab") && !path_is_within("/a/b", "/a"));
}
END_TEST

START_TEST(a_near_name_has_at_most_three_letters_and_no_more_than_half_of_it_written_otherwise)
{
    const struct {
        const char *wanted;
        const char *name;
    } cases[] = {{"statsu", "status"}, {"st", NULL},         {"baseline", "baseline"},
                 {"runn", "run"},      {"bbranc", "branch"}, {"migrations", NULL}};
    static const char *const names[] = {"status", "run", "branch", "baseline", "mark-applied"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct near near = {.wanted = text_of(cases[i].wanted)};
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            near_try(&near, names[j]);
        }
        ck_assert_pstr_eq(near.name, cases[i].name);
    }
}
END_TEST

static bool is_smaller(const void *item, const void *key)
{
    return *(const int *)item < *(const int *)key;
}

START_TEST(a_search_finds_the_first_of_those_that_are_equal)
{
    static const int sorted[] = {1, 3, 3, 3, 3, 8};
    static const size_t first[] = {0, 0, 1, 1, 5, 5, 5, 5, 5, 6};
    for (int key = 0; key < 10; key++) {
        ck_assert_uint_eq(search_first(sorted, 6, sizeof sorted[0], is_smaller, &key), first[key]);
    }
    ck_assert_uint_eq(search_first(NULL, 0, sizeof sorted[0], is_smaller, &sorted[0]), 0);
}
END_TEST

/* Whatever was found before: any place to begin at, the impossible ones too. */
START_TEST(a_search_that_goes_on_finds_what_one_from_the_beginning_does)
{
    static const int sorted[] = {1, 3, 3, 3, 3, 8};
    for (size_t next = 0; next < 9; next++) {
        for (int key = 0; key < 10; key++) {
            struct search_in_turn search = {sorted, 6, sizeof sorted[0], is_smaller, next};
            ck_assert_uint_eq(search_next(&search, &key), search_first(sorted, 6, sizeof sorted[0], is_smaller, &key));
        }
    }
}
END_TEST

/* So many that a second thread takes its part. */
START_TEST(many_files_are_seen_as_each_of_them_is)
{
    enum { COUNT = 1000 };
    static const char *names[COUNT];
    static struct file_seen seen[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = arena_printf(arena, "file%zu", i);
        if (i % 3 == 0) {
            ck_assert(file_create(in_directory(names[i]), (struct text){"abcdefg", i % 7}, &status));
        }
    }
    names[500] = NULL;
    const int open_directory = directory_open(directory);
    files_look_at(open_directory, names, COUNT, seen);
    for (size_t i = 0; i < COUNT; i++) {
        struct file_stamp stamp = {0};
        const enum file_kind kind = names[i] == NULL ? FILE_NONE : file_look_at(open_directory, names[i], &stamp);
        ck_assert_int_eq(seen[i].kind, kind);
        ck_assert(file_stamp_equal(&seen[i].stamp, &stamp));
    }
    close(open_directory);
}
END_TEST

/* sysfs stands for all that are not known: what it says is of another's making, too. */
START_TEST(stamps_of_a_file_system_that_is_not_known_are_not_relied_on)
{
    const int known = directory_open(directory);
    const int unknown = directory_open("/sys/kernel");
    struct status ignored = {.arena = arena};
    struct file_list list;
    ck_assert(file_system_tells(known));
    ck_assert(!file_system_tells(unknown));
    ck_assert(!file_will_tell("/sys/kernel/vmcoreinfo"));
    close(known);
    close(unknown);
    file_trace_begin();
    ck_assert(directory_list(arena, "/sys/kernel", &list, &ignored));
    ck_assert_ptr_null(file_trace_end());
}
END_TEST

START_TEST(a_temporary_directory_is_where_tmpdir_says_by_an_absolute_path)
{
    setenv("TMPDIR", directory, 1);
    const char *const made = temporary_directory(arena, "base", &status);
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(strncmp(made, directory, strlen(directory)), 0);
    directory_remove(made);
    setenv("TMPDIR", path_join(arena, directory, "missing"), 1);
    ck_assert_ptr_null(temporary_directory(arena, "base", &status));
    ck_assert_ptr_nonnull(strstr(status.message, "TMPDIR"));
    setenv("TMPDIR", "near", 1);
    ck_assert_str_eq(temporary_folder(), "/tmp");
    unsetenv("TMPDIR");
}
END_TEST

START_TEST(a_directory_is_listed_in_byte_order)
{
    static const char *const names[] = {"b", "B", "a", "10", "9", "\xC3\xA4"};
    for (size_t i = 0; i < 6; i++) {
        ck_assert(file_create(in_directory(names[i]), text_of(""), &status));
    }
    ck_assert_int_eq(symlink(directory, in_directory("link")), 0);
    struct file_list list;
    ck_assert(directory_list(arena, directory, &list, &status));
    static const char *const expected[] = {"10", "9", "B", "a", "b", "link", "\xC3\xA4"};
    ck_assert_uint_eq(list.count, 7);
    for (size_t i = 0; i < 7; i++) {
        ck_assert_str_eq(list.entries[i].name, expected[i]);
    }
    ck_assert(list.entries[5].is_directory && list.entries[5].is_link);
    ck_assert(!list.entries[4].is_directory && !list.entries[4].is_link);
}
END_TEST

START_TEST(a_link_is_within_a_folder_where_it_leads_into_it)
{
    ck_assert(file_create(in_directory("in"), text_of(""), &status));
    ck_assert_int_eq(symlink("in", in_directory("to_in")), 0);
    ck_assert_int_eq(symlink("/etc/passwd", in_directory("out")), 0);
    ck_assert_int_eq(symlink("nowhere", in_directory("dangling")), 0);
    ck_assert(file_is_within(directory, in_directory("in")));
    ck_assert(file_is_within(directory, in_directory("to_in")));
    ck_assert(file_is_within(directory, directory));
    ck_assert(file_is_within("/", in_directory("in")));
    ck_assert(!file_is_within(directory, in_directory("out")));
    ck_assert(!file_is_within(directory, in_directory("dangling")));
    ck_assert(!file_is_within(directory, in_directory("..")));
    ck_assert(!file_is_within(in_directory("i"), in_directory("in"))); /* not there, and no prefix of a name counts */
}
END_TEST

START_TEST(a_file_larger_than_the_limit_is_refused)
{
    struct text content;
    ck_assert(file_create(in_directory("f"), text_of("12345"), &status));
    ck_assert(file_read(arena, in_directory("f"), 5, &content, &status));
    ck_assert(text_is(content, "12345"));
    ck_assert(!file_read(arena, in_directory("f"), 4, &content, &status));
    ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
}
END_TEST

static void collect(void *data, struct text piece)
{
    buffer_add(data, piece);
}

START_TEST(a_file_is_read_piece_by_piece_or_only_its_beginning)
{
    struct buffer large = {.arena = arena};
    struct buffer read = {.arena = arena};
    struct file_start start;
    for (int i = 0; i < 40000; i++) {
        buffer_printf(&large, "%06d\n", i);
    }
    ck_assert(file_create(in_directory("f"), buffer_text(&large), &status));
    ck_assert(file_pieces(in_directory("f"), collect, &read, &status));
    ck_assert(text_equal(buffer_text(&read), buffer_text(&large)));
    ck_assert(file_read_start(arena, in_directory("f"), 10, &start, &status));
    ck_assert(text_is(start.content, "000000\n000"));
    ck_assert_uint_eq(start.size, large.size);
    ck_assert(!file_pieces(in_directory("none"), collect, &read, &status));
    ck_assert_int_eq(status.code, STATUS_NOT_FOUND);
    ck_assert(!file_pieces(in_directory("."), collect, &read, &status));
    ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
}
END_TEST

static void *ask_for_room(void *bytes)
{
    return memory_has_room(*(const size_t *)bytes) ? bytes : NULL;
}

/* Has another thread room for so many bytes? */
static bool others_have_room(size_t bytes)
{
    pthread_t thread;
    void *answer;
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_for_room, &bytes), 0);
    ck_assert_int_eq(pthread_join(thread, &answer), 0);
    return answer != NULL;
}

/* Files of zeros that take no room on the disk. */
START_TEST(a_file_is_not_read_where_there_is_no_memory_for_it)
{
    const size_t limit = (size_t)512 * 1024 * 1024;
    struct arena *const budgeted = arena_new(limit);
    struct text content;
    ck_assert(file_create(in_directory("small"), text_of("12345"), &status));
    ck_assert(file_create(in_directory("large"), text_of(""), &status));
    ck_assert_int_eq(truncate(in_directory("large"), 300 * 1024 * 1024), 0);
    memory_limit_resident(limit);
    ck_assert(!file_read(arena, in_directory("large"), SIZE_MAX, &content, &status));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
    ck_assert_ptr_null(arena_try_alloc(budgeted, limit - 1));
    ck_assert(memory_claim(100 * 1024 * 1024));
    ck_assert(!memory_claim(limit)); /* which sets nothing aside */
    ck_assert(memory_claim(100 * 1024 * 1024));
    ck_assert(memory_has_room(300 * 1024 * 1024)); /* it is for this thread */
    ck_assert(!others_have_room(300 * 1024 * 1024));
    ck_assert(others_have_room(150 * 1024 * 1024));
    memory_limit_resident(1); /* more is used already: what is small is answered from the reserve */
    ck_assert(file_read(arena, in_directory("small"), SIZE_MAX, &content, &status));
    ck_assert_ptr_null(arena_try_alloc(budgeted, 1024 * 1024));
    arena_free(budgeted);
}
END_TEST

/* What a thread has come to that wants room where there is none. */
struct wanting {
    atomic_bool has_claimed;
    atomic_bool may_want;
    atomic_bool has_gone_on;
};

static void *want(void *data)
{
    struct wanting *const wanting = data;
    const bool has = memory_claim(1);
    atomic_store(&wanting->has_claimed, has);
    while (!atomic_load(&wanting->may_want)) {
        usleep(1000);
    }
    memory_wait_for_room(1024 * 1024);
    atomic_store(&wanting->has_gone_on, true);
    memory_unclaim(1);
    return NULL;
}

/* This thread claims memory, and another one that does this. */
static pthread_t claim_beside(void *(*other_does)(void *data), struct wanting *other)
{
    pthread_t thread;
    memory_limit_resident((size_t)1024 * 1024 * 1024 * 1024);
    ck_assert(memory_claim(1));
    ck_assert_int_eq(pthread_create(&thread, NULL, other_does, other), 0);
    while (!atomic_load(&other->has_claimed)) {
        usleep(1000);
    }
    return thread;
}

START_TEST(without_room_one_request_goes_on_and_others_wait_for_its_end)
{
    struct wanting other = {0};
    const pthread_t thread = claim_beside(want, &other);
    memory_limit_resident(1);
    memory_wait_for_room(1024 * 1024);
    atomic_store(&other.may_want, true);
    usleep(200000);
    ck_assert(!atomic_load(&other.has_gone_on));
    memory_wait_for_room(1024 * 1024); /* it is still this one's turn */
    const int64_t began = clock_ms();
    memory_unclaim(1);
    pthread_join(thread, NULL);
    ck_assert_int_lt(clock_ms() - began, 10000);
    memory_wait_for_room(1024 * 1024); /* who has claimed nothing never waits */
}
END_TEST

static void *hold_turn(void *data)
{
    struct wanting *const wanting = data;
    const bool has = memory_claim(1);
    memory_limit_resident(1);
    memory_wait_for_room(1024 * 1024);
    atomic_store(&wanting->has_claimed, has);
    while (!atomic_load(&wanting->may_want)) {
        usleep(1000);
    }
    memory_unclaim(1);
    return NULL;
}

/* While another request has the reserve. */
START_TEST(who_holds_locks_does_not_wait_for_room)
{
    struct wanting other = {0};
    const pthread_t thread = claim_beside(hold_turn, &other);
    memory_hurry(true);
    const int64_t began = clock_ms();
    memory_wait_for_room(1024 * 1024);
    ck_assert_int_lt(clock_ms() - began, 5000); /* a wait takes 15 s */
    memory_unclaim(1);
    atomic_store(&other.may_want, true);
    pthread_join(thread, NULL);
    memory_limit_resident(0);
}
END_TEST

/* A folder as /sys/fs/cgroup is, and a membership as /proc/self/cgroup has it. */
static struct memory_group group_of(const char *membership, const char *const (*files)[2])
{
    const char *const root = arena_printf(arena, "%s/groups", directory);
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s' && mkdir -p '%s/a/b' '%s/memory/a/b'", root, root, root)),
                     0);
    for (; (*files)[0] != NULL; files++) {
        ck_assert(file_create(arena_printf(arena, "%s/%s", root, (*files)[0]), text_of((*files)[1]), &status));
    }
    ck_assert(file_create(arena_printf(arena, "%s/own", root), text_of(membership), &status));
    return memory_group_find(arena_printf(arena, "%s/own", root), root);
}

static void group_is(const char *membership, const char *const (*files)[2], size_t limit, size_t used)
{
    struct memory_group group = group_of(membership, files);
    ck_assert_uint_eq(group.limit, limit);
    ck_assert_uint_eq(memory_group_used(&group), used);
    memory_group_close(&group);
}

START_TEST(the_strictest_limit_of_a_control_group_of_either_version_is_found)
{
    static const char *const second[][2] = {
        {"memory.max", "max\n"},         {"a/memory.max", "1000\n"},
        {"a/b/memory.max", "2000\n"},    {"a/memory.stat", "anon 500\nfile 900\nshmem 30\nactive_anon 1\n"},
        {"a/b/memory.stat", "anon 7\n"}, {NULL, NULL}};
    static const char *const container[][2] = {
        {"memory.max", "1000\n"}, {"memory.stat", "anon 5\nshmem 6\n"}, {NULL, NULL}};
    static const char *const first[][2] = {
        {"memory/memory.limit_in_bytes", "9223372036854771712\n"},
        {"memory/a/b/memory.limit_in_bytes", "3000\n"},
        {"memory/a/b/memory.stat", "cache 9\nrss 1\nshmem 2\ntotal_cache 90\ntotal_rss 10\ntotal_shmem 20\n"},
        {NULL, NULL}};
    static const char *const docker[][2] = {
        {"memory/memory.limit_in_bytes", "4000\n"}, {"memory/memory.stat", "rss 1\ntotal_rss 11\n"}, {NULL, NULL}};
    static const char *const none[][2] = {{"memory/memory.limit_in_bytes", "9223372036854771712\n"}, {NULL, NULL}};
    group_is("0::/a/b\n", second, 1000, 530);
    group_is("0::/\n", container, 1000, 11);
    group_is("9:name=systemd:/\n4:cpu,memory:/a/b\n0::/\n", first, 3000, 30);
    group_is("4:memory:/docker/0123\n0::/docker/0123\n", docker, 4000, 11);
    group_is("4:memory:/a\n3:cpuset:/\n0::/\n", none, SIZE_MAX, 0);
    group_is("3:notmemory:/\nnonsense\n", docker, SIZE_MAX, 0);
    group_is("", container, SIZE_MAX, 0);
}
END_TEST

/* Under valgrind the system has one descriptor more. */
START_TEST(without_a_descriptor_nothing_is_said_to_be_absent)
{
    char folder[] = "/tmp/truss-files-XXXXXX";
    struct file_list list;
    struct rlimit limit;
    status = (struct status){.arena = arena};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const int next = dup(STDIN_FILENO);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit before = limit;
    limit.rlim_cur = (rlim_t)next;
    if (getenv("TRUSS_TEST_UNDER") == NULL) {
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        ck_assert(files_were_all_opened(folder, &status));
        ck_assert(!directory_list(arena, folder, &list, &status));
        ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
        ck_assert_msg(strstr(status.hint, "ulimit -n") != NULL, "%s", status.hint);
        ck_assert(!files_were_all_opened(folder, &status));
        ck_assert_int_eq(directory_open(folder), -1);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert(!files_were_all_opened(folder, &status));
        ck_assert(files_were_all_opened(folder, &status));
    }
    ck_assert(directory_list(arena, folder, &list, &status));
    rmdir(folder);
}
END_TEST

START_TEST(a_fifo_does_not_hang_the_reader)
{
    struct text content;
    ck_assert_int_eq(mkfifo(in_directory("pipe"), 0600), 0);
    ck_assert(!file_read(arena, in_directory("pipe"), 100, &content, &status));
    ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
}
END_TEST

START_TEST(a_file_is_never_made_over_another)
{
    ck_assert(file_create(in_directory("f"), text_of("first"), &status));
    ck_assert(!file_create(in_directory("f"), text_of("second"), &status));
    ck_assert_int_eq(status.code, STATUS_ALREADY_EXISTS);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("base");
    TCase *const plain = tcase_create("plain");
    tcase_add_checked_fixture(plain, set_up, tear_down);
    tcase_add_test(plain, a_near_name_has_at_most_three_letters_and_no_more_than_half_of_it_written_otherwise);
    tcase_add_test(plain, a_search_finds_the_first_of_those_that_are_equal);
    tcase_add_test(plain, a_search_that_goes_on_finds_what_one_from_the_beginning_does);
    tcase_add_test(plain, a_budget_refuses_what_would_exceed_it);
    tcase_add_test(plain, large_and_small_pieces_do_not_overlap);
    tcase_add_test(plain, what_comes_piece_by_piece_is_kept_whole_and_no_more_memory_than_allowed);
    tcase_add_test(plain, utf8_is_checked_to_the_last_byte);
    tcase_add_test(plain, a_bad_byte_is_found_wherever_it_stands);
    tcase_add_test(plain, a_text_is_cleaned_and_cut_at_a_character);
    tcase_add_test(plain, positions_count_characters_and_lines);
    tcase_add_test(plain, percent_decoding_refuses_broken_escapes_and_nul);
    tcase_add_test(plain, a_word_is_found_in_its_list_and_nothing_else_is);
    tcase_add_test(plain, a_word_is_among_others_only_as_a_whole);
    tcase_add_test(plain, words_with_bars_between_come_one_after_the_other);
    tcase_add_test(plain, a_set_keeps_every_word_and_its_number_as_it_grows);
    tcase_add_test(plain, distance_is_levenshteins);
    tcase_add_test(plain, times_are_rfc_3339_in_utc);
    tcase_add_test(plain, sha256_is_the_known_one);
    tcase_add_test(plain, uuids_are_of_version_4);
    tcase_add_test(plain, paths_are_joined_with_one_slash);
    TCase *const files = tcase_create("files");
    tcase_add_checked_fixture(files, set_up_directory, tear_down_directory);
    tcase_add_test(files, a_temporary_directory_is_where_tmpdir_says_by_an_absolute_path);
    tcase_add_test(files, a_directory_is_listed_in_byte_order);
    tcase_add_test(files, a_link_is_within_a_folder_where_it_leads_into_it);
    tcase_add_test(files, a_file_larger_than_the_limit_is_refused);
    tcase_add_test(files, a_file_is_read_piece_by_piece_or_only_its_beginning);
    tcase_add_test(files, a_file_is_not_read_where_there_is_no_memory_for_it);
    tcase_add_test(files, without_room_one_request_goes_on_and_others_wait_for_its_end);
    tcase_add_test(files, who_holds_locks_does_not_wait_for_room);
    tcase_add_test(files, the_strictest_limit_of_a_control_group_of_either_version_is_found);
    tcase_add_test(files, without_a_descriptor_nothing_is_said_to_be_absent);
    tcase_add_test(files, a_fifo_does_not_hang_the_reader);
    tcase_add_test(files, a_file_is_never_made_over_another);
    tcase_add_test(files, many_files_are_seen_as_each_of_them_is);
    tcase_add_test(files, stamps_of_a_file_system_that_is_not_known_are_not_relied_on);
    suite_add_tcase(suite, plain);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
