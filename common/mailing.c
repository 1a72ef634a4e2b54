#include "mailing.h"

#include <assert.h>
#include <string.h>

#include "text.h"

/* What the thing is called in the list of facts; not there: the body names it. */
static const struct {
	const char *kind, *label;
} resources[] = {
	{ "experiment", "Experiment" },
	{ "flag_environment", "Flag" },
	{ "job", "Job" },
};

static const char *
resource_label(const char *kind)
{
	for (size_t i = 0; kind != NULL && i < COUNT(resources); i++)
		if (strcmp(resources[i].kind, kind) == 0)
			return resources[i].label;
	return NULL;
}

/*
 * A message that nobody sent, the same for all mail about one thing: mail programs show those that
 * refer to it together.  It must not change when the server moves, so it names none.
 */
static const char *
thread_of(struct arena *a, const struct notice *n)
{
	if (n->resource_id != NULL && n->resource_kind != NULL)
		return arena_fmt(a, "<%s.%s@carillon>", n->resource_kind, n->resource_id);
	if (n->project_id != NULL)
		return arena_fmt(a, "<%s.%s@carillon>", n->type, n->project_id);
	return NULL;
}

static const char *
headers_json(struct arena *a, const char *thread, bool mutable)
{
	struct out o;

	out_init(&o, a, 512);
	out_open(&o, '{');
	out_key(&o, "Auto-Submitted");
	out_text(&o, "auto-generated");
	if (thread != NULL) {
		out_key(&o, "References");
		out_text(&o, thread);
		out_key(&o, "In-Reply-To");
		out_text(&o, thread);
	}
	if (mutable) {
		out_key(&o, "List-Unsubscribe-Post");
		out_text(&o, "List-Unsubscribe=One-Click");
	}
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

void
mailing_of(struct mailing *m, struct arena *a, const char *base_url, const struct notice_type *type,
    const struct notice *n)
{
	const char *link = n->link != NULL ? n->link : "/dashboard/inbox";
	const char *label = resource_label(n->resource_kind);
	struct doc d;

	m->subject = text_one_line(a, n->title);
	m->headers = headers_json(a, thread_of(a, n), type->is_mutable);
	m->unsubscribe =
	    type->is_mutable ? arena_fmt(a, "%s/unsubscribe/%s/", base_url, type->name) : NULL;
	doc_begin(&d, a, n->title);
	doc_say(&d, n->body);
	if (label != NULL)
		doc_fact(&d, label, n->resource_name);
	doc_fact(&d, "Project", n->project_name);
	doc_fact(&d, "Environment", n->environment_name);
	doc_fact(&d, "When", n->when);
	doc_fact(&d, "In UTC", n->when_utc);
	doc_fact(&d, "Why", n->why);
	doc_button(&d, type->open, arena_fmt(a, "%s%s", base_url, link));
	doc_foot(&d,
	    arena_fmt(a, "You get this because %s.",
		n->because != NULL ? n->because : notice_because(a, type, n->team_name)));
	if (m->unsubscribe != NULL) {
		doc_foot_gap(&d, "Stop these mails", m->unsubscribe);
		doc_foot_link(&d, "Choose what is mailed",
		    arena_fmt(a, "%s/dashboard/preferences", base_url));
	}
	doc_end(&d, &m->text, &m->html);
}

const char *
mailing_json(struct arena *a, const struct mailing *m)
{
	struct out o;

	assert(m->text.tail == NULL && m->html.tail == NULL);
	out_init(&o, a, 4096);
	out_open(&o, '{');
	out_key(&o, "subject");
	out_text(&o, m->subject);
	out_key(&o, "text");
	out_text(&o, m->text.head);
	out_key(&o, "html");
	out_text(&o, m->html.head);
	out_key(&o, "headers");
	out_json(&o, m->headers);
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

const char *
mailing_code(struct arena *a, const char *code)
{
	struct mailing m = { .subject = arena_fmt(a, "%s is your Carillon login code", code),
		.headers = headers_json(a, NULL, false) };
	struct doc d;

	doc_begin(&d, a, "Your login code");
	doc_code(&d, code);
	doc_say(&d, "It works once, within 10 minutes.");
	doc_foot(&d,
	    "You get this because somebody, you we hope, wants to log in to Carillon with this "
	    "address. If it was not you, ignore this mail: without the code nobody gets in.");
	doc_end(&d, &m.text, &m.html);
	return mailing_json(a, &m);
}
