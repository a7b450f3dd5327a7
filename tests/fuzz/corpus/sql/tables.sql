CREATE TABLE IF NOT EXISTS "app"."User" (id serial PRIMARY KEY, "naïve" text DEFAULT 'it''s');
ALTER TABLE ONLY app."User" ADD COLUMN a numeric(10, 2), ADD CONSTRAINT c CHECK (a > 0);
