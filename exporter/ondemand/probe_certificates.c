#include "exporter/ondemand/probe_certificates.h"

#include <string.h>
#include <time.h>

#include "base/buffer_format.h"

static const char *const advices[TLS_FAULTS] = {
	[TLS_FAULT_NONE] =
		"TLS failed. Check the peer's certificate (its dates, its names, who "
		"signed it), ca_file and server_name here, and whether the peer wants a "
		"certificate of ours (cert_file, key_file).",
	[TLS_FAULT_EXPIRED] = "The peer's certificate is past its end: its operator has "
			      "to renew it, or "
			      "to load the renewed one. If it is not, look at the clock "
			      "of this machine.",
	[TLS_FAULT_ISSUER_EXPIRED] =
		"An authority above the peer's certificate is past its end: its operator "
		"has to send the intermediate that took its place, or ca_file here needs "
		"the root that did.",
	[TLS_FAULT_NOT_YET_VALID] =
		"The peer's certificate is not valid yet: compare the clocks of both "
		"machines, then ask its operator when it was meant to begin.",
	[TLS_FAULT_SELF_SIGNED] =
		"The peer signed its certificate itself. If that is meant, put it into "
		"ca_file; if not, its operator shows the wrong one.",
	[TLS_FAULT_ROOT] =
		"Who signed the peer's certificate is not trusted here. Add that root to "
		"ca_file if it is the right one (probe with --trust-with=FILE tells "
		"whether it is enough); if an intermediate signed it, the peer has to "
		"send that along.",
	[TLS_FAULT_INTERMEDIATE] =
		"The peer sent its own certificate alone, and no intermediate. Its "
		"operator has to append that to the certificate's file (the full chain); "
		"ca_file here needs the root only.",
	[TLS_FAULT_PURPOSE] = "The peer's certificate may not be shown by a server. Its "
			      "operator has to "
			      "get one whose extended key usage has serverAuth.",
	[TLS_FAULT_WEAK] =
		"A key or a signature in the peer's chain is too weak: RSA of 2048 bits "
		"and SHA-256 are the least today. Its operator has to replace it; until "
		"then ciphers with @SECLEVEL=0 takes it.",
	[TLS_FAULT_LARGE] =
		"What the peer shows takes too long to compute with, which other trunks "
		"would wait for: 20 certificates, RSA keys of 8192 bits and "
		"Diffie-Hellman groups of 4096 are the most. Its operator has to use "
		"smaller ones.",
	[TLS_FAULT_CHAIN] = "The peer's chain does not hold, for the reason above. Its "
			    "operator has to "
			    "mend it; openssl s_client -showcerts shows what it sends.",
	[TLS_FAULT_NO_CERTIFICATE] = "The peer showed no certificate, so nothing proves "
				     "who it is. Its operator "
				     "has to set one.",
	[TLS_FAULT_NAME] =
		"The peer's certificate is for other names. Use one of them in the URI, "
		"or "
		"set server_name if the certificate is right; if not, its operator shows "
		"the wrong one.",
	[TLS_FAULT_VERSION] = "The two ends have no version of TLS in common. The peer "
			      "has to offer TLS "
			      "1.2 or later; min_version here admits older ones.",
	[TLS_FAULT_NOT_TLS] =
		"What answers there does not speak TLS. Check the port, which is usually "
		"5061, and the transport: plain SIP over TCP looks like this.",
	[TLS_FAULT_OURS_WANTED] = "The peer wants a certificate of ours and there is "
				  "none: set cert_file and "
				  "key_file to one that it accepts.",
	[TLS_FAULT_OURS_UNTRUSTED] =
		"The peer does not trust who signed our certificate. Give its operator "
		"that root, or show one by an authority that it trusts; if an "
		"intermediate signed it, cert_file has to hold that too.",
	[TLS_FAULT_OURS_PURPOSE] =
		"The peer refuses our certificate for its purpose: it may not be shown "
		"by "
		"a client. Get one with clientAuth, which public authorities issue no "
		"more, or ask its operator to accept serverAuth.",
	[TLS_FAULT_OURS_EXPIRED] =
		"The peer takes our certificate for expired: renew what cert_file names, "
		"it is read again by itself.",
	[TLS_FAULT_OURS_REFUSED] =
		"The peer does not like our certificate and does not say why. Its log "
		"does: compare the names in it, its key, and whether it was revoked.",
	[TLS_FAULT_PARAMETERS] =
		"No cipher, group or signature suits both ends. Look at what the peer "
		"offers: one that has finite-field Diffie-Hellman alone needs its cipher "
		"(DHE-RSA-AES256-GCM-SHA384) named in ciphers.",
	[TLS_FAULT_SERVER_NAME] =
		"The peer does not serve the name that it was asked for: set server_name "
		"to one that it does.",
	[TLS_FAULT_REFUSED] =
		"The peer broke off the handshake with the alert above. Its log at this "
		"time says why.",
	[TLS_FAULT_CLOSED] =
		"The peer hung up in the middle of the handshake without a word. Its log "
		"says why; a limit of connections, a filter of source addresses, or a "
		"certificate of ours that it misses look like this.",
	[TLS_FAULT_TIMEOUT] =
		"The peer took the connection and did not finish the handshake in time. "
		"See whether it is overloaded, whether the port speaks TLS at all, and "
		"whether large packets pass on the way (MTU).",
	[TLS_FAULT_OTHER] =
		"The handshake failed for the reason above. The peer's log at this time "
		"and openssl s_client show more.",
};

