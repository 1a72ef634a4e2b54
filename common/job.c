#include "job.h"

#include <string.h>

#include "notify.h"
#include "text.h"

const struct job_type job_types[] = {
	{ "project_export", "Export", true },
	{ "issue_digest", "Issue digest", false },
	{ 0 },
};

const char *const job_type_names[] = { "project_export", "issue_digest", NULL };

static const struct {
	const char *error, *words;
} failures[] = {
	{ "worker_died", "its worker ended before it was through, three times" },
	{ "no_space", "there is no room left for the file" },
	{ "write_failed", "the file could not be written" },
	{ "internal", "something went wrong on our side" },
};

const struct job_type *
job_find(const char *name)
{
	for (const struct job_type *t = job_types; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

const char *
job_failure(const char *error)
{
	if (error == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT(failures); i++)
		if (strcmp(failures[i].error, error) == 0)
			return failures[i].words;
	return "something went wrong";
}

/* ---- words ---- */

/* "1 hour", or with what is left of it "1 hour 5 minutes". */
static const char *
two_of(struct arena *a, int64_t n, const char *unit, int64_t rest, const char *smaller)
{
	if (rest == 0)
		return text_count(a, n, unit);
	return arena_fmt(a, "%s %s", text_count(a, n, unit), text_count(a, rest, smaller));
}

const char *
job_duration(struct arena *a, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 1)
		return "less than a second";
	if (s < 60)
		return text_count(a, s, "second");
	if (s < 3600)
		return two_of(a, s / 60, "minute", s % 60, "second");
	return two_of(a, s / 3600, "hour", s % 3600 / 60, "minute");
}

/* What it came to, as a sentence of its own, or "". */
static const char *
outcome_of(struct arena *a, const struct db_rows *rows)
{
	if (rows_bool(rows, 0, "has_file"))
		return " The file can be downloaded for a week.";
	if (rows_text(rows, 0, "issues") == NULL)
		return "";
	if (rows_int(rows, 0, "issues") == 0)
		return " There was nothing new to tell.";
	return arena_fmt(a, " It told of %s.", text_count(a, rows_int(rows, 0, "issues"), "issue"));
}

static const char *
body_of(struct arena *a, const struct db_rows *rows)
{
	const char *status = rows_text(rows, 0, "status"), *took;

	if (rows_text(rows, 0, "ms") == NULL)
		return "It had not begun.";
	took = job_duration(a, rows_int(rows, 0, "ms"));
	if (strcmp(status, "cancelled") == 0)
		return arena_fmt(a, "It was stopped after %s.", took);
	if (strcmp(status, "failed") == 0)
		return arena_fmt(a, "It stopped after %s: %s.", took,
		    job_failure(rows_text(rows, 0, "error")));
	return arena_fmt(a, "It took %s.%s", took, outcome_of(a, rows));
}

static const char *
subject_of(struct arena *a, const struct db_rows *rows)
{
	const struct job_type *t = job_find(rows_text(rows, 0, "type"));
	const char *project = rows_text(rows, 0, "project_name");

	return arena_fmt(a, "%s of %s", t != NULL ? t->label : "Job",
	    project != NULL ? project : rows_text(rows, 0, "team_name"));
}

enum db_status
job_tell(struct db_tx *tx, struct arena *a, const struct conf *conf, const struct db_rows *rows,
    const char *request)
{
	const char *id = rows_text(rows, 0, "id"), *team = rows_text(rows, 0, "team_id");
	const char *type = rows_text(rows, 0, "type"), *status = rows_text(rows, 0, "status");
	const char *subject = subject_of(a, rows), *key = rows_text(rows, 0, "key_name");
	struct notice n = {
		.type = "job.completed",
		.users = rows_text(rows, 0, "users"),
		.dedupe = arena_fmt(a, "job:%s", id),
		.team = team,
		.team_name = rows_text(rows, 0, "team_name"),
		.title = arena_fmt(a, "%s %s", subject, status),
		.body = body_of(a, rows),
		.link = arena_fmt(a, "/dashboard/jobs?team=%s&job=%s", team, id),
		.data = arena_fmt(a, "{\"job_id\":\"%s\",\"type\":\"%s\",\"status\":\"%s\"}", id,
		    type, status),
		.resource_kind = "job",
		.resource_id = id,
		.resource_name = subject,
		.project_id = rows_text(rows, 0, "project_id"),
		.project_name = rows_text(rows, 0, "project_name"),
		.request = request != NULL ? request : rows_text(rows, 0, "request_id"),
	};

	if (n.users == NULL)
		return DB_OK;
	if (key != NULL)
		n.because = arena_fmt(a, "your key “%s” started it", key);
	return notify_enqueue(tx, a, conf, &n);
}
