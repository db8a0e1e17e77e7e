#include "sipprobe/trunk/coming.h"

#include <string.h>

#include "sipprobe/message/request.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/transport/udp.h"

enum { COMING_BYTES = 300 }; /* of a datagram, in which its branch is looked for */

/* No number that a target has. */
#define COMING_NOBODY UINT32_MAX

/* The number of the target whose answer it seems to be, by the first branch of ours. */
static uint32_t coming_index(const struct mmsghdr *h)
{
	static const char cookie[] = "z9hG4bK";
	const char *buf = h->msg_hdr.msg_iov->iov_base;
	size_t len = h->msg_len < COMING_BYTES ? h->msg_len : COMING_BYTES;
	struct pl branch = {.p = memmem(buf, len, cookie, sizeof(cookie) - 1),
			    .l = REQUEST_BRANCH_LEN};
	uint32_t index;

	if (!branch.p || (size_t)(buf + len - branch.p) < branch.l ||
	    !request_branch_index(&branch, &index))
		return COMING_NOBODY;
	return index;
}

/* In steps, each of which needs what the one before it fetched. */
void coming_fetch(const struct registry *r, const struct mmsghdr *all, unsigned n)
{
	const struct target *t[UDP_BATCH];
	uint32_t index[UDP_BATCH];

	for (unsigned i = 0; i < n; i++) {
		index[i] = coming_index(&all[i]);
		registry_fetch(r, index[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		t[i] = registry_find(r, index[i]);
		if (t[i])
			target_fetch(t[i]);
	}
	for (unsigned i = 0; i < n; i++)
		if (t[i])
			target_fetch_parts(t[i]);
}
