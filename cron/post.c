#include "post.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "tls.h"

#define USER_AGENT "Carillon/1.0" /* Resend refuses whoever has none, as if the key were wrong */
#define CONNECT_MS 5000

struct post {
	CURL *curl;
	/* the answer that is coming in */
	char *body;
	size_t n, headers;
	enum post_reach reach;
	bool refused;
};

DEFINE_SCOPED(struct curl_slist *, curl_slist_free_all)

/* What does not fit ends the transfer: libcurl sees that less was taken than it gave. */
static size_t
take_body(char *s, size_t size, size_t n, void *ctx)
{
	struct post *p = ctx;
	size_t room = POST_BODY_MAX - p->n;

	n *= size;
	memcpy(p->body + p->n, s, n < room ? n : room);
	p->n += n < room ? n : room;
	return n <= room ? n : 0;
}

static size_t
take_header(char *s, size_t size, size_t n, void *ctx)
{
	struct post *p = ctx;

	(void)s;
	p->headers += size * n;
	return p->headers <= POST_BODY_MAX ? size * n : 0;
}

/* The address has been resolved, and is the one that will be connected to. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct post *p = ctx;
	size_t n;
	const unsigned char *ip = address_bytes(&to->addr, &n);

	(void)purpose;
	if (p->reach != POST_ANYWHERE &&
	    (ip == NULL ||
		(!address_is_public(ip, n) &&
		    (p->reach != POST_PUBLIC_OR_LOCAL || !address_is_loopback(ip, n)))))
		p->refused = true;
	if (p->refused)
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

struct post *
post_open(void)
{
	CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
	struct post *p;

	if (curl == NULL)
		return NULL;
	p = calloc(1, sizeof(*p));
	p->curl = curl;
	return p;
}

void
post_close(struct post *p)
{
	curl_easy_cleanup(p->curl);
	free(p);
	curl_global_cleanup();
}

/* What is the same for every request.  A setting that libcurl cannot keep is no request. */
static bool
set_up(struct post *p, const struct post_request *rq)
{
	CURL *c = p->curl;
	const char *protocols = rq->plain ? "https,http" : "https";

	curl_easy_reset(c);
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	    tls_set_up(c, rq->ca_file) &&
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(rq->timeout_ms < CONNECT_MS ? rq->timeout_ms : CONNECT_MS)) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)rq->timeout_ms) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_URL, rq->url) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->n) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, p) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, p) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, p) == CURLE_OK;
}

/* "Expect:" takes away a wait, and a second request that libcurl makes when it is refused. */
static struct curl_slist *
list_of(const char *const *headers)
{
	SCOPED(curl_slist_free_all) struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (; list != NULL && *headers != NULL; headers++) {
		struct curl_slist *longer = curl_slist_append(list, *headers);

		if (longer == NULL)
			return NULL;
		list = longer;
	}
	return TAKE(list);
}

static enum post_end
end_of(CURL *c, CURLcode rc, long status)
{
	long asked = 0;

	if (status != 0)
		return POST_ANSWERED;
	curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &asked);
	return rc != CURLE_OK && asked == 0 ? POST_NOT_SENT : POST_UNKNOWN;
}

void
post_send(struct post *p, struct arena *a, const struct post_request *rq, struct post_answer *out)
{
	SCOPED(curl_slist_free_all) struct curl_slist *headers = list_of(rq->headers);
	CURLcode rc;

	memset(out, 0, sizeof(*out));
	p->body = arena_alloc(a, POST_BODY_MAX + 1);
	p->n = p->headers = 0;
	p->reach = rq->reach;
	p->refused = false;
	out->body = p->body;
	out->end = POST_NOT_SENT;
	if (headers == NULL || !set_up(p, rq) ||
	    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK) {
		snprintf(out->why, sizeof(out->why), "the request cannot be made");
		return;
	}
	rc = curl_easy_perform(p->curl);
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &out->status);
	out->n = p->n;
	out->whole = rc == CURLE_OK;
	out->refused = p->refused && out->status == 0;
	out->distrusted = tls_is_refused(rc);
	out->end = end_of(p->curl, rc, out->status);
	if (out->end != POST_ANSWERED)
		snprintf(out->why, sizeof(out->why), "%s", tls_why(p->curl, rc));
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, NULL);
}

const char *
post_header(struct post *p, const char *name)
{
	struct curl_header *h;

	if (curl_easy_header(p->curl, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return NULL;
	if (h->amount > 1 &&
	    curl_easy_header(p->curl, name, h->amount - 1, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return NULL;
	return h->value;
}
