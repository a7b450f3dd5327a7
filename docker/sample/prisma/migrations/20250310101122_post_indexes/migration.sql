-- Made CONCURRENTLY by hand, so that writing goes on meanwhile. Neither may run in a transaction or beside another
-- statement: `prisma migrate deploy` refuses this file, Truss runs it in two steps.

-- CreateIndex
CREATE INDEX CONCURRENTLY "Post_authorId_idx" ON "Post"("authorId");

-- CreateIndex
CREATE INDEX CONCURRENTLY "Post_published_createdAt_idx" ON "Post"("published", "createdAt" DESC);
