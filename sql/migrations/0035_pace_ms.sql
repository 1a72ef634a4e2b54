-- All times are kept to the millisecond; this one had more.
ALTER TABLE mail_pace ALTER next_at TYPE timestamptz(3);
