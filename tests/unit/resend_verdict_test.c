/* cron/resend_verdict: what each answer of Resend means, a row each. */
#include "cron/resend_verdict.h"

#include "t.h"
#include "text.h"

static const struct {
	long status;
	const char *name;
	enum outcome want;
	bool own_words;
	int64_t park_min;
} rows[] = {
	{ 200, NULL, OUT_SENT, false, 0 },
	{ 201, NULL, OUT_SENT, false, 0 },
	{ 204, "anything", OUT_SENT, false, 0 },
	{ 301, NULL, OUT_PARKED, false, 0 },
	{ 307, "validation_error", OUT_PARKED, false, 0 },
	{ 400, "validation_error", OUT_NEVER, true, 0 },
	{ 400, "invalid_idempotency_key", OUT_NEVER, true, 0 },
	{ 400, "something_new", OUT_NEVER, false, 0 },
	{ 400, NULL, OUT_NEVER, false, 0 },
	{ 401, "missing_api_key", OUT_PARKED, true, 0 },
	{ 401, "restricted_api_key", OUT_PARKED, true, 0 },
	{ 401, NULL, OUT_PARKED, false, 0 },
	{ 402, NULL, OUT_NEVER, false, 0 },
	{ 403, "invalid_api_key", OUT_PARKED, true, 0 },
	{ 403, "suspended_api_key", OUT_PARKED, true, 0 },
	{ 403, "restricted_api_key", OUT_PARKED, true, 0 },
	{ 403, "validation_error", OUT_PARKED, true, 0 },
	{ 403, "invalid_permission", OUT_PARKED, true, 0 },
	{ 403, NULL, OUT_PARKED, false, 0 }, /* as without a User-Agent: HTML with code 1010 */
	{ 404, "not_found", OUT_PARKED, true, 0 },
	{ 404, NULL, OUT_PARKED, false, 0 },
	{ 405, "method_not_allowed", OUT_PARKED, true, 0 },
	{ 405, NULL, OUT_PARKED, false, 0 },
	{ 408, NULL, OUT_UNKNOWN, false, 0 },
	{ 409, "concurrent_idempotent_requests", OUT_BUSY, true, 0 },
	{ 409, "resource_locked", OUT_BUSY, true, 0 },
	{ 409, "invalid_idempotent_request", OUT_CONFLICT, true, 0 },
	{ 409, "something_new", OUT_NEVER, false, 0 },
	{ 409, NULL, OUT_NEVER, false, 0 },
	{ 413, NULL, OUT_NEVER, false, 0 },
	{ 422, "validation_error", OUT_NEVER, true, 0 },
	{ 422, "missing_required_field", OUT_NEVER, true, 0 },
	{ 422, "missing_required_parameter", OUT_NEVER, true, 0 },
	{ 422, "invalid_parameter", OUT_NEVER, true, 0 },
	{ 422, "invalid_attachment", OUT_NEVER, true, 0 },
	{ 422, "invalid_from_address", OUT_NEVER, true, 0 },
	{ 422, "invalid_access", OUT_NEVER, true, 0 },
	{ 422, "invalid_region", OUT_NEVER, true, 0 },
	{ 422, "invalid_idempotency_key", OUT_NEVER, true, 0 },
	{ 422, NULL, OUT_NEVER, false, 0 },
	{ 429, "rate_limit_exceeded", OUT_PACE, true, 0 },
	{ 429, "daily_quota_exceeded", OUT_PARKED, true, 60 },
	{ 429, "monthly_quota_exceeded", OUT_PARKED, true, 360 },
	{ 429, "something_new", OUT_PACE, false, 0 },
	{ 429, NULL, OUT_PACE, false, 0 },
	{ 451, "security_error", OUT_NEVER, true, 0 },
	{ 451, NULL, OUT_NEVER, false, 0 },
	{ 500, "application_error", OUT_UNKNOWN, true, 0 },
	{ 500, "internal_server_error", OUT_UNKNOWN, true, 0 },
	{ 500, NULL, OUT_UNKNOWN, false, 0 },
	{ 502, NULL, OUT_UNKNOWN, false, 0 },
	{ 503, "service_unavailable", OUT_UNKNOWN, true, 0 },
	{ 520, "validation_error", OUT_UNKNOWN, false, 0 },
	{ 0, NULL, OUT_UNKNOWN, false, 0 },
	{ 101, NULL, OUT_UNKNOWN, false, 0 },
	{ 999, NULL, OUT_UNKNOWN, false, 0 },
};

/* It is kept in the database and shown: no half of a character, no end of a line. */
static void
test_why(void)
{
	struct arena a;
	char name[400], why[SEND_WHY_MAX];

	arena_init(&a, 1024 * 1024);
	resend_why(&a, 422, "validation_error", why);
	T_SAME(why, "422 validation_error", "why");
	resend_why(&a, 403, NULL, why);
	T_SAME(why, "403 without a name", "why");
	resend_why(&a, 500, "a\r\nb", why);
	T_SAME(why, "500 a  b", "why");
	for (size_t shift = 0; shift < 4; shift++) {
		memset(name, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof(name); i += 4)
			memcpy(name + i, "\xf0\x9f\x94\x94", 5);
		resend_why(&a, 422, name, why);
		T_OK(text_is_utf8(why, strlen(why)) && text_length(why) == 4 + 45, "%s", why);
	}
	arena_free(&a);
}

int
main(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict v = resend_verdict(rows[i].status, rows[i].name);
		const char *name = rows[i].name != NULL ? rows[i].name : "without a name";

		T_OK(v.outcome == rows[i].want, "%ld %s: %d", rows[i].status, name, v.outcome);
		T_OK(v.own_words == rows[i].own_words, "%ld %s: words", rows[i].status, name);
		T_OK(v.park_min == rows[i].park_min, "%ld %s: %ld minutes", rows[i].status, name,
		    (long)v.park_min);
	}
	test_why();
	return T_DONE("resend_verdict");
}
