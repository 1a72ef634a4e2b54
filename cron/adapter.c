#include "adapter.h"

#include <string.h>

static const struct adapter *const adapters[] = {
	&adapter_file,
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
