-- What its owner does to the inbox beyond reading: undoes, restores, snoozes.

ALTER TABLE notifications
	-- Until then it is neither listed nor counted nor marked; carillon-cron wake clears it.
	ADD snooze_until timestamptz(3),
	-- When it last came back out of the bin: cleanup counts from there.
	ADD restored_at timestamptz(3),
	-- The inbox.version that the mark-all-read made which marked it; cleared by whatever touches
	-- the row after that.
	ADD marked_version bigint,
	-- Why its owner gets it, the end of "You get this because …", where the type alone does not say
	-- it; rendered when the row is made, as the title is.
	ADD because text;
COMMENT ON COLUMN inbox.unread IS
    'rows of notifications that are in_app, unread, not deleted and not snoozed';

DROP INDEX notifications_newest;
CREATE INDEX notifications_newest ON notifications (user_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND in_app AND snooze_until IS NULL;
DROP INDEX notifications_unread;
CREATE INDEX notifications_unread ON notifications (user_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND in_app AND snooze_until IS NULL AND read_at IS NULL;
DROP INDEX notifications_by_type;
CREATE INDEX notifications_by_type ON notifications (user_id, type, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND in_app AND snooze_until IS NULL;

CREATE INDEX notifications_bin ON notifications (user_id, deleted_at DESC, id DESC)
    WHERE deleted_at IS NOT NULL AND in_app;
CREATE INDEX notifications_snoozed ON notifications (user_id, snooze_until, id)
    WHERE snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app;
CREATE INDEX notifications_due ON notifications (snooze_until)
    WHERE snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app;

-- A mark-all-read that marked something, for as long as it can be undone.  The rows that it marked
-- are those with its read_at and its version.
CREATE TABLE inbox_marks (
	user_id uuid NOT NULL REFERENCES inbox ON DELETE CASCADE,
	version bigint NOT NULL,
	read_at timestamptz(3) NOT NULL,
	PRIMARY KEY (user_id, version)
);
