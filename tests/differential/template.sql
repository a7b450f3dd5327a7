-- What every differential seed begins with. The names in "public" and "other" are those of "app" again: a search_path that
-- is lost shows in the data, and not only as an error.
CREATE SCHEMA app AUTHORIZATION mig;
CREATE SCHEMA other AUTHORIZATION mig;
GRANT ALL ON SCHEMA app, other, public TO tenant, app_owner, mig;
GRANT USAGE ON SCHEMA app, other TO PUBLIC;

-- What a script notes of the session it runs in. Anybody may note, under any role, policy and replication role.
CREATE TABLE app.trace (at int NOT NULL, what text);
CREATE FUNCTION app.note(at int, what text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' SET row_security = off
    AS 'INSERT INTO app.trace VALUES (at, what)';

-- Its own search_path would hide the session's: every name is qualified. Of lock_timeout only what a script may have set: where it sets
-- none, that of the lock ladder is seen.
CREATE FUNCTION app.session(VARIADIC leave_out text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_catalog.concat_ws(' ', CURRENT_USER, SESSION_USER, CASE pg_catalog.current_setting('lock_timeout') WHEN '7s' THEN 'lock_timeout=7s' END, (SELECT pg_catalog.string_agg(pg_catalog.concat(s.name, '=',
        pg_catalog.current_setting(s.name, true)), ' ' ORDER BY s.ordinality) FROM pg_catalog.unnest(ARRAY['search_path',
        'statement_timeout', 'timezone', 'datestyle', 'app.tenant', 'standard_conforming_strings',
        'session_replication_role', 'row_security', 'transaction_isolation', 'transaction_read_only',
        'default_transaction_isolation', 'work_mem', 'check_function_bodies', 'client_min_messages', 'transform_null_equals'])
        WITH ORDINALITY AS s(name, ordinality) WHERE s.name OPERATOR(pg_catalog.<>) ALL (leave_out)))
$$;

-- Where a run is to be disturbed: nothing, an error, or a wait, as app.disturbance says. Nobody waits but where it is armed.
CREATE TABLE app.disturbance (what text NOT NULL);
CREATE FUNCTION app.hook() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET row_security = off
    SET lock_timeout = 0 AS $$
BEGIN
    IF EXISTS (SELECT FROM app.disturbance WHERE what = 'fail') THEN
        RAISE EXCEPTION 'disturbed' USING ERRCODE = 'ZZ001';
    ELSIF EXISTS (SELECT FROM app.disturbance WHERE what = 'wait') THEN
        PERFORM pg_advisory_xact_lock_shared(990, 990);
    END IF;
END $$;

CREATE TABLE app.items (id int PRIMARY KEY, tenant text NOT NULL DEFAULT 'a', n int CHECK (n < 1000));
CREATE TABLE other.items (LIKE app.items INCLUDING ALL);
CREATE TABLE public.items (LIKE app.items INCLUDING ALL);
INSERT INTO app.items SELECT i, CASE WHEN i % 3 = 0 THEN 'b' ELSE 'a' END, i FROM generate_series(1, 12) AS i;
INSERT INTO other.items SELECT i, 'other', 100 + i FROM generate_series(1, 12) AS i;
INSERT INTO public.items SELECT i, 'public', 200 + i FROM generate_series(1, 12) AS i;

CREATE FUNCTION app.seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM app.note(-1, pg_catalog.concat(TG_OP, ' ', OLD.id, ' ', NEW.id)); RETURN NULL;
END $$;
CREATE TRIGGER seen AFTER INSERT OR DELETE ON app.items FOR EACH ROW EXECUTE FUNCTION app.seen();

CREATE TABLE app.doc (id int PRIMARY KEY, tenant text NOT NULL, body text);
INSERT INTO app.doc SELECT i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, 'body ' || i FROM generate_series(1, 8) AS i;
ALTER TABLE app.doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON app.doc USING (tenant = coalesce(nullif(current_setting('app.tenant', true), ''), 'a'));

CREATE TABLE app.parent (id int PRIMARY KEY);
CREATE TABLE app.child (id int PRIMARY KEY, parent int REFERENCES app.parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE app.child2 (id int PRIMARY KEY, parent int CONSTRAINT child2_fk REFERENCES app.parent DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO app.parent SELECT generate_series(1, 3);
CREATE TABLE app.lockable (id int);
CREATE TABLE app.quotes (id int, "commit" text, "semi;colon" text);
CREATE TABLE app.owned (id int PRIMARY KEY, n int);
CREATE TABLE app.parts (id int NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE app.parts_2 PARTITION OF app.parts FOR VALUES FROM (100) TO (200);
INSERT INTO app.parts SELECT i * 10, i FROM generate_series(1, 15) AS i;
CREATE INDEX items_old ON app.items (tenant);
CREATE SEQUENCE app.counter;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.person (id int, mood app.mood);
CREATE MATERIALIZED VIEW app.sums AS SELECT tenant, sum(n) AS n FROM app.items GROUP BY tenant;
CREATE UNIQUE INDEX sums_key ON app.sums (tenant);

CREATE PROCEDURE app.commits(i int) LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO app.owned VALUES (i, 1); COMMIT; INSERT INTO app.owned VALUES (i + 1, 2);
END $$;
CREATE PROCEDURE app.plain(i int) LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO app.owned VALUES (i, 1); INSERT INTO app.owned VALUES (i + 1, 2);
END $$;

GRANT ALL ON ALL TABLES IN SCHEMA app, other, public TO tenant, app_owner, mig;
GRANT ALL ON ALL SEQUENCES IN SCHEMA app TO tenant, app_owner, mig;
REVOKE ALL ON app.trace, app.disturbance FROM tenant, app_owner, mig;

DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relnamespace IN ('app'::regnamespace, 'other'::regnamespace)
        AND c.relkind IN ('r', 'p', 'S', 'm') AND c.relname NOT IN ('trace', 'disturbance') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO mig', r.name);
    END LOOP;
END $$;
ALTER TABLE public.items OWNER TO mig;
ALTER TABLE app.owned OWNER TO app_owner;
ALTER TYPE app.mood OWNER TO mig;
ALTER PROCEDURE app.commits(int) OWNER TO mig;
