-- A party that was offered a table and moved to another before it said yes leaves a piece of its claim behind, from its
-- beginning to the move. Accepting or seating it moves the end of what is still to come, and only that.

create or replace function take_waitlisted(
  a waitlist_plan, e waitlist_entries, old reservations, p_timezone text, p_status text)
returns reservations language plpgsql as $$
declare
  r reservations;
  b booking_plan;
  starts timestamptz := old.starts_at;
  ends   timestamptz := old.ends_at;
begin
  if e.kind = 'now' and a.now > old.starts_at and a.now < old.ends_at then
    starts := a.now;
    ends := turn_from_now(a, p_timezone, old);
  end if;
  b.restaurant_id := a.restaurant_id;
  b.guest_id := old.guest_id;
  b.now := a.now;
  b.name := e.name;
  b.search_name := e.search_name;
  b.phone_number := e.phone_number;
  b.email := e.email;
  b.language := e.language;
  if ends > old.ends_at then
    perform clear_lapsed(a.restaurant_id, p_timezone,
                         tstzrange(starts, ends + make_interval(mins => old.buffer_minutes)), a.now, a.request_id);
  end if;
  -- What it left behind was over when it was moved.
  update claims c
     set kind = 'reservation', expires_at = null,
         during = case when starts = old.starts_at or upper(c.during) <= a.now then c.during
                       else tstzrange(starts, ends + make_interval(mins => old.buffer_minutes)) end
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  update reservations x
     set status = p_status, starts_at = starts, ends_at = ends, hold_expires_at = null,
         name = e.name, phone_number = e.phone_number, email = e.email, notes = e.notes,
         guest_id = find_or_create_guest(b), seated_at = case when p_status = 'seated' then a.now end,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  perform append_event(a, case when p_status = 'seated' then 'reservation.seat' else 'reservation.booked' end, r.id,
                       reservation_json(old), reservation_json(r));
  return r;
end $$;
