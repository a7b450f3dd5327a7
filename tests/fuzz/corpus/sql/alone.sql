create unique index concurrently if not exists i on t (a);
reindex (verbose, concurrently) table t; vacuum (full) t; cluster (verbose); discard all;
alter table p detach partition c concurrently
