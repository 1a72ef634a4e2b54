-- A report may come while its delivery still waits to be asked for again: it names the delivery, which may
-- then fail with nobody knowing more (hook_settle).

ALTER TABLE mail_events ADD delivery_id uuid;
