#ifndef T_FIRE_H
#define T_FIRE_H

/*
 * t_fire - a small team with one experiment and one flag, for the tests of cron/fire*.c.
 */
#include "cron/fire.h"
#include "t.h"
#include "t_cron.h"

#define AT      "2030-06-01T12:00:00.000Z"
#define U(n)    "'00000000-0000-4000-8000-00000000000" #n "'"
#define TEAM    "'00000000-0000-4000-8000-000000000011'"
#define PROJECT "'00000000-0000-4000-8000-000000000021'"
#define ENV     "'00000000-0000-4000-8000-000000000031'"
#define EXP     "'00000000-0000-4000-8000-000000000061'"
#define FLAG    "'00000000-0000-4000-8000-000000000071'"
#define SPOT    "'00000000-0000-4000-8000-000000000081'"
#define GOOD \
	"'[\"https://a.example/*\"]', '[{\"name\":\"A\",\"weight\":50},{\"name\":\"B\",\"weight\":50}]', '[\"orders\"]'"

static const struct conf conf = { .base_url = "https://carillon.example" };
static struct db *worker;

static inline bool
fire_at(struct db *db, const char *at, bool dry, int64_t n[TALLY_MAX])
{
	struct run run = { .db = db, .conf = &conf, .at = at, .dry = dry };

	memset(n, 0, TALLY_MAX * sizeof(*n));
	return fire_job(&run, n);
}

/* U1 schedules, U2 and U3 own; one experiment, one flag; nothing is scheduled. */
static inline void
start_afresh(void)
{
	sql("TRUNCATE users, teams, heartbeats CASCADE");
	sql("INSERT INTO users (id, email) SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid,"
	    " 'u' || n || '@example.com' FROM generate_series(1, 4) n");
	sql("INSERT INTO inbox (user_id) SELECT id FROM users");
	sql("INSERT INTO teams (id, name) VALUES (" TEAM ", 'Team')");
	sql("INSERT INTO members (team_id, user_id, role) VALUES (" TEAM
	    ", " U(1) ", 'developer'),"
		      " (" TEAM ", " U(2) ", 'owner'), (" TEAM ", " U(3) ", 'owner'), (" TEAM
									 ", " U(4) ", 'admin')");
	sql("INSERT INTO projects (id, team_id, name, snippet_seen_at) VALUES (" PROJECT ", " TEAM
	    ", 'Shop', now())");
	sql("INSERT INTO environments (id, project_id, name, position) VALUES (" ENV ", " PROJECT
	    ", 'production', 2)");
	sql("INSERT INTO experiments (id, project_id, name, status, url_rules, variations, metrics)"
	    " VALUES (" EXP ", " PROJECT ", 'Button', 'SCHEDULED', " GOOD ")");
	sql("INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off)"
	    " VALUES (" FLAG ", " PROJECT ", 'gift', 'Gift cards', 'boolean',"
	    " '[{\"name\":\"on\",\"value\":true},{\"name\":\"off\",\"value\":false}]', 'on', 'off')");
	sql("INSERT INTO flag_environments (id, flag_id, environment_id) VALUES (" SPOT ", " FLAG
	    ", " ENV ")");
}

static inline bool
is_flag(const char *kind)
{
	return strcmp(kind, "enable") == 0 || strcmp(kind, "disable") == 0;
}

/* A schedule of one moment, late by an interval before AT. */
static inline void
plan(const char *kind, const char *late)
{
	bool first = strcmp(kind, "launch") == 0 || strcmp(kind, "enable") == 0;
	char text[1024];

	snprintf(text, sizeof(text),
	    "WITH s AS (INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name,"
	    " environment_id, environment_name, time_zone, %s, scheduled_by) VALUES (" PROJECT
	    ", %s, timestamptz '" AT "' - interval '%s', " U(
		1) ") RETURNING id, coalesce(first_at, end_at) AS at)"
		   " INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by)"
		   " SELECT id, " PROJECT ", '%s', at, " U(1) " FROM s",
	    first ? "first_at" : "end_at",
	    is_flag(kind) ? "'flag_environment', " SPOT ", 'Gift cards', " ENV
			    ", 'production', 'America/New_York'"
			  : "'experiment', " EXP ", 'Button', NULL, NULL, 'America/New_York'",
	    late, kind);
	sql(text);
}

/* The moment that follows, so long after AT: by a rule or at an instant. */
static inline void
plan_second(const char *kind, const char *after, bool relative)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "UPDATE schedules SET end_at = %s, end_days = %s, end_time = %s",
	    relative ? "NULL" : "timestamptz '" AT "' + interval '1 day'", relative ? "3" : "NULL",
	    relative ? "'09:30'" : "NULL");
	sql(text);
	snprintf(text, sizeof(text),
	    "INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by)"
	    " SELECT id, " PROJECT ", '%s', timestamptz '" AT
	    "' + interval '%s', " U(1) " FROM schedules",
	    kind, after);
	sql(text);
}

#endif
