/* common/log: one line of JSON a record, whatever is in the message. */
#include "log.h"

#include <errno.h>
#include <json-c/json.h>
#include <unistd.h>

#include "t.h"

static char line[16384];

/* Log with stderr going into a pipe; line gets what came. */
#define CAPTURE(...) \
	do { \
		int saved_ = dup(2), pipe_[2]; \
		ssize_t n_; \
		if (saved_ < 0 || pipe(pipe_) != 0) \
			return 2; \
		dup2(pipe_[1], 2); \
		log_line(__VA_ARGS__); \
		dup2(saved_, 2); \
		close(saved_); \
		close(pipe_[1]); \
		n_ = read(pipe_[0], line, sizeof(line) - 1); \
		line[n_ > 0 ? n_ : 0] = '\0'; \
		close(pipe_[0]); \
	} while (0)

static const struct {
	const char *what, *message, *logged; /* NULL: as it is */
} messages[] = {
	{ "plain", "hello", NULL },
	{ "empty", "", NULL },
	{ "quotes", "say \"x\" \\ y", NULL },
	{ "two lines", "a\nb\r\nc\td", NULL },
	{ "controls", "\x01\x1b[31m\x7f", NULL },
	{ "characters", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94", NULL },
	{ "bad UTF-8", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
	{ "overlong", "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
};

static json_object *
parsed(const char *key)
{
	static json_object *root;
	json_object *v = NULL;

	json_object_put(root);
	root = json_tokener_parse(line);
	json_object_object_get_ex(root, key, &v);
	return v;
}

static int
test_messages(void)
{
	for (size_t i = 0; i < COUNT(messages); i++) {
		const char *want =
		    messages[i].logged != NULL ? messages[i].logged : messages[i].message;

		CAPTURE(LOG_WARN, "req-1", "%s", messages[i].message);
		T_OK(strchr(line, '\n') == line + strlen(line) - 1, "%s: one line",
		    messages[i].what);
		T_SAME(json_object_get_string(parsed("message")), want, messages[i].what);
		T_SAME(json_object_get_string(parsed("level")), "warn", messages[i].what);
		T_SAME(json_object_get_string(parsed("request_id")), "req-1", messages[i].what);
		T_SAME(json_object_get_string(parsed("program")), "log \"test\"", messages[i].what);
		T_OK(json_object_get_string_len(parsed("at")) == 24, "%s", messages[i].what);
	}
	return 0;
}

/* The message is cut at 1,000 bytes, never inside a character. */
static int
test_cut(void)
{
	char text[3001];

	for (int shift = 0; shift < 4; shift++) {
		memset(text, 'x', 4);
		for (int i = 0; i + 3 + shift < 3000; i += 3)
			memcpy(text + shift + i, "\xe2\x82\xac", 3);
		text[shift + 2997 - 3] = '\0';
		CAPTURE(LOG_ERROR, NULL, "%s", text);
		T_OK(json_object_get_string_len(parsed("message")) ==
			shift + (1000 - shift) / 3 * 3,
		    "shift %d: %d bytes", shift, json_object_get_string_len(parsed("message")));
		T_OK(parsed("request_id") == NULL, "no request id");
	}
	memset(text, 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CAPTURE(LOG_INFO, text, "%s", text);
	T_OK(json_object_get_string_len(parsed("message")) == 1000, "all escaped");
	T_OK(json_object_get_string_len(parsed("request_id")) == 64, "long request id");
	return 0;
}

int
main(void)
{
	log_name("log \"test\"");
	if (test_messages() != 0 || test_cut() != 0)
		return 2;
	errno = 7;
	CAPTURE(LOG_INFO, NULL, "kept");
	T_OK(errno == 7, "errno");
	return T_DONE("log");
}
