/* cron/fire: both sides of the hour, every state, rights, what follows; and its words. */
#include "t_fire_story.h"

static const struct {
	const char *kind, *state; /* before; NULL: gone */
	const char *outcome, *reason, *after;
} states[] = {
	{ "launch", "SCHEDULED", "FIRED", "", "RUNNING" },
	{ "launch", "DRAFT", "FAILED", "status_changed", "DRAFT" },
	{ "launch", "RUNNING", "FIRED", "already_there", "RUNNING" },
	{ "launch", "PAUSED", "FAILED", "status_changed", "PAUSED" },
	{ "launch", "COMPLETED", "FAILED", "status_changed", "COMPLETED" },
	{ "launch", "ARCHIVED", "FAILED", "resource_unavailable", "ARCHIVED" },
	{ "launch", NULL, "FAILED", "resource_unavailable", "" },
	{ "end", "SCHEDULED", "FAILED", "status_changed", "SCHEDULED" },
	{ "end", "DRAFT", "FAILED", "status_changed", "DRAFT" },
	{ "end", "RUNNING", "FIRED", "", "PAUSED" },
	{ "end", "PAUSED", "FIRED", "already_there", "PAUSED" },
	{ "end", "COMPLETED", "FIRED", "already_there", "COMPLETED" },
	{ "end", "ARCHIVED", "FAILED", "resource_unavailable", "ARCHIVED" },
	{ "end", NULL, "FAILED", "resource_unavailable", "" },
	{ "enable", "off", "FIRED", "", "on" },
	{ "enable", "on", "FIRED", "already_there", "on" },
	{ "enable", "ARCHIVED", "FAILED", "resource_unavailable", "ARCHIVED" },
	{ "enable", NULL, "FAILED", "resource_unavailable", "" },
	{ "disable", "on", "FIRED", "", "off" },
	{ "disable", "off", "FIRED", "already_there", "off" },
	{ "disable", "ARCHIVED", "FAILED", "resource_unavailable", "ARCHIVED" },
	{ "disable", NULL, "FAILED", "resource_unavailable", "" },
};

static void
test_states(void)
{
	int64_t n[TALLY_MAX];
	char what[64];

	for (size_t i = 0; i < COUNT(states); i++) {
		snprintf(what, sizeof(what), "%s of %s", states[i].kind,
		    states[i].state != NULL ? states[i].state : "nothing");
		start_afresh();
		plan(states[i].kind, "12.345 seconds");
		become(states[i].kind, states[i].state);
		T_OK(fire_at(worker, AT, false, n), "%s", what);
		T_SAME(sql_text("SELECT outcome FROM moments"), states[i].outcome, what);
		T_SAME(sql_text("SELECT reason FROM moments"), states[i].reason, what);
		T_SAME(sql_text("SELECT data ->> 'reason' FROM notifications"), states[i].reason,
		    what);
		T_OK(sql("SELECT data ->> 'late_seconds' FROM notifications") == 12, "%s", what);
		T_SAME(state_of(states[i].kind), states[i].after, what);
		T_OK(n[FIRE_FIRED] + n[FIRE_FAILED] == 1 && n[FIRE_SKIPPED] == 0, "%s: counts",
		    what);
		check_story(what);
		T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] + n[FIRE_FAILED] == 0, "%s",
		    what);
	}
}

static const struct {
	const char *late;
	bool fires;
} bounds[] = {
	{ "0 seconds", true },
	{ "59 minutes 59.999 seconds", true },
	{ "60 minutes", true },
	{ "60 minutes 0.001 seconds", false },
	{ "400 days", false },
};

