#ifndef T_FIRE_STORY_H
#define T_FIRE_STORY_H

/*
 * t_fire_story - what has become of the world of t_fire.h.
 */
#include "t_fire.h"

/* Put the experiment or the toggle into a state; NULL is gone. */
static inline void
become(const char *kind, const char *state)
{
	char text[256];

	if (state == NULL)
		sql(is_flag(kind) ? "DELETE FROM flags" : "DELETE FROM experiments");
	else if (!is_flag(kind) || strcmp(state, "ARCHIVED") == 0) {
		snprintf(text, sizeof(text), "UPDATE %s SET status = '%s'",
		    is_flag(kind) ? "flags" : "experiments", state);
		sql(text);
	} else
		sql(strcmp(state, "on") == 0 ? "UPDATE flags SET enabled_in = ARRAY[" ENV "::uuid]"
					     : "UPDATE flags SET enabled_in = '{}'");
}

static inline const char *
state_of(const char *kind)
{
	return sql_text(is_flag(kind)
		? "SELECT CASE WHEN status = 'ARCHIVED' THEN status WHEN enabled_in <> '{}' THEN 'on' ELSE 'off' END"
		  " FROM flags WHERE id = " FLAG
		: "SELECT status FROM experiments WHERE id = " EXP);
}

/* Every decided moment has its one notice (a pair of deliveries) a reader and its one entry. */
static inline void
check_story(const char *what)
{
	T_OK(
	    sql("SELECT count(*) FROM moments m WHERE outcome IN ('FIRED', 'MISSED', 'FAILED') AND 1 <>"
		" (SELECT count(*) FROM notifications n WHERE n.dedupe_key = 'moment:' || m.id AND (n.user_id"
		" = m.scheduled_by OR (m.scheduled_by IS NULL AND n.user_id = " U(2) ")))") == 0,
	    "%s: one notice each", what);
	T_OK(/* in one statement: the last of what was killed may be committing */
	    sql("SELECT (SELECT count(*) FROM moments WHERE outcome IN ('FIRED', 'MISSED', 'FAILED'))"
		" - (SELECT count(*) FROM audit WHERE action ~ '^schedule' AND actor_type = 'SYSTEM')") ==
		0,
	    "%s: one entry each", what);
	T_OK(
	    sql("SELECT count(*) FROM notifications n WHERE 2 <> (SELECT count(*) FROM deliveries d"
		" WHERE d.notification_id = n.id AND d.channel IN ('in_app', 'email'))") == 0,
	    "%s: a pair of deliveries each", what);
	T_OK(
	    sql("SELECT count(*) FROM inbox i WHERE unread <> (SELECT count(*) FROM notifications n"
		" WHERE n.user_id = i.user_id)") == 0,
	    "%s: counters", what);
	T_OK(sql("SELECT count(*) FROM schedules s WHERE (status = 'PENDING') <> EXISTS"
		 " (SELECT 1 FROM moments m WHERE m.schedule_id = s.id AND m.outcome IS NULL)") ==
		0,
	    "%s: the schedule is done when nothing is to come", what);
}

#endif
