/*
 * calendar - what is scheduled in the projects of a user's teams, as iCalendar (RFC 5545).
 *
 * A moment is an event without a duration that makes nobody busy.  What was decided, and the
 * moments of a team that the user has left, are gone at the next reading.  There is no METHOD:
 * with one, every event would need an organizer.
 */
#include <inttypes.h>
#include <string.h>

#include "cgi/feeds/feeds.h"
#include "cgi/feeds/ical.h"
#include "listing.h"
#include "queries.h"
#include "schedule.h"
#include "token.h"

#define MOMENTS "500"
#define PACE    "PT1H" /* how often a calendar should ask */

/* By kind of moment. */
static const struct words {
	const char *kind, *title, *noun, *does, *category;
} words[] = {
	{ "launch", "Launch", "experiment", "is launched", "Experiment" },
	{ "end", "End", "experiment", "ends", "Experiment" },
	{ "enable", "Enable", "flag", "is switched on", "Flag" },
	{ "disable", "Disable", "flag", "is switched off", "Flag" },
};

static const struct words *
words_of(const char *kind)
{
	size_t i = 0;

	while (i < COUNT(words) - 1 && strcmp(words[i].kind, kind) != 0)
		i++;
	return &words[i];
}

/* " (production)" or " in production"; nothing for an experiment. */
static const char *
around(struct arena *a, const char *before, const char *environment, const char *after)
{
	return environment != NULL ? arena_fmt(a, "%s%s%s", before, environment, after) : "";
}

static void
words_ics(struct out *o, const struct db_rows *rows, int row, const char *url)
{
	const struct words *w = words_of(rows_text(rows, row, "kind"));
	const char *name = rows_text(rows, row, "resource_name");
	const char *project = rows_text(rows, row, "project_name");
	const char *environment = rows_text(rows, row, "environment_name");
	const char *by = rows_text(rows, row, "scheduler_name");

	ical_text(o, "SUMMARY",
	    text_one_line(o->a,
		arena_fmt(o->a, "%s: %s%s", w->title, name, around(o->a, " (", environment, ")"))));
	ical_text(o, "DESCRIPTION",
	    arena_fmt(o->a, "The %s %s of %s %s%s.\nScheduled by %s, in the time zone %s.\n\n%s",
		w->noun, name, project, w->does, around(o->a, " in ", environment, ""),
		by != NULL ? by : "somebody who has left", rows_text(rows, row, "time_zone"), url));
	ical_texts(o, "CATEGORIES", (const char *const[]){ w->category, project, NULL });
}

static void
moment_ics(struct out *o, const struct conf *conf, const struct db_rows *rows, int row)
{
	const char *changed_at = rows_text(rows, row, "changed_at");
	const char *url = arena_fmt(o->a, "%s%s", conf->base_url,
	    schedule_link(o->a, rows_bool(rows, row, "is_flag"),
		rows_text(rows, row, "resource_id"), rows_text(rows, row, "environment_id")));

	ical_begin(o, "VEVENT");
	ical_raw(o, "UID", rows_text(rows, row, "id"));
	ical_moment(o, "DTSTAMP", changed_at);
	ical_moment(o, "LAST-MODIFIED", changed_at);
	ical_moment(o, "CREATED", rows_text(rows, row, "made_at"));
	ical_raw(o, "SEQUENCE", arena_fmt(o->a, "%" PRId64, rows_int(rows, row, "version") - 1));
	ical_moment(o, "DTSTART", rows_text(rows, row, "due_at"));
	words_ics(o, rows, row, url);
	ical_raw(o, "URL", url);
	ical_raw(o, "TRANSP", "TRANSPARENT");
	ical_end(o, "VEVENT");
}

/* A calendar must hold something; a zone by which nothing goes says nothing. */
static void
empty_ics(struct out *o)
{
	ical_begin(o, "VTIMEZONE");
	ical_raw(o, "TZID", "UTC");
	ical_begin(o, "STANDARD");
	ical_raw(o, "DTSTART", "19700101T000000");
	ical_raw(o, "TZOFFSETFROM", "+0000");
	ical_raw(o, "TZOFFSETTO", "+0000");
	ical_end(o, "STANDARD");
	ical_end(o, "VTIMEZONE");
}

static void
calendar_ics(struct out *o, const struct conf *conf, const struct db_rows *rows)
{
	const char *name = rows_text(rows, 0, "feed_name");
	int n = rows_text(rows, 0, "id") != NULL ? rows_count(rows) : 0;

	name = name[0] != '\0' ? name : "Carillon schedules";
	ical_begin(o, "VCALENDAR");
	ical_raw(o, "VERSION", "2.0");
	ical_raw(o, "PRODID", "-//Carillon//Schedules//EN");
	ical_raw(o, "CALSCALE", "GREGORIAN");
	ical_text(o, "NAME", name);
	ical_text(o, "X-WR-CALNAME", name);
	ical_raw(o, "REFRESH-INTERVAL;VALUE=DURATION", PACE);
	ical_raw(o, "X-PUBLISHED-TTL", PACE);
	for (int i = 0; i < n && o->n < LISTING_BYTES; i++)
		moment_ics(o, conf, rows, i);
	if (n == 0)
		empty_ics(o);
	ical_end(o, "VCALENDAR");
}

int
show_calendar(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct feed f;
	enum db_status st;
	struct out *o;

	if (feed_open(rq, rp, &feed_calendar, &f) != 0)
		return rp->status;
	st = db_read(rq->db, &q_feed_moments, DB_ARGS(f.user, f.id, MOMENTS), &rows);
	if (feed_failed(rq, rp, st) != 0)
		return rp->status;
	o = feed_begin(rq, rp, &feed_calendar);
	calendar_ics(o, rq->conf, rows);
	return feed_done(rq, rp, token_tag(rq->a, o->s, o->n));
}
