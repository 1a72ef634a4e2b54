/* prefs_test - what is kept of a user's preferences, and what is refused. */
#include <stddef.h>

#include "prefs.h"
#include "t.h"

#define M(minutes) "{\"notifications\":{\"email_after_minutes\":" minutes "}}"
#define N(types)   "{\"notifications\":{\"types\":" types "}}"

static const struct {
	const char *in;
	enum prefs_status easy, strict;
	const char *kept; /* when not strict; NULL: nothing */
	const char *name; /* at fault, under strict handling */
	const char *minutes;
} rows[] = {
	{ "{}", PREFS_OK, PREFS_OK, NULL, NULL },
	{ "{\"notifications\":{}}", PREFS_OK, PREFS_OK, NULL, NULL },
	{ N("{}"), PREFS_OK, PREFS_OK, NULL, NULL },
	{ N("{\"issue.new\":{}}"), PREFS_OK, PREFS_OK, NULL, NULL },
	{ N("{\"issue.new\":{\"email\":true}}"), PREFS_OK, PREFS_OK,
	    "{\"issue.new\":{\"email\":true}}", NULL },
	{ N("{\"issue.new\":{\"email\":true,\"in_app\":false},\"job.completed\":{\"email\":false}}"),
	    PREFS_OK, PREFS_OK,
	    "{\"issue.new\":{\"email\":true,\"in_app\":false},\"job.completed\":{\"email\":false}}",
	    NULL },
	{ M("0"), PREFS_OK, PREFS_OK, NULL, NULL, "0" },
	{ M("15"), PREFS_OK, PREFS_OK, NULL, NULL, "15" },
	{ M("10080"), PREFS_OK, PREFS_OK, NULL, NULL, "10080" },
	{ M("5.0"), PREFS_OK, PREFS_OK, NULL, NULL, "5" },
	{ "{\"notifications\":{\"email_after_minutes\":5,\"types\":{\"issue.new\":{\"email\":true}}}}",
	    PREFS_OK, PREFS_OK, "{\"issue.new\":{\"email\":true}}", NULL, "5" },
	/* dropped, or refused by name */
	{ "{\"theme\":\"dark\"}", PREFS_OK, PREFS_UNKNOWN, NULL, "theme" },
	{ "{\"notifications\":{\"sound\":1}}", PREFS_OK, PREFS_UNKNOWN, NULL, "sound" },
	{ N("{\"no.such\":{\"email\":true}}"), PREFS_OK, PREFS_UNKNOWN, NULL, "no.such" },
	{ N("{\"no.such\":7,\"issue.new\":{\"email\":true}}"), PREFS_OK, PREFS_UNKNOWN,
	    "{\"issue.new\":{\"email\":true}}", "no.such" },
	{ N("{\"FLAG_SCHEDULE_FAILED\":{\"email\":false}}"), PREFS_OK, PREFS_UNKNOWN, NULL,
	    "FLAG_SCHEDULE_FAILED" },
	{ N("{\"issue.new\":{\"pigeon\":1,\"email\":false}}"), PREFS_OK, PREFS_UNKNOWN,
	    "{\"issue.new\":{\"email\":false}}", "pigeon" },
	{ N("{\"issue.new\":{\"pigeon\":1},\"job.completed\":{\"in_app\":true}}"), PREFS_OK,
	    PREFS_UNKNOWN, "{\"job.completed\":{\"in_app\":true}}", "pigeon" },
	/* never right */
	{ M("-1"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("10081"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("9223372036854775807"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("1.5"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("1e300"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("true"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("null"), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ M("\"5\""), PREFS_INVALID, PREFS_INVALID, NULL, "email_after_minutes" },
	{ "{\"notifications\":1}", PREFS_INVALID, PREFS_INVALID, NULL, "notifications" },
	{ "{\"notifications\":null}", PREFS_INVALID, PREFS_INVALID, NULL, "notifications" },
	{ N("[]"), PREFS_INVALID, PREFS_INVALID, NULL, "types" },
	{ N("null"), PREFS_INVALID, PREFS_INVALID, NULL, "types" },
	{ N("{\"issue.new\":true}"), PREFS_INVALID, PREFS_INVALID, NULL, "issue.new" },
	{ N("{\"issue.new\":null}"), PREFS_INVALID, PREFS_INVALID, NULL, "issue.new" },
	{ N("{\"issue.new\":{\"email\":1}}"), PREFS_INVALID, PREFS_INVALID, NULL, "email" },
	{ N("{\"issue.new\":{\"email\":\"true\"}}"), PREFS_INVALID, PREFS_INVALID, NULL, "email" },
	{ N("{\"issue.new\":{\"email\":null}}"), PREFS_INVALID, PREFS_INVALID, NULL, "email" },
	{ N("{\"issue.new\":{\"email\":true},\"issue.digest\":{\"in_app\":[]}}"), PREFS_INVALID,
	    PREFS_INVALID, NULL, "in_app" },
};

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(json_object_put) json_object *in = NULL;
		struct prefs got = { 0 };
		const char *name = NULL;
		bool ok;

		in = json_read(rows[i].in, strlen(rows[i].in), &ok);
		T_OK(ok, "%s", rows[i].in);
		T_OK(prefs_read(&a, in, false, &got, &name) == rows[i].easy, "%s", rows[i].in);
		T_SAME(got.types, rows[i].kept, rows[i].in);
		T_SAME(got.email_after, rows[i].minutes, rows[i].in);
		name = NULL;
		T_OK(prefs_read(&a, in, true, &got, &name) == rows[i].strict, "%s", rows[i].in);
		T_SAME(name, rows[i].name, rows[i].in);
	}
	arena_free(&a);
	return T_DONE("prefs");
}
