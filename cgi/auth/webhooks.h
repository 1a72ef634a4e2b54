#ifndef AUTH_WEBHOOKS_H
#define AUTH_WEBHOOKS_H

#include "http.h"

/* A user's own webhook: made, shown without its secret, tried out, deleted. */
handler_fn list_webhooks, add_webhook, remove_webhook, test_webhook;

#endif
