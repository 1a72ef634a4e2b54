#include "adapter.h"

#include <string.h>

#include "json.h"

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
	struct out o;

	out_init(&o, a, 64);
	for (size_t i = 0; i < COUNT(adapters); i++) {
		if (!adapters[i]->forgets)
			continue;
		out_raw(&o, o.n == 0 ? "{" : ",", 1);
		out_raw(&o, adapters[i]->name, strlen(adapters[i]->name));
	}
	if (o.n == 0)
		out_raw(&o, "{", 1);
	out_raw(&o, "}", 1);
	return arena_ndup(a, o.s, o.n);
}

/* A lease of 90 seconds leaves room for four calls of 20. */
int64_t
adapter_timeout_ms(const struct conf *conf)
{
	return conf->lease_ms * 2 / 9;
}
