#include "notify.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "queries.h"
#include "text.h"
#include "webhook.h"

#define EXPERIMENT "experiment"
#define FLAG       "flag environment"
#define SCHEDULER  "scheduler"
#define MEMBERS    "all members of the team"

const struct notice_type notice_types[] = {
	/* name, label, resource, recipients, in_app, email, is_mutable */
	{ "EXPERIMENT_SCHEDULED_LAUNCH_FIRED", "Experiment launched", EXPERIMENT, SCHEDULER, true,
	    true, false },
	{ "EXPERIMENT_SCHEDULED_END_FIRED", "Experiment ended", EXPERIMENT, SCHEDULER, true, true,
	    false },
	{ "EXPERIMENT_SCHEDULE_MISSED", "Experiment schedule missed", EXPERIMENT, SCHEDULER, true,
	    true, false },
	{ "EXPERIMENT_SCHEDULE_FAILED", "Experiment schedule failed", EXPERIMENT, SCHEDULER, true,
	    true, false },
	{ "FLAG_SCHEDULED_ENABLE_FIRED", "Flag enabled", FLAG, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULED_DISABLE_FIRED", "Flag disabled", FLAG, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULE_MISSED", "Flag schedule missed", FLAG, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULE_FAILED", "Flag schedule failed", FLAG, SCHEDULER, true, true, false },
	{ "issue.digest", "Issue digest", "issue list", MEMBERS, true, true, true },
	{ "issue.new", "New issue", "issue list", MEMBERS, true, false, true },
	{ "feedback.new", "New feedback", "feedback", MEMBERS, true, true, true },
	{ "job.completed", "Job completed", "job", "who started it", true, true, true },
	{ NULL, NULL, NULL, NULL, false, false, false },
};

const char *const notice_channels[] = { "in_app", "email", "webhook", NULL };

bool
notice_default(const struct notice_type *t, size_t channel)
{
	switch (channel) {
	case 0:
		return t->in_app;
	case 1:
		return t->email;
	default:
		/* Nobody has a webhook unless they made one: then what cannot be muted goes there
		 * too, and the rest when they turn it on. */
		return !t->is_mutable;
	}
}

const struct notice_type *
notice_find(const char *name)
{
	for (const struct notice_type *t = notice_types; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

/* {"subject":…,"text":…,"html":…}: what dispatch will send, byte for byte. */
static const char *
mail_payload(struct arena *a, const char *base_url, const struct notice *n)
{
	const char *body = n->body != NULL ? n->body : "";
	const char *link = n->link != NULL ? n->link : "/dashboard/inbox";
	const char *url = arena_fmt(a, "%s%s", base_url, link);
	struct out o;

	out_init(&o, a, 1024);
	out_open(&o, '{');
	out_key(&o, "subject");
	out_text(&o, text_one_line(a, n->title));
	out_key(&o, "text");
	out_text(&o, arena_fmt(a, "%s\n\n%s\n\n%s\n", n->title, body, url));
	out_key(&o, "html");
	out_text(&o,
	    arena_fmt(a, "<h1>%s</h1>\n<p>%s</p>\n<p><a href=\"%s\">Open in Carillon</a></p>\n",
		text_html(a, n->title), text_html(a, body), text_html(a, url)));
	out_close(&o, '}');
	out_raw(&o, "", 1);
	return o.s;
}

/* The channels as PostgreSQL's text of text[], and what they are for t as that of boolean[]. */
static void
channels(struct arena *a, const struct notice_type *t, const char **names, const char **standard)
{
	const char *comma = "{";

	*names = *standard = "";
	for (size_t i = 0; notice_channels[i] != NULL; i++, comma = ",") {
		*names = arena_fmt(a, "%s%s%s", *names, comma, notice_channels[i]);
		*standard = arena_fmt(a, "%s%s%s", *standard, comma,
		    notice_default(t, i) ? "true" : "false");
	}
	*names = arena_fmt(a, "%s}", *names);
	*standard = arena_fmt(a, "%s}", *standard);
}

enum db_status
notify_enqueue(struct db_tx *tx, struct arena *a, const char *base_url, const struct notice *n)
{
	const struct notice_type *t = notice_find(n->type);
	const char *names, *standard;

	if (t == NULL || (n->link != NULL && !text_is_link(n->link)))
		return DB_BAD;
	channels(a, t, &names, &standard);
	db_later(tx, &q_notify_open, DB_ARGS(n->users));
	db_later(tx, &q_notify_lock, DB_ARGS(n->users));
	db_later(tx, &q_notify_enqueue,
	    DB_ARGS(n->users, n->dedupe, names, standard, t->is_mutable ? "true" : "false", n->type,
		n->team, text_one_line(a, n->title), n->body, n->link,
		n->data != NULL ? n->data : "{}", n->resource_kind, n->resource_id,
		n->resource_name, n->project_id, n->project_name, n->environment_id,
		n->environment_name, mail_payload(a, base_url, n),
		webhook_body(a, base_url, n, NULL)));
	return DB_OK;
}

void
notify_mail(struct db_tx *tx, struct arena *a, const char *base_url, const struct notice *n)
{
	db_later(tx, &q_notify_mail, DB_ARGS(n->users, n->type, mail_payload(a, base_url, n)));
}
