/*
 * The first line of every answer for people: which database and project it is about.
 */
#ifndef CLI_PRINT_HEAD_H
#define CLI_PRINT_HEAD_H

#include "cli/cli.h"
#include "truss/rpc/v1/rpc.pb-c.h"

#include <stdio.h>

/* Prints "shop at db.example:5432 as app (PostgreSQL 15.18), project ./api, Prisma", once per command; nothing for NULL
 * (from an older worker). */
void head_print(struct cli *cli, const Truss__Rpc__V1__Target *target);

/* The same on another stream, for commands whose standard output is a script. */
void head_print_to(FILE *out, struct cli *cli, const Truss__Rpc__V1__Target *target);

#endif
