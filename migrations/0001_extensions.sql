-- btree_gist first: the exclusion constraint on claims compares a uuid and a range in one GiST index.
create extension if not exists btree_gist;
-- Search of guests by a name half remembered, within one restaurant, in one index.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- PostgreSQL 18 makes time-ordered ids itself; older servers get the same function, so that one schema serves both.
do $$
begin
  if to_regproc('uuidv7') is null then
    create function uuidv7() returns uuid language sql volatile as $f$
      select encode(
        set_bit(set_bit(
          overlay(uuid_send(gen_random_uuid())
                  placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                  from 1 for 6),
          52, 1), 53, 1), 'hex')::uuid
    $f$;
  end if;
end $$;
