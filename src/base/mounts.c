/*
 * mountinfo is a file that poll(2) tells of: POLLPRI once after each change. So it is read again only then.
 */
#include "base/mounts.h"

#include "base/paths.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define MOUNTINFO "/proc/self/mountinfo"
#define LONGEST   ((size_t)4 * 1024 * 1024)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* protects these */
static int watched = -1;
static bool is_known;
static bool has_some;

/* Of fuse each server has a type of its own: "fuse.sshfs". An autofs mounts another when it is looked at. */
static bool may_hang(const char *type)
{
    static const char *const types[] = {"9p",     "afs",   "autofs",  "beegfs", "ceph",     "cifs",
                                        "coda",   "fuse",  "fuseblk", "gfs2",   "gpfs",     "lustre",
                                        "ncpfs",  "nfs",   "nfs4",    "ocfs2",  "orangefs", "panfs",
                                        "prl_fs", "pvfs2", "smb3",    "smbfs",  "vboxsf",   "virtiofs"};
    bool may = strncmp(type, "fuse.", strlen("fuse.")) == 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0] && !may; i++) {
        may = strcmp(type, types[i]) == 0;
    }
    return may;
}

/* Below /proc and /sys is no project, but often a file system of these: systemd's autofs for binfmt_misc, lxcfs in a
 * container. They would cost each request a child process. */
static bool may_have_project(const char *at)
{
    return !path_is_within("/proc", at) && !path_is_within("/sys", at);
}

/* Replaces "\040" and the like. */
static const char *unescape(struct arena *arena, struct text word)
{
    char *const plain = arena_strndup(arena, word.data, word.size);
    char *to = plain;
    for (const char *from = plain; *from != '\0'; to++) {
        const bool is_escape = from[0] == '\\' && strspn(from + 1, "01234567") >= 3;
        *to = is_escape ? (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0')) : from[0];
        from += is_escape ? 4 : 1;
    }
    *to = '\0';
    return plain;
}

static struct text next_word(struct text *line)
{
    const size_t size = text_find(*line, " ", 0) == SIZE_MAX ? line->size : text_find(*line, " ", 0);
    const struct text word = text_slice(*line, 0, size);
    *line = text_slice(*line, size + 1, line->size);
    return word;
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw"; between the options and "-" is any number of words.
 */
static struct mount_point read_line(struct arena *arena, struct text line)
{
    struct text at = {0};
    struct text word = {0};
    for (int i = 0; line.size > 0 && !text_is(word, "-"); i++) {
        word = next_word(&line);
        at = i == 4 ? word : at;
    }
    const char *const type = unescape(arena, next_word(&line));
    return (struct mount_point){unescape(arena, at), type, unescape(arena, next_word(&line))};
}

/* All of a file of /proc, from its beginning. */
static bool read_whole(struct arena *arena, int file, struct text *content)
{
    struct buffer buffer = {.arena = arena};
    char piece[4096];
    ssize_t got = lseek(file, 0, SEEK_SET) == 0 ? 1 : -1;
    while (got > 0 && buffer.size < LONGEST) {
        do {
            got = read(file, piece, sizeof piece);
        } while (got < 0 && errno == EINTR);
        buffer_add(&buffer, (struct text){piece, got < 0 ? 0 : (size_t)got});
    }
    *content = buffer_text(&buffer);
    return got == 0;
}

static bool list(struct arena *arena, int file, struct mounts *mounts)
{
    struct mount_point *items = NULL;
    size_t capacity = 0;
    struct text content;
    *mounts = (struct mounts){0};
    if (file < 0 || !read_whole(arena, file, &content)) {
        return false;
    }
    while (content.size > 0) {
        const size_t end = text_find(content, "\n", 0) == SIZE_MAX ? content.size : text_find(content, "\n", 0);
        const struct mount_point one = read_line(arena, text_slice(content, 0, end));
        content = text_slice(content, end + 1, content.size);
        if (may_hang(one.type) && may_have_project(one.at)) {
            items = arena_grow(arena, items, mounts->count, &capacity, sizeof *items);
            items[mounts->count++] = one;
        }
    }
    mounts->items = items;
    return true;
}

/* Reads the file again if it has changed; hold the mutex. */
static void renew(void)
{
    struct pollfd told = {.fd = watched, .events = POLLPRI};
    if (is_known && poll(&told, 1, 0) == 0) {
        return;
    }
    struct arena *const arena = arena_new(0);
    struct mounts mounts;
    watched = watched < 0 ? open(MOUNTINFO, O_RDONLY | O_CLOEXEC) : watched;
    is_known = list(arena, watched, &mounts);
    has_some = mounts.count > 0;
    arena_free(arena);
}

bool mounts_may_hang(void)
{
    pthread_mutex_lock(&mutex);
    renew();
    const bool may = !is_known || has_some;
    pthread_mutex_unlock(&mutex);
    return may;
}

void mounts_read(struct arena *arena, struct mounts *mounts)
{
    const int file = open(MOUNTINFO, O_RDONLY | O_CLOEXEC);
    list(arena, file, mounts);
    if (file >= 0) {
        close(file);
    }
}

const struct mount_point *mounts_of(const struct mounts *mounts, const char *path)
{
    const struct mount_point *of = NULL;
    for (size_t i = 0; i < mounts->count; i++) {
        const struct mount_point *const one = &mounts->items[i];
        of = path_is_within(one->at, path) && (of == NULL || strlen(one->at) >= strlen(of->at)) ? one : of;
    }
    return of;
}
