/*
 * The first line that a person reads of any answer: which database and which project this is.
 */
#ifndef CLI_PRINT_HEAD_H
#define CLI_PRINT_HEAD_H

#include "cli/cli.h"
#include "truss/rpc/v1/rpc.pb-c.h"

#include <stdio.h>

/* "shop at db.example:5432 as app (PostgreSQL 15.18), project ./api, Prisma", once for each command; NULL (of an older
 * worker) is nothing. */
void head_print(struct cli *cli, const Truss__Rpc__V1__Target *target);

/* The same on another stream: where standard output is a script, as it is. */
void head_print_to(FILE *out, struct cli *cli, const Truss__Rpc__V1__Target *target);

#endif
