/* fire: what people are told, in their zone and in UTC. */
#include <string.h>

#include "fire_words.h"
#include "json.h"
#include "moment.h"
#include "schedule.h"
#include "text.h"

/* Everything that depends on the kind; NAME and ENVIRONMENT are put in. */
static const struct words {
	const char *kind, *fired_type, *missed_type, *failed_type;
	const char *fired, *already, *missed, *failed; /* titles */
	const char *now, *stays; /* sentences: after it fired, after it did not */
	const char *dropped;
} words[] = {
	{ "launch", "EXPERIMENT_SCHEDULED_LAUNCH_FIRED", "EXPERIMENT_SCHEDULE_MISSED",
	    "EXPERIMENT_SCHEDULE_FAILED", "was launched", "was running already", "was not launched",
	    "could not be launched", "is running", "The experiment was not launched.",
	    "Its scheduled end was dropped with it." },
	{ "end", "EXPERIMENT_SCHEDULED_END_FIRED", "EXPERIMENT_SCHEDULE_MISSED",
	    "EXPERIMENT_SCHEDULE_FAILED", "has ended", "had ended already", "was not ended",
	    "could not be ended", "is paused", "The experiment stays as it was.", NULL },
	{ "enable", "FLAG_SCHEDULED_ENABLE_FIRED", "FLAG_SCHEDULE_MISSED", "FLAG_SCHEDULE_FAILED",
	    "was switched on", "was on already", "was not switched on", "could not be switched on",
	    "is on", "The flag stays as it was.",
	    "The switching off that was to follow was dropped with it." },
	{ "disable", "FLAG_SCHEDULED_DISABLE_FIRED", "FLAG_SCHEDULE_MISSED", "FLAG_SCHEDULE_FAILED",
	    "was switched off", "was off already", "was not switched off",
	    "could not be switched off", "is off", "The flag stays as it was.", NULL },
};

static const struct words *
words_of(const struct fire_case *c)
{
	size_t i = 0;

	while (i < COUNT(words) - 1 && strcmp(words[i].kind, c->kind) != 0)
		i++;
	return &words[i];
}

static bool
was_there(const struct fire_verdict *v)
{
	return v->outcome == FIRE_FIRED && v->reason != NULL;
}

static bool
is_flag(const struct fire_news *n)
{
	return strcmp(rows_text(n->rows, 0, "resource_kind"), "flag_environment") == 0;
}

const char *
fire_type(const struct fire_case *c, const struct fire_verdict *v)
{
	const struct words *w = words_of(c);

	return v->outcome == FIRE_FIRED ? w->fired_type
	    : v->outcome == FIRE_MISSED ? w->missed_type
					: w->failed_type;
}

const char *
fire_title(struct arena *a, const struct fire_news *n)
{
	const struct words *w = words_of(n->c);
	const char *did = w->fired, *name = rows_text(n->rows, 0, "resource_name");

	if (was_there(n->v))
		did = w->already;
	else if (n->v->outcome == FIRE_MISSED)
		did = w->missed;
	else if (n->v->outcome == FIRE_FAILED)
		did = w->failed;
	if (!is_flag(n))
		return arena_fmt(a, "%s %s", name, did);
	return arena_fmt(a, "%s %s in %s", name, did, rows_text(n->rows, 0, "environment_name"));
}

/* "2 days 3 hours": the two largest units, rounded down. */
static const char *
span(struct arena *a, int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "day", 86400 }, { "hour", 3600 }, { "minute", 60 }, { "second", 1 } };
	size_t i = 0;
	int64_t rest;

	while (i < COUNT(units) - 1 && seconds < units[i].seconds)
		i++;
	rest = seconds % units[i].seconds;
	if (i == COUNT(units) - 1 || rest / units[i + 1].seconds == 0)
		return text_count(a, seconds / units[i].seconds, units[i].name);
	return arena_fmt(a, "%s %s", text_count(a, seconds / units[i].seconds, units[i].name),
	    text_count(a, rest / units[i + 1].seconds, units[i + 1].name));
}

/* When it was due: "22 Nov 2026, 14:00 UTC", and the same in the schedule's zone, or NULL when that
 * says nothing new: "22 Nov 2026, 09:00 EST (America/New_York)". */
static const char *
due_utc(struct arena *a, const struct fire_news *n, int64_t ms)
{
	char exact[MOMENT_LEN + 1];

	moment_format(ms, exact);
	return n->utc != NULL ? zone_text(a, n->utc, ms) : arena_dup(a, exact);
}

static const char *
due_local(struct arena *a, const struct fire_news *n, int64_t ms)
{
	const char *local;

	if (n->zone == NULL)
		return NULL;
	local = zone_text(a, n->zone, ms);
	return strcmp(local, due_utc(a, n, ms)) != 0 ? local : NULL;
}

/* Both in one: "…, which is …" */
static const char *
when(struct arena *a, const struct fire_news *n, int64_t ms)
{
	const char *local = due_local(a, n, ms), *utc = due_utc(a, n, ms);

	return local == NULL ? utc : arena_fmt(a, "%s, which is %s", local, utc);
}

static const char *
due_sentence(struct arena *a, const struct fire_news *n)
{
	int64_t late = n->c->late_ms / 1000;
	const char *due = when(a, n, rows_int(n->rows, 0, "due_ms"));

	if (n->v->outcome != FIRE_FIRED && late == 0)
		return arena_fmt(a, "It was due on %s.", due);
	if (n->v->outcome != FIRE_FIRED)
		return arena_fmt(a, "It was due on %s; that was %s before this was decided.", due,
		    span(a, late));
	if (late == 0)
		return arena_fmt(a, "It was due on %s, and done on time.", due);
	return arena_fmt(a, "It was due on %s, and done %s late.", due, span(a, late));
}

