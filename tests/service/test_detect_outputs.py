"""detect-schema of what ORMs write: Prisma, Drizzle, TypeORM, Django, Rails, EF Core, Sequelize. What a script made is the same as the script, and
after a change of one thing it never is."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

harness.Cluster.keeps = True

SAME = "All DDL objects already exist. Safe to mark as applied without re-running."

# prisma migrate diff --from-empty --to-schema-datamodel (6.19)
PRISMA = """
-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "public"."Role" AS ENUM ('USER', 'ADMIN');

-- CreateTable
CREATE TABLE "public"."User" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "name" VARCHAR(40),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "role" "public"."Role" NOT NULL DEFAULT 'USER',
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "amount" DECIMAL(65,30) NOT NULL DEFAULT 0,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "data" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "public"."Post" (
    "id" TEXT NOT NULL,
    "title" TEXT NOT NULL DEFAULT 'new',
    "authorId" INTEGER,
    "views" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "Post_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "public"."_PostTags" (
    "A" TEXT NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_PostTags_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "public"."User"("email");

-- CreateIndex
CREATE INDEX "Post_authorId_title_idx" ON "public"."Post"("authorId", "title" DESC);

-- AddForeignKey
ALTER TABLE "public"."Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "public"."User"("id") ON DELETE SET NULL ON UPDATE CASCADE;
"""
PRISMA_CHANGES = [
    'ALTER TABLE "User" ALTER email TYPE varchar(99)', 'ALTER TABLE "User" ALTER name TYPE varchar(41)', 'ALTER TABLE "User" ALTER name SET NOT NULL',
    'ALTER TABLE "User" ALTER email DROP NOT NULL', 'ALTER TABLE "User" ALTER "createdAt" TYPE timestamp(6)', 'ALTER TABLE "User" ALTER "createdAt" TYPE timestamptz(3)',
    'ALTER TABLE "User" ALTER "createdAt" DROP DEFAULT', """ALTER TABLE "User" ALTER "createdAt" SET DEFAULT now() + '1 day'::interval""",
    """ALTER TABLE "User" ALTER role SET DEFAULT 'ADMIN'""", 'ALTER TABLE "User" ALTER amount SET DEFAULT 1', 'ALTER TABLE "User" ALTER amount TYPE numeric(65,29)',
    'ALTER TABLE "User" ALTER active SET DEFAULT false', """ALTER TABLE "User" ALTER data SET DEFAULT '[]'""", """ALTER TABLE "User" ALTER tags SET DEFAULT '{a}'""",
    """ALTER TABLE "User" ALTER name SET DEFAULT 'x'""", 'ALTER TABLE "User" ALTER tags TYPE varchar[]', 'ALTER TABLE "User" DROP CONSTRAINT "User_pkey" CASCADE',
    'ALTER TABLE "User" ALTER id DROP DEFAULT', 'ALTER TABLE "User" RENAME CONSTRAINT "User_pkey" TO other', 'ALTER SEQUENCE "User_id_seq" OWNED BY NONE',
    'ALTER TABLE "_PostTags" DROP CONSTRAINT "_PostTags_AB_pkey"; ALTER TABLE "_PostTags" ADD CONSTRAINT "_PostTags_AB_pkey" PRIMARY KEY ("B", "A")',
    'DROP INDEX "User_email_key"; CREATE INDEX "User_email_key" ON "User" (email)', 'DROP INDEX "User_email_key"; CREATE UNIQUE INDEX "User_email_key" ON "User" (name)',
    'DROP INDEX "User_email_key"; CREATE UNIQUE INDEX "User_email_key" ON "User" (email) WHERE active', 'DROP INDEX "User_email_key"; CREATE UNIQUE INDEX "User_email_key" ON "User" (lower(email))',
    'DROP INDEX "Post_authorId_title_idx"; CREATE INDEX "Post_authorId_title_idx" ON "Post" ("authorId", title)',
    'DROP INDEX "Post_authorId_title_idx"; CREATE INDEX "Post_authorId_title_idx" ON "Post" (title DESC, "authorId")',
    'DROP INDEX "Post_authorId_title_idx"; CREATE INDEX "Post_authorId_title_idx" ON "Post" ("authorId", title DESC NULLS LAST)',
    'DROP INDEX "Post_authorId_title_idx"; CREATE INDEX "Post_authorId_title_idx" ON "Post" ("authorId", title text_pattern_ops DESC)',
    'ALTER TABLE "Post" DROP CONSTRAINT "Post_authorId_fkey"; ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User" (id) ON UPDATE CASCADE',
    'ALTER TABLE "Post" DROP CONSTRAINT "Post_authorId_fkey"; ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User" (id) ON DELETE SET NULL',
    'ALTER TABLE "Post" DROP CONSTRAINT "Post_authorId_fkey"; ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User" (id) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE',
    """ALTER TABLE "User" ALTER role DROP DEFAULT; ALTER TABLE "User" ALTER role TYPE text; DROP TYPE "Role"; CREATE TYPE "Role" AS ENUM ('ADMIN', 'USER'); ALTER TABLE "User" ALTER role TYPE "Role" USING role::"Role"; ALTER TABLE "User" ALTER role SET DEFAULT 'USER'""",
]

# drizzle-kit generate (0.31)
DRIZZLE = """CREATE TYPE "public"."status" AS ENUM('open', 'done');--> statement-breakpoint
CREATE TABLE "users" (
	"id" serial PRIMARY KEY NOT NULL,
	"uid" uuid DEFAULT gen_random_uuid() NOT NULL,
	"email" varchar(255) NOT NULL,
	"age" integer,
	"score" numeric(10, 2) DEFAULT '1.50' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email"),
	CONSTRAINT "users_age_check" CHECK ("users"."age" > 21)
);
--> statement-breakpoint
CREATE TABLE "posts" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "posts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"user_id" integer NOT NULL,
	"status" "status" DEFAULT 'open' NOT NULL,
	"tags" text[] DEFAULT '{}'::text[],
	"title" text,
	CONSTRAINT "posts_user_title" UNIQUE NULLS NOT DISTINCT("user_id","title")
);
--> statement-breakpoint
CREATE TABLE "members" (
	"user_id" integer NOT NULL,
	"post_id" integer NOT NULL,
	CONSTRAINT "members_user_id_post_id_pk" PRIMARY KEY("user_id","post_id")
);
--> statement-breakpoint
ALTER TABLE "posts" ADD CONSTRAINT "posts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "posts_title_idx" ON "posts" USING btree ("title");--> statement-breakpoint
CREATE UNIQUE INDEX "users_lower_idx" ON "users" USING btree (lower("email")) WHERE "users"."age" > 3;"""
DRIZZLE_CHANGES = [
    "ALTER TABLE users DROP CONSTRAINT users_email_unique", "ALTER TABLE users DROP CONSTRAINT users_email_unique; ALTER TABLE users ADD CONSTRAINT users_email_unique UNIQUE (age)",
    "ALTER TABLE users DROP CONSTRAINT users_email_unique; ALTER TABLE users ADD CONSTRAINT users_email_unique UNIQUE (email) DEFERRABLE",
    "ALTER TABLE users DROP CONSTRAINT users_age_check; ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 22)", "ALTER TABLE users DROP CONSTRAINT users_age_check",
    "ALTER TABLE users DROP CONSTRAINT users_age_check; ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 21) NOT VALID",
    "ALTER TABLE users DROP CONSTRAINT users_age_check; ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 21) NO INHERIT",
    "ALTER TABLE users ALTER score SET DEFAULT 1.6", "ALTER TABLE users ALTER score TYPE numeric(10, 3)", "ALTER TABLE users ALTER email TYPE varchar(254)",
    "ALTER TABLE users ALTER uid DROP DEFAULT", "ALTER TABLE users ALTER age SET NOT NULL", "ALTER TABLE users ALTER age TYPE bigint",
    "ALTER TABLE posts ALTER id SET GENERATED BY DEFAULT", "ALTER TABLE posts ALTER id DROP IDENTITY", "ALTER TABLE posts ALTER id SET INCREMENT BY 2", "ALTER TABLE posts ALTER id SET MAXVALUE 9",
    "ALTER TABLE posts ALTER id SET CYCLE", "ALTER TABLE posts ALTER id SET START WITH 5", "ALTER SEQUENCE posts_id_seq RENAME TO other_seq",
    "ALTER TABLE posts DROP CONSTRAINT posts_user_title; ALTER TABLE posts ADD CONSTRAINT posts_user_title UNIQUE (user_id, title)",
    "ALTER TABLE posts DROP CONSTRAINT posts_user_title; ALTER TABLE posts ADD CONSTRAINT posts_user_title UNIQUE NULLS NOT DISTINCT (title, user_id)",
    "ALTER TABLE posts DROP CONSTRAINT posts_user_id_users_id_fk; ALTER TABLE posts ADD CONSTRAINT posts_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users (id)",
    "ALTER TABLE posts DROP CONSTRAINT posts_user_id_users_id_fk; ALTER TABLE posts ADD CONSTRAINT posts_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID",
    "ALTER TABLE members DROP CONSTRAINT members_user_id_post_id_pk; ALTER TABLE members ADD CONSTRAINT members_user_id_post_id_pk PRIMARY KEY (post_id, user_id)",
    "ALTER TABLE members RENAME CONSTRAINT members_user_id_post_id_pk TO other", "DROP INDEX users_lower_idx; CREATE UNIQUE INDEX users_lower_idx ON users (lower(email)) WHERE age > 4",
    "DROP INDEX users_lower_idx; CREATE UNIQUE INDEX users_lower_idx ON users (upper(email)) WHERE age > 3", "DROP INDEX posts_title_idx; CREATE INDEX posts_title_idx ON posts USING hash (title)",
    "ALTER TABLE posts ALTER status SET DEFAULT 'done'", "ALTER TABLE posts ALTER tags DROP DEFAULT",
    "CREATE SCHEMA other; CREATE TABLE other.users (id int PRIMARY KEY); ALTER TABLE posts DROP CONSTRAINT posts_user_id_users_id_fk; ALTER TABLE posts ADD CONSTRAINT posts_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES other.users (id) ON DELETE CASCADE",
]

# typeorm migration:generate (0.3)
TYPEORM = """
CREATE TYPE "public"."user_role_enum" AS ENUM('admin', 'user');
CREATE TABLE "user" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, "code" character varying(20) NOT NULL DEFAULT 'x', "createdAt" TIMESTAMP NOT NULL DEFAULT now(), "role" "public"."user_role_enum" NOT NULL DEFAULT 'user', CONSTRAINT "UQ_e12875dfb3b1d92d7d7c5377e22" UNIQUE ("name", "code"), CONSTRAINT "REL_1" UNIQUE ("code"), CONSTRAINT "CHK_1" CHECK ("id" > 0), CONSTRAINT "PK_cace4a159ff9f2512dd42373760" PRIMARY KEY ("id"));
CREATE TABLE "photo" ("id" uuid NOT NULL DEFAULT gen_random_uuid(), "url" text, "userId" integer, CONSTRAINT "PK_5220c45b8e32d49d767b9b3d725" PRIMARY KEY ("id"));
CREATE INDEX "IDX_1" ON "photo" ("url") ;
CREATE UNIQUE INDEX "IDX_2" ON "photo" ("url", "userId") WHERE "url" IS NOT NULL;
ALTER TABLE "photo" ADD CONSTRAINT "FK_4494006ff358f754d07df5ccc87" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE NO ACTION ON UPDATE NO ACTION;
"""
TYPEORM_CHANGES = [
    'ALTER TABLE "user" DROP CONSTRAINT "UQ_e12875dfb3b1d92d7d7c5377e22"; ALTER TABLE "user" ADD CONSTRAINT "UQ_e12875dfb3b1d92d7d7c5377e22" UNIQUE (code, name)',
    'ALTER TABLE "user" DROP CONSTRAINT "REL_1"', 'ALTER TABLE "user" DROP CONSTRAINT "CHK_1"; ALTER TABLE "user" ADD CONSTRAINT "CHK_1" CHECK (id >= 0)',
    """ALTER TABLE "user" ALTER code SET DEFAULT 'y'""", 'ALTER TABLE "user" ALTER name TYPE text', 'ALTER TABLE photo ALTER url SET NOT NULL',
    'ALTER TABLE photo DROP CONSTRAINT "FK_4494006ff358f754d07df5ccc87"; ALTER TABLE photo ADD CONSTRAINT "FK_4494006ff358f754d07df5ccc87" FOREIGN KEY ("userId") REFERENCES "user" ON DELETE CASCADE',
    'DROP INDEX "IDX_2"; CREATE UNIQUE INDEX "IDX_2" ON photo ("userId", url) WHERE url IS NOT NULL', 'DROP INDEX "IDX_2"; CREATE UNIQUE INDEX "IDX_2" ON photo (url, "userId") WHERE url IS NULL',
]

# manage.py sqlmigrate (5.2)
DJANGO = """BEGIN;
--
-- Create model Post
--
CREATE TABLE "blog_author" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(200) NOT NULL UNIQUE, "score" smallint NOT NULL CHECK ("score" >= 0));
CREATE TABLE "blog_post" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "title" varchar(200) NOT NULL, "slug" varchar(50) NOT NULL UNIQUE, "score" integer NOT NULL CHECK ("score" >= 0), "ratio" double precision NULL, "body" text DEFAULT '' NOT NULL, "upper" text GENERATED ALWAYS AS (UPPER("title")) STORED, "author_id" bigint NOT NULL);
--
-- Create constraint
--
ALTER TABLE "blog_post" ADD CONSTRAINT "one" UNIQUE ("title", "slug");
ALTER TABLE "blog_post" ADD CONSTRAINT "positive" CHECK ("ratio" >= 0.0);
CREATE INDEX "blog_author_name_like" ON "blog_author" ("name" varchar_pattern_ops);
CREATE INDEX "blog_post_slug_like" ON "blog_post" ("slug" varchar_pattern_ops);
ALTER TABLE "blog_post" ADD CONSTRAINT "blog_post_author_id_fk" FOREIGN KEY ("author_id") REFERENCES "blog_author" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "blog_post_author_id" ON "blog_post" ("author_id");
COMMIT;
"""
DJANGO_CHANGES = [
    "ALTER TABLE blog_post ALTER id SET GENERATED ALWAYS", "ALTER TABLE blog_post ALTER id SET INCREMENT BY 5", "ALTER TABLE blog_author DROP CONSTRAINT blog_author_name_key",
    "ALTER TABLE blog_post DROP CONSTRAINT blog_post_score_check", "ALTER TABLE blog_post DROP CONSTRAINT blog_post_score_check; ALTER TABLE blog_post ADD CHECK (score > 0)",
    'ALTER TABLE blog_post DROP "upper"; ALTER TABLE blog_post ADD "upper" text GENERATED ALWAYS AS (lower(title)) STORED', 'ALTER TABLE blog_post ALTER "upper" DROP EXPRESSION',
    "ALTER TABLE blog_post DROP CONSTRAINT blog_post_author_id_fk; ALTER TABLE blog_post ADD CONSTRAINT blog_post_author_id_fk FOREIGN KEY (author_id) REFERENCES blog_author (id)",
    "ALTER TABLE blog_post DROP CONSTRAINT blog_post_author_id_fk; ALTER TABLE blog_post ADD CONSTRAINT blog_post_author_id_fk FOREIGN KEY (author_id) REFERENCES blog_author (id) DEFERRABLE",
    "DROP INDEX blog_post_slug_like; CREATE INDEX blog_post_slug_like ON blog_post (slug)", "DROP INDEX blog_post_slug_like; CREATE INDEX blog_post_slug_like ON blog_post (slug text_pattern_ops)",
    "ALTER TABLE blog_post ALTER ratio SET NOT NULL", "ALTER TABLE blog_post ALTER body DROP DEFAULT", "ALTER TABLE blog_post ALTER body SET DEFAULT 'x'", "ALTER TABLE blog_post ALTER ratio TYPE real",
    "ALTER TABLE blog_post DROP CONSTRAINT positive; ALTER TABLE blog_post ADD CONSTRAINT positive CHECK (ratio > 0.0)",
]

# dotnet ef migrations script (9.0)
EFCORE = """START TRANSACTION;
CREATE TABLE "Blogs" (
    "BlogId" integer GENERATED BY DEFAULT AS IDENTITY,
    "Url" character varying(500) NOT NULL,
    "Rating" numeric(5,2) NOT NULL DEFAULT 0.0,
    "Created" timestamp with time zone NOT NULL DEFAULT (now()),
    "Open" boolean NOT NULL DEFAULT FALSE,
    CONSTRAINT "PK_Blogs" PRIMARY KEY ("BlogId"),
    CONSTRAINT "AK_Blogs_Url" UNIQUE ("Url")
);

