#ifndef ADAPTER_H
#define ADAPTER_H

#include "arena.h"
#include "conf.h"
#include "mail.h"
#include "scope.h"

/*
 * adapter - a way to send what is due on a channel, chosen by how that channel's URL begins:
 * for "email" that is CARILLON_MAIL_URL.
 *
 * A new one is a file cron/adapter_<name>.c, a declaration below and a row in cron/adapter.c.
 */
enum outcome {
	OUT_SENT = 0, /* it is out */
	OUT_UNKNOWN,  /* it may be out or not: the same bytes later; costs a try */
	OUT_BUSY,     /* an earlier call with this key is still being worked on: the same soon */
	OUT_NOT_SENT, /* surely not out; may work another time; costs a try */
	OUT_PACE,     /* surely not out; too fast: not this call's fault, so no try */
	OUT_PARKED,   /* surely not out; nothing can be sent until a person does something */
	OUT_NEVER,    /* surely not out, and refused for what it is */
	OUT_CONFLICT  /* the key is bound to other bytes: never again, and perhaps out */
};

/* How the receiver of a webhook took a call: whether it may be asked again at once. */
enum receiver {
	RECEIVER_NONE = 0, /* there is none, or none was asked */
	RECEIVER_PROMPT,   /* it answered in time */
	RECEIVER_SLOW,     /* it answered, but has had its share of this run */
	RECEIVER_SILENT    /* it did not answer */
};

#define SEND_WHY_MAX 200
#define SEND_MOST    100 /* deliveries in one call */

/* What goes out together; every try has the same key and the same bytes. */
struct call {
	const char *key;
	size_t n;
	struct call_item {
		const char *user, *id; /* of the delivery */
		const char *address, *body;
		const char *secret;  /* of a webhook, to sign with; else NULL */
		const char *replays; /* how often a person had it sent anew, as text */
		const char *request; /* the id of the one that made it, or NULL: for logs */
	} item[SEND_MOST];
};

/* What came of a call.  All of it but outcome and why is zero unless there is something to say. */
struct answer {
	enum outcome outcome;
	char why[SEND_WHY_MAX]; /* unless OUT_SENT; no secrets and no addresses: it is logged */
	bool own_words;         /* this is the provider's verdict, not that of something between */
	const char *provider_id[SEND_MOST];
	double per_second; /* so many calls are allowed */
	int64_t hold_ms;   /* no call of anybody before */
	int64_t park_min;  /* OUT_PARKED: not even to be tried before */
	int64_t wait_ms;   /* to the next try of this call, at least */
	bool gone;         /* the address of a webhook is no more */
	enum receiver receiver;
};

struct adapter {
	const char *channel, *name, *prefix;
	size_t most;    /* deliveries in one call, at most SEND_MOST */
	bool paced;     /* all workers together keep the pace of its answers */
	int64_t run_ms; /* of one run, 0: what is left of a minute */
	bool forgets;   /* a second call with a key may make a second message */
	/*
	 * Get ready.  url is what follows the prefix.  NULL, and the reason in why (without
	 * secrets: it is logged), when nothing could be sent.  close() gives it back.
	 */
	void *(*open)(const struct conf *conf, const char *url, char why[SEND_WHY_MAX]);
	/* The bytes of one delivery, text in UTF-8, in arena a: stored before the first call.  NULL
	 * when its address or payload is unfit. */
	const char *(*freeze)(void *state, struct arena *a, const struct letter *l);
	/* Make the call.  a holds what out points to; out is zeroed. */
	void (*send)(void *state, struct arena *a, const struct call *c, struct answer *out);
	void (*close)(void *state);
};

/* By channel and the beginning of url; NULL when there is none. */
const struct adapter *adapter_find(const char *channel, const char *url);

/* PostgreSQL's text of text[]: the names of those that forget. */
const char *adapter_forgetful(struct arena *a);

/* How long a call may take in all, in milliseconds. */
int64_t adapter_timeout_ms(const struct conf *conf);

extern const struct adapter adapter_file, adapter_smtp, adapter_smtps, adapter_resend,
    adapter_webhook;

#endif
