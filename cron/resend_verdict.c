#include "resend_verdict.h"

#include <stdio.h>
#include <string.h>

#include "excerpt.h"
#include "text.h"

#define HOUR       60
#define SHOWN_MAX  45 /* characters of a name */
#define STATUS_MAX 20 /* bytes of a status */

_Static_assert(STATUS_MAX + 4 * SHOWN_MAX <= SEND_WHY_MAX, "no character is cut");

/* By status and name; a row without a name is for all other names, one without a status's units
 * (as 400) for the class. */
static const struct row {
	long status;
	const char *name;
	enum outcome outcome;
	int64_t park_min;
} rows[] = {
	{ 400, "validation_error", OUT_NEVER, 0 },
	{ 400, "invalid_idempotency_key", OUT_NEVER, 0 },
	/* A key can be mended at any moment: each run asks once. */
	{ 401, "missing_api_key", OUT_PARKED, 0 },
	{ 401, "restricted_api_key", OUT_PARKED, 0 },
	{ 401, NULL, OUT_PARKED, 0 },
	{ 403, "invalid_api_key", OUT_PARKED, 0 },
	{ 403, "suspended_api_key", OUT_PARKED, 0 },
	{ 403, "restricted_api_key", OUT_PARKED, 0 },
	{ 403, "validation_error", OUT_PARKED, 0 }, /* the domain is not verified */
	{ 403, "invalid_permission", OUT_PARKED, 0 },
	{ 403, NULL, OUT_PARKED, 0 },
	{ 404, "not_found", OUT_PARKED, 0 },
	{ 404, NULL, OUT_PARKED, 0 },
	{ 405, "method_not_allowed", OUT_PARKED, 0 },
	{ 405, NULL, OUT_PARKED, 0 },
	{ 408, NULL, OUT_UNKNOWN, 0 },
	{ 409, "concurrent_idempotent_requests", OUT_BUSY, 0 },
	{ 409, "resource_locked", OUT_BUSY, 0 },
	{ 409, "invalid_idempotent_request", OUT_CONFLICT, 0 },
	{ 422, "validation_error", OUT_NEVER, 0 },
	{ 422, "missing_required_field", OUT_NEVER, 0 },
	{ 422, "missing_required_parameter", OUT_NEVER, 0 },
	{ 422, "invalid_parameter", OUT_NEVER, 0 },
	{ 422, "invalid_attachment", OUT_NEVER, 0 },
	{ 422, "invalid_from_address", OUT_NEVER, 0 },
	{ 422, "invalid_access", OUT_NEVER, 0 },
	{ 422, "invalid_region", OUT_NEVER, 0 },
	{ 422, "invalid_idempotency_key", OUT_NEVER, 0 },
	{ 429, "rate_limit_exceeded", OUT_PACE, 0 },
	{ 429, "daily_quota_exceeded", OUT_PARKED, 1 * HOUR },
	{ 429, "monthly_quota_exceeded", OUT_PARKED, 6 * HOUR },
	{ 429, NULL, OUT_PACE, 0 },
	{ 451, "security_error", OUT_NEVER, 0 },
	{ 500, "application_error", OUT_UNKNOWN, 0 },
	{ 500, "internal_server_error", OUT_UNKNOWN, 0 },
	{ 503, "service_unavailable", OUT_UNKNOWN, 0 },
	/* classes */
	{ 200, NULL, OUT_SENT, 0 },
	{ 300, NULL, OUT_PARKED, 0 }, /* redirects are not followed: the address is wrong */
	{ 400, NULL, OUT_NEVER, 0 },
	{ 500, NULL, OUT_UNKNOWN, 0 },
};

struct verdict
resend_verdict(long status, const char *name)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		bool is_class = r->status % 100 == 0 && r->name == NULL;

		if (r->status != (is_class ? status / 100 * 100 : status))
			continue;
		if (r->name == NULL || (name != NULL && strcmp(name, r->name) == 0))
			return (struct verdict){ r->outcome, r->name != NULL, r->park_min };
	}
	return (struct verdict){ .outcome = OUT_UNKNOWN };
}

void
resend_why(struct arena *a, long status, const char *name, char out[SEND_WHY_MAX])
{
	snprintf(out, SEND_WHY_MAX, "%ld %s", status,
	    name != NULL ? excerpt_cut(a, text_one_line(a, name), SHOWN_MAX) : "without a name");
}