CREATE TABLE "Posts" (
    "PostId" uuid NOT NULL,
    "Title" text,
    "BlogId" integer NOT NULL,
    CONSTRAINT "PK_Posts" PRIMARY KEY ("PostId"),
    CONSTRAINT "CK_Title" CHECK ("Title" <> ''),
    CONSTRAINT "FK_Posts_Blogs_BlogId" FOREIGN KEY ("BlogId") REFERENCES "Blogs" ("BlogId") ON DELETE CASCADE
);

CREATE INDEX "IX_Posts_BlogId" ON "Posts" ("BlogId");
COMMIT;
"""
EFCORE_CHANGES = [
    'ALTER TABLE "Blogs" DROP CONSTRAINT "AK_Blogs_Url"', 'ALTER TABLE "Posts" DROP CONSTRAINT "FK_Posts_Blogs_BlogId"',
    'ALTER TABLE "Posts" DROP CONSTRAINT "FK_Posts_Blogs_BlogId"; ALTER TABLE "Posts" ADD CONSTRAINT "FK_Posts_Blogs_BlogId" FOREIGN KEY ("BlogId") REFERENCES "Blogs" ON DELETE SET NULL',
    'ALTER TABLE "Posts" RENAME CONSTRAINT "CK_Title" TO "CK_Title2"', 'ALTER TABLE "Blogs" ALTER "BlogId" DROP IDENTITY', 'ALTER TABLE "Blogs" ALTER "Rating" SET DEFAULT 1.0',
    'ALTER TABLE "Blogs" ALTER "Open" SET DEFAULT TRUE', """ALTER TABLE "Blogs" ALTER "Created" SET DEFAULT '2020-01-01'""",
]

# Sequelize's sync() (6), and what people write by hand
BYHAND = """
CREATE TABLE IF NOT EXISTS "accounts" ("id"   SERIAL , "name" VARCHAR(255) NOT NULL DEFAULT 'a', "kind" CHAR(3), "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY ("id"));
CREATE TABLE things (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id int NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
    other_id int REFERENCES public.accounts,
    code text COLLATE "C" NOT NULL,
    low int, high int,
    UNIQUE (account_id, code),
    FOREIGN KEY (other_id) REFERENCES accounts (id) ON DELETE SET NULL,
    CHECK (low < high),
    CONSTRAINT positive CHECK (low > 0)
);
"""
BYHAND_CHANGES = [
    "ALTER TABLE things ALTER code TYPE text COLLATE \"POSIX\"", "ALTER TABLE things ALTER code TYPE text", "ALTER TABLE things DROP CONSTRAINT things_account_id_code_key",
    "ALTER TABLE things DROP CONSTRAINT things_check", "ALTER TABLE things DROP CONSTRAINT positive",
    "ALTER TABLE things DROP CONSTRAINT things_account_id_fkey", "ALTER TABLE things DROP CONSTRAINT things_other_id_fkey1", "ALTER TABLE things DROP CONSTRAINT things_other_id_fkey",
    "ALTER TABLE accounts ALTER kind TYPE char(4)", "ALTER TABLE accounts ALTER kind TYPE varchar(3)", "ALTER TABLE accounts ALTER name SET DEFAULT 'b'",
    "ALTER TABLE accounts DROP CONSTRAINT accounts_pkey CASCADE",
]

SCENES = {"prisma": (PRISMA, PRISMA_CHANGES), "drizzle": (DRIZZLE, DRIZZLE_CHANGES), "typeorm": (TYPEORM, TYPEORM_CHANGES), "django": (DJANGO, DJANGO_CHANGES),
          "efcore": (EFCORE, EFCORE_CHANGES), "byhand": (BYHAND, BYHAND_CHANGES)}


# The server writes what is there in its own way, so that it is not known to be another thing: these are for review.
REVIEWED = {
    """ALTER TABLE "User" ALTER "createdAt" SET DEFAULT now() + '1 day'::interval""", """ALTER TABLE "User" ALTER data SET DEFAULT '[]'""",
    """ALTER TABLE "User" ALTER tags SET DEFAULT '{a}'""", """ALTER TABLE "Blogs" ALTER "Created" SET DEFAULT '2020-01-01'""",
    "ALTER TABLE things ALTER code TYPE text", "ALTER TABLE things DROP CONSTRAINT things_other_id_fkey", DRIZZLE_CHANGES[-1],
}


class Outputs(Case):
    def setUp(self):
        super().setUp()
        self.connection = self.rpc(self.worker(self.project("prisma-blog")))

    def detect(self, script):
        return self.connection.call("MigrationService", "DetectSchema", {"sql": script})

    def for_version(self, script):
        script = script if self.cluster.version >= 15 else script.replace(" NULLS NOT DISTINCT", "")
        return script if self.cluster.version >= 13 else script.replace("gen_random_uuid()", "md5('x')::uuid")

    def make(self, script):
        self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS other CASCADE;" + re.sub(r"^(BEGIN|COMMIT|START TRANSACTION);", "", script, flags=re.M))

    def test_what_a_script_made_is_the_same_and_after_a_change_it_is_not(self):
        for name, (script, changes) in SCENES.items():
            script = self.for_version(script)
            newer = (["posts_user_title"] if self.cluster.version < 15 else []) + (["DROP EXPRESSION"] if self.cluster.version < 13 else [])
            changes = [change for change in changes if not any(word in change for word in newer)]
            self.make(script)
            reply = self.detect(script)
            with self.subTest(name):
                self.assertEqual((list(reply.differences), list(reply.uncompared), reply.recommendation), ([], [], SAME))
            for change in changes:
                with self.subTest(name, change=change):
                    self.make(script)
                    self.sql(change)
                    reply = self.detect(script)
                    self.assertNotEqual(reply.recommendation, SAME)
                    said = [one.difference for one in reply.differences] + [one.name for one in reply.findings if not one.exists]
                    self.assertEqual(said == [], change in REVIEWED, said)
                    self.assertTrue(said or reply.uncompared)

    def dump(self):
        """As structure.sql of Rails is made."""
        programs = harness.PG_CLIENT or "/usr/lib/postgresql/15/bin"
        return subprocess.run([f"{programs}/pg_dump", "-s", "-x", "-O", self.url()], capture_output=True, text=True, check=True).stdout

    def test_a_dump_is_the_same_as_what_was_dumped_and_after_a_change_it_is_not(self):
        self.needs_dump()
        changes = {"prisma": ('ALTER SEQUENCE "User_id_seq" OWNED BY NONE', 'ALTER TABLE "User" ALTER id DROP DEFAULT',
                              """CREATE SEQUENCE other; ALTER TABLE "User" ALTER id SET DEFAULT nextval('other')"""),
                   "drizzle": ("ALTER TABLE posts ALTER id SET GENERATED BY DEFAULT", "ALTER TABLE posts ALTER id SET INCREMENT BY 2", "ALTER TABLE posts ALTER id DROP IDENTITY"),
                   "django": ("ALTER TABLE blog_post ALTER title DROP NOT NULL", "ALTER TABLE blog_post ALTER ratio SET NOT NULL")}
        for name, (script, _) in SCENES.items():
            script = self.for_version(script)
            self.make(script)
            self.sql("COMMENT ON SCHEMA public IS 'standard public schema'")
            dump = self.dump()
            with self.subTest(name):
                reply = self.detect(dump)
                self.assertEqual((list(reply.differences), list(reply.uncompared), reply.recommendation), ([], [], SAME))
            for change in changes.get(name, ()):
                with self.subTest(name, change=change):
                    self.make(script)
                    self.sql(change)
                    reply = self.detect(dump)
                    self.assertNotEqual(reply.recommendation, SAME)
                    self.assertTrue(reply.differences or reply.uncompared)


if __name__ == "__main__":
    harness.main()
