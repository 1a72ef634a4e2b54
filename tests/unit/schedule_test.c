/* common/schedule: the codes in words, HH:mm, and when a relative end is. */
#include "schedule.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

static const char *const codes[] = { REASON_TOO_LATE, REASON_PERMISSION_REVOKED,
	REASON_PREFLIGHT_FAILED, REASON_RESOURCE_UNAVAILABLE, REASON_STATUS_CHANGED,
	REASON_ALREADY_THERE, REASON_NOT_STARTED, REASON_MANUAL_CHANGE, REASON_CANCELLED,
	REASON_EDITED };

static void
test_codes(void)
{
	for (size_t i = 0; i < COUNT(codes); i++) {
		const char *words = schedule_sentence(codes[i]);

		T_OK(words != NULL && words[strlen(words) - 1] == '.', "%s in words", codes[i]);
	}
	T_OK(schedule_sentence("") == NULL && schedule_sentence("Too_late") == NULL, "no code");
}

static void
test_time(void)
{
	static const char *const bad[] = { "", "24:00", "23:60", "9:30", "09:3", "09:30 ", " 9:30",
		"09-30", "09:30:00", "-1:00", "0a:00", "00:a0", ":", "0930" };
	int hour = -1, minute = -1;
	char text[16];

	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(!schedule_time(bad[i], &hour, &minute), "'%s' is no time", bad[i]);
	for (int at = 0; at < 24 * 60; at++) {
		snprintf(text, sizeof(text), "%02d:%02d", at / 60, at % 60);
		T_OK(schedule_time(text, &hour, &minute) && hour * 60 + minute == at, "%s", text);
	}
}

static void
test_end(void)
{
	static const struct {
		const char *zone;
		int64_t first;
		int days;
		const char *time;
		int64_t at;
		enum zone_rule rule;
	} rows[] = {
		/* 2024-03-08 15:00 in New York, and the gap of the 10th */
		{ "America/New_York", 1709928000, 2, "02:30", 1710054000, ZONE_GAP },
		{ "America/New_York", 1709928000, 2, "03:00", 1710054000, ZONE_EXACT },
		{ "America/New_York", 1709928000, 0, "15:01", 1709928060, ZONE_EXACT },
		/* 2024-11-02 12:00 there, and 01:30 of the 3rd, which comes twice */
		{ "America/New_York", 1730563200, 1, "01:30", 1730611800, ZONE_OVERLAP },
		/* 2024-02-28 23:30 UTC is the 29th in Berlin */
		{ "Europe/Berlin", 1709163000, 1, "00:30", 1709249400, ZONE_EXACT },
	};
	struct zone_instant got;
	const struct zone *z;
	struct arena a;

	arena_init(&a, 1 << 24);
	for (size_t i = 0; i < COUNT(rows); i++) {
		T_OK(zone_load(&a, rows[i].zone, &z) == ZONE_OK, "%s", rows[i].zone);
		T_OK(schedule_end(z, rows[i].first * 1000, rows[i].days, rows[i].time, &got) &&
			got.ms == rows[i].at * 1000 && got.rule == rows[i].rule,
		    "row %zu: %lld, %s", i, (long long)(got.ms / 1000), zone_rule_name(got.rule));
		T_OK(!schedule_end(z, rows[i].first * 1000, 0, "24:00", &got), "no such time");
	}
	arena_free(&a);
}

int
main(void)
{
	test_codes();
	test_time();
	test_end();
	return T_DONE("schedule");
}
