#include "schedule.h"

#include <string.h>

static const struct {
	const char *code, *sentence;
} reasons[] = {
	{ REASON_TOO_LATE, "More than an hour had passed before it could be carried out." },
	{ REASON_PERMISSION_REVOKED,
	    "The person who scheduled it no longer has the right to publish." },
	{ REASON_PREFLIGHT_FAILED, "The experiment no longer passes its preflight." },
	{ REASON_RESOURCE_UNAVAILABLE, "It was archived or deleted before the moment came." },
	{ REASON_STATUS_CHANGED, "Its status did not allow it any more." },
	{ REASON_ALREADY_THERE, "It was so already." },
	{ REASON_NOT_STARTED, "The moment that it follows did not fire." },
	{ REASON_MANUAL_CHANGE, "Somebody made a change by hand that came before it." },
	{ REASON_CANCELLED, "Somebody cancelled the schedule." },
	{ REASON_EDITED, "Somebody edited the schedule and left it out." },
};

const char *
schedule_sentence(const char *code)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (strcmp(reasons[i].code, code) == 0)
			return reasons[i].sentence;
	return NULL;
}

const char *
schedule_link(struct arena *a, bool is_flag, const char *id, const char *environment)
{
	if (id == NULL)
		return is_flag ? "/dashboard/flags" : "/dashboard/experiments";
	if (!is_flag)
		return arena_fmt(a, "/dashboard/experiments?id=%s", id);
	return arena_fmt(a, "/dashboard/flags?id=%s&environment=%s", id, environment);
}

static bool
digits(const char *s, int max, int *value)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*value = (s[0] - '0') * 10 + s[1] - '0';
	return *value <= max;
}

bool
schedule_time(const char *text, int *hour, int *minute)
{
	return strlen(text) == 5 && digits(text, 23, hour) && text[2] == ':' &&
	    digits(text + 3, 59, minute);
}

bool
schedule_end(const struct zone *z, int64_t first_ms, int days, const char *text,
    struct zone_instant *out)
{
	int hour, minute;

	return schedule_time(text, &hour, &minute) &&
	    zone_days_after(z, first_ms, days, hour, minute, out);
}