static const struct {
	const char *kind, *before, *fired, *missed;
	const char *fired_type, *missed_type;
} kinds[] = {
	{ "launch", "SCHEDULED", "RUNNING", "DRAFT", "EXPERIMENT_SCHEDULED_LAUNCH_FIRED",
	    "EXPERIMENT_SCHEDULE_MISSED" },
	{ "end", "RUNNING", "PAUSED", "RUNNING", "EXPERIMENT_SCHEDULED_END_FIRED",
	    "EXPERIMENT_SCHEDULE_MISSED" },
	{ "enable", "off", "on", "off", "FLAG_SCHEDULED_ENABLE_FIRED", "FLAG_SCHEDULE_MISSED" },
	{ "disable", "on", "off", "on", "FLAG_SCHEDULED_DISABLE_FIRED", "FLAG_SCHEDULE_MISSED" },
};

static void
test_bounds(void)
{
	int64_t n[TALLY_MAX];
	char what[96];

	for (size_t i = 0; i < COUNT(bounds) * COUNT(kinds); i++) {
		size_t b = i / COUNT(kinds), k = i % COUNT(kinds);
		bool fires = bounds[b].fires;

		snprintf(what, sizeof(what), "%s late by %s", kinds[k].kind, bounds[b].late);
		start_afresh();
		become(kinds[k].kind, kinds[k].before);
		plan(kinds[k].kind, bounds[b].late);
		T_OK(fire_at(worker, AT, false, n), "%s", what);
		T_OK(n[FIRE_FIRED] == fires && n[FIRE_MISSED] == !fires, "%s", what);
		T_SAME(state_of(kinds[k].kind), fires ? kinds[k].fired : kinds[k].missed, what);
		T_SAME(sql_text("SELECT reason FROM moments"), fires ? "" : "too_late", what);
		T_SAME(sql_text("SELECT type FROM notifications"),
		    fires ? kinds[k].fired_type : kinds[k].missed_type, what);
		T_SAME(sql_text("SELECT action FROM audit"),
		    fires ? "schedule.fired" : "schedule.missed", what);
		T_OK((strstr(sql_text("SELECT link FROM notifications"), "&schedule=1") != NULL) ==
			!fires,
		    "%s: link", what);
		check_story(what);
	}
	start_afresh();
	plan("launch", "-0.001 seconds");
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] + n[FIRE_MISSED] == 0, "not due");
	T_SAME(sql_text("SELECT outcome FROM moments"), "", "not due");
}

static const struct {
	const char *what, *before;
	bool may;
} people[] = {
	{ "owner", "UPDATE members SET role = 'owner' WHERE user_id = " U(1), true },
	{ "admin", "UPDATE members SET role = 'admin' WHERE user_id = " U(1), true },
	{ "developer", "SELECT 1", true },
	{ "collaborator", "UPDATE members SET role = 'collaborator' WHERE user_id = " U(1), false },
	{ "viewer", "UPDATE members SET role = 'viewer' WHERE user_id = " U(1), false },
	{ "left", "DELETE FROM members WHERE user_id = " U(1), false },
	{ "gone", "DELETE FROM users WHERE id = " U(1), false },
};

static void
test_rights(void)
{
	int64_t n[TALLY_MAX];
	char what[96];

	for (size_t i = 0; i < COUNT(people) * 2 * COUNT(kinds); i++) {
		size_t p = i / COUNT(kinds) / 2, k = i % COUNT(kinds);
		bool strict = i / COUNT(kinds) % 2 == 0, fires = !strict || people[p].may;
		bool gone = strcmp(people[p].what, "gone") == 0;

		snprintf(what, sizeof(what), "%s, %s, %s", kinds[k].kind, people[p].what,
		    strict ? "strict" : "not strict");
		start_afresh();
		become(kinds[k].kind, kinds[k].before);
		plan(kinds[k].kind, "1 minute");
		sql(people[p].before);
		if (!strict)
			sql("UPDATE teams SET strict_schedules = false");
		T_OK(fire_at(worker, AT, false, n), "%s", what);
		T_OK(n[FIRE_FIRED] == fires && n[FIRE_FAILED] == !fires, "%s", what);
		T_SAME(sql_text("SELECT reason FROM moments"), fires ? "" : "permission_revoked",
		    what);
		T_SAME(state_of(kinds[k].kind), fires ? kinds[k].fired : kinds[k].missed, what);
		T_OK(sql("SELECT count(*) FROM notifications") == (gone ? 2 : 1), "%s: owners",
		    what);
		T_OK(sql("SELECT count(*) FROM audit WHERE on_behalf_of IS NULL") == gone, "%s",
		    what);
		check_story(what);
	}
}

