#include "fire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"
#include "rights.h"
#include "schedule.h"

#define DOUBT_MS 60000 /* between the database's clock and this machine's */
#define BACK_MS  1000  /* how far a clock may be set back by those who keep it right */

static const struct {
	const char *kind, *state;
} there[] = {
	{ "launch", "RUNNING" },
	{ "end", "PAUSED" },
	{ "end", "COMPLETED" },
	{ "enable", "on" },
	{ "disable", "off" },
};

static bool
is_there(const struct fire_case *c)
{
	for (size_t i = 0; i < COUNT(there); i++)
		if (strcmp(there[i].kind, c->kind) == 0 && strcmp(there[i].state, c->state) == 0)
			return true;
	return false;
}

/* Where the moment leads from this state, or NULL. */
static const char *
next_state(const struct fire_case *c)
{
	if (strcmp(c->kind, "enable") == 0)
		return strcmp(c->state, "off") == 0 ? "on" : NULL;
	if (strcmp(c->kind, "disable") == 0)
		return strcmp(c->state, "on") == 0 ? "off" : NULL;
	return lifecycle_next(c->state, c->kind);
}

/* What stands against it: a reason, or NULL with *to, NULL when it is there already. */
static const char *
refusal(const struct fire_case *c, const char **to)
{
	*to = NULL;
	if (c->strict && !rights_allow(c->role, RIGHT_PUBLISH))
		return REASON_PERMISSION_REVOKED;
	if (c->state == NULL || strcmp(c->state, "ARCHIVED") == 0)
		return REASON_RESOURCE_UNAVAILABLE;
	if (is_there(c))
		return NULL;
	if (next_state(c) == NULL)
		return REASON_STATUS_CHANGED;
	if (strcmp(c->kind, "launch") == 0 && c->preflight != NULL)
		return REASON_PREFLIGHT_FAILED;
	*to = next_state(c);
	return NULL;
}

struct fire_verdict
fire_decide(const struct fire_case *c)
{
	struct fire_verdict v = { FIRE_FIRED, NULL, NULL };

	if (c->late_ms > FIRE_LATE_MS && c->doubtful)
		return (struct fire_verdict){ FIRE_SKIPPED, NULL, NULL };
	if (c->late_ms > FIRE_LATE_MS)
		v = (struct fire_verdict){ FIRE_MISSED, REASON_TOO_LATE, NULL };
	else if ((v.reason = refusal(c, &v.to)) != NULL)
		v.outcome = FIRE_FAILED;
	else if (v.to == NULL)
		v.reason = REASON_ALREADY_THERE;
	if (v.outcome != FIRE_FIRED && c->state != NULL && strcmp(c->kind, "launch") == 0)
		v.to = lifecycle_next(c->state, "cancel"); /* a draft again */
	return v;
}

const char *
fire_outcome(enum fire_tally outcome)
{
	static const char *const names[] = { "FIRED", "MISSED", "FAILED", "LEFT" };

	return names[outcome];
}

const char *
fire_doubt(struct arena *a, int64_t database_ms, int64_t host_ms, int64_t last_ms)
{
	int64_t ahead = database_ms - host_ms, back = last_ms - database_ms;

	if (ahead > DOUBT_MS || ahead < -DOUBT_MS)
		return arena_fmt(a, "the database's clock is %" PRId64 " seconds %s this machine's",
		    (ahead < 0 ? -ahead : ahead) / 1000, ahead < 0 ? "behind" : "ahead of");
	if (last_ms != 0 && back > BACK_MS)
		return arena_fmt(a,
		    "the database's clock is %" PRId64 " seconds before the end of the last run",
		    back / 1000);
	return NULL;
}
