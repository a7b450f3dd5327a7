/*
 * Backups as messages of truss.backup.v1, in the arena; they borrow the strings.
 */
#ifndef WORKER_MESSAGES_BACKUP_MESSAGES_H
#define WORKER_MESSAGES_BACKUP_MESSAGES_H

#include "backup/download.h"
#include "truss/backup/v1/backup.pb-c.h"

Truss__Backup__V1__Backup *backup_message(struct arena *arena, const struct backup_row *row);

/* The same with a sentence for the user. */
Truss__Backup__V1__BackupAnswer *backup_answer(struct arena *arena, const struct backup_row *row, const char *message);

/* folder: where they are kept; NULL: nowhere. */
Truss__Backup__V1__ListBackupsResponse *backup_list_message(struct arena *arena, const struct backup_list *list,
                                                            const char *folder);

Truss__Backup__V1__Schedule *backup_schedule_message(struct arena *arena, const struct backup_schedule *schedule);

/* Borrows the piece's data. */
Truss__Backup__V1__BackupPiece *backup_piece_message(struct arena *arena, const struct download_piece *piece);

#endif