static void
test_preflight(void)
{
	static const char *const breaks[] = {
		"UPDATE projects SET snippet_seen_at = NULL",
		"UPDATE experiments SET url_rules = '[]'",
		"UPDATE experiments SET metrics = '[]'",
		"UPDATE experiments SET variations = '[{\"name\":\"A\",\"weight\":99},{\"name\":\"B\",\"weight\":2}]'",
	};
	int64_t n[TALLY_MAX];

	for (size_t i = 0; i < COUNT(breaks); i++) {
		start_afresh();
		plan("launch", "1 minute");
		plan_second("end", "3 days", i % 2 == 0);
		sql(breaks[i]);
		T_OK(fire_at(worker, AT, false, n) && n[FIRE_FAILED] == 1, "%s", breaks[i]);
		T_SAME(sql_text("SELECT reason FROM moments WHERE kind = 'launch'"),
		    "preflight_failed", breaks[i]);
		T_SAME(sql_text("SELECT outcome || reason FROM moments WHERE kind = 'end'"),
		    "DROPPEDnot_started", breaks[i]);
		T_SAME(state_of("launch"), "DRAFT", breaks[i]);
		T_OK(sql("SELECT count(*) FROM notifications WHERE body LIKE '%preflight%'"
			 " AND body LIKE '%draft again%dropped%'") == 1,
		    "%s", breaks[i]);
		check_story(breaks[i]);
	}
	start_afresh();
	become("end", "RUNNING");
	plan("end", "1 minute");
	sql(breaks[1]);
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] == 1, "an end needs no preflight");
}

/* ---- the moment that follows ---- */

static void
test_second(void)
{
	int64_t n[TALLY_MAX];

	/* missed: an end goes, and so does a disable by rule; a disable at an instant stays */
	start_afresh();
	plan("launch", "61 minutes");
	plan_second("end", "1 day", false);
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_MISSED] == 1, "launch");
	T_SAME(sql_text("SELECT outcome FROM moments WHERE kind = 'end'"), "DROPPED", "its end");
	check_story("launch and end");
	start_afresh();
	plan("enable", "61 minutes");
	plan_second("disable", "3 days", true);
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_MISSED] == 1, "enable");
	T_SAME(sql_text("SELECT outcome FROM moments WHERE kind = 'disable'"), "DROPPED",
	    "by rule");
	check_story("enable and relative disable");
	start_afresh();
	plan("enable", "61 minutes");
	plan_second("disable", "1 day", false);
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_MISSED] == 1, "enable");
	T_SAME(sql_text("SELECT outcome FROM moments WHERE kind = 'disable'"), "", "at an instant");
	check_story("enable and disable");

	/* fired: an end by rule is where the rule puts it, whatever was worked out before */
	start_afresh();
	plan("launch", "1 minute");
	plan_second("end", "50 days", true);
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] == 1, "launch");
	T_OK(sql("SELECT count(*) FROM moments WHERE kind = 'end' AND outcome IS NULL"
		 " AND due_at = '2030-06-04 13:30Z'") == 1,
	    "three days later, 09:30 in New York");
	T_SAME(sql_text("SELECT status FROM schedules"), "PENDING", "launch");
	check_story("launch and relative end");
	T_OK(fire_at(worker, "2030-06-04T13:30:00.000Z", false, n) && n[FIRE_FIRED] == 1,
	    "its end");
	T_SAME(state_of("end"), "PAUSED", "its end");
	check_story("both");

	/* both due in one run: in their order */
	start_afresh();
	plan("enable", "20 minutes");
	plan_second("disable", "-10 minutes", false);
	T_OK(fire_at(worker, AT, false, n) && n[FIRE_FIRED] == 2, "both");
	T_SAME(state_of("enable"), "off", "both");
	T_OK(sql("SELECT version FROM flags") == 3, "on and off");
	check_story("both at once");
}

