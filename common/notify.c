#include "notify.h"

#include <string.h>

#include "array.h"
#include "log.h"
#include "mailing.h"
#include "optout.h"
#include "queries.h"
#include "text.h"
#include "webhook.h"

/* Users of one statement: a team of any size stays far from the statement timeout. */
#define AT_ONCE    500

/* resource, open */
#define EXPERIMENT "experiment", "Open the experiment"
#define FLAG       "flag environment", "Open the flag"
#define ISSUES     "issue list", "See the issues"
/* recipients, because, names_team */
#define SCHEDULER  "scheduler", "you scheduled it", false
#define MEMBERS    "all members of the team", "you are a member of", true
#define STARTER    "who started it", "you started it", false

/* clang-format off */
const struct notice_type notice_types[] = {
	/* name, label, resource and open, recipients and because, in_app, email, is_mutable */
	{ "EXPERIMENT_SCHEDULED_LAUNCH_FIRED", "Experiment launched", EXPERIMENT, SCHEDULER, true, true, false },
	{ "EXPERIMENT_SCHEDULED_END_FIRED", "Experiment ended", EXPERIMENT, SCHEDULER, true, true, false },
	{ "EXPERIMENT_SCHEDULE_MISSED", "Experiment schedule missed", EXPERIMENT, SCHEDULER, true, true, false },
	{ "EXPERIMENT_SCHEDULE_FAILED", "Experiment schedule failed", EXPERIMENT, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULED_ENABLE_FIRED", "Flag enabled", FLAG, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULED_DISABLE_FIRED", "Flag disabled", FLAG, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULE_MISSED", "Flag schedule missed", FLAG, SCHEDULER, true, true, false },
	{ "FLAG_SCHEDULE_FAILED", "Flag schedule failed", FLAG, SCHEDULER, true, true, false },
	{ "issue.digest", "Issue digest", ISSUES, MEMBERS, true, true, true },
	{ "issue.new", "New issue", ISSUES, MEMBERS, true, false, true },
	{ "feedback.new", "New feedback", "feedback", "See the feedback", MEMBERS, true, true, true },
	{ "job.completed", "Job completed", "job", "See the job", STARTER, true, true, true },
	{ 0 },
};
/* clang-format on */

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

const char *
notice_because(struct arena *a, const struct notice_type *t, const char *team_name)
{
	if (!t->names_team)
		return t->because;
	return arena_fmt(a, "%s %s", t->because, team_name != NULL ? team_name : "the team");
}

const char *
notice_reason(struct arena *a, const char *type, const char *because)
{
	const struct notice_type *t = notice_find(type);

	if (because == NULL && t != NULL)
		because = notice_because(a, t, NULL);
	if (because == NULL)
		return NULL;
	return arena_fmt(a, "%c%s",
	    *because >= 'a' && *because <= 'z' ? *because - 'a' + 'A' : *because, because + 1);
}

/* What the row says of it: what nobody could tell from its type. */
static const char *
row_because(struct arena *a, const struct notice_type *t, const struct notice *n)
{
	if (n->because != NULL)
		return n->because;
	return t->names_team ? notice_because(a, t, n->team_name) : NULL;
}

/*
 * The end of each user's own unsubscribe link, as PostgreSQL's text of text[], in the order of
 * users, which is that of uuid[] as it prints it.
 */
static const char *
sign_links(struct arena *a, const struct conf *conf, const struct notice_type *t, const char *users)
{
	char user[UUID_LEN + 1], link[OPTOUT_LEN + 1];
	struct out o;

	out_init(&o, a, strlen(users) / (UUID_LEN + 1) * (OPTOUT_LEN + 1) + 64);
	while (*users != '\0') {
		size_t n = strcspn(users, "{,}");

		if (n == 0) {
			out_raw(&o, users++, 1);
			continue;
		}
		if (!text_uuid(users, n, user))
			return NULL;
		optout_sign(&conf->keys, user, t->name, link);
		out_raw(&o, link, OPTOUT_LEN);
		users += n;
	}
	out_raw(&o, "", 1);
	return o.s;
}

/* The channels as PostgreSQL's text of text[], and what they are for t as that of boolean[]. */
static void
channels(struct arena *a, const struct notice_type *t, const char **names, const char **standard)
{
	struct array name, is_on;

	array_init(&name, a, 64);
	array_init(&is_on, a, 64);
	for (size_t i = 0; notice_channels[i] != NULL; i++) {
		array_add(&name, notice_channels[i]);
		array_add(&is_on, notice_default(t, i) ? "true" : "false");
	}
	*names = array_text(&name);
	*standard = array_text(&is_on);
}

/*
 * Some more of users, PostgreSQL's text of uuid[], in the same form; NULL when there are no more.
 * *at begins at its brace and is moved on.
 */
static const char *
some_users(struct arena *a, const char **at)
{
	const char *from = *at + strspn(*at, "{,"), *to = from;
	size_t commas = 0;

	while (*to != '\0' && *to != '}' && (commas += *to == ',') < AT_ONCE)
		to++;
	*at = to;
	return to == from ? NULL : arena_fmt(a, "{%.*s}", (int)(to - from), from);
}

static void
open_inboxes(struct db_tx *tx, struct arena *a, const char *at)
{
	const char *users;

	while ((users = some_users(a, &at)) != NULL)
		db_later(tx, &q_notify_open, DB_ARGS(users));
}

enum db_status
notify_enqueue(struct db_tx *tx, struct arena *a, const struct conf *conf, const struct notice *n)
{
	const struct notice_type *t = notice_find(n->type);
	const char *names, *standard, *at = n->users, *users, *links = NULL, *hook;
	struct mailing m;

	if (t == NULL || (n->link != NULL && !text_is_link(n->link)))
		return DB_BAD;
	mailing_of(&m, a, conf->base_url, t, n);
	hook = webhook_body(a, conf->base_url, n, NULL);
	channels(a, t, &names, &standard);
	open_inboxes(tx, a, n->users);
	db_later(tx, &q_notify_lock, DB_ARGS(n->users));
	if (n->request != NULL)
		log_line(LOG_INFO, n->request, "%s for %s", n->type, n->dedupe);
	while ((users = some_users(a, &at)) != NULL) {
		if (m.unsubscribe != NULL && (links = sign_links(a, conf, t, users)) == NULL)
			return DB_BAD;
		db_later(tx, &q_notify_enqueue,
		    DB_ARGS(users, n->dedupe, names, standard, t->is_mutable ? "true" : "false",
			n->type, n->team, m.subject, n->body, n->link,
			n->data != NULL ? n->data : "{}", n->resource_kind, n->resource_id,
			n->resource_name, n->project_id, n->project_name, n->environment_id,
			n->environment_name, m.text.head, m.text.tail, m.html.head, m.html.tail,
			m.headers, m.unsubscribe, links, hook, row_because(a, t, n), n->request));
	}
	return DB_OK;
}

void
notify_mail(struct db_tx *tx, struct arena *a, const struct conf *conf, const struct notice *n)
{
	static const struct notice_type plain = { .open = "Open in Carillon",
		.because = "it is about what you scheduled" };
	struct mailing m;

	mailing_of(&m, a, conf->base_url, &plain, n);
	db_later(tx, &q_notify_mail, DB_ARGS(n->users, n->type, mailing_json(a, &m)));
}
