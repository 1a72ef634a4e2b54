#include "moment.h"

#include <assert.h>

#include "civil.h"

#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

struct date_time {
	int year, month, day, hour, minute, second, ms;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* n digits at s as a number; false when one of them is not a digit */
static bool
digits(const char *s, int n, int *value)
{
	*value = 0;
	for (int i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
		*value = *value * 10 + (s[i] - '0');
	}
	return true;
}

static bool
time_exists(const struct date_time *c)
{
	return civil_exists(c->year, c->month, c->day) && c->hour <= 23 && c->minute <= 59 &&
	    c->second <= 59;
}

/* Read the 19 bytes of YYYY-MM-DD, any byte, HH:MM:SS; false also when there is no such day. */
static bool
time_read(const char *s, struct date_time *c)
{
	return digits(s, 4, &c->year) && s[4] == '-' && digits(s + 5, 2, &c->month) &&
	    s[7] == '-' && digits(s + 8, 2, &c->day) && digits(s + 11, 2, &c->hour) &&
	    s[13] == ':' && digits(s + 14, 2, &c->minute) && s[16] == ':' &&
	    digits(s + 17, 2, &c->second) && time_exists(c);
}

static int64_t
time_ms(const struct date_time *c)
{
	return civil_to_days(c->year, c->month, c->day) * DAY_MS +
	    ((c->hour * 60 + c->minute) * 60 + c->second) * INT64_C(1000) + c->ms;
}

static bool
in_range(int64_t ms)
{
	static const struct date_time first = { .year = 1, .month = 1, .day = 1 };
	static const struct date_time end = { .year = 10000, .month = 1, .day = 1 };

	return ms >= time_ms(&first) && ms < time_ms(&end);
}

void
moment_from_pg(const char *pg, char out[MOMENT_LEN + 1])
{
	size_t i = 19, decimals = 0;

	assert(strnlen(pg, 20) == 20 && pg[4] == '-' && pg[10] == ' ' && pg[16] == ':');
	memcpy(out, pg, 19);
	out[10] = 'T';
	memcpy(out + 19, ".000Z", 6);
	if (pg[i] == '.')
		for (i++; is_digit(pg[i]) && decimals < 3; i++)
			out[20 + decimals++] = pg[i];
	assert(strcmp(pg + i, "+00") == 0);
}

bool
moment_is_exact(const char *s, size_t n)
{
	struct date_time c;

	return n == MOMENT_LEN && s[10] == 'T' && s[19] == '.' && s[23] == 'Z' &&
	    time_read(s, &c) && digits(s + 20, 3, &c.ms);
}

/* Read ".123456789" at s, if it is there; the number of bytes read, -1 when it is unfit. */
static int
read_decimals(const char *s, size_t n, int *ms)
{
	int scale = 100, i = 1;

	*ms = 0;
	if (n == 0 || s[0] != '.')
		return 0;
	for (; (size_t)i < n && is_digit(s[i]); i++) {
		*ms += (s[i] - '0') * scale;
		scale /= 10;
	}
	return i == 1 || i > 10 ? -1 : i;
}

/* The n bytes at s must be Z or an offset like +05:30. */
static bool
read_offset(const char *s, size_t n, int *minutes)
{
	int h, m;

	*minutes = 0;
	if (n == 1 && (s[0] == 'Z' || s[0] == 'z'))
		return true;
	if (n != 6 || (s[0] != '+' && s[0] != '-') || !digits(s + 1, 2, &h) || s[3] != ':' ||
	    !digits(s + 4, 2, &m) || h > 23 || m > 59)
		return false;
	*minutes = (h * 60 + m) * (s[0] == '-' ? -1 : 1);
	return true;
}

bool
moment_parse(const char *s, size_t n, int64_t *ms)
{
	struct date_time c;
	int decimals, offset;
	int64_t at;

	if (n < 20 || !time_read(s, &c) || (s[10] != 'T' && s[10] != 't' && s[10] != ' '))
		return false;
	decimals = read_decimals(s + 19, n - 19, &c.ms);
	if (decimals < 0 || !read_offset(s + 19 + decimals, n - 19 - (size_t)decimals, &offset))
		return false;
	at = time_ms(&c) - offset * INT64_C(60000);
	if (!in_range(at))
		return false;
	*ms = at;
	return true;
}

void
moment_format(int64_t ms, char out[MOMENT_LEN + 1])
{
	int64_t of_day = ms % DAY_MS;
	struct date_time c;
	unsigned t;

	assert(in_range(ms));
	if (of_day < 0)
		of_day += DAY_MS;
	civil_from_days((ms - of_day) / DAY_MS, &c.year, &c.month, &c.day);
	t = (unsigned)of_day;
	snprintf(out, MOMENT_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100,
	    t / 3600000 % 100, t / 60000 % 60, t / 1000 % 60, t % 1000);
}
