create function f() returns int begin atomic select case when true then 1 end; select 2; end;
create rule r as on insert to t do also (select 1; select 2);
do $x$ begin commit; end $x$; create procedure p() language sql as $$ select ';' $$
