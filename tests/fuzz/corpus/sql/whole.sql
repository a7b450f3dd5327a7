BEGIN;
select 1;
COMMIT;
