merge into t using u on a when matched then do nothing returning *; vacuum; create quantum table (((
