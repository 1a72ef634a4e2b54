/*
 * project_export: all that a project has, in one JSON file.
 *
 * Read page by page and written as it comes, so that memory stays the same however much there is.
 * Each page is of its own moment: what people change meanwhile may be in it or not, but no object
 * is cut in two.  One object a line, for those who use grep.  SQL: sql/query/export.sql.
 */
#include <stdio.h>

#include "jobs.h"
#include "queries.h"

static const struct section {
	const char *name;
	const struct db_stmt *page;
} sections[] = {
	{ "members", &q_export_members },
	{ "experiments", &q_export_experiments },
	{ "flags", &q_export_flags },
	{ "schedules", &q_export_schedules },
	{ "issues", &q_export_issues },
	{ "feedback", &q_export_feedback },
};

/* comma: what stands before the first of them. */
static void
write_page(struct jobs_file *f, const struct db_rows *rows, const char *comma)
{
	for (int i = 0; i < rows_count(rows); i++) {
		jobs_file_write(f, comma);
		jobs_file_write(f, rows_text(rows, i, "item"));
		comma = ",\n";
	}
}

static enum jobs_go
write_section(struct work *w, struct jobs_file *f, const struct section *s)
{
	const char *at = "-infinity", *id = CRON_FIRST_ID;
	const char *comma = "\n";
	char last_at[64], last_id[64];
	enum jobs_go go;

	w->step = s->name;
	while ((go = jobs_progress(w)) == JOBS_GO) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		enum db_status st =
		    db_read(w->run->db, s->page, DB_ARGS(w->project, at, id), &rows);
		int n = rows_count(rows);

		if (st == DB_NONE)
			return JOBS_GO;
		if (st != DB_OK)
			return jobs_failed(w, st);
		write_page(f, rows, comma);
		comma = ",\n";
		if (!jobs_file_good(f))
			return JOBS_BROKEN;
		w->done += n;
		snprintf(last_at, sizeof(last_at), "%s", rows_text(rows, n - 1, "at"));
		snprintf(last_id, sizeof(last_id), "%s", rows_text(rows, n - 1, "id"));
		at = last_at;
		id = last_id;
	}
	return go;
}

static enum jobs_go
write_head(struct work *w, struct jobs_file *f)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_read(w->run->db, &q_export_head, DB_ARGS(w->project), &rows);

	if (st == DB_NONE) /* the project is gone, and this job with it */
		return JOBS_LOST;
	if (st != DB_OK)
		return jobs_failed(w, st);
	w->total = rows_int(rows, 0, "total");
	jobs_file_write(f,
	    "{\"format\":\"carillon.project_export\",\"version\":1,\n\"exported_at\":\"");
	jobs_file_write(f, rows_text(rows, 0, "at"));
	jobs_file_write(f, "\",\n\"project\":");
	jobs_file_write(f, rows_text(rows, 0, "project"));
	return JOBS_GO;
}

static enum jobs_go
write_all(struct work *w, struct jobs_file *f)
{
	enum jobs_go go = write_head(w, f);

	for (size_t i = 0; i < COUNT(sections) && go == JOBS_GO; i++) {
		jobs_file_write(f, ",\n\"");
		jobs_file_write(f, sections[i].name);
		jobs_file_write(f, "\":[");
		go = write_section(w, f, &sections[i]);
		jobs_file_write(f, "]");
	}
	jobs_file_write(f, "}\n");
	return go;
}

enum jobs_go
export_run(struct work *w)
{
	SCOPED(jobs_file_drop) struct jobs_file *f = jobs_file_open(w);
	enum jobs_go go;

	if (f == NULL)
		return JOBS_BROKEN;
	go = write_all(w, f);
	if (go != JOBS_GO)
		return go;
	return jobs_file_close(TAKE(f)) ? JOBS_GO : JOBS_BROKEN;
}
