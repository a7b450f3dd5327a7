begin isolation level serializable; select 1; savepoint a; rollback to a; commit and chain; select 2; end;
commit prepared 'x';
