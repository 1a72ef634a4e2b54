#include "zone_file.h"

#include "civil.h"

#define HOUR 3600
#define DAY  (24 * HOUR)

/* ---- reading: each takes what it knows at *s and moves on; false leaves *s anywhere ---- */

static bool
eat(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
read_number(const char **s, int least, int most, int *out)
{
	int n = 0, digits = 0;

	for (; is_digit(**s) && digits < 4; digits++)
		n = n * 10 + (*(*s)++ - '0');
	*out = n;
	return digits > 0 && n >= least && n <= most;
}

/* EST, or <-03> */
static bool
read_abbreviation(const char **s, struct arena *a, const char **out)
{
	bool quoted = eat(s, '<');
	const char *start = *s;

	while (is_letter(**s) || (quoted && (is_digit(**s) || **s == '+' || **s == '-')))
		(*s)++;
	if (*s - start < 3)
		return false;
	*out = arena_ndup(a, start, (size_t)(*s - start));
	return !quoted || eat(s, '>');
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool
read_clock(const char **s, int hours, int32_t *out)
{
	bool minus = eat(s, '-');
	int h, m = 0, sec = 0;

	if (!minus)
		eat(s, '+');
	if (!read_number(s, 0, hours, &h))
		return false;
	if (eat(s, ':') &&
	    (!read_number(s, 0, 59, &m) || (eat(s, ':') && !read_number(s, 0, 59, &sec))))
		return false;
	*out = (h * HOUR + m * 60 + sec) * (minus ? -1 : 1);
	return true;
}

/* POSIX counts west of Greenwich. */
static bool
read_type(const char **s, struct arena *a, struct zone_type *out)
{
	if (!read_abbreviation(s, a, &out->abbreviation) || !read_clock(s, 24, &out->offset))
		return false;
	out->offset = -out->offset;
	return true;
}

/* ,M3.2.0 or ,J60 or ,59 and then /time, which is 2:00 when it is not there */
static bool
read_change(const char **s, struct zone_change *out)
{
	bool day;

	if (!eat(s, ','))
		return false;
	if (eat(s, 'M')) {
		out->kind = DAY_OF_MONTH;
		day = read_number(s, 1, 12, &out->month) && eat(s, '.') &&
		    read_number(s, 1, 5, &out->week) && eat(s, '.') &&
		    read_number(s, 0, 6, &out->day);
	} else if (eat(s, 'J')) {
		out->kind = DAY_BUT_LEAP;
		day = read_number(s, 1, 365, &out->day);
	} else {
		out->kind = DAY_OF_YEAR;
		day = read_number(s, 0, 365, &out->day);
	}
	out->seconds = 2 * HOUR;
	return day && (!eat(s, '/') || read_clock(s, 167, &out->seconds));
}

bool
zone_tail_parse(struct arena *a, const char *s, struct zone_tail *out)
{
	*out = (struct zone_tail){ 0 };
	if (!read_type(&s, a, &out->standard))
		return false;
	if (*s == '\0')
		return true;
	out->changes = true;
	if (!read_abbreviation(&s, a, &out->summer.abbreviation))
		return false;
	out->summer.offset = out->standard.offset + HOUR;
	if (*s != ',') {
		if (!read_clock(&s, 24, &out->summer.offset))
			return false;
		out->summer.offset = -out->summer.offset;
	}
	return read_change(&s, &out->begin) && read_change(&s, &out->end) && *s == '\0';
}

/* ---- when ---- */

/* The day numbered week of that weekday in the month; week 5 is the last. */
static int64_t
weekday_of_month(int year, int month, int week, int weekday)
{
	int64_t first = civil_to_days(year, month, 1);
	int starts = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	int day = (weekday - starts + 7) % 7 + (week - 1) * 7;

	while (day >= civil_month_days(year, month))
		day -= 7;
	return first + day;
}

/* The change of that year, on clocks that are offset before it. */
static int64_t
change_at(const struct zone_change *c, int year, int32_t offset)
{
	int64_t new_year = civil_to_days(year, 1, 1), days;

	switch (c->kind) {
	case DAY_OF_MONTH:
		days = weekday_of_month(year, c->month, c->week, c->day);
		break;
	case DAY_BUT_LEAP: /* March the 1st is the 60th in every year */
		days = new_year + c->day - 1 + (civil_month_days(year, 2) == 29 && c->day >= 60);
		break;
	default:
		days = new_year + c->day;
	}
	return days * DAY + c->seconds - offset;
}

/*
 * A change may stand a week outside of its year, so that two years to either side hold
 * both the last change up to t and the next one.  Of two at the same instant the one that
 * was added later holds: summer all year ends and begins again with every new year.
 */
struct zone_span
zone_tail_span(const struct zone_tail *tail, int64_t t)
{
	struct zone_span span = { INT64_MIN, INT64_MAX, &tail->standard };
	int year, month, day;

	if (!tail->changes)
		return span;
	civil_from_days((t + tail->standard.offset) / DAY, &year, &month, &day);
	for (int y = year - 2; y <= year + 2; y++) {
		const struct zone_span changes[] = {
			{ change_at(&tail->begin, y, tail->standard.offset), 0, &tail->summer },
			{ change_at(&tail->end, y, tail->summer.offset), 0, &tail->standard },
		};

		for (size_t i = 0; i < COUNT(changes); i++) {
			if (changes[i].start > t && changes[i].start < span.end) {
				span.end = changes[i].start;
			} else if (changes[i].start <= t && changes[i].start >= span.start) {
				span.start = changes[i].start;
				span.type = changes[i].type;
			}
		}
	}
	return span;
}
