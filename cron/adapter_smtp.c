/*
 * smtp://[USER:PASSWORD@]HOST[:PORT][?tls=on|off] and smtps:// - a mail server, one message a call.
 *
 * SMTP has no key by which a second call would be known as such.  So when everything was handed
 * over and no answer came, nobody can say whether the message is out, and it is not sent again.
 * Mail holds login codes, so smtp:// wants STARTTLS before anything is said, except on this machine;
 * tls=on wants it there too, and tls=off goes without, but never with a password to elsewhere.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "adapter.h"
#include "address.h"
#include "tls.h"

#define CONNECT_MS 5000

struct smtp {
	CURL *curl;
	struct arena keep;
	const char *from;
	/* what is being handed over */
	const char *left;
	size_t nleft;
	bool all;
	/* what was said last: MAIL FROM, which is about us and not about the letter; QUIT */
	bool about_us, quits;
};

DEFINE_SCOPED(struct curl_slist *, curl_slist_free_all)
DEFINE_SCOPED(CURLU *, curl_url_cleanup)
DEFINE_SCOPED(char *, curl_free)

static size_t
hand_over(char *to, size_t size, size_t n, void *ctx)
{
	struct smtp *s = ctx;
	size_t some = size * n < s->nleft ? size * n : s->nleft;

	if (some == 0) {
		s->all = true; /* libcurl now says that this is the end */
		return 0;
	}
	memcpy(to, s->left, some);
	s->left += some;
	s->nleft -= some;
	return some;
}

/* ---- how it ends ---- */

static bool
is_command(const char *line, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* What libcurl says to the server, and more that is not looked at. */
static int
listen_in(CURL *c, curl_infotype type, char *line, size_t n, void *ctx)
{
	struct smtp *s = ctx;

	(void)c;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	s->quits = is_command(line, n, "QUIT\r\n");
	if (!s->quits) /* that is said after the answer that counts */
		s->about_us = is_command(line, n, "MAIL FROM:");
	return 0;
}

/*
 * libcurl asks this once a second while it waits.  After a refusal it says QUIT, and for the answer
 * to that it would wait two minutes, whatever its timeout is: longer than the lease.
 */
static int
is_enough(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct smtp *s = ctx;

	(void)a, (void)b, (void)c, (void)d;
	return s->quits;
}

/* At the end it would wait as long and ask nobody: the server gets its QUIT, and is not heard. */
static void
be_deaf(CURL *c)
{
	curl_socket_t fd;

	if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
		shutdown(fd, SHUT_RD);
}

static void
smtp_close(void *state)
{
	struct smtp *s = state;

	be_deaf(s->curl);
	curl_easy_cleanup(s->curl);
	arena_free(&s->keep);
	free(s);
	curl_global_cleanup();
}

/* ---- where to, and how ---- */

static bool
is_here(CURLU *u)
{
	SCOPED(curl_free) char *host = NULL;
	unsigned char ip[16];

	if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return false;
	return strcmp(host, "localhost") == 0 || address_is_loopback(ip, address_literal(host, ip));
}

static bool
has_login(CURLU *u)
{
	SCOPED(curl_free) char *user = NULL;
	SCOPED(curl_free) char *password = NULL;

	return curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK;
}

/* How much TLS, a CURLUSESSL_...; the wish is taken off the address.  false: see why. */
static bool
read_wish(CURLU *u, long *tls, char why[SEND_WHY_MAX])
{
	SCOPED(curl_free) char *scheme = NULL;
	SCOPED(curl_free) char *query = NULL;
	bool here = is_here(u);

	*tls = here ? CURLUSESSL_NONE : CURLUSESSL_ALL;
	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return false;
	if (curl_url_get(u, CURLUPART_QUERY, &query, 0) != CURLUE_OK)
		return true;
	if (strcmp(query, "tls=on") == 0)
		*tls = CURLUSESSL_ALL;
	else if (strcmp(query, "tls=off") == 0 && strcmp(scheme, "smtp") == 0)
		*tls = CURLUSESSL_NONE;
	else {
		snprintf(why, SEND_WHY_MAX,
		    "only tls=on, or for smtp tls=off, may follow its question mark");
		return false;
	}
	if (*tls == CURLUSESSL_NONE && !here && has_login(u)) {
		snprintf(why, SEND_WHY_MAX, "tls=off would send its password in the open");
		return false;
	}
	return curl_url_set(u, CURLUPART_QUERY, NULL, 0) == CURLUE_OK;
}

static bool
set_address(CURL *c, const char *url, char why[SEND_WHY_MAX])
{
	SCOPED(curl_url_cleanup) CURLU *u = curl_url();
	SCOPED(curl_free) char *plain = NULL;
	long tls;

	return u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    read_wish(u, &tls, why) && curl_url_get(u, CURLUPART_URL, &plain, 0) == CURLUE_OK &&
	    curl_easy_setopt(c, CURLOPT_URL, plain) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_USE_SSL, tls) == CURLE_OK;
}

