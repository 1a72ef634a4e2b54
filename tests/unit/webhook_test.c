/* webhook_test - which addresses will do for a webhook, and what is sent there. */
#include "webhook.h"

#include "json.h"
#include "t.h"

#define LONG \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *url;
	bool fit, local; /* where only the public Internet, where loopback as well will do */
} rows[] = {
	{ "https://example.com", true, true },
	{ "https://example.com/", true, true },
	{ "https://example.com/a/b?c=d&e=%20", true, true },
	{ "https://hooks.example.com:8443/x", true, true },
	{ "https://example.com:1/", true, true },
	{ "https://8.8.8.8/", true, true },
	{ "https://[2606:4700:4700::1111]/x", true, true },
	{ "https://[2606:4700:4700::1111]:443/x", true, true },
	{ "http://example.com/", false, true },
	{ "http://127.0.0.1:8000/x", false, true },
	{ "https://127.0.0.1/", false, true },
	{ "https://[::1]/", false, true },
	{ "http://localhost:80/", false, true },
	{ "https://localhost/", false, true },
	{ "https://intranet/", false, false },
	{ "HTTPS://example.com/", false, false },
	{ "ftp://example.com/", false, false },
	{ "file:///etc/passwd", false, false },
	{ "javascript:alert(1)", false, false },
	{ "https:example.com", false, false },
	{ "https://", false, false },
	{ "https:///x", false, false },
	{ "https://:443/x", false, false },
	{ "https://example.com:0/", false, false },
	{ "https://example.com:65536/", false, false },
	{ "https://example.com:/", false, false },
	{ "https://example.com:x/", false, false },
	{ "https://example.com:443x/", false, false },
	{ "https://user@example.com/", false, false },
	{ "https://user:pass@example.com/", false, false },
	{ "https://example.com/#f", false, false },
	{ "https://example.com/a b", false, false },
	{ "https://example.com/\r\nX: y", false, false },
	{ "https://example.com\\@127.0.0.1/", false, false },
	{ "https://ex\xc3\xa4mple.com/", false, false },
	{ "https://.example.com/", false, false },
	{ "https://example..com/", false, false },
	{ "https://10.0.0.1/", false, false },
	{ "https://169.254.169.254/latest/meta-data", false, false },
	{ "https://0/", false, false },
	{ "https://2130706433/", false, true },
	{ "https://0x7f.1/", false, true },
	{ "https://192.168.1.1:443/", false, false },
	{ "https://[::ffff:10.0.0.1]/", false, false },
	{ "https://[::ffff:127.0.0.1]/", false, false },
	{ "https://[fe80::1]/", false, false },
	{ "https://[fd00::1]/", false, false },
	{ "https://[::1", false, false },
	{ "https://[]/", false, false },
	{ "https://example.com/" LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG
		LONG LONG LONG LONG LONG LONG LONG,
	    false, false },
};

static const struct {
	const char *url, *host;
} hosts[] = {
	{ "https://hooks.example.com:8443/secret?x", "hooks.example.com" },
	{ "https://example.com?x", "example.com" },
	{ "https://[2606:4700::1]:443/x", "[2606:4700::1]" },
	{ "none", "" },
};

static const struct notice whole = { .type = "feedback.new",
	.title = "A \"quoted\" title",
	.body = "b",
	.link = "/dashboard/x",
	.team = "t",
	.resource_kind = "feedback",
	.resource_id = "r",
	.resource_name = "R",
	.project_id = "p",
	.project_name = "P",
	.environment_id = "e",
	.environment_name = "E" };
static const struct notice least = { .type = "job.completed", .title = "x" };
static const struct {
	const struct notice *n;
	const char *want;
} bodies[] = {
	{ &whole,
	    "{\"type\":\"feedback.new\",\"timestamp\":\"2024-01-15T10:00:00.120Z\",\"data\":{"
	    "\"title\":\"A \\\"quoted\\\" title\",\"body\":\"b\",\"link\":\"https://c.example/dashboard/x\","
	    "\"team_id\":\"t\",\"resource\":{\"kind\":\"feedback\",\"id\":\"r\",\"name\":\"R\"},"
	    "\"project\":{\"id\":\"p\",\"name\":\"P\"},\"environment\":{\"id\":\"e\",\"name\":\"E\"}}}" },
	{ &least,
	    "{\"type\":\"job.completed\",\"timestamp\":\"2024-01-15T10:00:00.120Z\",\"data\":{"
	    "\"title\":\"x\",\"body\":null,\"link\":null,\"team_id\":null,\"resource\":null,"
	    "\"project\":null,\"environment\":null}}" },
};

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *why = webhook_unfit(&a, rows[i].url, false);

		T_OK((why == NULL) == rows[i].fit, "%s: %s", rows[i].url, why != NULL ? why : "");
		why = webhook_unfit(&a, rows[i].url, true);
		T_OK((why == NULL) == rows[i].local, "%s, locally: %s", rows[i].url,
		    why != NULL ? why : "");
	}
	for (size_t i = 0; i < COUNT(hosts); i++)
		T_SAME(webhook_host(&a, hosts[i].url), hosts[i].host, hosts[i].url);
	for (size_t i = 0; i < COUNT(bodies); i++)
		T_SAME(
		    webhook_body(&a, "https://c.example", bodies[i].n, "2024-01-15 10:00:00.12+00"),
		    bodies[i].want, bodies[i].n->type);
	arena_free(&a);
	return T_DONE("webhook");
}
