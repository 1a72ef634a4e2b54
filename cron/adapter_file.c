/*
 * file:FOLDER - one <delivery id>.eml a message.
 *
 * A message appears whole or not at all: it is written beside its name, made durable, and renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapter.h"
#include "owner.h"

struct folder {
	int fd;
};

/* Make path and what is missing above it.  Only the owner may look in. */
static bool
make_folders(const char *path)
{
	char at[4096];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(at)) {
		errno = n == 0 ? ENOENT : ENAMETOOLONG;
		return false;
	}
	memcpy(at, path, n + 1);
	for (char *s = at + 1; *s != '\0'; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (!owner_mkdir(at, 0700))
			return false;
		*s = '/';
	}
	return owner_mkdir(at, 0700);
}

static void *
file_open(const struct conf *conf, const char *url, char why[SEND_WHY_MAX])
{
	/* file:/x and file:///x are the same folder */
	const char *path = strncmp(url, "///", 3) == 0 ? url + 2 : url;
	struct folder *f;
	int fd;

	(void)conf;
	if (!make_folders(path) || (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		snprintf(why, SEND_WHY_MAX, "the mail folder cannot be used: %s", strerror(errno));
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	f->fd = fd;
	return f;
}

static void
file_close(void *state)
{
	struct folder *f = state;

	close(f->fd);
	free(f);
}

static bool
write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s += done;
		n -= (size_t)done;
	}
	return true;
}

/* A new durable file.  close() may be the first to tell of a full disk. */
static bool
write_file(const struct folder *f, const char *name, const char *s, size_t n)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return false;
	ok = owner_give(fd, f->fd, ".") && write_all(fd, s, n) && fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

static const char *
file_freeze(void *state, struct arena *a, const struct letter *l)
{
	size_t n;

	(void)state;
	return mail_is_fit(a, l) ? mail_message(a, l, &n) : NULL;
}

static void
file_send(void *state, struct arena *a, const struct call *c, struct answer *out)
{
	const struct folder *f = state;
	const struct call_item *it = &c->item[0];
	/* the pid keeps two runs with the same letter out of each other's file */
	const char *part = arena_fmt(a, ".%s.%ld.part", it->id, (long)getpid());
	const char *name = arena_fmt(a, "%s.eml", it->id);

	if (write_file(f, part, it->body, strlen(it->body)) &&
	    renameat(f->fd, part, f->fd, name) == 0 && fsync(f->fd) == 0)
		return;
	snprintf(out->why, SEND_WHY_MAX, "%s", strerror(errno));
	unlinkat(f->fd, part, 0);
	out->outcome = OUT_NOT_SENT;
}

const struct adapter adapter_file = { .channel = "email",
	.name = "file",
	.prefix = "file:",
	.most = 1,
	.open = file_open,
	.freeze = file_freeze,
	.send = file_send,
	.close = file_close };
