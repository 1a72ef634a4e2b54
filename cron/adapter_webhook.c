/*
 * webhook - POST to addresses of users' own, as Standard Webhooks have it.
 *
 * Where a name leads is decided when it has been resolved, by the address that is then connected to
 * (common/address.h).  The id of a delivery is its webhook-id on every try, so that a receiver can
 * tell what it has had; only the time, and so the signature, is that of the try.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapter.h"
#include "clock.h"
#include "hook.h"
#include "post.h"
#include "webhook.h"

#define TIMEOUT_MS  5000
#define RUN_MS      (20 * INT64_C(1000)) /* people who wait for mail or a schedule come first */
#define WAIT_MAX_MS (3600 * INT64_C(1000))
#define SLOW_MS     500  /* an answer that others feel */
#define SHARE_MS    5000 /* of a run, for slow answers of one receiver */

/* How long this run has waited for slow answers of a receiver. */
struct waited {
	struct waited *next;
	int64_t ms;
	char address[];
};

struct webhooks {
	struct post *post;
	bool local;
	const char *ca_file;
	int64_t timeout_ms;
	struct waited *waited;
};

static void
webhook_close(void *state)
{
	struct webhooks *w = state;

	for (struct waited *next; w->waited != NULL; w->waited = next) {
		next = w->waited->next;
		free(w->waited);
	}
	post_close(w->post);
	free(w);
}

static void *
webhook_open(const struct conf *conf, const char *url, char why[SEND_WHY_MAX])
{
	struct webhooks *w;
	struct post *post = post_open();

	(void)url;
	if (post == NULL) {
		snprintf(why, SEND_WHY_MAX, "libcurl cannot be used");
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	w->post = post;
	w->local = conf->webhook_local;
	w->ca_file = conf->ca_file;
	w->timeout_ms = adapter_timeout_ms(conf); /* a call must end within its lease */
	if (w->timeout_ms > TIMEOUT_MS)
		w->timeout_ms = TIMEOUT_MS;
	return w;
}

static const char *
webhook_freeze(void *state, struct arena *a, const struct letter *l)
{
	const struct webhooks *w = state;

	if (l->to == NULL || l->payload == NULL || webhook_unfit(a, l->to, w->local) != NULL)
		return NULL;
	return arena_dup(a, l->payload);
}

/* ---- the time that receivers take ---- */

static struct waited *
waited_for(struct webhooks *w, const char *address)
{
	size_t n = strlen(address) + 1;
	struct waited *each = w->waited;

	while (each != NULL && strcmp(each->address, address) != 0)
		each = each->next;
	if (each != NULL)
		return each;
	each = calloc(1, sizeof(*each) + n);
	memcpy(each->address, address, n);
	each->next = w->waited;
	return w->waited = each;
}

/* An answer came after ms; another slow one like it must not exceed the share. */
static enum receiver
answered(struct webhooks *w, const char *address, int64_t ms)
{
	struct waited *all;

	if (ms < SLOW_MS)
		return RECEIVER_PROMPT;
	all = waited_for(w, address);
	all->ms += ms;
	return all->ms + ms > SHARE_MS ? RECEIVER_SLOW : RECEIVER_PROMPT;
}

/* ---- what a receiver says ---- */

/* Retry-After in seconds, within bounds; 0 when there is none. */
static int64_t
wait_of(struct post *post)
{
	const char *s = post_header(post, "retry-after");
	size_t n = s != NULL ? strspn(s, "0123456789") : 0;
	int64_t ms;

	if (n == 0 || n > 9 || s[n] != '\0')
		return 0;
	ms = strtoll(s, NULL, 10) * 1000;
	return ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
}

static enum outcome
outcome_of(long status)
{
	if (status >= 200 && status <= 299)
		return OUT_SENT;
	if (status == 408 || status == 425 || status == 429 || status >= 500)
		return OUT_NOT_SENT;
	return OUT_NEVER; /* a redirect is not followed: it could lead anywhere */
}

static void
judge(struct webhooks *w, const struct post_answer *got, struct answer *out)
{
	if (got->refused) { /* by us: nobody was asked */
		out->receiver = RECEIVER_NONE;
		out->outcome = OUT_NEVER;
		out->own_words = true;
		snprintf(out->why, SEND_WHY_MAX, "refused: its name leads into a private network");
		return;
	}
	if (got->end != POST_ANSWERED) {
		out->outcome = got->end == POST_NOT_SENT ? OUT_NOT_SENT : OUT_UNKNOWN;
		out->receiver = RECEIVER_SILENT;
		snprintf(out->why, SEND_WHY_MAX, "%s", got->why);
		return;
	}
	out->outcome = outcome_of(got->status);
	out->own_words = true;
	out->gone = got->status == 410;
	out->wait_ms = out->outcome == OUT_NOT_SENT ? wait_of(w->post) : 0;
	snprintf(out->why, SEND_WHY_MAX, "%ld from the receiver", got->status);
}

static void
webhook_send(void *state, struct arena *a, const struct call *c, struct answer *out)
{
	struct webhooks *w = state;
	const struct call_item *it = &c->item[0];
	struct post_request rq = { .url = it->address,
		.body = it->body,
		.n = strlen(it->body),
		.timeout_ms = w->timeout_ms,
		.plain = w->local,
		.ca_file = w->ca_file,
		.reach = w->local ? POST_PUBLIC_OR_LOCAL : POST_PUBLIC };
	int64_t now = time(NULL); /* receivers compare it with their own clock */
	int64_t began;
	struct post_answer got;
	char sign[HOOK_SIGN_MAX];

	if (!hook_sign(it->secret, it->id, now, it->body, rq.n, sign)) {
		out->outcome = OUT_NEVER;
		snprintf(out->why, SEND_WHY_MAX, "the webhook has no secret");
		return;
	}
	rq.headers = (const char *const[]){ "Content-Type: application/json",
		arena_fmt(a, "webhook-id: %s", it->id),
		arena_fmt(a, "webhook-timestamp: %" PRId64, now),
		arena_fmt(a, "webhook-signature: %s", sign), NULL };
	began = clock_ms();
	post_send(w->post, a, &rq, &got);
	out->receiver = answered(w, it->address, clock_ms() - began);
	judge(w, &got, out);
}

const struct adapter adapter_webhook = { .channel = "webhook",
	.name = "webhook",
	.prefix = "",
	.most = 1,
	.run_ms = RUN_MS,
	.open = webhook_open,
	.freeze = webhook_freeze,
	.send = webhook_send,
	.close = webhook_close };
