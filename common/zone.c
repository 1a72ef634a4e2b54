#include "zone.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

#include "civil.h"
#include "zone_file.h"

#define FOLDER       "/usr/share/zoneinfo"
#define NAME_MAX_LEN 64        /* the longest there is has 32 bytes */
#define FILE_MAX     (1 << 20) /* zone_parse has a lower one */
#define DAY          (24 * 60 * 60)
#define CLOCK_REACH  (ZONE_OFFSET_MAX + 1)
#define DAYS_MAX     (10000 * 366)

DEFINE_SCOPED(char *, free)
DEFINE_SCOPED(FILE *, fclose)

/* ---- the tz database's files ---- */

static FILE *
open_file(const char *name)
{
	const char *folder = getenv("TZDIR");
	char path[1024];
	int n;

	if (folder == NULL || *folder == '\0')
		folder = FOLDER;
	n = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "re");
}

/* Nothing that climbs or starts at the root, whatever the list may say. */
static bool
is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

	return n > 0 && n <= NAME_MAX_LEN && s[n] == '\0' && s[0] != '/';
}

/*
 * A line of tzdata.zi: "Z NAME rules" or "L TARGET NAME", else NULL.  The line is cut where the
 * words end; *target gets a link's, else NULL.
 */
static const char *
name_of_line(char *line, const char **target)
{
	char kind = line[0], *rest = line + 2, *first;

	if ((kind != 'Z' && kind != 'L') || line[1] != ' ')
		return NULL;
	first = strsep(&rest, " \n");
	*target = kind == 'L' ? first : NULL;
	return kind == 'L' && rest != NULL ? strsep(&rest, " \n") : first;
}

typedef bool line_fn(const char *name, const char *target, void *ctx);

static enum zone_status
each_line(line_fn *each, void *ctx)
{
	SCOPED(fclose) FILE *f = open_file("tzdata.zi");
	SCOPED(free) char *line = NULL;
	size_t cap = 0, count = 0;
	const char *name, *target;

	if (f == NULL)
		return ZONE_BROKEN;
	while (getline(&line, &cap, f) > 0) {
		name = name_of_line(line, &target);
		if (name == NULL || !is_name(name))
			continue;
		count++;
		if (!each(name, target, ctx))
			return ZONE_OK;
	}
	return ferror(f) || count == 0 ? ZONE_BROKEN : ZONE_OK;
}

struct names {
	zone_name_fn *each;
	void *ctx;
};

static bool
give_name(const char *name, const char *target, void *ctx)
{
	const struct names *n = ctx;

	(void)target;
	return n->each(name, n->ctx);
}

enum zone_status
zone_names(zone_name_fn *each, void *ctx)
{
	return each_line(give_name, &(struct names){ each, ctx });
}

struct find {
	struct arena *a;
	const char *name, *target;
	bool found;
};

static bool
find_name(const char *name, const char *target, void *ctx)
{
	struct find *f = ctx;

	if (strcmp(name, f->name) != 0)
		return true;
	f->found = true;
	if (target != NULL && is_name(target))
		f->target = arena_dup(f->a, target);
	return false;
}

static enum zone_status
load_file(struct arena *a, const char *name, const char *file, const struct zone **out)
{
	SCOPED(fclose) FILE *f = open_file(file);
	SCOPED(free) char *data = NULL;
	struct stat st;

	if (f == NULL)
		return errno == ENOENT ? ZONE_UNKNOWN : ZONE_BROKEN;
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return ZONE_BROKEN;
	data = malloc((size_t)st.st_size + 1);
	if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size ||
	    !zone_parse(a, name, data, (size_t)st.st_size, out))
		return ZONE_BROKEN;
	return ZONE_OK;
}

/* Where old names are a package of their own, a link's file may not be there. */
enum zone_status
zone_load(struct arena *a, const char *name, const struct zone **out)
{
	struct find f = { .a = a, .name = name };
	enum zone_status status;

	if (!is_name(name))
		return ZONE_UNKNOWN;
	status = each_line(find_name, &f);
	if (status != ZONE_OK)
		return status;
	if (!f.found)
		return ZONE_UNKNOWN;
	status = load_file(a, name, name, out);
	if (status == ZONE_UNKNOWN && f.target != NULL)
		status = load_file(a, name, f.target, out);
	return status == ZONE_UNKNOWN ? ZONE_BROKEN : status;
}

