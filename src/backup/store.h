/*
 * Where backup files are: a folder, or an S3-compatible store. The two kinds differ in a table of functions; names and
 * checksums are the same. A file NAME is complete as soon as it exists; NAME.json contains what the dump does not.
 */
#ifndef BACKUP_STORE_H
#define BACKUP_STORE_H

#include "backup/backup.h"
#include "base/digest.h"

#define BACKUP_PART  ".part"
#define BACKUP_FACTS ".json"

/* Fails with FAILED_PRECONDITION and advice if the store does not exist or is not writable. A missing folder is created
 * (0700). */
bool backup_store_ready(const struct backup_call *call);

/* "app_1a2b3c4d_20261129T021500Z_k3f9qz": of the database's name, its home, a time and random characters; a suffix
 * follows. */
const char *backup_file_name(struct arena *arena, const char *database, const char *home, const char *time);
#define BACKUP_CUSTOM  ".dump" /* pg_dump's custom format */
#define BACKUP_ARCHIVE ".tar"  /* pg_dump's directory format, in a tar(1) archive */

bool backup_is_archive(const char *name);

/* The directory of an archive during the dump: in the folder of backups, or for a store in TMPDIR. */
const char *backup_scratch(const struct backup_call *call, const char *name);

/* Deletes a flat directory. Returns true if it no longer exists. */
bool backup_scratch_delete(const char *path);

/* Fails with FAILED_PRECONDITION if the store is known to have less room than a dump of a database of this size may
 * need. */
bool backup_store_has_room(const struct backup_call *call, int64_t database_size);

/* ---- writing ---- */

typedef bool backup_goes_on(void *data);

struct s3_upload;

/* A file being written. The caller sets the first four members. */
struct backup_writing {
    const char *name;
    int64_t expected;        /* the database's size in bytes, an estimate of the most that is written */
    backup_goes_on *goes_on; /* called from time to time, with `data` */
    void *data;
    int64_t size;
    struct sha256 hash;
    const char *failure;      /* why writing failed; NULL: it did not */
    int file;                 /* for a folder; -1: none is open */
    struct s3_upload *upload; /* for a store; NULL: none is open */
};

bool backup_writing_begin(const struct backup_call *call, struct backup_writing *writing);

/* On failure `failure` is the reason, in the call's arena. */
bool backup_writing_add(const struct backup_call *call, struct backup_writing *writing, struct text piece);

/* Makes the file durable and gives it its name, with its facts beside it. */
bool backup_writing_end(const struct backup_call *call, struct backup_writing *writing, struct text facts,
                        char sha256[SHA256_HEX_SIZE]);

/* Discards the file. */
void backup_writing_drop(const struct backup_call *call, struct backup_writing *writing);

/* ---- reading ---- */

/* Opens a complete file, whose content stays the same even if it is renamed; close it with close(2). -1 on failure. A
 * store's file is first copied into an unnamed temporary file (in TMPDIR), which may take a while. NOT_FOUND if it is
 * gone, DATA_LOSS if it is no regular file, CANCELLED if goes_on returned false. */
struct backup_opening {
    const char *name;
    backup_goes_on *goes_on;
    void *data;
};
int backup_file_open(const struct backup_call *call, const struct backup_opening *opening);

/* Computes the checksum of the whole file; fails with the same codes. */
bool backup_file_hash(const struct backup_call *call, const struct backup_opening *opening, int file,
                      char sha256[SHA256_HEX_SIZE]);

/* ---- the rest ---- */

/* Deletes all files of a backup. Returns true if nothing is left. */
bool backup_files_delete(const struct backup_call *call, const char *name);

/* The names of complete and partial files of this home. */
bool backup_files_list(const struct backup_call *call, const char *home, struct words *names);

/* ---- the kinds ---- */

struct store_kind {
    bool (*ready)(const struct backup_call *call);
    bool (*has_room)(const struct backup_call *call, int64_t size);
    bool (*begin)(const struct backup_call *call, struct backup_writing *writing);
    bool (*add)(const struct backup_call *call, struct backup_writing *writing, struct text piece);
    bool (*end)(const struct backup_call *call, struct backup_writing *writing, struct text facts);
    void (*release)(struct backup_writing *writing); /* after a failure; the files are then deleted */
    int (*open)(const struct backup_call *call, const struct backup_opening *opening);
    bool (*delete)(const struct backup_call *call, const char *name);
    bool (*list)(const struct backup_call *call, struct words *names); /* of all databases */
};

extern const struct store_kind store_folder;
extern const struct store_kind store_s3;

#endif
