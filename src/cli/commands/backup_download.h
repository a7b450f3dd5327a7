/*
 * truss backup download ID [FILE].
 */
#ifndef CLI_COMMANDS_BACKUP_DOWNLOAD_H
#define CLI_COMMANDS_BACKUP_DOWNLOAD_H

#include "cli/cli.h"

/* Downloads the backup with the id in the second word to the file in the third word, or one with the backup's own name;
 * "-" is standard output. Returns the exit code. */
int backup_download(struct cli *cli);

#endif
