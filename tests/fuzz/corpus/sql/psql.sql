\restrict abc
select 1 \gexec
copy t (a) from stdin;
1	it's
\.
