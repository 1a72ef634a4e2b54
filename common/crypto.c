#include "crypto.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>

void
crypto_ready(void)
{
	static bool is_ready;

	if (!is_ready && sodium_init() < 0)
		abort();
	is_ready = true;
}
