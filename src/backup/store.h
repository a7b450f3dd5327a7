/*
 * Where the files of backups are: a folder, or an S3-compatible store. What differs is a row of functions, of a kind;
 * names and checksums are the same. NAME is complete since the moment when it is there; NAME.json tells what the dump
 * does not hold.
 */
#ifndef BACKUP_STORE_H
#define BACKUP_STORE_H

#include "backup/backup.h"
#include "base/digest.h"

#define BACKUP_PART  ".part"
#define BACKUP_FACTS ".json"

/* FAILED_PRECONDITION and what to do where the store is not there, or may not be written. A folder that is missing is
 * made (0700). */
bool backup_store_ready(const struct backup_call *call);

/* "app_1a2b3c4d_20261129T021500Z_k3f9qz": of a database, its home, a time and chance; with one of the suffixes. */
const char *backup_file_name(struct arena *arena, const char *database, const char *home, const char *time);
#define BACKUP_CUSTOM  ".dump" /* pg_dump's custom format */
#define BACKUP_ARCHIVE ".tar"  /* its directory format, in a tar(1) archive */

bool backup_is_archive(const char *name);

/* Where the directory of an archive stands while it is dumped: beside the others in a folder of backups, else in
 * TMPDIR. */
const char *backup_scratch(const struct backup_call *call, const char *name);

/* Deletes a flat directory. True where it is not there any more. */
bool backup_scratch_delete(const char *path);

/* Fails with FAILED_PRECONDITION where the store is known to have less room than a dump of so many bytes may take. */
bool backup_store_has_room(const struct backup_call *call, int64_t database_size);

/* ---- writing ---- */

typedef bool backup_goes_on(void *data);

struct s3_upload;

/* A file that is written. The first four are the caller's, before it begins. */
struct backup_writing {
    const char *name;
    int64_t expected;        /* bytes of the database: more does not come of it than about so many */
    backup_goes_on *goes_on; /* asked now and then while it takes long; *data given back */
    void *data;
    int64_t size;
    struct sha256 hash;
    const char *failure;      /* why it cannot be written; NULL: it can */
    int file;                 /* of a folder; -1: none is open */
    struct s3_upload *upload; /* of a store; NULL: none is open */
};

bool backup_writing_begin(const struct backup_call *call, struct backup_writing *writing);

/* False where it cannot be written: `failure` says why, in the call's arena. */
bool backup_writing_add(const struct backup_call *call, struct backup_writing *writing, struct text piece);

/* Durable, with its facts beside it and under its name. */
bool backup_writing_end(const struct backup_call *call, struct backup_writing *writing, struct text facts,
                        char sha256[SHA256_HEX_SIZE]);

/* Throws it away. */
void backup_writing_drop(const struct backup_call *call, struct backup_writing *writing);

/* ---- reading ---- */

/* A complete one, whose content does not change however its name does: a file to read from, for close(2); -1 where it
 * cannot be had. One of a store is copied into a file without a name first (in TMPDIR), which may take a while.
 * NOT_FOUND where it is gone, DATA_LOSS where it is no file, CANCELLED where goes_on said no. */
struct backup_opening {
    const char *name;
    backup_goes_on *goes_on;
    void *data;
};
int backup_file_open(const struct backup_call *call, const struct backup_opening *opening);

/* The checksum of all of it; the same codes. */
bool backup_file_hash(const struct backup_call *call, const struct backup_opening *opening, int file,
                      char sha256[SHA256_HEX_SIZE]);

/* ---- the rest ---- */

/* Deletes all of a backup. True where nothing of it is left. */
bool backup_files_delete(const struct backup_call *call, const char *name);

/* The names of complete files, and of parts, of this home. */
bool backup_files_list(const struct backup_call *call, const char *home, struct words *names);

/* ---- the kinds ---- */

struct store_kind {
    bool (*ready)(const struct backup_call *call);
    bool (*has_room)(const struct backup_call *call, int64_t size);
    bool (*begin)(const struct backup_call *call, struct backup_writing *writing);
    bool (*add)(const struct backup_call *call, struct backup_writing *writing, struct text piece);
    bool (*end)(const struct backup_call *call, struct backup_writing *writing, struct text facts);
    void (*release)(struct backup_writing *writing); /* of one that does not end well; its files are deleted then */
    int (*open)(const struct backup_call *call, const struct backup_opening *opening);
    bool (*delete)(const struct backup_call *call, const char *name);
    bool (*list)(const struct backup_call *call, struct words *names); /* of everybody */
};

extern const struct store_kind store_folder;
extern const struct store_kind store_s3;

#endif
