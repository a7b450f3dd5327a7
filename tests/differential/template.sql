-- What every differential seed begins with. The names in "public" and "other" are those of "shop" again: a search_path that
-- is lost shows in the data, and not only as an error.
CREATE SCHEMA shop AUTHORIZATION mig;
CREATE SCHEMA other AUTHORIZATION mig;
GRANT ALL ON SCHEMA shop, other, public TO tenant, app_owner, mig;
GRANT USAGE ON SCHEMA shop, other TO PUBLIC;

-- What a script notes of the session it runs in. Anybody may note, under any role, policy and replication role.
CREATE TABLE shop.trace (at int NOT NULL, what text);
CREATE FUNCTION shop.note(at int, what text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' SET row_security = off
    AS 'INSERT INTO shop.trace VALUES (at, what)';

-- Its own search_path would hide the session's: every name is qualified. Of lock_timeout only what a script may have set: where it sets
-- none, that of the lock ladder is seen.
CREATE FUNCTION shop.session(VARIADIC leave_out text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_catalog.concat_ws(' ', CURRENT_USER, SESSION_USER, CASE pg_catalog.current_setting('lock_timeout') WHEN '7s' THEN 'lock_timeout=7s' END, (SELECT pg_catalog.string_agg(pg_catalog.concat(s.name, '=',
        pg_catalog.current_setting(s.name, true)), ' ' ORDER BY s.ordinality) FROM pg_catalog.unnest(ARRAY['search_path',
        'statement_timeout', 'timezone', 'datestyle', 'shop.tenant', 'standard_conforming_strings',
        'session_replication_role', 'row_security', 'transaction_isolation', 'transaction_read_only',
        'default_transaction_isolation', 'work_mem', 'check_function_bodies', 'client_min_messages', 'transform_null_equals'])
        WITH ORDINALITY AS s(name, ordinality) WHERE s.name OPERATOR(pg_catalog.<>) ALL (leave_out)))
$$;

-- Where a run is to be disturbed: nothing, an error, or a wait, as shop.disturbance says. Nobody waits but where it is armed.
CREATE TABLE shop.disturbance (what text NOT NULL);
CREATE FUNCTION shop.hook() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET row_security = off
    SET lock_timeout = 0 AS $$
BEGIN
    IF EXISTS (SELECT FROM shop.disturbance WHERE what = 'fail') THEN
        RAISE EXCEPTION 'disturbed' USING ERRCODE = 'ZZ001';
    ELSIF EXISTS (SELECT FROM shop.disturbance WHERE what = 'wait') THEN
        PERFORM pg_advisory_xact_lock_shared(990, 990);
    END IF;
END $$;

CREATE TABLE shop.items (id int PRIMARY KEY, tenant text NOT NULL DEFAULT 'a', n int CHECK (n < 1000));
CREATE TABLE other.items (LIKE shop.items INCLUDING ALL);
CREATE TABLE public.items (LIKE shop.items INCLUDING ALL);
INSERT INTO shop.items SELECT i, CASE WHEN i % 3 = 0 THEN 'b' ELSE 'a' END, i FROM generate_series(1, 12) AS i;
INSERT INTO other.items SELECT i, 'other', 100 + i FROM generate_series(1, 12) AS i;
INSERT INTO public.items SELECT i, 'public', 200 + i FROM generate_series(1, 12) AS i;

CREATE FUNCTION shop.seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM shop.note(-1, pg_catalog.concat(TG_OP, ' ', OLD.id, ' ', NEW.id)); RETURN NULL;
END $$;
CREATE TRIGGER seen AFTER INSERT OR DELETE ON shop.items FOR EACH ROW EXECUTE FUNCTION shop.seen();

CREATE TABLE shop.doc (id int PRIMARY KEY, tenant text NOT NULL, body text);
INSERT INTO shop.doc SELECT i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, 'body ' || i FROM generate_series(1, 8) AS i;
ALTER TABLE shop.doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON shop.doc USING (tenant = coalesce(nullif(current_setting('shop.tenant', true), ''), 'a'));

CREATE TABLE shop.parent (id int PRIMARY KEY);
CREATE TABLE shop.child (id int PRIMARY KEY, parent int REFERENCES shop.parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE shop.child2 (id int PRIMARY KEY, parent int CONSTRAINT child2_fk REFERENCES shop.parent DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO shop.parent SELECT generate_series(1, 3);
CREATE TABLE shop.lockable (id int);
CREATE TABLE shop.quotes (id int, "commit" text, "semi;colon" text);
CREATE TABLE shop.owned (id int PRIMARY KEY, n int);
CREATE TABLE shop.parts (id int NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE shop.parts_2 PARTITION OF shop.parts FOR VALUES FROM (100) TO (200);
INSERT INTO shop.parts SELECT i * 10, i FROM generate_series(1, 15) AS i;
CREATE INDEX items_old ON shop.items (tenant);
CREATE SEQUENCE shop.counter;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok');
CREATE TABLE shop.person (id int, mood shop.mood);
CREATE MATERIALIZED VIEW shop.sums AS SELECT tenant, sum(n) AS n FROM shop.items GROUP BY tenant;
CREATE UNIQUE INDEX sums_key ON shop.sums (tenant);

CREATE PROCEDURE shop.commits(i int) LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO shop.owned VALUES (i, 1); COMMIT; INSERT INTO shop.owned VALUES (i + 1, 2);
END $$;
CREATE PROCEDURE shop.plain(i int) LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO shop.owned VALUES (i, 1); INSERT INTO shop.owned VALUES (i + 1, 2);
END $$;

GRANT ALL ON ALL TABLES IN SCHEMA shop, other, public TO tenant, app_owner, mig;
GRANT ALL ON ALL SEQUENCES IN SCHEMA shop TO tenant, app_owner, mig;
REVOKE ALL ON shop.trace, shop.disturbance FROM tenant, app_owner, mig;

DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relnamespace IN ('shop'::regnamespace, 'other'::regnamespace)
        AND c.relkind IN ('r', 'p', 'S', 'm') AND c.relname NOT IN ('trace', 'disturbance') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO mig', r.name);
    END LOOP;
END $$;
ALTER TABLE public.items OWNER TO mig;
ALTER TABLE shop.owned OWNER TO app_owner;
ALTER TYPE shop.mood OWNER TO mig;
ALTER PROCEDURE shop.commits(int) OWNER TO mig;
