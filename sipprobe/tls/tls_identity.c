#include "sipprobe/tls/tls_identity.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 253 }; /* RFC 1035 2.3.4, without the final dot */

/* Brackets, an IPv6 zone and a final dot do not take part in a comparison. */
static bool name_trim(char out[NAME_MAX_BYTES + 1], const char *name, size_t len)
{
	const char *zone;

	if (len >= 2 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
	}
	zone = memchr(name, '%', len);
	if (zone && memchr(name, ':', len))
		len = (size_t)(zone - name);
	if (len && name[len - 1] == '.')
		len--;
	if (!len || len > NAME_MAX_BYTES || memchr(name, '\0', len))
		return false;
	memcpy(out, name, len);
	out[len] = '\0';
	return true;
}

bool tls_identity_literal(const char *name, struct sa *sa)
{
	char host[NAME_MAX_BYTES + 1];
	struct sa parsed;

	if (!name_trim(host, name, strlen(name)) || sa_set_str(&parsed, host, 0))
		return false;
	if (sa)
		*sa = parsed;
	return true;
}

/* A general name as text of the certificate; false: not of this type. */
static bool general_text(const GENERAL_NAME *gn, int type, struct pl *text)
{
	if (gn->type != type)
		return false;
	text->p = (const char *)ASN1_STRING_get0_data(gn->d.ia5);
	text->l = (size_t)ASN1_STRING_length(gn->d.ia5);
	return text->l > 0;
}

/* The host part of a `sip:` URI that names a domain, not a user (RFC 5922 7.1). */
static bool sip_uri_host(const GENERAL_NAME *gn, struct pl *host)
{
	struct pl uri;
	size_t end;

	if (!general_text(gn, GEN_URI, &uri) || uri.l <= 4 ||
	    strncasecmp(uri.p, "sip:", 4))
		return false;
	/* One with a NUL in it would be another name to whoever stops there. */
	if (memchr(uri.p, '@', uri.l) || memchr(uri.p, '\0', uri.l))
		return false;
	host->p = uri.p + 4;
	host->l = uri.l - 4;
	if (host->p[0] == '[') {
		const char *close = memchr(host->p, ']', host->l);

		if (!close)
			return false;
		host->l = (size_t)(close - host->p) + 1;
		return true;
	}
	for (end = 0; end < host->l && !strchr(":;?", host->p[end]); end++)
		;
	host->l = end;
	return end > 0;
}

/* A whole left-most `*` for one label, above at least two more (RFC 6125 6.4.3). */
static bool wildcard_match(const char *pattern, const char *name)
{
	const char *rest = strchr(name, '.');

	if (strncmp(pattern, "*.", 2) || !strchr(pattern + 2, '.') ||
	    strchr(pattern + 2, '*'))
		return false;
	return rest && rest != name && !strcasecmp(pattern + 1, rest);
}

static bool dns_match(const struct pl *presented, const char *name, bool wildcards)
{
	char host[NAME_MAX_BYTES + 1];

	if (!name_trim(host, presented->p, presented->l))
		return false;
	return !strcasecmp(host, name) || (wildcards && wildcard_match(host, name));
}

static bool literal_match(const struct pl *presented, const struct sa *sa)
{
	char host[NAME_MAX_BYTES + 1];
	struct sa other;

	return name_trim(host, presented->p, presented->l) &&
	       !sa_set_str(&other, host, 0) && sa_cmp(&other, sa, SA_ADDR);
}

static bool ip_match(const GENERAL_NAME *gn, const struct sa *sa)
{
	const ASN1_OCTET_STRING *ip = gn->d.iPAddress;
	const unsigned char *bytes;

	if (gn->type != GEN_IPADD)
		return false;
	bytes = ASN1_STRING_get0_data(ip);
	if (sa_af(sa) == AF_INET)
		return ASN1_STRING_length(ip) == 4 &&
		       !memcmp(bytes, &sa->u.in.sin_addr, 4);
	return ASN1_STRING_length(ip) == 16 && !memcmp(bytes, &sa->u.in6.sin6_addr, 16);
}

static bool name_part(const X509_NAME *subject, int nid, struct pl *text)
{
	int at = -1, next;
	const ASN1_STRING *cn;

	while ((next = X509_NAME_get_index_by_NID(subject, nid, at)) >= 0)
		at = next;
	if (at < 0)
		return false;
	cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	text->p = (const char *)ASN1_STRING_get0_data(cn);
	text->l = (size_t)ASN1_STRING_length(cn);
	return text->l > 0;
}

