#include "adapter.h"

#include <string.h>

#include "array.h"

/* Whoever stops us waits 20 seconds (scripts/lib/supervise.sh), and what became of a call is still to
 * be recorded. */
#define CALL_MOST_MS 16000

static const struct adapter *const adapters[] = {
	&adapter_file,
	&adapter_smtp,
	&adapter_smtps,
	&adapter_resend,
	&adapter_webhook,
};

const struct adapter *
adapter_find(const char *channel, const char *url)
{
	for (size_t i = 0; url != NULL && i < COUNT(adapters); i++)
		if (strcmp(channel, adapters[i]->channel) == 0 &&
		    strncmp(url, adapters[i]->prefix, strlen(adapters[i]->prefix)) == 0)
			return adapters[i];
	return NULL;
}

const char *
adapter_forgetful(struct arena *a)
{
	struct array names;

	array_init(&names, a, 64);
	for (size_t i = 0; i < COUNT(adapters); i++)
		if (adapters[i]->forgets)
			array_add(&names, adapters[i]->name);
	return array_text(&names);
}

/* A lease leaves room for four calls. */
int64_t
adapter_timeout_ms(const struct conf *conf)
{
	int64_t ms = conf->lease_ms * 2 / 9;

	return ms < CALL_MOST_MS ? ms : CALL_MOST_MS;
}