const char *
zone_version(struct arena *a)
{
	SCOPED(fclose) FILE *f = open_file("tzdata.zi");
	char line[80], version[33], end;

	if (f == NULL || fgets(line, sizeof(line), f) == NULL ||
	    sscanf(line, "# version %32[0-9A-Za-z.+_-]%c", version, &end) != 2 || end != '\n')
		return NULL;
	return arena_dup(a, version);
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* ---- from what clocks show to an instant ---- */

const char *
zone_rule_name(enum zone_rule rule)
{
	static const char *const names[] = {
		[ZONE_EXACT] = "exact",
		[ZONE_GAP] = "gap",
		[ZONE_OVERLAP] = "overlap",
	};

	return names[rule];
}

static bool
is_minute(const struct zone_minute *m)
{
	return m->year >= 1970 && civil_exists(m->year, m->month, m->day) && m->hour >= 0 &&
	    m->hour <= 23 && m->minute >= 0 && m->minute <= 59;
}

/* In seconds: the first year and the one after the last that moment_format takes. */
static bool
in_range(int64_t t)
{
	return t >= civil_to_days(1, 1, 1) * DAY && t < civil_to_days(10000, 1, 1) * DAY;
}

/*
 * The clocks show wanted (seconds since 1970 as if in UTC) at most CLOCK_REACH seconds from when
 * UTC does: walk through all spans of that time.  What comes first on the way is the answer, but
 * an instant that does show it beats a jump over it.
 */
static int64_t
find_instant(const struct zone *z, int64_t wanted, enum zone_rule *rule)
{
	struct zone_span span = zone_span_at(z, wanted - CLOCK_REACH), next;
	int64_t first = 0, gap = 0;
	int times = 0;
	bool jumped = false;

	for (;; span = next) {
		int64_t t = wanted - span.type->offset;

		if (t >= span.start && t < span.end && times++ == 0)
			first = t;
		if (span.end > wanted + CLOCK_REACH)
			break;
		next = zone_span_at(z, span.end);
		if (!jumped && span.end <= t && span.end + next.type->offset > wanted) {
			jumped = true;
			gap = span.end;
		}
	}
	assert(times > 0 || jumped);
	*rule = times == 0 ? ZONE_GAP : times == 1 ? ZONE_EXACT : ZONE_OVERLAP;
	return times == 0 ? gap : first;
}

bool
zone_resolve(const struct zone *z, const struct zone_minute *at, struct zone_instant *out)
{
	enum zone_rule rule;
	int64_t t;

	if (!is_minute(at))
		return false;
	t = find_instant(z,
	    civil_to_days(at->year, at->month, at->day) * DAY + at->hour * 3600 + at->minute * 60,
	    &rule);
	if (!in_range(t))
		return false;
	*out = (struct zone_instant){ t * 1000, rule };
	return true;
}

bool
zone_days_after(const struct zone *z, int64_t first_ms, int days, int hour, int minute,
    struct zone_instant *out)
{
	struct zone_local first = zone_local(z, first_ms);
	struct zone_minute at = { .hour = hour, .minute = minute };

	if (days < 0 || days > DAYS_MAX)
		return false;
	civil_from_days(civil_to_days(first.year, first.month, first.day) + days, &at.year,
	    &at.month, &at.day);
	return zone_resolve(z, &at, out);
}

/* ---- from an instant to what clocks show ---- */

struct zone_local
zone_local(const struct zone *z, int64_t ms)
{
	struct zone_local local = { 0 };
	const struct zone_type *type;
	int64_t t, days;
	int of_day;

	t = ms / 1000 - (ms % 1000 < 0);
	assert(in_range(t));
	type = zone_span_at(z, t).type;
	t += type->offset;
	days = t / DAY - (t % DAY < 0);
	of_day = (int)(t - days * DAY);
	civil_from_days(days, &local.year, &local.month, &local.day);
	local.hour = of_day / 3600;
	local.minute = of_day / 60 % 60;
	local.second = of_day % 60;
	local.offset = type->offset;
	local.abbreviation = type->abbreviation;
	return local;
}

const char *
zone_text(struct arena *a, const struct zone *z, int64_t ms)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	struct zone_local local = zone_local(z, ms);
	const char *short_name = local.abbreviation, *text;
	int minutes = abs(local.offset) / 60;

	if (short_name[0] == '+' || short_name[0] == '-')
		short_name = arena_fmt(a, "UTC%c%02d:%02d", local.offset < 0 ? '-' : '+',
		    minutes / 60, minutes % 60);
	text = arena_fmt(a, "%d %s %04d, %02d:%02d %s", local.day, months[local.month - 1],
	    local.year, local.hour, local.minute, short_name);
	return strcmp(short_name, z->name) == 0 ? text : arena_fmt(a, "%s (%s)", text, z->name);
}
