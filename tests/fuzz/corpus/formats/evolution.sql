# --- !Ups
SELECT ';;';
  -- !Downs
SELECT 1
#!Ups
;
