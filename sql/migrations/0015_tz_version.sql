-- Relative ends to come, by the tz database that they were worked out with: a firing run looks for
-- those of another one than is installed, and there are none until tzdata changes.

CREATE INDEX schedules_relative ON schedules (tz_version, id)
    WHERE status = 'PENDING' AND end_days IS NOT NULL;
