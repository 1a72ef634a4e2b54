#include "moment.h"

#include <assert.h>

#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

struct civil {
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

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool
civil_exists(const struct civil *c)
{
	return c->year >= 1 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	    c->day <= days_in_month(c->year, c->month) && c->hour <= 23 && c->minute <= 59 &&
	    c->second <= 59;
}

/* Read the 19 bytes of YYYY-MM-DD, any byte, HH:MM:SS; false also when there is no such day. */
static bool
civil_read(const char *s, struct civil *c)
{
	return digits(s, 4, &c->year) && s[4] == '-' && digits(s + 5, 2, &c->month) &&
	    s[7] == '-' && digits(s + 8, 2, &c->day) && digits(s + 11, 2, &c->hour) &&
	    s[13] == ':' && digits(s + 14, 2, &c->minute) && s[16] == ':' &&
	    digits(s + 17, 2, &c->second) && civil_exists(c);
}

/* Days since 1970-01-01.  Years start in March here, so that a leap day is a year's last. */
static int64_t
days_from_civil(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = y / 400, of_era = y % 400; /* y >= 0 */
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

static void
civil_from_days(int64_t days, struct civil *c)
{
	int64_t z = days + 719468, era = z / 146097, d = z % 146097; /* z >= 0 from year 1 on */
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t day_of_year = d - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * day_of_year + 2) / 153; /* 0 is March */

	c->day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = (int)(y + era * 400 + (c->month <= 2));
}

static int64_t
civil_ms(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * DAY_MS +
	    ((c->hour * 60 + c->minute) * 60 + c->second) * INT64_C(1000) + c->ms;
}

static bool
in_range(int64_t ms)
{
	static const struct civil first = { .year = 1, .month = 1, .day = 1 };
	static const struct civil end = { .year = 10000, .month = 1, .day = 1 };

	return ms >= civil_ms(&first) && ms < civil_ms(&end);
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
	struct civil c;

	return n == MOMENT_LEN && s[10] == 'T' && s[19] == '.' && s[23] == 'Z' &&
	    civil_read(s, &c) && digits(s + 20, 3, &c.ms);
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
	struct civil c;
	int decimals, offset;
	int64_t at;

	if (n < 20 || !civil_read(s, &c) || (s[10] != 'T' && s[10] != 't' && s[10] != ' '))
		return false;
	decimals = read_decimals(s + 19, n - 19, &c.ms);
	if (decimals < 0 || !read_offset(s + 19 + decimals, n - 19 - (size_t)decimals, &offset))
		return false;
	at = civil_ms(&c) - offset * INT64_C(60000);
	if (!in_range(at))
		return false;
	*ms = at;
	return true;
}

void
moment_format(int64_t ms, char out[MOMENT_LEN + 1])
{
	int64_t of_day = ms % DAY_MS;
	struct civil c;
	unsigned t;

	assert(in_range(ms));
	if (of_day < 0)
		of_day += DAY_MS;
	civil_from_days((ms - of_day) / DAY_MS, &c);
	t = (unsigned)of_day;
	snprintf(out, MOMENT_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100,
	    t / 3600000 % 100, t / 60000 % 60, t / 1000 % 60, t % 1000);
}
