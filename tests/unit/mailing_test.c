/*
 * mailing_test - every mail as it is, against tests/snapshots/mail: NAME.txt has the subject, the
 * headers and the text, NAME.html the other part.  SNAPSHOTS=update build/tests/mailing_test writes
 * them anew; look at the difference before you keep it.
 */
#include "mailing.h"

#include <stdlib.h>

#include "t.h"
#include "text.h"

#define BASE    "https://carillon.example"
#define ID(end) "0b5a3a4e-6f0d-4c2e-9a51-3a8f1f0c7d" end
#define GAP     "{the reader's own end}"

#define EXPERIMENT \
	.resource_kind = "experiment", .resource_id = ID("11"), .resource_name = "Start for free", \
	.project_id = ID("01"), .project_name = "Web Shop", \
	.link = "/dashboard/experiments?id=" ID("11")
#define FLAG \
	.resource_kind = "flag_environment", .resource_id = ID("12"), \
	.resource_name = "New checkout", .project_id = ID("01"), .project_name = "Web Shop", \
	.environment_id = ID("02"), .environment_name = "production", \
	.link = "/dashboard/flags?id=" ID("12") "&environment=" ID("02")
#define DUE \
	.when = "22 Nov 2026, 09:00 EST (America/New_York)", .when_utc = "22 Nov 2026, 14:00 UTC"
#define SAID \
	"It was due on 22 Nov 2026, 09:00 EST (America/New_York), which is 22 Nov 2026, 14:00 UTC"
#define PROJECT .project_id = ID("01"), .project_name = "Web Shop", .team_name = "Shop & Sons"

static const struct notice notices[] = {
	{ .type = "EXPERIMENT_SCHEDULED_LAUNCH_FIRED",
	    .title = "Start for free was launched",
	    .body = "The experiment Start for free of Web Shop is running now. " SAID
		    ", and done on time.",
	    EXPERIMENT,
	    DUE },
	{ .type = "EXPERIMENT_SCHEDULED_END_FIRED",
	    .title = "Start for free has ended",
	    .body = "The experiment Start for free of Web Shop is paused now. " SAID
		    ", and done 2 minutes late. Look at the results before you stop it.",
	    EXPERIMENT,
	    DUE },
	{ .type = "EXPERIMENT_SCHEDULE_MISSED",
	    .title = "Start for free was not launched",
	    .body = "The experiment Start for free of Web Shop was not launched. " SAID
		    "; that was 3 hours before this was decided. The experiment is a draft again.",
	    EXPERIMENT,
	    DUE,
	    .why = "More than an hour had passed before it could be carried out." },
	{ .type = "EXPERIMENT_SCHEDULE_FAILED",
	    .title = "Start for free could not be launched",
	    .body = "The experiment Start for free of Web Shop could not be launched.",
	    EXPERIMENT,
	    .when = "22 Nov 2026, 14:00 UTC",
	    .why = "The person who scheduled it no longer has the right to publish.",
	    .because = "you own Shop & Sons, and the account that scheduled it is gone" },
	{ .type = "FLAG_SCHEDULED_ENABLE_FIRED",
	    .title = "New checkout was switched on in production",
	    .body = "The flag New checkout of Web Shop is on now in production. " SAID
		    ", and done on time. Other environments were not touched.",
	    FLAG,
	    DUE },
	{ .type = "FLAG_SCHEDULED_DISABLE_FIRED",
	    .title = "New checkout was off already in production",
	    .body = "The flag New checkout of Web Shop was off already in production. Nothing was "
		    "changed. " SAID ", and done on time.",
	    FLAG,
	    DUE,
	    .why = "It was so already." },
	{ .type = "FLAG_SCHEDULE_MISSED",
	    .title = "New checkout was not switched on in production",
	    .body = "The flag New checkout of Web Shop was not switched on in production. " SAID
		    "; that was 1 day 2 hours before this was decided. The flag stays as it was.",
	    FLAG,
	    DUE,
	    .why = "More than an hour had passed before it could be carried out." },
	{ .type = "FLAG_SCHEDULE_FAILED",
	    .title = "New checkout could not be switched off in production",
	    .body = "The flag New checkout of Web Shop could not be switched off in production.",
	    FLAG,
	    DUE,
	    .why = "It was archived or deleted before the moment came." },
	{ .type = "issue.digest",
	    .title = "3 new issues in Web Shop",
	    .body = "1 regression, 2 new errors since yesterday's digest.",
	    .link = "/dashboard/issues?project=" ID("01"),
	    PROJECT },
	{ .type = "issue.new",
	    .title = "New issue in Web Shop: TypeError: total is undefined",
	    .body = "First seen in production.",
	    .resource_kind = "issue",
	    .resource_id = ID("13"),
	    .resource_name = "TypeError: total is undefined",
	    .environment_name = "production",
	    .link = "/dashboard/issues?project=" ID("01"),
	    PROJECT },
	{ .type = "feedback.new",
	    .title = "New feedback in Web Shop",
	    .body =
		"J\xc3\xb6rg <joerg@example.com>: 1 < 2 && \"ja\"; die Liste l\xc3\xa4uft \xc3\xbc"
		"ber, sobald nach Datum gefiltert wird \xf0\x9f\x99\x88",
	    .resource_kind = "feedback",
	    .resource_id = ID("14"),
	    .link = "/dashboard/feedback?project=" ID("01"),
	    .environment_name = "staging",
	    PROJECT },
	{ .type = "job.completed",
	    .title = "Project export of Web Shop completed",
	    .body = "It took 2 minutes 14 seconds.",
	    .resource_kind = "job",
	    .resource_id = ID("15"),
	    .resource_name = "project_export",
	    PROJECT },
};

static struct arena a;

