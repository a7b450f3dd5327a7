/*
 * truss backup download ID [FILE].
 */
#ifndef CLI_COMMANDS_BACKUP_DOWNLOAD_H
#define CLI_COMMANDS_BACKUP_DOWNLOAD_H

#include "cli/cli.h"

/* Downloads the backup of the second word into the file of the third, or of the backup's own name; "-" is standard
 * output. The exit code. */
int backup_download(struct cli *cli);

#endif
