alter type s.mood add value if not exists 'it''s' before E'b\'';
alter type mood add value 'x'; select '{x}'::mood[], $$it''s$$;