static bool
set_up(struct smtp *s, const struct conf *conf)
{
	CURL *c = s->curl;
	long timeout = (long)adapter_timeout_ms(conf);

	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && tls_set_up(c, conf->ca_file) &&
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
		timeout < CONNECT_MS ? timeout : CONNECT_MS) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_READFUNCTION, hand_over) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_READDATA, s) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, listen_in) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_DEBUGDATA, s) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_VERBOSE, 1L) == CURLE_OK && /* calls it; prints nothing */
	    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_enough) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_XFERINFODATA, s) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

static void *
smtp_open_as(const char *scheme, const struct conf *conf, const char *url, char why[SEND_WHY_MAX])
{
	CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
	struct mail_sender from;
	struct smtp *s;

	if (curl == NULL) {
		snprintf(why, SEND_WHY_MAX, "libcurl cannot be used");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	s->curl = curl;
	arena_init(&s->keep, 65536);
	snprintf(why, SEND_WHY_MAX, "this address cannot be used");
	if (!mail_sender_read(&s->keep, conf->mail_from, &from) || !set_up(s, conf) ||
	    !set_address(s->curl, arena_fmt(&s->keep, "%s%s", scheme, url), why)) {
		smtp_close(s);
		return NULL;
	}
	s->from = from.address;
	return s;
}

static void *
smtp_open(const struct conf *conf, const char *url, char why[SEND_WHY_MAX])
{
	return smtp_open_as("smtp:", conf, url, why);
}

static void *
smtps_open(const struct conf *conf, const char *url, char why[SEND_WHY_MAX])
{
	return smtp_open_as("smtps:", conf, url, why);
}

static const char *
smtp_freeze(void *state, struct arena *a, const struct letter *l)
{
	struct letter plain = *l;
	size_t n;

	(void)state;
	plain.seven_bit = true; /* libcurl 7.88 cannot say BODY=8BITMIME */
	return mail_is_fit(a, l) ? mail_message(a, &plain, &n) : NULL;
}

/* ---- what it says ---- */

static bool
wants_login(CURLcode rc, long code)
{
	return rc == CURLE_LOGIN_DENIED || code == 530 || code == 534 || code == 535 || code == 538;
}

static bool
refuses_us(const struct smtp *s, long code)
{
	return s->about_us && code >= 500;
}

/* code is the server's last one, 0 when it never spoke. */
static enum outcome
outcome_of(const struct smtp *s, CURLcode rc, long code)
{
	if (rc == CURLE_OK)
		return OUT_SENT;
	if (s->all && code < 400)
		return OUT_UNKNOWN;
	/* the same would come of every other letter */
	if (rc == CURLE_URL_MALFORMAT || tls_is_refused(rc) || wants_login(rc, code) ||
	    refuses_us(s, code))
		return OUT_PARKED;
	/* an answer about this recipient or message; one to anything else is no verdict */
	return code >= 500 && (s->all || rc == CURLE_SEND_ERROR) ? OUT_NEVER : OUT_NOT_SENT;
}

static const char *
words_for(const struct smtp *s, CURLcode rc, long code)
{
	if (wants_login(rc, code))
		return "the mail server refuses our login, or wants one";
	return refuses_us(s, code) ? "the mail server refuses CARILLON_MAIL_FROM"
				   : curl_easy_strerror(rc);
}

static void
smtp_send(void *state, struct arena *a, const struct call *c, struct answer *out)
{
	struct smtp *s = state;
	const struct call_item *it = &c->item[0];
	SCOPED(curl_slist_free_all) struct curl_slist *to = curl_slist_append(NULL, it->address);
	long code = 0;
	CURLcode rc;

	(void)a;
	s->left = it->body;
	s->nleft = strlen(it->body);
	s->all = s->about_us = s->quits = false;
	if (to == NULL || curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, s->from) != CURLE_OK ||
	    curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, to) != CURLE_OK) {
		out->outcome = OUT_NOT_SENT;
		out->own_words = true;
		snprintf(out->why, SEND_WHY_MAX, "the message cannot be handed over");
		return;
	}
	rc = curl_easy_perform(s->curl);
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, NULL);
	out->outcome = outcome_of(s, rc, code);
	out->own_words = true;
	if (tls_is_refused(rc))
		snprintf(out->why, SEND_WHY_MAX, "%s", tls_why(s->curl, rc));
	else
		snprintf(out->why, SEND_WHY_MAX, "%ld %s", code, words_for(s, rc, code));
}

const struct adapter adapter_smtp = { .channel = "email",
	.name = "smtp",
	.prefix = "smtp:",
	.most = 1,
	.forgets = true,
	.open = smtp_open,
	.freeze = smtp_freeze,
	.send = smtp_send,
	.close = smtp_close };

const struct adapter adapter_smtps = { .channel = "email",
	.name = "smtps",
	.prefix = "smtps:",
	.most = 1,
	.forgets = true,
	.open = smtps_open,
	.freeze = smtp_freeze,
	.send = smtp_send,
	.close = smtp_close };
