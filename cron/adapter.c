#include "adapter.h"

#include <string.h>

#include "array.h"

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

/* A lease of 90 seconds leaves room for four calls of 20. */
int64_t
adapter_timeout_ms(const struct conf *conf)
{
	return conf->lease_ms * 2 / 9;
}
