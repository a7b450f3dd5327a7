-- CreateEnum
CREATE TYPE "Role" AS ENUM ('READER', 'AUTHOR', 'ADMIN');

-- AlterTable
ALTER TABLE "User" ADD COLUMN     "role" "Role" NOT NULL DEFAULT 'READER';

-- Written by hand: who has written something is an author.
UPDATE "User" SET "role" = 'AUTHOR' WHERE EXISTS (SELECT FROM "Post" WHERE "Post"."authorId" = "User"."id");
