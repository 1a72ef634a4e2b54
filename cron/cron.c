#include "cron.h"

#include <signal.h>

#include "log.h"

static volatile sig_atomic_t ending;

static void
end(int sig)
{
	(void)sig;
	ending = 1;
}

bool
cron_ending(void)
{
	return ending != 0;
}

void
cron_end_on_signals(void)
{
	struct sigaction sa = { .sa_handler = end, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

bool
cron_failed(const struct run *run)
{
	log_line(LOG_ERROR, NULL, "%s", db_error(run->db));
	return false;
}
