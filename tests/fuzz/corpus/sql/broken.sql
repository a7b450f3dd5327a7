vacuum; select 'a "b /* /*/*/*/* $$ ++++ ;
