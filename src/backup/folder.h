/*
 * The folder of the files. What is under way is NAME.part; NAME.json tells what the dump does not hold; NAME is
 * complete since the moment when it has its name. Links are never followed.
 */
#ifndef BACKUP_FOLDER_H
#define BACKUP_FOLDER_H

#include "backup/backup.h"
#include "base/digest.h"

#define BACKUP_PART  ".part"
#define BACKUP_FACTS ".json"

/* Makes the folder (0700) where it is missing; FAILED_PRECONDITION where it cannot be written. */
bool backup_folder_ready(const struct backup_call *call);

/* "app_1a2b3c4d_20261129T021500Z_k3f9qz.dump": of a database, its home, a time and chance. */
const char *backup_file_name(struct arena *arena, const char *database, const char *home, const char *time);

/* Fails with FAILED_PRECONDITION where the disk has less room than a dump of so many bytes may take. */
bool backup_folder_has_room(const struct backup_call *call, int64_t database_size);

/* A file that is written. */
struct backup_writing {
    const char *name;
    int file;
    int64_t size;
    struct sha256 hash;
    int problem; /* errno of what failed */
};

bool backup_writing_begin(const struct backup_call *call, const char *name, struct backup_writing *writing);

/* False where the disk refuses; `problem` says why. */
bool backup_writing_add(struct backup_writing *writing, struct text piece);

/* On disk, with its facts beside it and under its name. */
bool backup_writing_end(const struct backup_call *call, struct backup_writing *writing, struct text facts,
                        char sha256[SHA256_HEX_SIZE]);

/* Throws it away. */
void backup_writing_drop(const struct backup_call *call, struct backup_writing *writing);

/* Reads a complete one whole: its checksum, and asks now and then whether to go on (*data given back). CANCELLED where
 * not. NOT_FOUND where the file is gone. */
typedef bool backup_goes_on(void *data);
bool backup_file_hash(const struct backup_call *call, const char *name, char sha256[SHA256_HEX_SIZE],
                      backup_goes_on *goes_on, void *data);

/* Deletes all of a backup. True where nothing of it is left. */
bool backup_files_delete(const struct backup_call *call, const char *name);

const char *backup_path(const struct backup_call *call, const char *name, const char *suffix);

/* The names of complete files, and of parts, of this home. */
void backup_files_list(const struct backup_call *call, const char *home, struct words *names);

#endif