static bool match_literal(const GENERAL_NAMES *names, const struct sa *sa)
{
	struct pl host;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);

		if (ip_match(gn, sa) ||
		    (sip_uri_host(gn, &host) && literal_match(&host, sa)))
			return true;
	}
	return false;
}

static bool match_host(X509 *cert, const GENERAL_NAMES *names, const char *name)
{
	bool named = false;
	struct pl text;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);
		bool uri = sip_uri_host(gn, &text);

		if (!uri && !general_text(gn, GEN_DNS, &text))
			continue;
		named = true;
		if (dns_match(&text, name, !uri))
			return true;
	}
	return !named && name_part(X509_get_subject_name(cert), NID_commonName, &text) &&
	       dns_match(&text, name, true);
}

bool tls_identity_match(X509 *cert, const char *name)
{
	char host[NAME_MAX_BYTES + 1];
	GENERAL_NAMES *names;
	struct sa sa;
	bool same;

	if (!name_trim(host, name, strlen(name)))
		return false;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	if (tls_identity_literal(host, &sa))
		same = match_literal(names, &sa);
	else
		same = match_host(cert, names, host);
	GENERAL_NAMES_free(names);
	return same;
}

/* As text that does not end before it does: a NUL is a `?`, as all that is not printable.
 */
static void text_print(char *buf, size_t size, const struct pl *text)
{
	size_t n = text->l < size - 1 ? text->l : size - 1;

	for (size_t i = 0; i < n; i++)
		buf[i] = text->p[i] ? text->p[i] : '?';
	buf[n] = '\0';
}

/* One identity of any kind, ready to print. */
static bool identity_print(const GENERAL_NAME *gn, char *buf, size_t size)
{
	struct pl text;

	if (gn->type == GEN_IPADD) {
		const ASN1_OCTET_STRING *ip = gn->d.iPAddress;
		int len = ASN1_STRING_length(ip);

		if (len != 4 && len != 16)
			return false;
		return inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip),
				 buf, (socklen_t)size);
	}
	if (!sip_uri_host(gn, &text) && !general_text(gn, GEN_DNS, &text))
		return false;
	text_print(buf, size, &text);
	return true;
}

static void name_title(const X509_NAME *name, char *buf, size_t size)
{
	struct pl part;

	if (name_part(name, NID_commonName, &part) ||
	    name_part(name, NID_organizationName, &part))
		text_print(buf, size, &part);
	else
		snprintf(buf, size, "no name");
}

/* A peer's text may hold anything; a log line or a page may not. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

static void list_names(const GENERAL_NAMES *names, char *buf, size_t size)
{
	size_t used = 0, more = 0;
	char one[64];

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		size_t room = size - used;

		if (!identity_print(sk_GENERAL_NAME_value(names, i), one, sizeof(one)))
			continue;
		/* " and 9999 more" must still fit behind the last name shown. */
		if (more || strlen(one) + 2 + 16 > room) {
			more++;
			continue;
		}
		used += (size_t)snprintf(buf + used, room, "%s%s", used ? ", " : "", one);
	}
	if (more)
		snprintf(buf + used, size - used, "%s%zu more", used ? " and " : "",
			 more);
}

void tls_identity_alternatives(X509 *cert, char *buf, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	buf[0] = '\0';
	list_names(names, buf, size);
	GENERAL_NAMES_free(names);
	make_printable(buf);
}

void tls_identity_list(X509 *cert, char *buf, size_t size)
{
	tls_identity_alternatives(cert, buf, size);
	if (!buf[0])
		name_title(X509_get_subject_name(cert), buf, size);
	make_printable(buf);
}

void tls_identity_title(X509 *cert, char *buf, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
		found = identity_print(sk_GENERAL_NAME_value(names, i), buf, size);
	GENERAL_NAMES_free(names);
	if (!found)
		name_title(X509_get_subject_name(cert), buf, size);
	make_printable(buf);
}

void tls_identity_issuer(X509 *cert, char *buf, size_t size)
{
	name_title(X509_get_issuer_name(cert), buf, size);
	make_printable(buf);
}

void tls_identity_key(char *buf, size_t size, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	int bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	unsigned int len = 0;
	size_t n = 0;

	if (bytes <= 0 ||
	    EVP_Digest(der, (size_t)bytes, digest, &len, EVP_sha256(), NULL) != 1)
		len = 0;
	OPENSSL_free(der);
	for (unsigned int i = 0; i < len && n + 2 < size; i++, n += 2)
		(void)re_snprintf(buf + n, size - n, "%02x", digest[i]);
	buf[n] = '\0';
}