static const char *
whole(const struct doc_part *p)
{
	return p->tail == NULL ? p->head : arena_fmt(&a, "%s" GAP "%s", p->head, p->tail);
}

static const char *
read_file(const char *path)
{
	char buf[32768];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return arena_ndup(&a, buf, n);
}

static void
compare(const char *name, const char *ending, const char *got)
{
	const char *folder = getenv("TEST_SNAPSHOTS"), *update = getenv("SNAPSHOTS"), *path;
	FILE *f;

	path = arena_fmt(&a, "%s/mail/%s.%s", folder != NULL ? folder : "tests/snapshots", name,
	    ending);
	if (update != NULL && strcmp(update, "update") == 0 && (f = fopen(path, "w")) != NULL) {
		fputs(got, f);
		fclose(f);
	}
	T_SAME(got, read_file(path), path);
}

/* What holds for every mail, whatever it says. */
static void
check_shape(const struct notice_type *t, const struct mailing *m)
{
	T_OK((m->text.tail != NULL) == t->is_mutable && (m->html.tail != NULL) == t->is_mutable,
	    "%s: a gap", t->name);
	T_OK((m->unsubscribe != NULL) == t->is_mutable, "%s: unsubscribe", t->name);
	T_OK((strstr(m->headers, "List-Unsubscribe=One-Click") != NULL) == t->is_mutable, "%s",
	    t->name);
	T_OK(strstr(m->headers, "\"Auto-Submitted\":\"auto-generated\"") != NULL, "%s", t->name);
	T_OK(strstr(m->headers, "\"References\":\"<") != NULL, "%s: a thread", t->name);
	T_OK(strstr(m->text.head, "\n-- \nYou get this because ") != NULL, "%s: says why", t->name);
	for (const char *s = m->text.head; *s != '\0'; s += strcspn(s, "\n") + (*s != '\0')) {
		size_t n = strcspn(s, "\n");

		T_OK(n <= 72 || strncmp(s, "https://", 8) == 0 || strstr(s, ": https://") != NULL ||
			(unsigned char)s[n - 1] >= 0x80,
		    "%s: a line of %zu", t->name, n);
		if (s[n] == '\0')
			break;
	}
}

static void
snapshots(void)
{
	for (size_t i = 0; i < COUNT(notices); i++) {
		const struct notice_type *t = notice_find(notices[i].type);
		struct mailing m;

		mailing_of(&m, &a, BASE, t, &notices[i]);
		check_shape(t, &m);
		compare(t->name, "txt",
		    arena_fmt(&a, "Subject: %s\n%s\n\n%s", m.subject, m.headers, whole(&m.text)));
		compare(t->name, "html", whole(&m.html));
	}
	compare("auth.code", "json", mailing_code(&a, "042137"));
}

static void
every_type_has_one(void)
{
	for (const struct notice_type *t = notice_types; t->name != NULL; t++) {
		size_t n = 0;

		for (size_t i = 0; i < COUNT(notices); i++)
			n += strcmp(notices[i].type, t->name) == 0;
		T_OK(n == 1, "%s: %zu notices here", t->name, n);
		T_OK(t->open != NULL && t->because != NULL, "%s: words", t->name);
	}
}

/* A name can neither begin a line of its own nor hold markup, wherever it stands. */
static void
hostile_names(void)
{
	static const char evil[] =
	    "x\r\nBcc: all@example.com\r\n\r\n-- \n<script>alert(1)</script>"
	    "\"><img src=x onerror=alert(1)>{the reader's own end}\xe2\x80\xae"
	    "&amp;\xc2\x85"
	    "EVIL\xe2\x80\xa8"
	    "EVIL\x1b[31mEVIL";
	struct notice n = { .type = "feedback.new",
		.title = evil,
		.body = evil,
		.resource_kind = "job",
		.resource_id = ID("15"),
		.resource_name = evil,
		.project_name = evil,
		.environment_name = evil,
		.team_name = evil,
		.when = evil,
		.when_utc = evil,
		.why = evil };
	struct mailing m;
	const char *html;
	size_t tags = 0;

	mailing_of(&m, &a, BASE, notice_find(n.type), &n);
	T_OK(strpbrk(m.subject, "\r\n\x1b") == NULL, "subject");
	T_OK(strstr(m.text.head, "\nBcc") == NULL && strpbrk(m.text.head, "\r\x1b") == NULL,
	    "text");
	T_OK(strstr(strstr(m.text.head, "\n-- \n") + 1, "\n-- \n") == NULL, "one signature");
	T_OK(strstr(m.text.head, "\xe2\x80\xae") == NULL && strstr(m.text.head, "\xc2\x85") == NULL,
	    "nothing that turns or ends a line");
	html = whole(&m.html);
	T_OK(strstr(html, "<script") == NULL && strstr(html, "<img") == NULL, "no tag");
	for (const char *s = html; (s = strstr(s, "\">")) != NULL; s++)
		tags++;
	n = (struct notice){ .type = "feedback.new",
		.title = "x",
		.body = "x",
		.resource_kind = "job",
		.resource_id = ID("15"),
		.resource_name = "x",
		.project_name = "x",
		.environment_name = "x",
		.team_name = "x",
		.when = "x",
		.when_utc = "x",
		.why = "x" };
	mailing_of(&m, &a, BASE, notice_find(n.type), &n);
	for (const char *s = whole(&m.html); (s = strstr(s, "\">")) != NULL; s++)
		tags--;
	T_OK(tags == 0, "as many attributes as a harmless name gives");
}

int
main(void)
{
	arena_init(&a, 16 << 20);
	every_type_has_one();
	snapshots();
	hostile_names();
	arena_free(&a);
	return T_DONE("mailing");
}
