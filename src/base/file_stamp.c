/*
 * Stamps from struct stat, to the nanosecond.
 */
#include "base/file_stamp.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SETTLED_NS INT64_C(2000000000)
#define ZFS_MAGIC  0x2fc12fc1UL

static enum file_kind kind_of(const struct stat *info)
{
    return S_ISREG(info->st_mode) ? FILE_REGULAR : S_ISDIR(info->st_mode) ? FILE_DIRECTORY : FILE_OTHER;
}

struct file_stamp file_stamp_of(const struct stat *info)
{
    return (struct file_stamp){
        .device = info->st_dev,
        .inode = info->st_ino,
        .size = (uint64_t)info->st_size,
        .mtime_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)info->st_ctim.tv_sec * 1000000000 + info->st_ctim.tv_nsec,
    };
}

static int take(int failed, const struct stat *info, struct file_seen *seen)
{
    if (failed != 0) {
        *seen = (struct file_seen){0};
        return errno;
    }
    *seen = (struct file_seen){kind_of(info), file_stamp_of(info)};
    return 0;
}

int file_see(int directory, const char *path, struct file_seen *seen)
{
    struct stat info;
    return take(fstatat(directory, path, &info, 0), &info, seen);
}

int file_see_open(int fd, struct file_seen *seen)
{
    struct stat info;
    return take(fstat(fd, &info), &info, seen);
}

bool file_way_is_circle(const struct file_way *way)
{
    const struct file_way *above = way->above;
    while (above != NULL && (above->stamp.device != way->stamp.device || above->stamp.inode != way->stamp.inode)) {
        above = above->above;
    }
    return above != NULL;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

bool file_seen_equal(const struct file_seen *a, const struct file_seen *b)
{
    return a->kind == b->kind && (a->kind == FILE_NONE || file_stamp_equal(&a->stamp, &b->stamp));
}

bool file_stamp_is_settled(const struct file_stamp *stamp)
{
    const int64_t last = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns : stamp->ctime_ns;
    return clock_wall_us() * 1000 - last >= SETTLED_NS;
}

/* The file systems whose stamps are this kernel's own and change with each change. Of a file on a network, or in FUSE
 * (as a folder that a virtual machine shares with its host), the kernel knows a stamp for seconds in which others may
 * change the file. ZFS stamps a mapped page when it is stored; tmpfs and ramfs do not. */
static const struct {
    unsigned long type;
    bool stamps_maps;
} known_systems[] = {
    {EXT4_SUPER_MAGIC, true}, {XFS_SUPER_MAGIC, true}, {BTRFS_SUPER_MAGIC, true}, {OVERLAYFS_SUPER_MAGIC, true},
    {F2FS_SUPER_MAGIC, true}, {SQUASHFS_MAGIC, true},  {ZFS_MAGIC, false},        {TMPFS_MAGIC, false},
    {RAMFS_MAGIC, false},
};

/* has_maps: if somebody writes to a mapped page, too. */
static bool tells(int fd, bool has_maps)
{
    struct statfs system;
    const bool ok = fstatfs(fd, &system) == 0;
    bool does = false;
    for (size_t i = 0; ok && !does && i < sizeof known_systems / sizeof known_systems[0]; i++) {
        does = (unsigned long)system.f_type == known_systems[i].type && (known_systems[i].stamps_maps || !has_maps);
    }
    return does;
}

bool file_system_tells(int fd)
{
    return tells(fd, false);
}

bool file_will_tell(const char *path)
{
    const unsigned now = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const bool will = fd >= 0 && tells(fd, true) && sync_file_range(fd, 0, 0, now) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return will;
}