/* "The flag NAME of PROJECT" */
static const char *
subject(struct arena *a, const struct fire_news *n)
{
	return arena_fmt(a, "The %s %s of %s", is_flag(n) ? "flag" : "experiment",
	    rows_text(n->rows, 0, "resource_name"), rows_text(n->rows, 0, "project_name"));
}

static const char *
fired_body(struct arena *a, const struct fire_news *n)
{
	const struct words *w = words_of(n->c);
	const char *where =
	    is_flag(n) ? arena_fmt(a, " in %s", rows_text(n->rows, 0, "environment_name")) : "";

	if (was_there(n->v))
		return arena_fmt(a, "%s %s%s. Nothing was changed. %s", subject(a, n), w->already,
		    where, due_sentence(a, n));
	return arena_fmt(a, "%s %s now%s. %s%s", subject(a, n), w->now, where, due_sentence(a, n),
	    is_flag(n)                           ? " Other environments were not touched."
		: strcmp(n->c->kind, "end") == 0 ? " Look at the results before you stop it."
						 : "");
}

/* In words, a sentence; NULL when there is none. */
static const char *
reason(struct arena *a, const struct fire_news *n)
{
	if (n->v->reason == NULL)
		return NULL;
	if (strcmp(n->v->reason, REASON_PREFLIGHT_FAILED) == 0 && n->c->preflight != NULL)
		return arena_fmt(a, "Its preflight no longer passes: %s.", n->c->preflight);
	return schedule_sentence(n->v->reason);
}

const char *
fire_body(struct arena *a, const struct fire_news *n)
{
	const struct words *w = words_of(n->c);
	const char *did, *why, *stays;

	if (n->v->outcome == FIRE_FIRED)
		return fired_body(a, n);
	did = n->v->outcome == FIRE_MISSED ? w->missed : w->failed;
	why = reason(a, n);
	stays = n->v->to != NULL  ? "The experiment is a draft again."
	    : n->c->state == NULL ? "Nothing was changed."
				  : w->stays;
	return arena_fmt(a, "%s %s%s%s. %s %s %s%s%s", subject(a, n), did, is_flag(n) ? " in " : "",
	    is_flag(n) ? rows_text(n->rows, 0, "environment_name") : "", why, due_sentence(a, n),
	    stays, n->drops ? " " : "", n->drops ? w->dropped : "");
}

const char *
fire_link(struct arena *a, const struct fire_news *n)
{
	const char *column = is_flag(n) ? "flag_id" : "resource_id";
	const char *id = n->c->state != NULL ? rows_text(n->rows, 0, column) : NULL;
	const char *link =
	    schedule_link(a, is_flag(n), id, rows_text(n->rows, 0, "environment_id"));

	if (id == NULL || n->v->outcome == FIRE_FIRED)
		return link;
	return arena_fmt(a, "%s&schedule=1", link);
}

const char *
fire_data(struct arena *a, const struct fire_news *n)
{
	struct out o;

	out_init(&o, a, 256);
	out_open(&o, '{');
	out_key(&o, "reason");
	out_text(&o, n->v->reason);
	out_key(&o, "late_seconds");
	out_int(&o, n->c->late_ms / 1000);
	out_key(&o, "kind");
	out_text(&o, n->c->kind);
	out_key(&o, "due_at");
	out_moment(&o, rows_text(n->rows, 0, "due_at"));
	out_key(&o, "time_zone");
	out_text(&o, rows_text(n->rows, 0, "time_zone"));
	out_key(&o, "schedule_id");
	out_text(&o, rows_text(n->rows, 0, "schedule_id"));
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

const char *
fire_moved_title(struct arena *a, const struct fire_news *n)
{
	const char *name = rows_text(n->rows, 0, "resource_name");

	if (!is_flag(n))
		return arena_fmt(a, "%s ends at another time", name);
	return arena_fmt(a, "%s is switched off at another time in %s", name,
	    rows_text(n->rows, 0, "environment_name"));
}

const char *
fire_moved_body(struct arena *a, const struct fire_news *n, int64_t to_ms)
{
	const char *where =
	    is_flag(n) ? arena_fmt(a, " in %s", rows_text(n->rows, 0, "environment_name")) : "";

	return arena_fmt(a,
	    "%s is to %s%s on %s. It was to be on %s, before the rules of the time zone changed. "
	    "It is %s after it begins, at %s there, as you have asked for.",
	    subject(a, n), is_flag(n) ? "be switched off" : "end", where, when(a, n, to_ms),
	    when(a, n, rows_int(n->rows, 0, "due_ms")),
	    text_count(a, rows_int(n->rows, 0, "end_days"), "day"),
	    rows_text(n->rows, 0, "end_time"));
}

void
fire_mail(struct arena *a, const struct fire_news *n, int64_t ms, struct notice *out)
{
	const char *local = due_local(a, n, ms), *utc = due_utc(a, n, ms);

	out->when = local != NULL ? local : utc;
	out->when_utc = local != NULL ? utc : NULL;
	out->why = reason(a, n);
	if (rows_text(n->rows, 0, "scheduled_by") == NULL)
		out->because = arena_fmt(a, "you own %s, and the account that scheduled it is gone",
		    rows_text(n->rows, 0, "team_name"));
}