const char *probe_certificates_advice(enum tls_fault f)
{
	return advices[f < TLS_FAULTS ? f : TLS_FAULT_NONE];
}

const char *probe_certificates_own_advice(const struct ondemand_report *r, int64_t now_s)
{
	if (!r->own_file || tls_own_usable(&r->own, now_s))
		return "";
	return "Replace our certificate: this peer takes it, or does not look at it yet, "
	       "but one that looks will refuse us.";
}

/* A file's name without its folder. */
static const char *probe_certificates_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void probe_certificates_own(struct buffer *b, const struct ondemand_report *r,
				   int64_t now_s)
{
	char why[TLS_OWN_TEXT + 96];

	if (!r->own_file)
		return;
	tls_own_complaint(why, sizeof(why), &r->own, now_s);
	if (*why)
		buffer_format(b, "; our certificate %s %s",
			      probe_certificates_file(r->own_file), why);
}

/* The one to tell of: a failure before a success; NULL: nothing was shown. */
static const struct rehearsal *
probe_certificates_rehearsal(const struct ondemand_report *r)
{
	const struct rehearsal *found = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct rehearsal *one = &r->answers[i].rehearsal;

		if (one->done && (!found || (found->success && !one->success)))
			found = one;
	}
	return found;
}

static void probe_certificates_rehearsed(struct buffer *b,
					 const struct ondemand_report *r)
{
	const struct rehearsal *found = probe_certificates_rehearsal(r);
	time_t at = (time_t)r->trust_at_s;
	char day[32] = "";
	struct tm tm;

	if (at && gmtime_r(&at, &tm))
		strftime(day, sizeof(day), " on %Y-%m-%d", &tm);
	buffer_format(b, "; with %s%s ", probe_certificates_file(r->trust_with), day);
	if (!found)
		buffer_str(b, "nothing can be said, for no certificate was shown");
	else if (found->success)
		buffer_str(b, "its certificates would verify");
	else
		buffer_format(b, "its certificates would not verify: %s", found->text);
}

void probe_certificates_verdict(struct buffer *b, const struct ondemand_report *r,
				int64_t now_s)
{
	probe_certificates_own(b, r, now_s);
	if (r->trust_with)
		probe_certificates_rehearsed(b, r);
}
