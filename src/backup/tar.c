/*
 * Blocks of 512 bytes: a header, then the file's bytes filled up with zeros; two blocks of zeros mark the end.
 */
#include "backup/tar.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK       ((size_t)512)
#define PIECE       ((size_t)1 << 20)
#define NAME_SIZE   ((size_t)100)
#define OCTAL_MOST  ((int64_t)077777777777)
#define SIZE_DIGITS 12

struct header {
    char name[NAME_SIZE];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[SIZE_DIGITS];
    char time[12];
    char sum[8];
    char type;
    char link[100];
    char magic[8];
    char rest[247];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

/* ---- headers ---- */

/* The sum of all bytes, with those of the sum itself taken as blanks. */
static unsigned sum_of(const struct header *header)
{
    struct header blank = *header;
    unsigned sum = 0;
    memset(blank.sum, ' ', sizeof blank.sum);
    for (size_t i = 0; i < BLOCK; i++) {
        sum += ((const unsigned char *)&blank)[i];
    }
    return sum;
}

static void put_size(struct header *header, int64_t size)
{
    if (size <= OCTAL_MOST) {
        snprintf(header->size, sizeof header->size, "%011" PRIo64, (uint64_t)size);
        return;
    }
    header->size[0] = (char)0x80;
    for (size_t i = SIZE_DIGITS - 1; i > 0; i--, size >>= 8) {
        header->size[i] = (char)(size & 0xff);
    }
}

static int64_t size_of(const struct header *header)
{
    char digits[SIZE_DIGITS + 1] = "";
    int64_t size = 0;
    if ((header->size[0] & 0x80) == 0) {
        memcpy(digits, header->size, SIZE_DIGITS);
        return strtoll(digits, NULL, 8);
    }
    for (size_t i = SIZE_DIGITS - 8; i < SIZE_DIGITS; i++) {
        size = (int64_t)(((uint64_t)size << 8) | (unsigned char)header->size[i]);
    }
    return size;
}

static void make_header(struct header *header, const char *name, const struct stat *about)
{
    *header = (struct header){.mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0'};
    memcpy(header->name, name, strlen(name));
    memcpy(header->magic, "ustar\00000", sizeof header->magic);
    put_size(header, about->st_size);
    snprintf(header->time, sizeof header->time, "%011" PRIo64, (uint64_t)about->st_mtime & (uint64_t)OCTAL_MOST);
    snprintf(header->sum, sizeof header->sum, "%06o", sum_of(header));
}

static size_t padding_of(int64_t size)
{
    return (BLOCK - (size_t)(size % (int64_t)BLOCK)) % BLOCK;
}

/* ---- writing ---- */

struct writing {
    tar_take *take;
    void *data;
    struct status *status;
    char *piece;
};

static bool give(const struct writing *writing, const void *bytes, size_t size)
{
    return size == 0 || writing->take(writing->data, (struct text){bytes, size});
}

static bool write_content(const struct writing *writing, int file, const char *name, int64_t size)
{
    static const char zeros[BLOCK];
    for (int64_t left = size; left > 0;) {
        const ssize_t got = read(file, writing->piece, left < (int64_t)PIECE ? (size_t)left : PIECE);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return status_fail(writing->status, STATUS_INTERNAL, "The file %s of the dump cannot be read: %s.", name,
                               got == 0 ? "it got shorter" : strerror(errno));
        }
        if (got > 0 && !give(writing, writing->piece, (size_t)got)) {
            return false;
        }
        left -= got > 0 ? got : 0;
    }
    return give(writing, zeros, padding_of(size));
}

static bool write_one(const struct writing *writing, const char *path, const char *name)
{
    struct header header;
    struct stat about;
    const int file = strlen(name) < NAME_SIZE ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (file < 0 || fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        if (file >= 0) {
            close(file);
        }
        return status_fail(writing->status, STATUS_INTERNAL, "The file %s of the dump cannot be read.", name);
    }
    make_header(&header, name, &about);
    const bool ok = give(writing, &header, sizeof header) && write_content(writing, file, name, (int64_t)about.st_size);
    close(file);
    return ok;
}

bool tar_write(const char *folder, tar_take *take, void *data, struct status *status)
{
    static const char end[2 * BLOCK];
    struct file_list files;
    if (!directory_list(status->arena, folder, &files, status)) {
        return false;
    }
    const struct writing writing = {take, data, status, memory_alloc(PIECE)};
    bool ok = true;
    for (size_t i = 0; ok && i < files.count; i++) {
        const char *const name = files.entries[i].name;
        ok = write_one(&writing, arena_printf(status->arena, "%s/%s", folder, name), name);
    }
    ok = ok && give(&writing, end, sizeof end);
    free(writing.piece);
    return ok;
}

/* ---- reading ---- */

struct reading {
    int file;
    const char *folder;
    bool (*goes_on)(void *data);
    void *data;
    struct status *status;
    char *piece;
};

static bool fail_stream(const struct reading *reading)
{
    return status_fail(reading->status, STATUS_DATA_LOSS, "The backup's file is not an archive of a dump.");
}

/* Reads this many bytes; fewer are an error. */
static bool take_bytes(const struct reading *reading, void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = read(reading->file, (char *)bytes + done, size - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return fail_stream(reading);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool put_bytes(const struct reading *reading, int out, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t put = write(out, reading->piece + done, size - done);
        if (put < 0 && errno != EINTR) {
            return status_fail_because(reading->status, STATUS_FAILED_PRECONDITION, REASON_DISK,
                                       "The backup cannot be unpacked into %s: %s. TMPDIR names another folder.",
                                       reading->folder, strerror(errno));
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

static bool read_content(const struct reading *reading, int out, int64_t size)
{
    for (int64_t left = size; left > 0;) {
        const size_t step = left < (int64_t)PIECE ? (size_t)left : PIECE;
        if (!reading->goes_on(reading->data)) {
            return status_fail(reading->status, STATUS_CANCELLED, "It was cancelled while it was read.");
        }
        if (!take_bytes(reading, reading->piece, step) || !put_bytes(reading, out, step)) {
            return false;
        }
        left -= (int64_t)step;
    }
    return take_bytes(reading, reading->piece, padding_of(size));
}

static bool read_one(const struct reading *reading, const struct header *header)
{
    char name[NAME_SIZE + 1] = "";
    memcpy(name, header->name, NAME_SIZE);
    const int64_t size = size_of(header);
    if (strtoul(header->sum, NULL, 8) != sum_of(header) || header->type != '0' || size < 0 ||
        !path_is_component(text_of(name))) {
        return fail_stream(reading);
    }
    const char *const path = arena_printf(reading->status->arena, "%s/%s", reading->folder, name);
    const int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0) {
        return status_fail(reading->status, STATUS_FAILED_PRECONDITION, "The file %s cannot be made: %s.", path,
                           strerror(errno));
    }
    const bool ok = read_content(reading, out, size);
    return close(out) == 0 && ok;
}

bool tar_read(int file, const char *folder, bool (*goes_on)(void *data), void *data, struct status *status)
{
    static const struct header nothing;
    const struct reading reading = {file, folder, goes_on, data, status, memory_alloc(PIECE)};
    struct header header;
    bool ok = lseek(file, 0, SEEK_SET) == 0 || fail_stream(&reading);
    while (ok && (ok = take_bytes(&reading, &header, sizeof header)) && memcmp(&header, &nothing, sizeof header) != 0) {
        ok = read_one(&reading, &header);
    }
    free(reading.piece);
    return ok;
}
