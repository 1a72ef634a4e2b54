/*
 * jobs: files.  $CARILLON_VAR/exports/JOB.TOKEN.json, and .part behind it until it is whole.
 *
 * The name is put into the job's row after the file is on the disk, and taken out of it after it
 * is gone: whatever is cut off in between, no row names a file that is not there for long, and
 * what no row names is removed a day later.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "job.h"
#include "jobs.h"
#include "log.h"
#include "owner.h"
#include "queries.h"
#include "text.h"

#define PART           ".part"
#define ORPHAN_SECONDS (24 * 3600)
#define ARENA_MAX      (4 * 1024 * 1024)

struct jobs_file {
	struct work *w;
	FILE *to;
	const char *folder, *name, *path, *part;
};

static const char *
folder_of(const struct run *run, struct arena *a)
{
	return arena_fmt(a, "%s/" JOB_FILES, run->conf->var);
}

static void
broken(struct jobs_file *f, const char *what)
{
	struct work *w = f->w;

	w->error = errno == ENOSPC || errno == EDQUOT ? "no_space" : "write_failed";
	log_line(LOG_ERROR, NULL, "job %s: cannot %s: %m", w->id, what);
}

struct jobs_file *
jobs_file_open(struct work *w)
{
	struct jobs_file *f = arena_alloc(w->a, sizeof(*f));
	int fd;

	f->w = w;
	f->folder = folder_of(w->run, w->a);
	f->name = arena_fmt(w->a, "%s.%s.json", w->id, w->token);
	f->path = arena_fmt(w->a, "%s/%s", f->folder, f->name);
	f->part = arena_fmt(w->a, "%s" PART, f->path);
	if (!owner_mkdir(f->folder, 0750)) {
		broken(f, "make the folder");
		return NULL;
	}
	fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0 || !owner_give(fd, AT_FDCWD, f->folder) || (f->to = fdopen(fd, "w")) == NULL) {
		broken(f, "make the file");
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return f;
}

bool
jobs_file_good(const struct jobs_file *f)
{
	return f->w->error == NULL;
}

void
jobs_file_write(struct jobs_file *f, const char *text)
{
	if (jobs_file_good(f) && fputs(text, f->to) == EOF)
		broken(f, "write the file");
}

/* The name lasts a power cut only when the folder is on the disk too. */
static bool
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

bool
jobs_file_close(struct jobs_file *f)
{
	struct work *w = f->w;
	off_t bytes = 0;

	if (jobs_file_good(f) &&
	    (fflush(f->to) != 0 || fsync(fileno(f->to)) != 0 || (bytes = ftello(f->to)) < 0))
		broken(f, "write the file");
	if (jobs_file_good(f) && (rename(f->part, f->path) != 0 || !sync_folder(f->folder)))
		broken(f, "name the file");
	if (!jobs_file_good(f)) {
		jobs_file_drop(f);
		return false;
	}
	w->file_name = f->name;
	w->file_bytes = bytes;
	fclose(f->to);
	return true;
}

void
jobs_file_drop(struct jobs_file *f)
{
	fclose(f->to);
	jobs_file_remove(f->w->run, f->w->a, f->w->id, f->w->token);
}

static bool
remove_file(const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return true;
	log_line(LOG_ERROR, NULL, "cannot remove a file of a job: %m");
	return false;
}

void
jobs_file_remove(const struct run *run, struct arena *a, const char *id, const char *token)
{
	const char *path;

	if (token == NULL)
		return;
	path = arena_fmt(a, "%s/%s.%s.json", folder_of(run, a), id, token);
	remove_file(path);
	remove_file(arena_fmt(a, "%s" PART, path));
}

/* ---- cleanup ---- */

/* One that is over: the file first, so that a run cut off here leaves the next one the rest. */
static bool
end_file(const struct run *run, struct arena *a, const struct db_rows *rows, int row)
{
	const char *name = rows_text(rows, row, "file_name");

	if (!remove_file(arena_fmt(a, "%s/%s", folder_of(run, a), name)))
		return false;
	return db_alone(run->db, &q_job_file_gone, DB_ARGS(rows_text(rows, row, "id")), NULL) ==
	    DB_OK ||
	    cron_failed(run);
}

static bool
sweep_rows(const struct run *run, struct arena *a, const char *at, int64_t *removed)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st = db_read(run->db, &q_job_files_over, DB_ARGS(at), &rows);

	if (st != DB_OK && st != DB_NONE)
		return cron_failed(run);
	for (int i = 0; i < rows_count(rows) && !cron_ending(); i++) {
		if (!run->dry && !end_file(run, a, rows, i))
			return false;
		++*removed;
	}
	return true;
}

bool
jobs_files_end(const struct run *run)
{
	struct arena a;
	int64_t removed = 0;
	bool ok;

	arena_init(&a, ARENA_MAX);
	ok = sweep_rows(run, &a, NULL, &removed);
	arena_free(&a);
	return ok;
}

static bool
is_old(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    clock_wall_ms() / 1000 - st.st_mtime > ORPHAN_SECONDS;
}

/* What no row names: of a run that was cut off, or of a project that is gone. */
static bool
sweep_orphan(const struct run *run, struct arena *a, const char *name, int64_t *removed)
{
	const char *path = arena_fmt(a, "%s/%s", folder_of(run, a), name);
	enum db_status st;

	if (!is_old(path))
		return true;
	st = db_read(run->db, &q_job_file_known, DB_ARGS(name, run->at), NULL);
	if (st == DB_OK)
		return true;
	if (st != DB_NONE)
		return cron_failed(run);
	++*removed;
	return run->dry || remove_file(path);
}

bool
jobs_files_sweep(const struct run *run, int64_t *removed)
{
	struct arena a;
	struct dirent *entry;
	DIR *dir;
	bool ok;

	arena_init(&a, ARENA_MAX);
	ok = sweep_rows(run, &a, run->at, removed);
	dir = opendir(folder_of(run, &a));
	while (ok && dir != NULL && (entry = readdir(dir)) != NULL) {
		char id[UUID_LEN + 1];

		if (strlen(entry->d_name) > UUID_LEN && text_uuid(entry->d_name, UUID_LEN, id))
			ok = sweep_orphan(run, &a, entry->d_name, removed);
		arena_reset(&a);
	}
	if (dir != NULL)
		closedir(dir);
	arena_free(&a);
	return ok;
}
