#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "clock.h"
#include "moment.h"
#include "text.h"

#define MESSAGE_BYTES 1000
#define NAME_BYTES    64                         /* bytes of a program's name or a request id */
#define LINE_BYTES    (6 * MESSAGE_BYTES + 1024) /* every byte may become \u00xx */

static const char *program = "carillon";

struct line {
	char s[LINE_BYTES];
	size_t n;
};

static void
put(struct line *l, const char *s, size_t n)
{
	if (n <= sizeof(l->s) - l->n) {
		memcpy(l->s + l->n, s, n);
		l->n += n;
	}
}

/* One character, len bytes at s, as it stands in a JSON string; 0 is a byte that is none. */
static void
put_char(struct line *l, const char *s, size_t len)
{
	char hex[8];

	if (len == 0) {
		put(l, "\\ufffd", 6);
	} else if (*s == '"' || *s == '\\') {
		put(l, "\\", 1);
		put(l, s, 1);
	} else if ((unsigned char)*s < 0x20 || *s == 0x7f) {
		snprintf(hex, sizeof(hex), "\\u%04x", (unsigned)*s);
		put(l, hex, 6);
	} else {
		put(l, s, len);
	}
}

/* ,"key":"s" with at most max bytes of s, cut between characters */
static void
put_pair(struct line *l, const char *key, const char *s, size_t max)
{
	size_t n = strlen(s), len;

	put(l, ",\"", 2);
	put(l, key, strlen(key));
	put(l, "\":\"", 3);
	for (size_t i = 0; i < n && i < max; i += len == 0 ? 1 : len) {
		len = text_char(s + i, n - i);
		if (len > max - i)
			break;
		put_char(l, s + i, len);
	}
	put(l, "\"", 1);
}

static void
put_time(struct line *l)
{
	char at[MOMENT_LEN + 1];

	moment_format(clock_wall_ms(), at);
	put(l, "{\"at\":\"", 7);
	put(l, at, MOMENT_LEN);
	put(l, "\"", 1);
}

void
log_name(const char *name)
{
	program = name;
}

void
log_line(enum log_level level, const char *request_id, const char *fmt, ...)
{
	static const char *const levels[] = { "info", "warn", "error" };
	char message[MESSAGE_BYTES + 8]; /* a few more: to see where the last character ends */
	struct line l = { .n = 0 };
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(message, sizeof(message), fmt, ap) < 0)
		message[0] = '\0';
	va_end(ap);
	put_time(&l);
	put_pair(&l, "level", levels[level], NAME_BYTES);
	put_pair(&l, "program", program, NAME_BYTES);
	if (request_id != NULL)
		put_pair(&l, "request_id", request_id, NAME_BYTES);
	put_pair(&l, "message", message, MESSAGE_BYTES);
	put(&l, "}\n", 2);
	while (write(STDERR_FILENO, l.s, l.n) < 0 && errno == EINTR)
		;
	errno = saved;
}
