/* plan: when its moments are, and what stands against them. */
#include "moment.h"
#include "plan.h"
#include "schedule.h"

#define MINUTE_MS 60000

/* A moment that passed moment_parse(), its seconds cut. */
static int64_t
minute_of(const char *at)
{
	int64_t ms;

	if (!moment_parse(at, strlen(at), &ms))
		return 0;
	return ms - ((ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS;
}

static enum db_status
refuse(struct plan *p, const char *key, const char *rest)
{
	return change_refuse(&p->c, 422, arena_fmt(p->c.rq->a, "%s%s", key, rest));
}

/* The first moment.  One that cron has decided stays where it was. */
static enum db_status
resolve_first(struct plan *p, bool *known)
{
	bool fixed = p->now.live && p->now.begun;

	*known = fixed || p->first != NULL;
	p->begins = p->first != NULL && !fixed;
	p->begin = (struct zone_instant){ 0 };
	if (p->first != NULL)
		p->begin.ms = minute_of(p->first);
	if (!fixed)
		return DB_OK;
	if (p->first != NULL && p->begin.ms != p->now.first_ms) {
		if (p->version != NULL || p->c.rq->if_match != NULL || p->now.recent)
			return change_refuse(&p->c, 409, PLAN_RACED);
		return refuse(p, p->kind->first_key, " has passed and stays as it is");
	}
	p->begin.ms = p->now.first_ms;
	return DB_OK;
}

static enum db_status
resolve_end(struct plan *p, bool known)
{
	const char *key = p->kind->end_key;
	int hour, minute;

	p->end = (struct zone_instant){ 0 };
	p->ends = p->end_at != NULL || p->end_time != NULL;
	if (p->end_at != NULL)
		p->end.ms = minute_of(p->end_at);
	if (p->end_time == NULL)
		return DB_OK;
	if (p->end_days < 0 || p->end_days > SCHEDULE_DAYS_MAX)
		return refuse(p, key, ".days_after must be between 0 and 365");
	if (!schedule_time(p->end_time, &hour, &minute))
		return refuse(p, key, ".time must be HH:mm, from 00:00 to 23:59");
	if (!known)
		return refuse(p, key,
		    arena_fmt(p->c.rq->a, ".days_after counts from %s, which is missing",
			p->kind->first_key));
	if (p->begins && p->begin.ms < 0) /* before all calendars of ours */
		return change_refuse(&p->c, 422,
		    arena_fmt(p->c.rq->a, PLAN_PAST, p->kind->first_key));
	if (!schedule_end(p->zone, p->begin.ms, (int)p->end_days, p->end_time, &p->end))
		return refuse(p, key, ".days_after leads beyond the calendar");
	return DB_OK;
}

enum db_status
plan_resolve(struct plan *p)
{
	const struct plan_kind *k = p->kind;
	struct arena *a = p->c.rq->a;
	enum db_status st;
	bool known;

	if (p->zone == NULL)
		return refuse(p, "time_zone",
		    " must be a name of the tz database, as Europe/Berlin");
	if ((st = resolve_first(p, &known)) != DB_OK || (st = resolve_end(p, known)) != DB_OK)
		return st;
	if (!p->begins && !p->ends)
		return refuse(p, known ? k->end_key : k->first_key,
		    known ? " is required" : arena_fmt(a, " or %s is required", k->end_key));
	if (p->ends && known && p->end.ms <= p->begin.ms)
		return refuse(p, k->end_key, arena_fmt(a, " must be after %s", k->first_key));
	return DB_OK;
}

static void
instant_json(struct out *o, const struct plan *p, const char *kind, const struct zone_instant *at)
{
	char text[MOMENT_LEN + 1];

	moment_format(at->ms, text);
	out_key(o, kind);
	out_open(o, '{');
	out_key(o, "at");
	out_text(o, text);
	out_key(o, "rule");
	out_text(o, zone_rule_name(at->rule));
	out_key(o, "local");
	out_text(o, zone_text(o->a, p->zone, at->ms));
	out_close(o, '}');
}

void
plan_preview_json(struct out *o, const struct plan *p)
{
	out_open(o, '{');
	out_key(o, "time_zone");
	out_text(o, p->zone_name);
	out_key(o, "resolved");
	out_open(o, '{');
	if (p->begins)
		instant_json(o, p, p->kind->first_moment, &p->begin);
	if (p->ends)
		instant_json(o, p, p->kind->end_moment, &p->end);
	out_close(o, '}');
	out_close(o, '}');
}
