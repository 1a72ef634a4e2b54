/* host - what serves, and what it stands on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "text.h"
#include "zone.h"

#define OUTPUT_MAX 4096 /* of a program that is asked */
#define ROOM_FAIL  (512LL * 1024 * 1024)
#define ROOM_WARN  (2048LL * 1024 * 1024)

DEFINE_SCOPED(DIR *, closedir)

static bool
takes_connections(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	ok = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

struct finding
check_sockets(struct doctor *d)
{
	SCOPED(closedir) DIR *dir = opendir(arena_fmt(&d->a, "%s/cgi", d->build));
	const char *bad = NULL;
	struct dirent *e;
	int n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (takes_connections(arena_fmt(&d->a, "%s/run/%s.sock", d->var, e->d_name)))
			n++;
		else if (errno == EACCES)
			return skipped("only root and nginx may see them");
		else
			bad = arena_fmt(&d->a, "%s%s%s",
			    bad != NULL ? bad : "nobody behind: ", bad != NULL ? ", " : "",
			    e->d_name);
	}
	if (bad != NULL || n == 0)
		return found(FAIL, bad != NULL ? bad : "no family is built here",
		    d->installed
			? "systemctl start carillon.target; systemctl status 'carillon-web@*'"
			: "make run, or make start");
	return fine(arena_fmt(&d->a, "%d families take connections", n));
}

/* Run argv and keep what it says.  Its exit code; -1 when it could not be run. */
static int
ask_program(struct doctor *d, const char *const argv[], const char **said)
{
	extern char **environ;
	char *text = arena_alloc(&d->a, OUTPUT_MAX), rest[512];
	posix_spawn_file_actions_t actions;
	int to[2], status = -1;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	*said = text;
	if (pipe2(to, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, to[1], STDERR_FILENO);
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(to[1]);
	while (errno == 0 &&
	    (got = read(to[0], n < OUTPUT_MAX - 1 ? text + n : rest,
		 n < OUTPUT_MAX - 1 ? OUTPUT_MAX - 1 - n : sizeof(rest))) > 0)
		n += n < OUTPUT_MAX - 1 ? (size_t)got : 0;
	close(to[0]);
	if (errno != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	*said = text_one_line(&d->a, text);
	return WEXITSTATUS(status);
}

struct finding
check_nginx(struct doctor *d)
{
	const char *own = arena_fmt(&d->a, "%s/nginx.conf", d->var), *said;
	bool whole = access(own, R_OK) == 0;
	const char *const ours[] = { "nginx", "-t", "-q", "-e", "stderr", "-c", own, NULL };
	const char *const host[] = { "nginx", "-t", "-q", NULL };
	int code;

	if (!whole && access("/etc/nginx/sites-enabled/carillon", F_OK) != 0)
		return found(WARN, "it has no site of ours",
		    "carillon site, unless another host has it: then its /livez tells");
	if (!whole && geteuid() != 0)
		return skipped("only root may try its configuration");
	if ((code = ask_program(d, whole ? ours : host, &said)) == -1)
		return found(FAIL, "nginx cannot be run", "install nginx-light");
	if (code != 0)
		return found(FAIL, said,
		    whole ? "make run makes it anew" : "mend that; then carillon site");
	return fine(whole ? own : "it takes our site");
}

struct finding
check_address(struct doctor *d)
{
	const char *argv[] = { "curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
		NULL, NULL };
	const char *said;

	if (d->conf == NULL)
		return skipped("no settings");
	argv[8] = arena_fmt(&d->a, "%s/livez", d->conf->base_url);
	if (ask_program(d, argv, &said) == 0 && strcmp(said, "200") == 0)
		return fine(arena_fmt(&d->a, "%s answers", d->conf->base_url));
	return found(FAIL, arena_fmt(&d->a, "%s: %s", argv[8], said),
	    "links in mail begin so: mend CARILLON_BASE_URL, the name or the certificate");
}

struct finding
check_disk(struct doctor *d)
{
	struct statvfs fs;
	int64_t room;
	const char *how;

	if (statvfs(d->var, &fs) != 0)
		return found(FAIL, arena_fmt(&d->a, "%s: %s", d->var, strerror(errno)),
		    d->installed ? "carillon setup" : "make run");
	room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	how = arena_fmt(&d->a, "%" PRId64 " MB free in %s", room / 1024 / 1024, d->var);
	if (room < ROOM_WARN)
		return found(room < ROOM_FAIL ? FAIL : WARN, how,
		    "make room: exports and logs are kept there");
	return fine(how);
}

struct finding
check_zones(struct doctor *d)
{
	const char *version = zone_version(&d->a);
	const struct zone *z;

	if (version == NULL || zone_load(&d->a, "Europe/Berlin", &z) != ZONE_OK)
		return found(FAIL, "the time zone data is missing or damaged",
		    "apt-get install --reinstall tzdata; schedules of local times wait for it");
	return fine(arena_fmt(&d->a, "tzdata %s", version));
}
