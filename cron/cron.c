#include "cron.h"

#include <signal.h>
#include <time.h>

#include "clock.h"
#include "log.h"

#define NAP_US 250000 /* no longer without a look at what has changed */

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
cron_is_over(const struct run *run)
{
	return cron_ending() || (run->until != 0 && clock_ms() >= run->until);
}

bool
cron_failed(const struct run *run)
{
	log_line(LOG_ERROR, NULL, "%s", db_error(run->db));
	return false;
}

void
cron_nap(int64_t us)
{
	struct timespec t = { .tv_nsec = (us < NAP_US ? us : NAP_US) * 1000 };

	nanosleep(&t, NULL);
}

void
cron_give_way(int64_t busy_us, double rests)
{
	cron_nap((int64_t)(rests * (double)busy_us));
}
