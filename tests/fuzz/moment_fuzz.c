/*
 * moment: a time that is accepted, printed and parsed again is the same instant, and the C library
 * counts as many seconds for it.
 */
#include "moment.h"

#include <time.h>

#include "fuzz.h"

/* What timegm() makes of the same text; it knows nothing of our calendar. */
static int64_t
counted(const char *s, size_t n)
{
	struct tm tm = { 0 };
	int hour = 0, minute = 0, ms = 0;
	const char *zone = s + n - 6;

	sscanf(s, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	    &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (s[n - 1] != 'Z' && s[n - 1] != 'z')
		sscanf(zone + 1, "%2d:%2d", &hour, &minute);
	else
		zone = "+";
	for (int i = 20, scale = 100; s[19] == '.' && s[i] >= '0' && s[i] <= '9'; i++, scale /= 10)
		ms += (s[i] - '0') * scale;
	return ((int64_t)timegm(&tm) - (*zone == '-' ? -60 : 60) * (hour * 60 + minute)) * 1000 +
	    ms;
}

static void
parsed(const char *s, size_t n)
{
	char printed[MOMENT_LEN + 1];
	int64_t ms = 0, again;

	if (!moment_parse(s, n, &ms)) {
		HOLDS(ms == 0, "written though refused: %s", s);
		return;
	}
	HOLDS(ms == counted(s, n), "%s: %lld, not %lld", s, (long long)ms,
	    (long long)counted(s, n));
	moment_format(ms, printed);
	HOLDS(moment_is_exact(printed, strlen(printed)), "%s prints as %s", s, printed);
	HOLDS(moment_parse(printed, strlen(printed), &again) && again == ms, "%s prints as %s", s,
	    printed);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	const char *text = arena_ndup(a, s, n);
	char printed[MOMENT_LEN + 1], pg[48];
	int64_t ms;

	parsed(text, n);
	if (!moment_is_exact(s, n))
		return;
	if (!moment_parse(s, n, &ms)) /* our form has room for the year 0000 */
		return;
	moment_format(ms, printed);
	HOLDS(strcmp(printed, text) == 0, "%s prints as %s", text, printed);
	snprintf(pg, sizeof(pg), "%.10s %.12s+00", text, text + 11);
	moment_from_pg(pg, printed);
	HOLDS(strcmp(printed, text) == 0, "%s from %s", printed, pg);
}
