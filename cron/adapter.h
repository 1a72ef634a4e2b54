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
enum send_status {
	SEND_OK = 0, /* it is out */
	SEND_LATER,  /* it is not, and may be on another try */
	SEND_NEVER,  /* this letter cannot be sent */
	SEND_STOP    /* nothing can be sent: not this letter's fault, so not a try of its own */
};

#define SEND_WHY_MAX 200

struct adapter {
	const char *channel, *name, *prefix;
	/*
	 * Get ready.  url is what follows the prefix.  NULL, and the reason in why (without
	 * secrets: it is logged), when nothing could be sent.  close() gives it back.
	 */
	void *(*open)(const struct conf *conf, const char *url, char why[SEND_WHY_MAX]);
	/*
	 * Send one letter.  It may have been sent before: the same letter again must change
	 * nothing.  a is for scratch; why gets a reason unless the result is SEND_OK.
	 */
	enum send_status (
	    *send)(void *state, struct arena *a, const struct letter *l, char why[SEND_WHY_MAX]);
	void (*close)(void *state);
};

/* By channel and the beginning of url; NULL when there is none. */
const struct adapter *adapter_find(const char *channel, const char *url);

extern const struct adapter adapter_file;

#endif