/* A first moment that failed takes with it what one that was missed does. */
static void
test_second_of_failed(void)
{
	int64_t n[TALLY_MAX];

	for (int relative = 0; relative < 2; relative++) {
		start_afresh();
		plan("enable", "1 minute");
		plan_second("disable", "3 days", relative);
		sql("DELETE FROM members WHERE user_id = " U(1));
		T_OK(fire_at(worker, AT, false, n) && n[FIRE_FAILED] == 1, "enable");
		T_SAME(sql_text("SELECT coalesce(outcome || reason, 'to come') FROM moments"
				" WHERE kind = 'disable'"),
		    relative ? "DROPPEDnot_started" : "to come", "disable");
		check_story("failed enable, and disable");
	}
}

static void
test_words(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	plan("launch", "12 minutes 5 seconds");
	T_OK(fire_at(worker, AT, false, n), "run");
	T_SAME(sql_text("SELECT title FROM notifications"), "Button was launched", "title");
	T_SAME(sql_text("SELECT body FROM notifications"),
	    "The experiment Button of Shop is running now. It was due on 1 Jun 2030, 07:47 EDT"
	    " (America/New_York), which is 1 Jun 2030, 11:47 UTC, and done 12 minutes 5 seconds late.",
	    "body");
	T_SAME(sql_text("SELECT link FROM notifications"),
	    "/dashboard/experiments?id=00000000-0000-4000-8000-000000000061", "link");
	T_SAME(sql_text("SELECT (before ->> 'status') || (after ->> 'status') FROM audit"),
	    "SCHEDULEDRUNNING", "audit");
	start_afresh();
	plan("enable", "0 seconds");
	sql("DELETE FROM members WHERE user_id = " U(1));
	T_OK(fire_at(worker, AT, false, n), "run");
	T_SAME(sql_text("SELECT substring(body FROM 'It was due.*') FROM notifications"),
	    "It was due on 1 Jun 2030, 08:00 EDT (America/New_York), which is 1 Jun 2030, 12:00 UTC."
	    " The flag stays as it was.",
	    "a failure on time");
	T_SAME(sql_text("SELECT on_behalf_of FROM audit WHERE actor_id IS NULL"),
	    "00000000-0000-4000-8000-000000000001", "audit");

	start_afresh();
	plan("enable", "2 hours 3 minutes");
	T_OK(fire_at(worker, AT, false, n), "run");
	T_SAME(sql_text("SELECT title FROM notifications"),
	    "Gift cards was not switched on in production", "title");
	T_OK(
	    sql("SELECT count(*) FROM notifications WHERE body LIKE '%2 hours 3 minutes%More than an hour%'"
		" OR body LIKE '%More than an hour%2 hours 3 minutes%'") == 1,
	    "how late, and why");
	T_SAME(sql_text("SELECT link FROM notifications"),
	    "/dashboard/flags?id=00000000-0000-4000-8000-000000000071"
	    "&environment=00000000-0000-4000-8000-000000000031&schedule=1",
	    "link");
	T_OK(sql("SELECT count(*) FROM deliveries WHERE payload ->> 'text' LIKE"
		 " '%https://carillon.example/dashboard/flags?id=%'") == 1,
	    "the mail's link");
}

int
main(void)
{
	worker = t_open("TEST_WORKER_DATABASE_URL");
	t_owner = t_open("TEST_DATABASE_URL");
	test_states();
	test_bounds();
	test_rights();
	test_preflight();
	test_second();
	test_second_of_failed();
	test_words();
	db_close(worker);
	db_close(t_owner);
	return T_DONE("fire_moment");
}
