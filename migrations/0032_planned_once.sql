-- The statements of a booking find rows by whole keys, so one plan serves every party. Left to itself, plpgsql plans some
-- of them anew at each call: half a millisecond in a young database, under the day's lock.
alter function book(jsonb) set plan_cache_mode = force_generic_plan;
