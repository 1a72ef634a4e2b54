-- A clock that is set back must not leave the pace hours ahead of it: next_at counts only once set_at has come.
ALTER TABLE mail_pace ADD set_at timestamptz(3) NOT NULL DEFAULT '-infinity';	-- when next_at was written
