/* common/job: what people are told of a job's length and failure. */
#include "job.h"

#include <string.h>

#include "t.h"

static const struct {
	int64_t ms;
	const char *words;
} durations[] = {
	{ -5, "less than a second" }, /* a clock that was set back meanwhile */
	{ 0, "less than a second" },
	{ 999, "less than a second" },
	{ 1000, "1 second" },
	{ 1999, "1 second" },
	{ 2000, "2 seconds" },
	{ 59999, "59 seconds" },
	{ 60000, "1 minute" },
	{ 61000, "1 minute 1 second" },
	{ 125000, "2 minutes 5 seconds" },
	{ 3599999, "59 minutes 59 seconds" },
	{ 3600000, "1 hour" },
	{ 3659000, "1 hour" },
	{ 3660000, "1 hour 1 minute" },
	{ 90000000, "25 hours" },
	{ 90120000, "25 hours 2 minutes" },
};

int
main(void)
{
	struct arena a;

	arena_init(&a, 65536);
	for (size_t i = 0; i < COUNT(durations); i++) {
		const char *words = job_duration(&a, durations[i].ms);

		T_OK(strcmp(words, durations[i].words) == 0, "%ld ms: %s", (long)durations[i].ms,
		    words);
	}
	for (size_t i = 0; job_types[i].name != NULL; i++) {
		T_OK(job_find(job_types[i].name) == &job_types[i], "%s", job_types[i].name);
		T_OK(job_type_names[i] != NULL && strcmp(job_type_names[i], job_types[i].name) == 0,
		    "the names are those of the types, at %s", job_types[i].name);
	}
	T_OK(job_find("project_exports") == NULL && job_find("") == NULL, "unknown types");
	T_OK(job_failure(NULL) == NULL, "no failure");
	T_OK(strstr(job_failure("no_space"), "room") != NULL, "the disk is full");
	T_OK(job_failure("of a newer version") != NULL, "some words for any other");
	arena_free(&a);
	return T_DONE("job");
}
